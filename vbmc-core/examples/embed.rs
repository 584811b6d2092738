//! A BMC over a machine of one's own: a toaster, here.
//!
//! ```text
//! cargo run -p vbmc-core --no-default-features --example embed -- admin secret
//! ipmitool -I lanplus -H 127.0.0.1 -p 6230 -U admin -P secret power on
//! ```

use std::env;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use vbmc_core::Secret;
use vbmc_core::bmc::{Bmc, Settings, Store};
use vbmc_core::host::{BootOverride, Host, HostError, Identity, PowerAction, PowerStatus, Reply};
use vbmc_core::registry::UserRecord;

/// How long the lever takes to move: a real machine is not switched at once either.
const LEVER: Duration = Duration::from_millis(200);

/// The machine. Clones are the same one.
#[derive(Clone, Default)]
struct Toaster(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    toasting_since: Option<Instant>,
    slices: u64,
    total: Duration,
}

impl State {
    fn press(&mut self) {
        if self.toasting_since.is_none() {
            self.toasting_since = Some(Instant::now());
            self.slices += 1;
            println!("the lever goes down");
        }
    }

    fn eject(&mut self) {
        if let Some(since) = self.toasting_since.take() {
            self.total += since.elapsed();
            println!("the toast pops out");
        }
    }
}

impl Toaster {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(
            &mut self
                .0
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        )
    }
}

impl Host for Toaster {
    /// Known at once: no future is needed.
    fn power(&self) -> Reply<PowerStatus> {
        Reply::Now(Ok(self.with(|toaster| {
            let now = toaster.toasting_since.map(|since| since.elapsed());
            PowerStatus {
                on: now.is_some(),
                starts: toaster.slices,
                powered: toaster.total + now.unwrap_or_default(),
            }
        })))
    }

    /// Takes its time: the BMC waits for the future, and answers other requests meanwhile.
    fn control(&self, action: PowerAction) -> Reply<()> {
        let toaster = self.clone();
        Reply::later(async move {
            tokio::time::sleep(LEVER).await;
            toaster.with(|toaster| {
                let empty = toaster.toasting_since.is_none();
                match action {
                    PowerAction::On => toaster.press(),
                    PowerAction::Off => toaster.eject(),
                    _ if empty => {
                        return Err(HostError::WrongState("there is no toast in it".to_owned()));
                    }
                    PowerAction::Shutdown => toaster.eject(),
                    PowerAction::Cycle | PowerAction::Reset => {
                        toaster.eject();
                        toaster.press();
                    }
                    PowerAction::Nmi => {
                        return Err(HostError::Unsupported("it has no interrupts".to_owned()));
                    }
                }
                Ok(())
            })
        })
    }

    fn boot(&self) -> Reply<Option<BootOverride>> {
        Reply::Now(Ok(None))
    }

    fn set_boot(&self, boot: Option<BootOverride>) -> Reply<()> {
        Reply::Now(match boot {
            None => Ok(()),
            Some(_) => Err(HostError::Unsupported("it toasts what is in it".to_owned())),
        })
    }

    fn identity(&self) -> Reply<Identity> {
        Reply::Now(Ok(Identity {
            uuid: *b"\x70\xa5\x7e\x12\x00\x00\x40\x00\x80\x00\x00\x00\x00\x00\x00\x01",
            name: "toaster".to_owned(),
            ..Identity::default()
        }))
    }
}

/// Users that are changed over IPMI last until the program ends.
struct Forgetful;

impl Store for Forgetful {
    fn save_user(&self, _user: &UserRecord) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = env::args().skip(1);
    let (Some(user), Some(password)) = (args.next(), args.next()) else {
        eprintln!("usage: embed USER PASSWORD [ADDRESS:PORT]");
        std::process::exit(2);
    };
    let listen: SocketAddr = args.next().as_deref().unwrap_or("127.0.0.1:6230").parse()?;

    let mut settings = Settings::new("toaster", listen);
    settings.users = vec![UserRecord::administrator(2, user, Secret::new(password))];
    let bmc = Bmc::start(settings, Arc::new(Toaster::default()), Arc::new(Forgetful))?;
    println!("the toaster's BMC listens on {}", bmc.local_addr());

    tokio::signal::ctrl_c().await?;
    bmc.stop().await;
    Ok(())
}
