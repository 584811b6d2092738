//! [`Store`]: where a BMC keeps what was set over IPMI.

use std::io;

use super::State;
use crate::registry::UserRecord;

/// Keeps what was set over IPMI. All of it blocks, and is called off the BMC's task. A command is answered after its change
/// was saved.
pub trait Store: Send + Sync + 'static {
    /// Saves the users.
    ///
    /// # Errors
    ///
    /// What the disk said; the change does not take effect then, and the command fails.
    fn save_users(&self, users: &[UserRecord]) -> io::Result<()>;

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
}
