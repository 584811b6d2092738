//! What can be read of a damaged `state.json`, or of one that a later version has written: every value that is as it
//! should be.

use serde_json::{Map, Value};

use crate::bmc::State;

/// The state, and the names of what could not be read of it.
pub(super) fn state(bytes: &[u8]) -> (State, Vec<String>) {
    let error = match serde_json::from_slice(bytes) {
        Ok(state) => return (state, Vec::new()),
        Err(error) => error,
    };
    let mut lost = Vec::new();
    let Ok(Value::Object(sections)) = serde_json::from_slice(bytes) else {
        lost.push(format!("everything ({error})"));
        return (State::default(), lost);
    };
    let mut good = Map::new();
    for (section, value) in sections {
        let value = match value {
            Value::Object(fields) => Value::Object(readable(&section, fields, &mut lost)),
            value => value,
        };
        if is_readable(&section, &value) {
            good.insert(section, value);
        } else {
            lost.push(section);
        }
    }
    let state = serde_json::from_value(Value::Object(good));
    (state.unwrap_or_default(), lost)
}

/// Those fields of a section that can be read, each by itself.
fn readable(
    section: &str,
    fields: Map<String, Value>,
    lost: &mut Vec<String>,
) -> Map<String, Value> {
    let mut good = Map::new();
    for (field, value) in fields {
        let alone = Map::from_iter([(field.clone(), value.clone())]);
        if is_readable(section, &Value::Object(alone)) {
            good.insert(field, value);
        } else {
            lost.push(format!("{section}.{field}"));
        }
    }
    good
}

fn is_readable(section: &str, value: &Value) -> bool {
    let alone = Map::from_iter([(section.to_owned(), value.clone())]);
    serde_json::from_value::<State>(Value::Object(alone)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bmc::RestorePolicy;

    #[test]
    fn a_value_that_cannot_be_read_costs_no_other() {
        let text = r#"{
            "chassis": {"restore": "as-the-moon-has-it", "powered": 7200},
            "channel": {"limit": 300, "alerting": true},
            "sensors": {"5": {"events": false}, "6": 1},
            "sol": 17,
            "pef": {"by_bmc": 4}
        }"#;
        let (state, mut lost) = state(text.as_bytes());
        lost.sort();
        assert_eq!(
            lost,
            ["channel.limit", "chassis.restore", "sensors.6", "sol"]
        );
        assert_eq!(state.chassis.powered, 7200);
        assert!(state.channel.alerting);
        assert!(!state.sensors[&5].events);
        assert_eq!(state.pef.by_bmc, 4);
    }

    #[test]
    fn what_is_whole_is_taken_as_it_is_and_half_a_file_is_lost() {
        let whole = br#"{"chassis":{"restore":"previous"}}"#;
        let (found, lost) = state(whole);
        assert_eq!(found.chassis.restore, Some(RestorePolicy::Previous));
        assert!(lost.is_empty());
        for damaged in [&whole[..20], b"\xFF\0", b"17"] {
            let (found, lost) = state(damaged);
            assert_eq!(found, State::default());
            assert!(lost[0].starts_with("everything"), "{lost:?}");
        }
    }
}
