//! What a BMC keeps in parts: its sensors' records and its inventories, read as wholes.

use ipmi_proto::CompletionCode;
use ipmi_proto::command::storage::ReservationId;
use ipmi_proto::command::storage::{
    FruUnit, GetFruInventoryAreaInfo, GetSdr, ReadFruData, ReserveSdrRepository, SdrPart,
};
use ipmi_proto::fru::DeviceId;
use ipmi_proto::sdr::{Record, RecordId};
use ipmi_proto::wire::Decode as _;

use super::{Console, Error};

/// How many bytes of a record or inventory are asked for at a time: what fits into the shortest message.
const PART: usize = 16;

/// How often a reservation is made anew: each time that somebody else made one, or the records changed.
const RESERVATIONS: usize = 10;

impl Console {
    /// All records of the sensor repository that can be read.
    pub(crate) async fn sensor_records(&mut self) -> Result<Vec<Record>, Error> {
        let mut records = Vec::new();
        let mut reservations = 0;
        let mut next = RecordId::FIRST;
        let mut reservation = self.request(&ReserveSdrRepository).await?;
        while next != RecordId::LAST && records.len() <= usize::from(u16::MAX) {
            match self.sensor_record(reservation, next).await {
                Ok((record, following)) => {
                    records.extend(record);
                    next = following;
                }
                Err(error)
                    if error.code() == Some(CompletionCode::InvalidReservation)
                        && reservations < RESERVATIONS =>
                {
                    reservations += 1;
                    reservation = self.request(&ReserveSdrRepository).await?;
                }
                // An empty repository has no first record.
                Err(error)
                    if error.code() == Some(CompletionCode::NotPresent) && records.is_empty() =>
                {
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(records)
    }

    /// One record, if it can be read, and the id of the next one.
    async fn sensor_record(
        &mut self,
        reservation: ReservationId,
        id: RecordId,
    ) -> Result<(Option<Record>, RecordId), Error> {
        let mut bytes = Vec::new();
        let mut wanted = Record::HEADER_LEN;
        let mut following = RecordId::LAST;
        while bytes.len() < wanted {
            let count = (wanted - bytes.len()).min(PART);
            let get = GetSdr {
                reservation,
                record: id,
                offset: u8::try_from(bytes.len()).unwrap_or(u8::MAX),
                count: u8::try_from(count).unwrap_or(u8::MAX),
            };
            let SdrPart { next, data } = self.request(&get).await?;
            following = next;
            if data.is_empty() {
                break;
            }
            bytes.extend(data);
            if let Some(header) = bytes.first_chunk() {
                wanted = Record::len_of(*header).min(usize::from(u8::MAX));
            }
        }
        Ok((Record::decode(&bytes).ok(), following))
    }

    /// The bytes of an inventory.
    pub(crate) async fn inventory(&mut self, device: DeviceId) -> Result<Vec<u8>, Error> {
        let area = self.request(&GetFruInventoryAreaInfo { device }).await?;
        let size = usize::from(area.size);
        let unit = match area.unit {
            FruUnit::Bytes => 1,
            FruUnit::Words => 2,
        };
        let mut bytes = Vec::new();
        while bytes.len() < size {
            let count = (size - bytes.len()).min(PART).div_ceil(unit);
            let read = ReadFruData {
                device,
                offset: u16::try_from(bytes.len() / unit).unwrap_or(u16::MAX),
                count: u8::try_from(count).unwrap_or(u8::MAX),
            };
            match self.request(&read).await {
                Ok(part) if part.bytes().is_empty() => break,
                Ok(part) => bytes.extend(part.bytes()),
                // Some BMCs claim more room than they have data for.
                Err(error) if error.is_refusal() && !bytes.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(size);
        Ok(bytes)
    }
}
