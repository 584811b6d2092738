//! An entry that somebody adds to the event log by hand.

use ipmi_proto::command::sensor::PlatformEvent;
use ipmi_proto::command::storage::AddSelEntry;
use ipmi_proto::sel::{Entry, Event, Record, RecordId};
use ipmi_proto::wire::Decode as _;

use crate::commands::usage::WrongUsage;
use crate::ipmi::{Console, Error};

/// What to add, as typed.
#[derive(Debug, clap::Args)]
#[group(id = "what", multiple = false)]
pub(super) struct What {
    /// With add: a text of printable ASCII characters, 130 at most
    #[arg(long, value_parser = text)]
    text: Option<Text>,

    /// With add: an event: temperature, voltage, memory, or seven bytes in hexadecimal
    #[arg(long, value_parser = event)]
    event: Option<Event>,
}

impl What {
    /// What is to be added; none if it is not about adding.
    pub(super) fn resolve(self, adds: bool) -> anyhow::Result<Option<Addition>> {
        let what = self.text.map(Addition::Text);
        let what = what.or(self.event.map(Addition::Event));
        match (adds, what) {
            (true, None) => Err(WrongUsage::error(
                "say what to add: --text TEXT, or --event temperature, voltage, memory or seven bytes",
            )),
            (false, Some(_)) => Err(WrongUsage::error("--text and --event belong to add")),
            (_, what) => Ok(what),
        }
    }
}

/// What is to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Addition {
    Text(Text),
    Event(Event),
}

/// The entries that a text takes, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text(Vec<[u8; PART]>);

/// What one entry has room for.
const PART: usize = 13;

/// How many entries a text may take: a log has few, and they are for events.
const PARTS: usize = 10;

/// The first type of entries without a time, which anybody may use (§32.3).
const FREE_FOR_USE: u8 = 0xE0;

fn text(text: &str) -> Result<Text, String> {
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err("event logs have printable ASCII characters alone".to_owned());
    }
    if text.len() > PART * PARTS {
        return Err(format!("it has more than {} characters", PART * PARTS));
    }
    let parts = text.as_bytes().chunks(PART).map(|part| {
        let mut padded = [0; PART];
        padded[..part.len()].copy_from_slice(part);
        padded
    });
    Ok(Text(parts.collect()))
}

/// `ipmitool event 1` to `3`, or the bytes of one.
fn event(word: &str) -> Result<Event, String> {
    let bytes = match word {
        "temperature" => vec![0x04, 0x01, 0x30, 0x01, 0x59, 0x00, 0x00],
        "voltage" => vec![0x04, 0x02, 0x60, 0x01, 0x52, 0x00, 0x00],
        "memory" => vec![0x04, 0x0C, 0x53, 0x6F, 0x00, 0xFF, 0xFF],
        list => {
            let words = list.split([' ', ',']).filter(|word| !word.is_empty());
            let bytes: Result<_, _> = words
                .map(|word| u8::from_str_radix(word.strip_prefix("0x").unwrap_or(word), 16))
                .collect();
            bytes.map_err(|_| {
                "it is neither temperature, voltage nor memory, nor seven bytes such as \"04 01 30 01 59 00 00\""
            })?
        }
    };
    Event::decode(&bytes).map_err(|error| format!("its seven bytes: {error}"))
}

/// Adds it.
pub(super) async fn add(console: &mut Console, what: &Addition) -> Result<(), Error> {
    match what {
        Addition::Text(Text(parts)) => {
            for data in parts {
                let kind = FREE_FOR_USE;
                let entry = Entry::Oem { kind, data: *data };
                // The BMC gives it its id.
                let id = RecordId::FIRST;
                console.request(&AddSelEntry(Record { id, entry })).await?;
            }
            Ok(())
        }
        Addition::Event(event) => {
            let event = PlatformEvent {
                generator: None,
                event: *event,
            };
            console.request(&event).await
        }
    }
}

#[cfg(test)]
mod tests {
    use ipmi_proto::sdr::{SensorNumber, SensorType};
    use ipmi_proto::sel::Direction;

    use super::*;

    #[test]
    fn a_text_is_cut_into_entries() {
        let Text(parts) = text("disk 3 replaced").unwrap();
        assert_eq!(parts, [*b"disk 3 replac", *b"ed\0\0\0\0\0\0\0\0\0\0\0"]);
        assert_eq!(text(&"x".repeat(130)).unwrap().0.len(), PARTS);
        for wrong in ["", "  ", "caf\u{e9}", "a\x1b[31m", &"x".repeat(131)] {
            text(wrong).unwrap_err();
        }
    }

    #[test]
    fn events_have_names_or_seven_bytes() {
        let temperature = event("temperature").unwrap();
        assert_eq!(temperature.sensor_type, SensorType::TEMPERATURE);
        assert_eq!(event("0x04 0x01 0x30 0x01 0x59 0x00 0x00"), Ok(temperature));
        assert_eq!(event("04,01,30,01,59,00,00"), Ok(temperature));
        let voltage = event("voltage").unwrap();
        assert_eq!(voltage.sensor, SensorNumber(0x60));
        let memory = event("memory").unwrap();
        assert_eq!(memory.direction, Direction::Assertion);
        for wrong in [
            "",
            "fan",
            "04 01",
            "04 01 30 01 59 00 00 00",
            "04 01 30 01 59 00 100",
        ] {
            event(wrong).unwrap_err();
        }
    }

    #[test]
    fn what_is_added_belongs_to_adding() {
        let nothing = || What {
            text: None,
            event: None,
        };
        let something = What {
            text: Some(text("x").unwrap()),
            ..nothing()
        };
        assert!(nothing().resolve(true).unwrap_err().is::<WrongUsage>());
        assert!(something.resolve(false).unwrap_err().is::<WrongUsage>());
        assert_eq!(nothing().resolve(false).unwrap(), None);
    }
}
