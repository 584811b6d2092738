//! The system event log, §31 and §32.
//!
//! | File | What lives there |
//! |---|---|
//! | `log` | the records, bounded; what of them is still to be written down |
//! | `disk` | the writes, one at a time, and who waits for them |
//! | `commands` | what the commands of §31 do |
//! | `logins` | refused logins: which are told, and the rest counted |
//! | `happenings` | what happens to the machine and what is done to it, as events |

mod commands;
mod disk;
mod happenings;
mod log;
mod logins;
#[cfg(test)]
mod tests;

pub(super) use disk::Sel;
pub(super) use happenings::ECHO;
