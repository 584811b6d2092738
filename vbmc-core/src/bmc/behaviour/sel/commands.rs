//! The commands of the event log, §31.

use std::time::{SystemTime, UNIX_EPOCH};

use ipmi_proto::CompletionCode;
use ipmi_proto::command::sensor::PlatformEvent;
use ipmi_proto::command::storage::{
    AddSelEntry, AllocationInfo, ClearSel, DeleteSelEntry, Erasure, ErasureState, GetSelEntry,
    ReservationId, SelEntryPart, SelInfo, SelSupport, SetSelTimeUtcOffset, UtcOffset,
};
use ipmi_proto::sel::{Entry, EventSource, GeneratorId, Record, RecordId, Timestamp};

use super::log::CAPACITY;
use crate::bmc::behaviour::{Asker, Behaviour, Outcome, answer, ok, refuse};

/// How far a clock may be off that somebody sets: the time it takes to set it.
const TOLERANCE: u32 = 2;

/// Now, as records have it.
pub(super) fn now() -> Timestamp {
    timestamp(SystemTime::now())
}

/// A time as records have it.
pub(super) fn timestamp(at: SystemTime) -> Timestamp {
    let since = at.duration_since(UNIX_EPOCH);
    Timestamp::from_unix(since.map_or(0, |since| since.as_secs()))
}

impl Behaviour {
    /// Get SEL Info, §31.2.
    pub(in crate::bmc::behaviour) fn sel_info(&self) -> Outcome {
        let log = &self.sel.log;
        ok(SelInfo {
            entries: log.len().try_into().unwrap_or(u16::MAX),
            free: free_bytes(log.len()),
            added: log.added,
            erased: self
                .kept
                .now()
                .sel
                .erased
                .map_or(Timestamp::UNSPECIFIED, |seconds| {
                    Timestamp::from_unix(seconds)
                }),
            support: SelSupport {
                overflow: log.overflow,
                delete: true,
                partial_add: false,
                reserve: true,
                allocation_info: true,
            },
        })
    }

    /// Get SEL Allocation Info, §31.3.
    pub(in crate::bmc::behaviour) fn sel_allocation(&self) -> Outcome {
        let free = (CAPACITY - self.sel.log.len())
            .try_into()
            .unwrap_or(u16::MAX);
        ok(AllocationInfo {
            units: CAPACITY.try_into().ok(),
            unit_size: Some(Record::LEN as u16),
            free,
            largest_free: free,
            largest_record: 1,
        })
    }

    /// Reserve SEL, §31.4.
    pub(in crate::bmc::behaviour) fn reserve_sel(&mut self) -> Outcome {
        ok(self.sel.log.reserve())
    }

    /// Get SEL Entry, §31.5.
    pub(in crate::bmc::behaviour) fn sel_entry(&self, request: &GetSelEntry) -> Outcome {
        // Reading in parts needs to know that the record stays the same meanwhile.
        if request.offset != 0 && !self.holds_sel(request.reservation) {
            return refuse(CompletionCode::InvalidReservation);
        }
        let Some((record, next)) = self.sel.log.find(request.record) else {
            return refuse(CompletionCode::NotPresent);
        };
        let Some(rest) = record.get(usize::from(request.offset)..) else {
            return refuse(CompletionCode::ParameterOutOfRange);
        };
        let data = match request.count {
            GetSelEntry::ALL => rest,
            count => match rest.get(..usize::from(count)) {
                Some(part) => part,
                None => return refuse(CompletionCode::ParameterOutOfRange),
            },
        };
        ok(SelEntryPart {
            next,
            data: data.to_vec(),
        })
    }

    /// Add SEL Entry, §31.6. The time is ours, whatever the record has.
    pub(in crate::bmc::behaviour) fn add_sel_entry(
        &mut self,
        request: &AddSelEntry,
        asker: &Asker,
    ) -> Outcome {
        let time = now();
        let entry = match request.0.entry {
            Entry::System {
                generator, event, ..
            } => Entry::System {
                time,
                generator,
                event,
            },
            Entry::TimestampedOem {
                kind,
                manufacturer,
                data,
                ..
            } => Entry::TimestampedOem {
                kind,
                time,
                manufacturer,
                data,
            },
            entry @ Entry::Oem { .. } => entry,
        };
        let id = self.sel.log.add(entry, time);
        self.once_written(asker, move || answer(Ok(id)))
    }

