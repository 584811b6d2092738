//! The machine behind a BMC, without a word of libvirt or IPMI.
//!
//! [`Host`] is what an embedder implements. The implementations of this crate are [`simulated`] (in memory, with
//! faults) and, with the feature `libvirt`, `libvirt`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Weak;
use std::time::Duration;

mod change;
mod console;
mod figures;
#[cfg(feature = "libvirt")]
pub mod libvirt;
pub mod simulated;

pub use change::{Change, Happening, Observer, PauseReason, StopReason, WatchdogAction};
pub use console::Console;
pub use figures::{Figures, MachineState};

/// A machine that a BMC controls.
///
/// Every method returns at once: with the answer when it is known ([`Reply::Now`]), or with a future that brings it
/// ([`Reply::Later`]). The caller bounds how long it waits for the future, and lets it run on in the background after
/// that, so that an action is never forgotten halfway.
///
/// **Answers are truthful.** `Ok` from [`control`](Self::control) or [`set_boot`](Self::set_boot) means that it has
/// happened, not that it was asked for. A state that may be stale is [`HostError::Unavailable`], never a guess.
pub trait Host: Send + Sync + 'static {
    /// Whether the machine is on. Answer from a cache where you can: clients poll this.
    fn power(&self) -> Reply<PowerStatus>;

    /// Switches the machine. [`PowerAction::On`] and [`PowerAction::Off`] succeed when the machine is already so;
    /// cycle, reset and NMI on a machine that is off fail with [`HostError::WrongState`].
    fn control(&self, action: PowerAction) -> Reply<()>;

    /// The boot override that was set, if one is in force: a one-shot one until the machine has started with it.
    fn boot(&self) -> Reply<Option<BootOverride>>;

    /// Sets the boot override, or with `None` puts the owner's own boot order back.
    fn set_boot(&self, boot: Option<BootOverride>) -> Reply<()>;

    /// Who the machine is.
    fn identity(&self) -> Reply<Identity>;

    /// Who the machine's operating system says that it is, where it has an agent that tells.
    fn guest(&self) -> Reply<Guest> {
        unsupported("a guest agent")
    }

    /// What the machine does at present. Rates are over the last seconds; a host that measures them anew for each call
    /// is asked too often.
    fn figures(&self) -> Reply<Figures> {
        unsupported("the machine's figures")
    }

    /// Opens the machine's serial console, which one at a time can have. A machine that is off has none:
    /// [`HostError::WrongState`]; one without a serial device never has: [`HostError::Unsupported`].
    fn console(&self) -> Reply<Box<dyn Console>> {
        unsupported("a serial console")
    }

    /// Tells `observer` what happens to the machine, for as long as it lives. A host that cannot tell never calls it.
    fn observe(&self, observer: Weak<dyn Observer>) {
        drop(observer);
    }
}

fn unsupported<T>(what: &str) -> Reply<T> {
    Reply::Now(Err(HostError::Unsupported(format!(
        "{what}: this host does not have it"
    ))))
}

/// Where hosts come from: what a [`fleet`](crate::fleet) asks for the machine of each BMC.
pub trait Hosts: Send + Sync + 'static {
    /// The host of a machine. Returns at once and connects in the background; the same hypervisor is connected to once.
    fn host(&self, target: &Target) -> std::sync::Arc<dyn Host>;

    /// Whether the hypervisor can be reached and has the machine: what is asked before a BMC is added.
    fn check(&self, target: &Target) -> BoxFuture<Result<Identity, CheckError>>;
}

/// A machine on a hypervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The hypervisor's libvirt URI.
    pub uri: String,
    /// SASL user name and password, where the hypervisor asks for them.
    pub sasl: Option<(String, crate::Secret)>,
    /// The machine's name there.
    pub domain: String,
}

/// Why a machine cannot be given a BMC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The hypervisor cannot be reached.
    #[error("Fail to establish a connection with libvirt URI \"{uri}\". Error: {reason}")]
    Connection {
        /// The URI.
        uri: String,
        /// What libvirt said.
        reason: String,
    },
    /// It does not have the machine.
    #[error("No domain with matching name {domain} was found at libvirt URI \"{uri}\"")]
    NoDomain {
        /// Its name.
        domain: String,
        /// The URI.
        uri: String,
    },
}

/// A future that can be sent to another thread.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a [`Host`] answers with.
pub enum Reply<T> {
    /// The answer.
    Now(Result<T, HostError>),
    /// The answer will come.
    Later(BoxFuture<Result<T, HostError>>),
}

