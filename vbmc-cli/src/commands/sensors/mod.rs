//! `vbmc sensors`: what a machine's sensors read.
//!
//! | File | What lives there |
//! |---|---|
//! | `mod.rs` | the options, what is asked, and what is shown of it |
//! | `scale.rs` | what raw readings mean |

mod scale;

use ipmi_proto::CompletionCode;
use ipmi_proto::command::sensor::{GetSensorReading, GetSensorThresholds, SensorReading};
use ipmi_proto::sdr::{Body, Sensor, SensorMasks, Threshold, Thresholds, state_name};

use self::scale::Scale;
pub(super) use self::scale::physical;
use super::target::Target;
use crate::ipmi::{Console, Error};
use crate::output::{Cell, OutputArgs, Records};

const EXAMPLES: &str = "\
Examples:
  vbmc sensors node-0
  vbmc sensors node-0 --long              with number, unit and thresholds
  vbmc sensors node-0 -f json             for programs
  vbmc sensors --host 192.0.2.7 --user monitor --privilege user

The state is ok, or the threshold that the reading is beyond; for sensors without a reading, what holds. A reading \
that the BMC does not say the meaning of is shown raw, in hexadecimal. Sensors of other controllers than the BMC itself \
are left out.";

/// Show what the machine's sensors read
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// More columns: number, unit, thresholds
    #[arg(long)]
    long: bool,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    output: OutputArgs,
}

/// The thresholds from the lowest to the highest, with their columns.
const THRESHOLDS: [(Threshold, &str); 6] = [
    (Threshold::LowerNonRecoverable, "LNR"),
    (Threshold::LowerCritical, "LC"),
    (Threshold::LowerNonCritical, "LNC"),
    (Threshold::UpperNonCritical, "UNC"),
    (Threshold::UpperCritical, "UC"),
    (Threshold::UpperNonRecoverable, "UNR"),
];

/// A sensor and what it says of itself.
struct Row {
    sensor: Sensor,
    name: String,
    reading: Option<String>,
    unit: String,
    state: String,
    thresholds: [Option<String>; 6],
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let output = args.output.resolve()?;
    let mut console = args.target.connect().await?;
    let rows = read(&mut console, args.long).await;
    console.close().await;
    output.print(records(rows?, args.long))
}

async fn read(console: &mut Console, long: bool) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for record in console.sensor_records().await? {
        let (sensor, full) = match &record.body {
            Body::FullSensor(full) => (full.sensor, Some(full)),
            Body::CompactSensor(compact) => (compact.sensor, None),
            _ => continue,
        };
        // Others would have to be asked through the BMC.
        if sensor.owner.id != 0x20 || sensor.owner.lun != 0 {
            continue;
        }
        let name = record.body.name();
        let name = name.map_or("", |name| name.as_str()).trim().to_owned();
        let reading = console
            .request(&GetSensorReading {
                sensor: sensor.number,
            })
            .await;
        let reading = match reading {
            Ok(reading) => Ok(reading),
            Err(error) => match error.code() {
                Some(code) => Err(code),
                None => return Err(error),
            },
        };
        let mut thresholds = Thresholds::NONE;
        if long && matches!(sensor.masks, SensorMasks::Threshold(_)) {
            let get = GetSensorThresholds {
                sensor: sensor.number,
            };
            match console.request(&get).await {
                Ok(read) => thresholds = read,
                Err(error) if error.is_refusal() => {}
                Err(error) => return Err(error),
            }
        }
        let read = reading.as_ref().ok().map(|reading| reading.reading);
        let raw = THRESHOLDS
            .iter()
            .filter_map(|(which, _)| thresholds.get(*which));
        let scale = Scale::of(full, read.into_iter().chain(raw), console).await?;
        rows.push(row(sensor, &scale, name, &reading, thresholds));
    }
    Ok(rows)
}

