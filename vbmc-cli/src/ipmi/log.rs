//! A BMC's event log, read record by record.

use ipmi_proto::CompletionCode;
use ipmi_proto::command::storage::{
    ClearSel, Erasure, ErasureState, GetSelEntry, ReservationId, ReserveSel, SelEntryPart,
};
use ipmi_proto::sel::{Record, RecordId};
use ipmi_proto::wire::Decode as _;
use tokio::time::{Duration, Instant, sleep};

use super::error::Cause;
use super::{Console, Error};

/// Before a BMC is asked again how far it is with erasing its log.
const AGAIN: Duration = Duration::from_millis(200);

/// A record, or what cannot be read of it.
pub(crate) type Logged = (RecordId, Result<Record, Vec<u8>>);

impl Console {
    /// The records behind `last`, oldest first; all of them where that one is not there any more.
    pub(crate) async fn events_after(
        &mut self,
        last: Option<RecordId>,
    ) -> Result<Vec<Logged>, Error> {
        let mut next = RecordId::FIRST;
        if let Some(last) = last
            && let Some(part) = self.event(last).await?
        {
            next = part.next;
        }
        let mut records = Vec::new();
        while next != RecordId::LAST {
            let Some(part) = self.event(next).await? else {
                break;
            };
            let id = match part.data.first_chunk() {
                Some(id) => RecordId(u16::from_le_bytes(*id)),
                None => next,
            };
            records.push((id, Record::decode(&part.data).map_err(|_| part.data)));
            // A BMC that goes round in circles would keep us for ever.
            if records.len() > usize::from(u16::MAX) {
                break;
            }
            next = part.next;
        }
        Ok(records)
    }

    /// None where there is no such record.
    async fn event(&mut self, record: RecordId) -> Result<Option<SelEntryPart>, Error> {
        let get = GetSelEntry {
            reservation: ReservationId::NONE,
            record,
            offset: 0,
            count: GetSelEntry::ALL,
        };
        match self.request(&get).await {
            Ok(part) => Ok(Some(part)),
            Err(error) if error.code() == Some(CompletionCode::NotPresent) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Erases the whole log, and waits for that.
    pub(crate) async fn clear_events(&mut self) -> Result<(), Error> {
        let reservation = self.request(&ReserveSel).await?;
        let deadline = Instant::now() + self.limit;
        let mut erasure = Erasure::Initiate;
        loop {
            let clear = ClearSel {
                reservation,
                erasure,
            };
            if self.request(&clear).await? == ErasureState::Completed {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(Error::new(&self.bmc, Cause::Late(self.limit)));
            }
            erasure = Erasure::GetState;
            sleep(AGAIN).await;
        }
    }
}
