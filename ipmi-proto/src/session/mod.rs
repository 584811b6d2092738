//! Packets: RMCP, the two session headers, and the window that lets every packet in once.
//!
//! Wire formats and the order of the checks. Which sessions there are is the business of [`bmc`](crate::bmc) and
//! [`console`](crate::console).

pub mod rmcp;
pub mod v15;
pub mod v20;
mod window;

pub use window::{Admission, Replay, Window};

/// The longest datagram that is taken, in bytes. An IPMI message has at most 255; SOL data and OEM payloads fit as
/// well, and it stays below any link's MTU.
pub const MAX_DATAGRAM_LEN: usize = 1024;
