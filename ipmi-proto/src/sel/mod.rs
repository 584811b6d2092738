//! The records of the system event log (SEL), §32, and the times in them, §37.
//!
//! A BMC builds them, a console reads them. The commands that carry them are in
//! [`command::storage`](crate::command::storage) and [`command::sensor`](crate::command::sensor).

mod event;
mod generator;
mod record;
mod timestamp;

pub use event::{Direction, Event, EventData, EvmRevision};
pub use generator::{EventSource, GeneratorId};
pub use record::{Entry, Record, RecordId};
pub use timestamp::Timestamp;
