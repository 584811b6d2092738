//! What a record of the event log says, in words.

use std::collections::HashMap;
use std::fmt;

use ipmi_proto::command::app::DeviceId;
use ipmi_proto::sdr::{
    self, Body, FullSensor, SensorNumber, SensorType, ThresholdEvent, state_name,
};
use ipmi_proto::sel::{
    Direction, Entry, Event, EventData, EventSource, GeneratorId, Record, Timestamp,
};

use crate::commands::sensors::{self, number, threshold_name};
use crate::ipmi::Logged;

/// What a BMC's sensors are called, and how their readings are meant.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// By the address of their owner, and their number.
    sensors: HashMap<(u8, SensorNumber), Body>,
    /// Whether it is a BMC of vbmcd's, which says in its events who asked for something.
    ours: bool,
}

/// A record in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) id: u16,
    pub(super) time: Option<String>,
    pub(super) sensor: String,
    pub(super) kind: String,
    pub(super) event: String,
    pub(super) direction: Option<&'static str>,
    pub(super) details: Option<String>,
}

impl Vocabulary {
    pub(super) fn new(records: Vec<sdr::Record>, device: Option<&DeviceId>) -> Self {
        let sensors = records.into_iter().filter_map(|record| {
            let sensor = match &record.body {
                Body::FullSensor(full) => full.sensor,
                Body::CompactSensor(compact) => compact.sensor,
                _ => return None,
            };
            Some(((sensor.owner.id, sensor.number), record.body))
        });
        Self {
            sensors: sensors.collect(),
            ours: device.is_some_and(|device| (device.manufacturer, device.product) == (0, 0)),
        }
    }

    pub(super) fn describe(&self, (id, record): &Logged) -> Line {
        let id = id.0;
        match record {
            Ok(Record { entry, .. }) => self.entry(id, entry),
            Err(bytes) => unknown(id, "record of an unknown form", bytes),
        }
    }

    fn entry(&self, id: u16, entry: &Entry) -> Line {
        match entry {
            Entry::System {
                time: at,
                generator,
                event,
            } => Line {
                time: time(*at),
                ..self.event(id, *generator, event)
            },
            Entry::TimestampedOem {
                kind,
                time: at,
                manufacturer,
                data,
            } => Line {
                time: time(*at),
                ..unknown(
                    id,
                    &format!("record {kind:02X}h of manufacturer {manufacturer}"),
                    data,
                )
            },
            Entry::Oem { kind, data } => match text(data) {
                Some(text) => Line {
                    details: None,
                    ..unknown(id, text, data)
                },
                None => unknown(id, &format!("record {kind:02X}h"), data),
            },
        }
    }

    fn event(&self, id: u16, generator: GeneratorId, event: &Event) -> Line {
        let owner = generator.bytes()[0];
        let known = self.sensors.get(&(owner, event.sensor));
        let name = known.and_then(Body::name).map(|name| name.as_str().trim());
        let crossed = (event.kind == sdr::EventReadingType::THRESHOLD)
            .then(|| ThresholdEvent::from_offset(event.data.offset()))
            .flatten();
        let what = match crossed {
            Some(crossed) => {
                let way = if crossed.rising { "high" } else { "low" };
                format!("{} going {way}", threshold_name(crossed.threshold))
            }
            None => state_name(event.kind, event.sensor_type, event.data.offset())
                .map_or_else(|| format!("state {}", event.data.offset()), str::to_owned),
        };
        let details = match (crossed, known) {
            (Some(_), known) => readings(event.data, known),
            (None, _) if event.sensor_type == SensorType::SESSION_AUDIT => login(event.data),
            (None, _) => self.extension(generator, event.data),
        };
        Line {
            id,
            time: None,
            sensor: match name {
                Some(name) if !name.is_empty() => name.to_owned(),
                _ => format!("#{:02X}h", event.sensor.0),
            },
            kind: event.sensor_type.to_string(),
            event: what,
            direction: Some(match event.direction {
                Direction::Assertion => "asserted",
                Direction::Deassertion => "deasserted",
            }),
            details: details.or_else(|| software(generator)),
        }
    }

