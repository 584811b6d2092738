//! The messages that open a session, §13.17 to §13.24: Open Session and RAKP 1 to 4.
//!
//! Wire types only. Who may open a session is decided in [`bmc`](crate::bmc), what the codes in the messages are in
//! [`crypto`](crate::crypto).

mod open_session;
mod rakp;
mod role;
mod status;

pub use open_session::{OpenSessionRequest, OpenSessionResponse, Opened, Proposal};
pub use rakp::{Rakp1, Rakp2, Rakp2Ok, Rakp3, Rakp4};
pub use role::{NameTooLong, RequestedPrivilege, RoleByte, Username};
pub use status::RakpStatus;
