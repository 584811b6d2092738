//! Fixtures for the end-to-end tests in `tests/`: each starts what it needs, waits for a condition rather than for a
//! time, and takes everything down again, after a failure too.
//!
//! What belongs here: starting and asking foreign programs. What may never: knowledge about how vbmcd works inside;
//! these tests see what an operator sees.

pub mod build;
pub mod client;
pub mod daemon;
pub mod disk;
pub mod guest;
pub mod home;
pub mod lab;
pub mod libvirtd;
pub mod matrix;
pub mod net;
pub mod node;
pub mod place;
pub mod relay;
pub mod rig;
pub mod run;
pub mod running;
pub mod scratch;
pub mod session;
pub mod terminal;
pub mod turn;
pub mod virtualbmc;
pub mod wait;

pub use client::Bmc;
pub use daemon::Vbmcd;
pub use disk::SmallDisk;
pub use guest::Guest;
pub use home::Home;
pub use libvirtd::Libvirtd;
pub use node::Node;
pub use place::Place;
pub use relay::Relay;
pub use rig::Rig;
pub use run::{Outcome, Run};
pub use running::Running;
pub use session::Session;
pub use terminal::Terminal;
pub use wait::wait_for;