    /// Platform Event, §29.3. Consoles name no generator: they are remote console software.
    pub(in crate::bmc::behaviour) fn platform_event(
        &mut self,
        request: &PlatformEvent,
        asker: &Asker,
    ) -> Outcome {
        /// The first software id of remote consoles (table 5-4).
        const CONSOLE: GeneratorId = GeneratorId::new(EventSource::Software(0x40));
        let named = |first| GeneratorId::from_bytes([first, 0]);
        let time = now();
        let entry = Entry::System {
            time,
            generator: request.generator.map_or(CONSOLE, named),
            event: request.event,
        };
        self.sel.log.add(entry, time);
        self.once_written(asker, || answer(Ok(())))
    }

    /// The last record, and when it came.
    pub(in crate::bmc::behaviour) fn newest_event(&self) -> (RecordId, Timestamp) {
        let log = &self.sel.log;
        (log.last().unwrap_or(RecordId::LAST), log.added)
    }

    /// Delete SEL Entry, §31.8.
    pub(in crate::bmc::behaviour) fn delete_sel_entry(
        &mut self,
        request: &DeleteSelEntry,
        asker: &Asker,
    ) -> Outcome {
        if !self.holds_sel(request.reservation) {
            return refuse(CompletionCode::InvalidReservation);
        }
        match self.sel.log.remove(request.record) {
            Some(id) => {
                self.note_erasure();
                self.once_written(asker, move || answer(Ok(id)))
            }
            None => refuse(CompletionCode::NotPresent),
        }
    }

    /// Clear SEL, §31.9. Answered when it is done.
    pub(in crate::bmc::behaviour) fn clear_sel(
        &mut self,
        request: &ClearSel,
        asker: &Asker,
    ) -> Outcome {
        if !self.holds_sel(request.reservation) {
            return refuse(CompletionCode::InvalidReservation);
        }
        match request.erasure {
            Erasure::GetState => ok(ErasureState::Completed),
            Erasure::Initiate => {
                self.sel.log.clear();
                self.note_erasure();
                self.once_written(asker, || answer(Ok(ErasureState::Completed)))
            }
        }
    }

    /// One record or all are gone: Get SEL Info tells since when.
    fn note_erasure(&mut self) {
        let erased = now().unix_seconds();
        self.note_state(|state| state.sel.erased = erased.map(u64::from));
    }

    /// Get SEL Time, §31.10, and Get SDR Repository Time, §33.17.
    pub(in crate::bmc::behaviour) fn sel_time(&self) -> Outcome {
        ok(now())
    }

    /// Set SEL Time, §31.11, and Set SDR Repository Time, §33.18. The time is the host's, and only the host sets it: what agrees with it is accepted.
    pub(in crate::bmc::behaviour) fn set_sel_time(&self, time: Timestamp) -> Outcome {
        let now = now().unix_seconds().unwrap_or_default();
        let wanted = time.unix_seconds();
        if wanted.is_some_and(|wanted| wanted.abs_diff(now) <= TOLERANCE) {
            ok(())
        } else {
            refuse(CompletionCode::NotSupportedInState)
        }
    }

    /// Get SEL Time UTC Offset, §31.11a.
    pub(in crate::bmc::behaviour) fn sel_utc_offset(&self) -> Outcome {
        let minutes = self.kept.now().sel.utc_offset;
        let offset = minutes.and_then(|minutes| UtcOffset::from_minutes(minutes).ok());
        ok(offset.unwrap_or(UtcOffset::UNSPECIFIED))
    }

    /// Set SEL Time UTC Offset, §31.11b. Kept for those who show times.
    pub(in crate::bmc::behaviour) fn set_sel_utc_offset(
        &mut self,
        request: &SetSelTimeUtcOffset,
        asker: &Asker,
    ) -> Outcome {
        let minutes = request.0.minutes();
        self.change_state(
            asker,
            |state| state.sel.utc_offset = minutes,
            |_| answer(Ok(())),
        )
    }

    fn holds_sel(&self, reservation: ReservationId) -> bool {
        reservation != ReservationId::NONE && reservation == self.sel.log.reservation
    }
}

/// The room for this many records fewer than all, in bytes.
fn free_bytes(records: usize) -> u16 {
    let free = (CAPACITY - records) * Record::LEN;
    // FFFFh means "at least that much".
    free.try_into().unwrap_or(u16::MAX)
}
