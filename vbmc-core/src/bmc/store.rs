//! [`Store`]: where a BMC keeps what was set over IPMI.

use std::io;

use super::State;
use crate::Secret;
use crate::registry::UserRecord;

/// A record of the system event log as IPMI has it (§32), its number included.
pub type EventRecord = [u8; 16];

/// Keeps what was set over IPMI. All of it blocks, and is called off the BMC's task. A command is answered after its change
/// was saved.
pub trait Store: Send + Sync + 'static {
    /// Saves one user, in place of the one with its id; as [`UserRecord::unset`] has it, there is none any more.
    ///
    /// # Errors
    ///
    /// What the disk said; the change does not take effect then, and the command fails.
    fn save_user(&self, user: &UserRecord) -> io::Result<()>;

    /// Saves the BMC key K_g; none: there is none any more.
    ///
    /// # Errors
    ///
    /// What the disk said, or that this store keeps no keys; the change does not take effect then.
    fn save_kg(&self, kg: Option<&Secret>) -> io::Result<()> {
        let _ = kg;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// What was saved by [`save_state`](Self::save_state); the default where nothing was.
    ///
    /// # Errors
    ///
    /// What the disk said. The BMC starts with the defaults then, and says so in the log.
    fn load_state(&self) -> io::Result<State> {
        Ok(State::default())
    }

    /// Saves everything else that was set. A store that cannot forgets it when the program ends.
    ///
    /// # Errors
    ///
    /// What the disk said; the change is undone then, and the command fails.
    fn save_state(&self, state: &State) -> io::Result<()> {
        let _ = state;
        Ok(())
    }

    /// The system event log as it was kept, oldest record first; empty where nothing was kept.
    ///
    /// # Errors
    ///
    /// What the disk said. The log starts empty then, and the BMC's log says so.
    fn load_events(&self) -> io::Result<Vec<EventRecord>> {
        Ok(Vec::new())
    }

    /// Puts records behind those that were kept.
    ///
    /// # Errors
    ///
    /// What the disk said. They are in the log until the program ends, and the BMC's log says so.
    fn append_events(&self, records: &[EventRecord]) -> io::Result<()> {
        let _ = records;
        Ok(())
    }

    /// Keeps these records instead of those that were kept.
    ///
    /// # Errors
    ///
    /// What the disk said; what was kept before is still there.
    fn replace_events(&self, records: &[EventRecord]) -> io::Result<()> {
        let _ = records;
        Ok(())
    }
}
