//! Virtual BMCs as a library: the UDP front, what each IPMI command does, the machines behind it, and the registry of
//! BMCs on disk.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`host`] | the machine behind a BMC: [`host::Host`], its libvirt and its simulated implementation |
//! | [`bmc`] | one BMC: socket, protocol endpoint, behaviour and host put together; what an embedder starts |
//! | [`registry`] | BMCs on disk, in VirtualBMC's own form |
//! | [`fleet`] | many BMCs of one registry: started, stopped and kept in step with the files |
//! | [`config`] | `virtualbmc.conf`, shared by the daemon and the command line |
//! | [`control`] | the types of vbmcd's control API, shared by the daemon and the command line |
//!
//! # A BMC in a few lines
//!
//! Over a [simulated](host::simulated) machine here. For one of your own, implement [`host::Host`]; for libvirt's
//! domains, ask `host::libvirt::Hypervisors` for one.
//!
//! ```
//! use std::io;
//! use std::sync::Arc;
//!
//! use vbmc_core::Secret;
//! use vbmc_core::bmc::{Bmc, Settings, Store};
//! use vbmc_core::host::simulated::Machine;
//! use vbmc_core::registry::UserRecord;
//!
//! /// Users that are changed over IPMI last until the program ends.
//! struct Forgetful;
//!
//! impl Store for Forgetful {
//!     fn save_user(&self, _user: &UserRecord) -> io::Result<()> {
//!         Ok(())
//!     }
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Port 0: the system chooses one.
//!     let mut settings = Settings::new("node-0", "127.0.0.1:0".parse()?);
//!     settings.users = vec![UserRecord::administrator(2, "admin", Secret::new("secret"))];
//!     let bmc = Bmc::start(settings, Arc::new(Machine::new("node-0")), Arc::new(Forgetful))?;
//!     println!(
//!         "ipmitool -I lanplus -H 127.0.0.1 -p {} -U admin -P secret power on",
//!         bmc.local_addr().port()
//!     );
//!     // It answers on tasks of its own until it is stopped or dropped.
//!     bmc.stop().await;
//!     Ok(())
//! }
//! ```
//!
//! The protocol itself lives in [`ipmi_proto`]; nothing here parses a datagram.

pub mod bmc;
pub mod config;
pub mod control;
pub mod fleet;
pub mod host;
pub mod registry;
mod secret;

pub use ipmi_proto;
pub use secret::Secret;
