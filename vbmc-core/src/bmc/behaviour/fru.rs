//! The inventory data of the machine, §34: who it is, in the form of the FRU storage definition.
//!
//! Made of the machine's identity when somebody asks, and kept for as long as it takes to read it in parts: a machine may
//! be redefined at any time.

use std::cell::RefCell;
use std::time::Duration;

use ipmi_proto::CompletionCode;
use ipmi_proto::bmc::Answer;
use ipmi_proto::command::storage::{FruArea, FruData, FruUnit, ReadFruData, WriteFruData};
use ipmi_proto::fru::{
    BoardInfo, ChassisInfo, ChassisType, DeviceId, Field, Inventory, ProductInfo,
};
use ipmi_proto::wire::Encode as _;
use tokio::time::Instant;

use super::{Asker, Behaviour, Outcome, answer, refuse};
use crate::host::Identity;

/// How long an image is kept after it was made.
const FRESH: Duration = Duration::from_secs(5);

/// The most that is read at once: more would not fit into an answer that every client takes.
const MOST: u8 = 200;

/// The image, while somebody reads it.
#[derive(Debug, Default)]
pub(super) struct Fru(RefCell<Option<Box<Image>>>);

#[derive(Debug)]
struct Image {
    until: Instant,
    bytes: Vec<u8>,
}

impl Fru {
    /// When the image is to be let go.
    pub(super) fn expiry(&self) -> Option<Instant> {
        self.0.borrow().as_ref().map(|image| image.until)
    }

    /// Lets go of an image that is too old.
    pub(super) fn expire(&self, now: Instant) {
        let mut image = self.0.borrow_mut();
        if image.as_ref().is_some_and(|image| image.until <= now) {
            *image = None;
        }
    }
}

impl Behaviour {
    /// Get FRU Inventory Area Info, §34.1.
    pub(super) fn fru_info(&mut self, device: DeviceId, asker: &Asker) -> Outcome {
        self.with_image(device, asker, |image| {
            answer(Ok(FruArea {
                size: image.len().try_into().unwrap_or(u16::MAX),
                unit: FruUnit::Bytes,
            }))
        })
    }

    /// Read FRU Data, §34.2. What is asked for behind the end is left out: clients need not know the length.
    pub(super) fn read_fru(&mut self, request: ReadFruData, asker: &Asker) -> Outcome {
        if request.count > MOST {
            return refuse(CompletionCode::CannotReturnRequestedLength);
        }
        self.with_image(request.device, asker, move |image| {
            match image.get(usize::from(request.offset)..) {
                None | Some([]) => answer(Err::<(), _>(CompletionCode::ParameterOutOfRange)),
                Some(rest) => {
                    let count = rest.len().min(request.count.into());
                    answer(Ok(FruData::new(rest.get(..count).unwrap_or(rest))))
                }
            }
        })
    }

    fn with_image(
        &mut self,
        device: DeviceId,
        asker: &Asker,
        then: impl FnOnce(&[u8]) -> Answer + Send + 'static,
    ) -> Outcome {
        if device != DeviceId::BMC {
            return refuse(CompletionCode::NotPresent);
        }
        self.fru.expire(Instant::now());
        if let Some(image) = &*self.fru.0.borrow() {
            return Outcome::Answered(then(&image.bytes));
        }
        self.with_identity(asker, |this, identity| {
            let mut bytes = Vec::new();
            inventory(&identity).encode(&mut bytes);
            let answer = then(&bytes);
            let until = Instant::now() + FRESH;
            *this.fru.0.borrow_mut() = Some(Box::new(Image { until, bytes }));
            answer
        })
    }
}

/// Write FRU Data, §34.3. The machine's description on the hypervisor is its owner's.
pub(super) fn write(request: &WriteFruData) -> Outcome {
    if request.device == DeviceId::BMC {
        refuse(WriteFruData::WRITE_PROTECTED.into())
    } else {
        refuse(CompletionCode::NotPresent)
    }
}

