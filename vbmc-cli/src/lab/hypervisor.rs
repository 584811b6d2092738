//! The lab's hypervisor: calls to libvirt, which block, made from async code.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::task;
use vbmc_core::host::libvirt::admin::{Admin, AdminError};

use super::config::Lab;
use super::manifest::OnHypervisor;
use super::variables::Variables;

/// Where the system's libvirt keeps the logs of QEMU.
const QEMU_LOGS: &str = "/var/log/libvirt/qemu";

/// A connection to the lab's hypervisor.
#[derive(Debug, Clone)]
pub(crate) struct Hypervisor {
    admin: Arc<Admin>,
    /// As lab.toml has it.
    address: String,
}

impl Hypervisor {
    /// Connects to the hypervisor of a lab.
    pub(crate) async fn open(lab: &Lab) -> anyhow::Result<Self> {
        let address = lab.libvirt_uri.clone();
        let uri = address.clone();
        let admin = task::spawn_blocking(move || Admin::open(&uri, None))
            .await
            .context("connecting to libvirt")??;
        Ok(Self {
            admin: Arc::new(admin),
            address,
        })
    }

    /// Makes a call where waiting for it harms nobody. It goes on to its end even if nobody waits any more.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Admin) -> Result<T, AdminError> + Send + 'static,
    ) -> anyhow::Result<T> {
        let admin = Arc::clone(&self.admin);
        Ok(task::spawn_blocking(move || call(&admin))
            .await
            .context("calling libvirt")??)
    }

    /// Whether it can still be asked. Where it cannot, nobody knows whether a call that failed was carried out.
    pub(super) async fn answers(&self) -> bool {
        self.call(Admin::disks_of_domains).await.is_ok()
    }

    /// The URI that other programs reach it by.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Whether the hypervisor is this machine.
    pub(super) fn is_local(&self) -> bool {
        self.admin.is_local()
    }

    /// What the manifest knows a thing there by.
    pub(super) fn entry(&self, name: impl Into<String>) -> OnHypervisor {
        OnHypervisor {
            uri: self.address.clone(),
            name: name.into(),
        }
    }

    /// How domains run there.
    pub(super) async fn virtualization(&self) -> anyhow::Result<Virtualization> {
        if !self.address.starts_with("qemu") {
            return Ok(Virtualization::Other);
        }
        Ok(match self.call(Admin::has_kvm).await? {
            true => Virtualization::Kvm,
            false => Virtualization::Emulated,
        })
    }

    /// Where libvirt keeps what comes out of a domain's serial port: beside QEMU's own log. Only the system's libvirt has
    /// a directory that its log daemon may write to in any case. A domain does not start whose log has no directory.
    pub(super) fn console_log(&self, domain: &str) -> Option<PathBuf> {
        let (scheme, rest) = self.address.split_once("://")?;
        let path = rest.split('?').next()?;
        let directory = Path::new(QEMU_LOGS);
        // Who may not look there cannot tell, and takes it for the usual.
        let missing = self.is_local() && matches!(directory.try_exists(), Ok(false));
        (scheme.starts_with("qemu") && path.ends_with("/system") && !missing)
            .then(|| directory.join(format!("{domain}-console.log")))
    }
}

/// How a hypervisor runs domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Virtualization {
    /// By the processor itself.
    Kvm,
    /// By QEMU, in software: the slow way, and the only one where there is no KVM.
    Emulated,
    /// It is no QEMU.
    Other,
}

impl Virtualization {
    /// `$VIRT_TYPE` for a domain's files, unless the operator has defined it.
    pub(super) fn define(self, variables: Variables) -> Variables {
        let kind = match self {
            Self::Kvm => "kvm",
            Self::Emulated => "qemu",
            Self::Other => return variables,
        };
        if variables.expand("$VIRT_TYPE").is_ok() {
            return variables;
        }
        variables.with("VIRT_TYPE", kind)
    }
}