    /// What the second and third data byte say, where they say something.
    fn extension(
        &self,
        generator: GeneratorId,
        EventData([form, data2, data3]): EventData,
    ) -> Option<String> {
        const OEM: u8 = 0b1010_0000;
        if form & 0xF0 == OEM && self.ours && generator == GeneratorId::BMC {
            // Channel 1 is the network, whence nearly everything comes.
            return Some(match data3 {
                1 => format!("by user {data2}"),
                channel => format!("by user {data2} over channel {channel}"),
            });
        }
        let said = [(form >> 6, data2), (form >> 4 & 0x03, data3)];
        let said = said.into_iter().filter(|(form, _)| *form != 0);
        let said: Vec<_> = said.map(|(_, data)| format!("{data:02X}h")).collect();
        (!said.is_empty()).then(|| format!("data {}", said.join(" ")))
    }
}

/// Whose login it was, and over which channel (§42.2, sensor type 2Ah).
fn login(EventData([form, user, channel]): EventData) -> Option<String> {
    let user = (form >> 6 == 0b11).then(|| match user & 0x3F {
        0 => "unknown user".to_owned(),
        user => format!("user {user}"),
    });
    let channel = (form >> 4 & 0b11 == 0b11 && channel & 0x0F != 1)
        .then(|| format!("over channel {}", channel & 0x0F));
    let said: Vec<_> = user.into_iter().chain(channel).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// The text that an entry of 13 free bytes is, as `vbmc sel add --text` writes it and others do.
fn text(data: &[u8]) -> Option<&str> {
    let end = data.iter().rposition(|byte| *byte != 0)?;
    let text = std::str::from_utf8(&data[..=end]).ok()?;
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    printable.then_some(text)
}

fn unknown(id: u16, what: &str, bytes: &[u8]) -> Line {
    let bytes: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Line {
        id,
        time: None,
        sensor: String::new(),
        kind: "OEM".to_owned(),
        event: what.to_owned(),
        direction: None,
        details: Some(bytes),
    }
}

/// The reading that crossed a threshold, and the threshold.
fn readings(data: EventData, sensor: Option<&Body>) -> Option<String> {
    let reading = data.trigger_reading()?;
    let value = |raw: u8| match sensor {
        Some(Body::FullSensor(sensor)) => physical(sensor, raw),
        _ => format!("raw {raw:02X}h"),
    };
    let threshold = data.trigger_threshold();
    let threshold = threshold.map(|raw| format!(", threshold {}", value(raw)));
    Some(format!(
        "reading {}{}",
        value(reading),
        threshold.unwrap_or_default()
    ))
}

fn physical(sensor: &FullSensor, raw: u8) -> String {
    match sensors::physical(sensor, raw) {
        Some(value) => format!("{} {}", number(value), sensor.sensor.units)
            .trim_end()
            .to_owned(),
        None => format!("raw {raw:02X}h"),
    }
}

/// Events that a program has sent.
fn software(generator: GeneratorId) -> Option<String> {
    match generator.source() {
        EventSource::Software(id) => Some(format!("from software {id:02X}h")),
        EventSource::Controller { .. } => None,
    }
}

/// A time in UTC, or how long after the BMC's start.
pub(super) fn time(at: Timestamp) -> Option<String> {
    if let Some(seconds) = at.seconds_since_initialization() {
        return Some(format!("{seconds} s after its start"));
    }
    let time = jiff::Timestamp::from_second(at.unix_seconds()?.into()).ok()?;
    Some(time.to_string())
}

impl Line {
    /// The event, and its direction where that is not the usual one.
    pub(super) fn what(&self) -> String {
        match self.direction {
            None | Some("asserted") => self.event.clone(),
            Some(direction) => format!("{}, {direction}", self.event),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.time.as_deref().unwrap_or("-");
        write!(f, "{} {time}", self.id)?;
        for text in [&self.sensor, &self.what()] {
            if !text.is_empty() {
                write!(f, "  {text}")?;
            }
        }
        match &self.details {
            Some(details) => write!(f, " ({details})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use ipmi_proto::sdr::EventReadingType;
    use ipmi_proto::sel::{EvmRevision, RecordId};

    use super::*;

    fn ours() -> Vocabulary {
        Vocabulary {
            ours: true,
            ..Vocabulary::default()
        }
    }

    fn logged(event: Event) -> Logged {
        let entry = Entry::System {
            time: Timestamp::from_unix(1_700_000_000),
            generator: GeneratorId::BMC,
            event,
        };
        let id = RecordId(7);
        (id, Ok(Record { id, entry }))
    }

    fn event(data: EventData) -> Event {
        Event {
            revision: EvmRevision::CURRENT,
            sensor_type: SensorType::POWER_UNIT,
            sensor: SensorNumber(1),
            direction: Direction::Assertion,
            kind: EventReadingType::SENSOR_SPECIFIC,
            data,
        }
    }

    #[test]
    fn who_did_something_is_told_by_our_own_bmcs() {
        let cycled = logged(event(EventData([0xA1, 2, 1])));
        let line = ours().describe(&cycled);
        assert_eq!(
            line.to_string(),
            "7 2023-11-14T22:13:20Z  #01h  Power cycle (by user 2)"
        );
        let foreign = Vocabulary::default().describe(&cycled);
        assert_eq!(foreign.details.as_deref(), Some("data 02h 01h"));
        let line = ours().describe(&logged(event(EventData::discrete(0))));
        assert_eq!(
            (line.event.as_str(), line.details),
            ("Power off or down", None)
        );
    }

    #[test]
    fn refused_logins_tell_whose_they_were() {
        let line = |data| {
            ours().describe(&logged(Event {
                sensor_type: SensorType::SESSION_AUDIT,
                ..event(EventData(data))
            }))
        };
        let details = |data| line(data).details;
        assert_eq!(details([0xF2, 3, 1]).as_deref(), Some("user 3"));
        assert_eq!(
            details([0xF2, 0, 2]).as_deref(),
            Some("unknown user over channel 2")
        );
        assert_eq!(details([0x02, 3, 1]), None);
    }

    #[test]
    fn thresholds_tell_what_crossed_them() {
        let crossed = ThresholdEvent::from_offset(9).unwrap();
        let line = ours().describe(&logged(Event {
            sensor_type: SensorType::TEMPERATURE,
            kind: EventReadingType::THRESHOLD,
            direction: Direction::Deassertion,
            ..event(EventData::threshold(crossed, 0x60, 0x5A))
        }));
        assert_eq!(line.event, "upper critical going high");
        assert_eq!(line.direction, Some("deasserted"));
        assert_eq!(line.what(), "upper critical going high, deasserted");
        let details = line.details.unwrap();
        assert_eq!(details, "reading raw 60h, threshold raw 5Ah");
    }

    #[test]
    fn what_nobody_knows_is_shown_as_it_is() {
        let line = ours().describe(&logged(event(EventData::discrete(14))));
        assert_eq!(line.event, "state 14");
        let id = RecordId(1);
        let entry = Entry::Oem {
            kind: 0xE1,
            data: [0xAB; 13],
        };
        let line = ours().describe(&(id, Ok(Record { id, entry })));
        assert_eq!(
            (line.event.as_str(), line.time.clone()),
            ("record E1h", None)
        );
        assert_eq!(line.details, Some("ab".repeat(13)));
        let data = *b"replaced\0\0\0\0\0";
        let entry = Entry::Oem { kind: 0xE0, data };
        let line = ours().describe(&(id, Ok(Record { id, entry })));
        assert_eq!((line.event.as_str(), line.details), ("replaced", None));
        let line = ours().describe(&(id, Err(vec![1, 2])));
        assert_eq!(line.details.as_deref(), Some("0102"));
    }
}