fn inventory(identity: &Identity) -> Inventory {
    let smbios = &identity.smbios;
    let field = |text: &Option<String>| text.as_deref().map(Field::new).unwrap_or_default();
    let extra = |name: &str, text: &Option<String>| {
        let text = text.as_deref()?;
        Some(Field::new(&format!("{name}: {text}")))
    };
    let uuid = written(identity.uuid);
    let macs = identity.macs.iter().map(|mac| {
        let mac = mac.map(|byte| format!("{byte:02x}")).join(":");
        Field::new(&format!("MAC: {mac}"))
    });
    Inventory {
        chassis: Some(ChassisInfo {
            kind: ChassisType::OTHER,
            part_number: field(&smbios.chassis_sku),
            serial: field(&smbios.chassis_serial),
            custom: [
                extra("Manufacturer", &smbios.chassis_manufacturer),
                extra("Version", &smbios.chassis_version),
                extra("Asset", &smbios.chassis_asset),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }),
        board: Some(BoardInfo {
            manufacturer: field(
                smbios
                    .board_manufacturer
                    .as_ref()
                    .map_or(&smbios.manufacturer, |_| &smbios.board_manufacturer),
            ),
            name: Field::new(smbios.board_product.as_ref().unwrap_or(&identity.name)),
            serial: Field::new(smbios.board_serial.as_ref().unwrap_or(&uuid)),
            custom: [
                extra("Version", &smbios.board_version),
                extra("Asset", &smbios.board_asset),
            ]
            .into_iter()
            .flatten()
            .chain(macs)
            .collect(),
            ..BoardInfo::default()
        }),
        product: Some(ProductInfo {
            manufacturer: field(&smbios.manufacturer),
            name: Field::new(smbios.product.as_deref().unwrap_or("Virtual machine")),
            part_number: field(&smbios.sku),
            version: field(&smbios.version),
            serial: Field::new(smbios.serial.as_ref().unwrap_or(&uuid)),
            asset_tag: field(&identity.title),
            custom: [
                Some(Field::new(&format!("Domain: {}", identity.name))),
                Some(Field::new(&format!("UUID: {uuid}"))),
                extra("Family", &smbios.family),
            ]
            .into_iter()
            .flatten()
            .collect(),
            ..ProductInfo::default()
        }),
    }
}

/// A UUID as people write it.
fn written(uuid: [u8; 16]) -> String {
    let groups = [
        &uuid[..4],
        &uuid[4..6],
        &uuid[6..8],
        &uuid[8..10],
        &uuid[10..],
    ];
    let hex = groups.map(|group| {
        let digits = group.iter().map(|byte| format!("{byte:02x}"));
        digits.collect::<String>()
    });
    hex.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bmc::behaviour::testing::Bench;
    use crate::host::Smbios;
    use ipmi_proto::command::storage::GetFruInventoryAreaInfo;
    use ipmi_proto::wire::Decode as _;

    const DEVICE: DeviceId = DeviceId::BMC;

    fn identity() -> Identity {
        let smbios = Smbios {
            manufacturer: Some("Example".into()),
            product: Some("Shelf".into()),
            chassis_serial: Some("C-1".into()),
            board_serial: Some("B-1".into()),
            ..Smbios::default()
        };
        Identity {
            uuid: *b"\x12\x34\x56\x78\x9a\xbc\xde\xf0\x12\x34\x56\x78\x9a\xbc\xde\xf0",
            name: "node-1".into(),
            macs: vec![[0x52, 0x54, 0, 1, 2, 3], [0x52, 0x54, 0, 1, 2, 4]],
            title: Some("The first one".into()),
            smbios: Box::new(smbios),
            ..Identity::default()
        }
    }

    fn part(bench: &mut Bench, offset: u16, count: u8) -> Result<Vec<u8>, CompletionCode> {
        let device = DEVICE;
        let read = ReadFruData {
            device,
            offset,
            count,
        };
        bench.ask(read).map(|data| data.bytes().to_vec())
    }

    fn whole(bench: &mut Bench) -> Vec<u8> {
        let device = DEVICE;
        let info = bench.ask(GetFruInventoryAreaInfo { device }).unwrap();
        let mut image = Vec::new();
        while image.len() < info.size.into() {
            let offset = image.len().try_into().unwrap();
            image.extend(part(bench, offset, 16).unwrap());
        }
        image
    }

    #[tokio::test]
    async fn it_says_who_the_machine_is() {
        let mut bench = Bench::new();
        bench.machine.set_identity(identity());
        let inventory = Inventory::decode(&whole(&mut bench)).unwrap();
        let product = inventory.product.unwrap();
        assert_eq!(product.manufacturer.text(), "Example");
        assert_eq!(product.name.text(), "Shelf");
        let uuid = "12345678-9abc-def0-1234-56789abcdef0";
        assert_eq!(product.serial.text(), uuid);
        assert_eq!(product.asset_tag.text(), "The first one");
        let board = inventory.board.unwrap();
        assert_eq!(board.serial.text(), "B-1");
        let extra: Vec<_> = board.custom.iter().map(Field::text).collect();
        assert_eq!(extra, ["MAC: 52:54:00:01:02:03", "MAC: 52:54:00:01:02:04"]);
        assert_eq!(inventory.chassis.unwrap().serial.text(), "C-1");
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_is_redefined_is_told_anew_but_not_halfway_through() {
        let mut bench = Bench::new();
        let before = whole(&mut bench);
        bench.machine.set_identity(identity());
        assert_eq!(whole(&mut bench), before);
        assert!(bench.behaviour.deadline().is_some());
        tokio::time::advance(FRESH).await;
        bench.behaviour.timeout(Instant::now());
        assert_eq!(bench.behaviour.deadline(), None, "nothing is kept");
        assert_ne!(whole(&mut bench), before);
    }

    #[tokio::test]
    async fn what_is_not_there_cannot_be_read_and_nothing_can_be_written() {
        let mut bench = Bench::new();
        let size: u16 = whole(&mut bench).len().try_into().unwrap();
        let out_of_range = Err(CompletionCode::ParameterOutOfRange);
        assert_eq!(part(&mut bench, size, 1), out_of_range);
        assert_eq!(part(&mut bench, size - 4, 16).unwrap().len(), 4);
        let too_much = Err(CompletionCode::CannotReturnRequestedLength);
        assert_eq!(part(&mut bench, 0, 255), too_much);
        let device = DeviceId(1);
        let missing = CompletionCode::NotPresent;
        let info = GetFruInventoryAreaInfo { device };
        assert_eq!(bench.ask(info), Err(missing));
        let mut write = WriteFruData {
            device,
            offset: 0,
            data: vec![0],
        };
        assert_eq!(bench.ask(write.clone()), Err(missing));
        write.device = DEVICE;
        let refused = WriteFruData::WRITE_PROTECTED.into();
        assert_eq!(bench.ask(write), Err(refused));
        bench.machine.make_unavailable();
        tokio::time::pause();
        tokio::time::advance(FRESH).await;
        assert_eq!(part(&mut bench, 0, 8), Err(CompletionCode::NodeBusy));
    }
}
