//! A BMC's last writes.

use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use super::*;
use crate::host::simulated::Machine;
use crate::host::{Happening, StopReason};
use crate::registry::UserRecord;

/// Only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A disk that writes when it is let to.
struct Slow {
    turns: Mutex<Receiver<()>>,
    written: Arc<Mutex<Vec<EventRecord>>>,
}

impl Store for Slow {
    fn save_user(&self, _user: &UserRecord) -> io::Result<()> {
        Ok(())
    }

    fn append_events(&self, records: &[EventRecord]) -> io::Result<()> {
        let turn = self.turns.lock().recv_timeout(PATIENCE);
        turn.map_err(io::Error::other)?;
        self.written.lock().extend(records);
        Ok(())
    }
}

#[tokio::test]
async fn a_bmc_that_stops_has_written_down_all_that_has_happened() {
    let (write, turns) = mpsc::channel();
    let written = Arc::default();
    let store = Arc::new(Slow {
        turns: Mutex::new(turns),
        written: Arc::clone(&written),
    });
    let settings = Settings::new("bmc", ([127, 0, 0, 1], 0).into());
    let bmc = Bmc::start(settings, Arc::new(Machine::new("machine")), store).unwrap();
    // The first one's write has none of the others.
    let off = Happening::Stopped(StopReason::Destroyed);
    for what in [Happening::Started, off, Happening::Started] {
        let at = SystemTime::now();
        bmc.mailbox.send(Message::Happened(Change { at, what }));
    }
    for _ in 0..3 {
        write.send(()).unwrap();
    }
    bmc.stop().await;
    assert_eq!(written.lock().len(), 3);
}