impl<T> Reply<T> {
    /// A reply that `future` brings.
    pub fn later(future: impl Future<Output = Result<T, HostError>> + Send + 'static) -> Self {
        Self::Later(Box::pin(future))
    }

    /// Waits for the answer, however long it takes.
    ///
    /// # Errors
    ///
    /// What the host answered.
    pub async fn wait(self) -> Result<T, HostError> {
        match self {
            Self::Now(result) => result,
            Self::Later(future) => future.await,
        }
    }
}

impl<T> From<Result<T, HostError>> for Reply<T> {
    fn from(result: Result<T, HostError>) -> Self {
        Self::Now(result)
    }
}

impl<T: fmt::Debug> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(result) => f.debug_tuple("Now").field(result).finish(),
            Self::Later(_) => f.write_str("Later(..)"),
        }
    }
}

/// Whether a machine is on, and what was seen of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PowerStatus {
    /// Whether it is on. Paused, crashed-but-kept and shutting-down machines are on.
    pub on: bool,
    /// How many starts of the machine the host has seen. Changes when somebody else switched it.
    pub starts: u64,
    /// How long the machine has been on in all, as far as the host has seen.
    pub powered: Duration,
}

/// What can be done to a machine's power (§28.3 of the IPMI specification has the same list).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PowerAction {
    /// On.
    On,
    /// Off at once.
    Off,
    /// Off at once, then on.
    Cycle,
    /// The reset button.
    Reset,
    /// A diagnostic interrupt.
    Nmi,
    /// Asks the operating system to shut down (ACPI). `Ok` means that it was asked.
    Shutdown,
}

/// What a machine boots from instead of its owner's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BootOverride {
    /// The device.
    pub device: BootDevice,
    /// Until it is changed, or for the next start alone.
    pub persistent: bool,
    /// Whether UEFI boot was asked for. Kept and reported; a machine's firmware is not changed by it.
    pub efi: bool,
}

/// A device to boot from: IPMI's boot device selectors (§28.13, parameter 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum BootDevice {
    Pxe,
    Disk,
    DiskSafeMode,
    DiagnosticPartition,
    Cdrom,
    BiosSetup,
    RemoteFloppy,
    RemoteCdrom,
    RemoteMedia,
    RemoteDisk,
    Floppy,
}

/// Who a machine is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The machine's UUID in the order in which it is written, most significant byte first.
    pub uuid: [u8; 16],
    /// Its name on the hypervisor.
    pub name: String,
    /// Its network interfaces' addresses, in order.
    pub macs: Vec<[u8; 6]>,
    /// How many virtual CPUs it has.
    pub vcpus: u32,
    /// Its memory in bytes.
    pub memory: u64,
    /// Its title, where its owner gave it one.
    pub title: Option<String>,
    /// What its firmware tells its operating system about it.
    pub smbios: Box<Smbios>,
}

/// A machine's SMBIOS strings, as far as its owner has set them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names are SMBIOS's own")]
pub struct Smbios {
    pub bios_vendor: Option<String>,
    pub bios_version: Option<String>,
    pub bios_date: Option<String>,
    pub manufacturer: Option<String>,
    pub product: Option<String>,
    pub version: Option<String>,
    pub serial: Option<String>,
    pub sku: Option<String>,
    pub family: Option<String>,
    pub board_manufacturer: Option<String>,
    pub board_product: Option<String>,
    pub board_version: Option<String>,
    pub board_serial: Option<String>,
    pub board_asset: Option<String>,
    pub chassis_manufacturer: Option<String>,
    pub chassis_version: Option<String>,
    pub chassis_serial: Option<String>,
    pub chassis_asset: Option<String>,
    pub chassis_sku: Option<String>,
}

/// Who a machine's operating system says that it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guest {
    /// The host name.
    pub hostname: Option<String>,
    /// The operating system's full name.
    pub os: Option<String>,
    /// Its version.
    pub os_version: Option<String>,
}

/// Why a host did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// The hypervisor cannot be reached, is not synchronised yet, or did not answer.
    #[error("the hypervisor is unavailable: {0}")]
    Unavailable(String),
    /// Somebody else on the hypervisor has what only one can have.
    #[error("in use on the hypervisor: {0}")]
    InUse(String),
    /// The machine is not there.
    #[error("no such machine: {0}")]
    NotFound(String),
    /// Not possible while the machine is in its present state.
    #[error("not possible in the machine's present state: {0}")]
    WrongState(String),
    /// The hypervisor or this machine cannot do it.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// The hypervisor refused it to us.
    #[error("refused by the hypervisor: {0}")]
    Denied(String),
    /// It was tried and failed.
    #[error("{0}")]
    Failed(String),
}
