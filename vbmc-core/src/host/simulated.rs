//! Machines in memory, with faults to switch on: for examples, unit tests and load figures.
//!
//! They behave as the libvirt host does (which actions a machine refuses while it is off, when a one-shot boot override
//! is spent), and nothing here does IO.
//!
//! | File | What lives there |
//! |---|---|
//! | `machine.rs` | [`Machine`] |
//! | `hosts.rs` | [`SimulatedHosts`], a hypervisor of them |
//! | `serial.rs` | [`Serial`], a machine's serial port |

mod hosts;
mod machine;
mod serial;

pub use hosts::SimulatedHosts;
pub use machine::{Machine, Performed};
pub use serial::Serial;
