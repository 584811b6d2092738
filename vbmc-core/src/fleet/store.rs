//! [`FileStore`]: what is set over IPMI, in a BMC's files. Users go into its own one, the rest into those beside it.
//!
//! A file beside it that is damaged costs what cannot be read of it, and nothing else: the rest is in force, and the
//! file as it was found is kept under another name.

use std::io;
use std::sync::{Arc, Weak};

use super::slot::Slot;
use super::{Inner, events, salvage};
use crate::Secret;
use crate::bmc::{EventRecord, State, Store};
use crate::registry::{Beside, BmcConfig, Invalid, RegistryError, UserRecord};

/// Keeps what was set over IPMI for the BMC in a slot.
pub(super) struct FileStore {
    pub(super) fleet: Weak<Inner>,
    pub(super) slot: Weak<Slot>,
}

impl FileStore {
    /// Both, unless the BMC was deleted meanwhile: nothing is written for that one.
    fn place(&self) -> io::Result<(Arc<Inner>, Arc<Slot>)> {
        let place = self.fleet.upgrade().zip(self.slot.upgrade());
        place.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Reads a file. One that cannot be read is set aside, so that nothing is written over it.
    fn read(&self, file: Beside) -> io::Result<Vec<u8>> {
        let (fleet, slot) = self.place()?;
        match fleet.registry.read_beside(&slot.name, file) {
            Ok(bytes) => Ok(bytes.unwrap_or_default()),
            Err(error) => Err(io::Error::new(
                error.kind(),
                format!("{error}; {}", self.set_aside(file)),
            )),
        }
    }

    /// Sets a damaged file aside. Says what came of it.
    fn set_aside(&self, file: Beside) -> String {
        let aside = self
            .place()
            .and_then(|(fleet, slot)| fleet.registry.set_aside(&slot.name, file));
        match aside {
            Ok(path) => format!("the file as it was is {}", path.display()),
            Err(error) => format!("the file cannot be set aside: {error}"),
        }
    }
}

impl Store for FileStore {
    fn save_user(&self, user: &UserRecord) -> io::Result<()> {
        let (fleet, slot) = self.place()?;
        let _file = slot.file.lock();
        let result = fleet.registry.update(&slot.name, |config| {
            let changed = config.change_user(user.id, |old| old.clone_from(user));
            changed.map_err(SaveError::from)
        });
        result.map_err(io::Error::other)?;
        slot.set_user(user, &fleet.options.read());
        Ok(())
    }

    fn save_kg(&self, kg: Option<&Secret>) -> io::Result<()> {
        let (fleet, slot) = self.place()?;
        let _file = slot.file.lock();
        let change = |config: &mut BmcConfig| -> Result<(), RegistryError> {
            config.kg = kg.cloned();
            Ok(())
        };
        let saved = fleet.registry.update(&slot.name, change);
        saved.map_err(io::Error::other)?;
        slot.set_kg(kg);
        Ok(())
    }

    fn load_state(&self) -> io::Result<State> {
        let bytes = self.read(Beside::State)?;
        if bytes.is_empty() {
            return Ok(State::default());
        }
        let (state, lost) = salvage::state(&bytes);
        if lost.is_empty() {
            return Ok(state);
        }
        let (_, slot) = self.place()?;
        let aside = self.set_aside(Beside::State);
        tracing::error!(
            bmc = %slot.name,
            "{} is damaged, or of another version: the defaults are in force for {}; {aside}",
            Beside::State.name(),
            lost.join(", ")
        );
        if let Err(error) = self.save_state(&state) {
            tracing::warn!(bmc = %slot.name, %error, "what could be read of it is not on the disk yet");
        }
        Ok(state)
    }

    fn save_state(&self, state: &State) -> io::Result<()> {
        let (fleet, slot) = self.place()?;
        let text = serde_json::to_string_pretty(state)? + "\n";
        fleet
            .registry
            .write_beside(&slot.name, Beside::State, &text)
    }

    fn load_events(&self) -> io::Result<Vec<EventRecord>> {
        let bytes = self.read(Beside::Events)?;
        let text = String::from_utf8_lossy(&bytes);
        let records = events::decode(&text);
        if events::is_whole(&text) {
            return Ok(records);
        }
        let (_, slot) = self.place()?;
        // A crash cuts off the last line. Anything else is somebody's doing, or the disk's.
        if !events::is_cut_off(&text) {
            let aside = self.set_aside(Beside::Events);
            tracing::error!(
                bmc = %slot.name,
                "the event log has lines that are no records, and goes on without them; {aside}"
            );
        }
        // The next record would be appended to half a line.
        if let Err(error) = self.replace_events(&records) {
            tracing::warn!(bmc = %slot.name, %error, "what could be read of the event log is not on the disk yet");
        }
        Ok(records)
    }

    fn append_events(&self, records: &[EventRecord]) -> io::Result<()> {
        let (fleet, slot) = self.place()?;
        let text = events::encode(records);
        fleet
            .registry
            .append_beside(&slot.name, Beside::Events, &text)
    }

    fn replace_events(&self, records: &[EventRecord]) -> io::Result<()> {
        let (fleet, slot) = self.place()?;
        let text = events::encode(records);
        fleet
            .registry
            .write_beside(&slot.name, Beside::Events, &text)
    }
}

#[derive(Debug, thiserror::Error)]
enum SaveError {
    #[error(transparent)]
    File(#[from] RegistryError),
    #[error(transparent)]
    User(#[from] Invalid),
}
