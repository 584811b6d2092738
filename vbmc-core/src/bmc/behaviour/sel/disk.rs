//! The log's way to the disk: one write at a time, and who waits for it.

use std::mem;

use ipmi_proto::bmc::Answer;
use tokio::time::Instant;

use super::happenings::Seen;
use super::log::{EventLog, Write};
use super::logins::Logins;
use crate::bmc::EventRecord;
use crate::bmc::behaviour::calls::{Asker, Waiter};
use crate::bmc::behaviour::{Behaviour, Deliveries, Done, Outcome};
use crate::host::HostError;

/// The log, and its writes.
pub(in crate::bmc::behaviour) struct Sel {
    pub(super) log: EventLog,
    pub(super) seen: Seen,
    pub(super) logins: Logins,
    writing: bool,
    /// Who waits for the write that is under way.
    waiting: Vec<Waiter<()>>,
    /// Who waits for what has changed since it began.
    next: Vec<Waiter<()>>,
}

impl Sel {
    /// With the records that were kept.
    pub(in crate::bmc::behaviour) fn new(kept: Vec<EventRecord>) -> Self {
        Self {
            log: EventLog::new(kept),
            seen: Seen::default(),
            logins: Logins::default(),
            writing: false,
            waiting: Vec::new(),
            next: Vec::new(),
        }
    }

    /// Whether a write is under way.
    pub(in crate::bmc::behaviour) fn is_writing(&self) -> bool {
        self.writing
    }

    pub(in crate::bmc::behaviour) fn deadline(&self) -> Option<Instant> {
        self.waiting
            .iter()
            .chain(&self.next)
            .map(Waiter::deadline)
            .chain(self.logins.deadline())
            .min()
    }

    pub(in crate::bmc::behaviour) fn expire(&mut self, now: Instant, late: &mut Vec<Asker>) {
        for waiters in [&mut self.waiting, &mut self.next] {
            let expired = waiters.extract_if(.., |waiter| waiter.deadline() <= now);
            late.extend(expired.map(|waiter| waiter.asker));
        }
    }
}

impl Behaviour {
    /// Writes down what the log has and the disk has not, unless that is being done.
    pub(super) fn write_log(&mut self) {
        if self.sel.writing {
            return;
        }
        self.sel.waiting = mem::take(&mut self.sel.next);
        let Some(write) = self.sel.log.next_write() else {
            return;
        };
        self.sel.writing = true;
        self.store("the event log", Done::Logged, move |store| match write {
            Write::Append(records) => store.append_events(&records),
            Write::Replace(records) => store.replace_events(&records),
        });
    }

    /// Answers with `answer` once the log, as it is now, is on the disk.
    pub(super) fn once_written(
        &mut self,
        asker: &Asker,
        answer: impl FnOnce() -> Answer + Send + 'static,
    ) -> Outcome {
        self.sel
            .next
            .push(Waiter::new(asker, move |_, ()| answer()));
        self.write_log();
        Outcome::Later
    }

    /// A write has ended.
    pub(in crate::bmc::behaviour) fn log_written(
        &mut self,
        result: &Result<(), HostError>,
    ) -> Deliveries {
        self.sel.writing = false;
        let waiters = mem::take(&mut self.sel.waiting);
        if let Err(error) = result {
            self.sel.log.not_written();
            tracing::error!(
                bmc = self.settings.name,
                %error,
                "the event log is not on the disk; its next event tries again"
            );
        }
        let answers = self.answer_all(waiters, result);
        // A disk that refuses is left alone until there is more to write.
        if result.is_ok() || !self.sel.next.is_empty() {
            self.write_log();
        }
        answers
    }
}