fn row(
    sensor: Sensor,
    scale: &Scale<'_>,
    name: String,
    reading: &Result<SensorReading, CompletionCode>,
    thresholds: Thresholds,
) -> Row {
    let value = |raw: u8| scale.value(raw).map(number);
    let known = reading
        .ok()
        .filter(|reading| reading.scanning && !reading.unavailable);
    Row {
        sensor,
        name,
        reading: known.and_then(|reading| {
            let raw = reading.reading;
            match sensor.masks {
                SensorMasks::Threshold(_) => {
                    Some(value(raw).unwrap_or_else(|| format!("raw {raw:02X}h")))
                }
                SensorMasks::Discrete(_) => value(raw),
            }
        }),
        unit: sensor.units.to_string(),
        state: match (reading, known) {
            (Err(CompletionCode::NotPresent), _) => "not present".to_owned(),
            (Err(code), _) => code.to_string(),
            (Ok(_), None) => "unavailable".to_owned(),
            (Ok(_), Some(reading)) => state(&sensor, &reading),
        },
        thresholds: THRESHOLDS.map(|(threshold, _)| value(thresholds.get(threshold)?)),
    }
}

/// What holds.
fn state(sensor: &Sensor, reading: &SensorReading) -> String {
    let Some(state) = reading.state else {
        return "ok".to_owned();
    };
    match &sensor.masks {
        SensorMasks::Threshold(_) => {
            let beyond = state.thresholds();
            // From the worst one inwards.
            let worst = [0, 5, 1, 4, 2, 3]
                .into_iter()
                .map(|index| THRESHOLDS[index].0)
                .find(|threshold| beyond.contains(*threshold));
            worst.map_or("ok", threshold_name).to_owned()
        }
        SensorMasks::Discrete(masks) => {
            let states = state.states().offsets().map(|offset| {
                state_name(masks.kind, sensor.sensor_type, offset)
                    .map_or_else(|| format!("state {offset}"), str::to_owned)
            });
            let states: Vec<_> = states.collect();
            match states.is_empty() {
                true => "ok".to_owned(),
                false => states.join(", "),
            }
        }
    }
}

pub(super) fn threshold_name(threshold: Threshold) -> &'static str {
    match threshold {
        Threshold::LowerNonCritical => "lower non-critical",
        Threshold::LowerCritical => "lower critical",
        Threshold::LowerNonRecoverable => "lower non-recoverable",
        Threshold::UpperNonCritical => "upper non-critical",
        Threshold::UpperCritical => "upper critical",
        Threshold::UpperNonRecoverable => "upper non-recoverable",
    }
}

/// A number with as many digits as tell something.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

fn records(rows: Vec<Row>, long: bool) -> Records {
    let short = |row: &Row| {
        let reading = match (&row.reading, row.unit.as_str()) {
            (Some(reading), "") => Some(reading.clone()),
            (Some(reading), unit) => Some(format!("{reading} {unit}")),
            (None, _) => None,
        };
        vec![
            Cell::Text(row.name.clone()),
            Cell::Text(row.sensor.sensor_type.to_string()),
            Cell::or_blank(reading),
            Cell::Text(row.state.clone()),
        ]
    };
    if !long {
        return Records::new(["Name", "Type", "Reading", "State"], rows.iter().map(short));
    }
    let [lnr, lc, lnc, unc, uc, unr] = THRESHOLDS.map(|(_, column)| column);
    let columns = [
        "Number", "Name", "Type", "Reading", "Unit", "State", lnr, lc, lnc, unc, uc, unr,
    ];
    let long = rows.into_iter().map(|row| {
        let cells = [
            Cell::Number(row.sensor.number.0.into()),
            Cell::Text(row.name),
            Cell::Text(row.sensor.sensor_type.to_string()),
            row.reading.map_or(Cell::Blank, numeral),
            Cell::or_blank((!row.unit.is_empty()).then_some(row.unit)),
            Cell::Text(row.state),
        ];
        let thresholds = row
            .thresholds
            .map(|value| value.map_or(Cell::Blank, Cell::Decimal));
        cells.into_iter().chain(thresholds).collect()
    });
    Records::new(columns, long)
}

/// A reading: a number unless it is shown raw.
fn numeral(reading: String) -> Cell {
    match reading.parse::<f64>() {
        Ok(_) => Cell::Decimal(reading),
        Err(_) => Cell::Text(reading),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_tell_something() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0001, "0"),
            (12.0, "12"),
            (12.5, "12.5"),
            (-2.34567, "-2.346"),
            (1200.0, "1200"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
