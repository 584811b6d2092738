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
