//! `vbmc bmc`: what a BMC says of itself and of its machine.

use ipmi_proto::command::app::{
    DeviceId, DeviceSupport, GetDeviceId, GetSystemGuid, GetSystemInfoParameters, Guid, InfoText,
    SystemInfoParameter, SystemInfoSelector, TextEncoding,
};
use ipmi_proto::command::chassis::{ChassisStatus, IdentifyState, PowerRestorePolicy};

use super::target::Target;
use crate::ipmi::{Console, Error};
use crate::output::{Cell, OutputArgs, Records};

const EXAMPLES: &str = "\
Examples:
  vbmc bmc node-0
  vbmc bmc node-0 -f json                 for programs
  vbmc bmc --host 192.0.2.7 --user admin

The GUID is in the order of IPMI 2.0; some BMCs send it in another one.";

/// Show what a BMC is, and what it tells of its machine
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    output: OutputArgs,
}

type Properties = Vec<(&'static str, Cell)>;

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let output = args.output.resolve()?;
    let mut console = args.target.connect().await?;
    let properties = read(&mut console).await;
    console.close().await;
    let rows = properties?
        .into_iter()
        .map(|(property, value)| vec![Cell::text(property), value]);
    output.print(Records::new(["Property", "Value"], rows))
}

async fn read(console: &mut Console) -> Result<Properties, Error> {
    let device = if_told(console.request(&GetDeviceId).await)?;
    let mut properties = device.as_ref().map(of_device).unwrap_or_default();
    if let Some(session) = console.session() {
        properties.extend([
            ("cipher_suite", Cell::Number(session.suite.id().into())),
            ("privilege", Cell::Text(session.privilege.to_string())),
        ]);
    }
    if let Some(Guid(guid)) = if_told(console.request(&GetSystemGuid).await)? {
        properties.push(("guid", Cell::Text(uuid(guid))));
    }
    if let Some(status) = if_told(console.chassis_status().await)? {
        properties.extend(of_chassis(&status));
    }
    for (property, selector) in [
        ("system_name", SystemInfoSelector::SYSTEM_NAME),
        ("system_firmware", SystemInfoSelector::FIRMWARE_VERSION),
        ("primary_os_name", SystemInfoSelector::PRIMARY_OS_NAME),
        ("os_name", SystemInfoSelector::OS_NAME),
        ("os_version", SystemInfoSelector::OS_VERSION),
        ("management_url", SystemInfoSelector::MANAGEMENT_URL),
    ] {
        let text = text(console, selector).await?;
        if !text.is_empty() {
            properties.push((property, Cell::Text(text)));
        }
    }
    Ok(properties)
}

/// What a BMC does not have is none of its properties, and neither is what cannot be read.
pub(super) fn if_told<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_empty_answer() => {
            if !error.is_refusal() {
                tracing::warn!("{error}");
            }
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn of_device(device: &DeviceId) -> Properties {
    const SUPPORT: [(u8, &str); 8] = [
        (DeviceSupport::CHASSIS, "chassis"),
        (DeviceSupport::BRIDGE, "bridge"),
        (DeviceSupport::EVENT_GENERATOR, "event generator"),
        (DeviceSupport::EVENT_RECEIVER, "event receiver"),
        (DeviceSupport::FRU, "inventory"),
        (DeviceSupport::SEL, "event log"),
        (DeviceSupport::SDR, "sensor records"),
        (DeviceSupport::SENSOR, "sensors"),
    ];
    let support = SUPPORT
        .iter()
        .filter(|(bit, _)| device.support.0 & bit != 0);
    let support: Vec<_> = support.map(|(_, name)| *name).collect();
    let firmware = format!("{}.{:02}", device.firmware_major, device.firmware_minor);
    vec![
        // A text: what stands first decides on which side all stand.
        ("firmware", Cell::Text(firmware)),
        ("device_id", Cell::Number(device.device_id.into())),
        (
            "device_revision",
            Cell::Number(device.device_revision.into()),
        ),
        ("manufacturer_id", Cell::Number(device.manufacturer.into())),
        ("product_id", Cell::Number(device.product.into())),
        ("supports", Cell::Text(support.join(", "))),
    ]
}

fn of_chassis(status: &ChassisStatus) -> Properties {
    let power = &status.power;
    let faults = [
        (power.overload, "power overload"),
        (power.interlock, "interlock"),
        (power.fault, "power fault"),
        (power.control_fault, "power control fault"),
        (status.misc.intrusion, "intrusion"),
        (status.misc.drive_fault, "drive fault"),
        (status.misc.cooling_fault, "cooling fault"),
    ];
    let faults: Vec<_> = faults
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, name)| *name)
        .collect();
    let policy = power.restore_policy.map(|policy| match policy {
        PowerRestorePolicy::AlwaysOff => "always-off",
        PowerRestorePolicy::Previous => "previous",
        PowerRestorePolicy::AlwaysOn => "always-on",
    });
    let identify = status.misc.identify.map(|state| match state {
        IdentifyState::Off => "off",
        IdentifyState::Timed => "on for a time",
        IdentifyState::Indefinite => "on",
    });
    vec![
        ("power", Cell::text(if power.on { "on" } else { "off" })),
        (
            "power_restore_policy",
            Cell::text(policy.unwrap_or("unknown")),
        ),
        ("identify", Cell::or_blank(identify)),
        ("faults", Cell::Text(faults.join(", "))),
    ]
}

/// As people write them; the wire has all bytes in reverse (§20.8).
fn uuid(mut guid: [u8; 16]) -> String {
    guid.reverse();
    let mut text = String::with_capacity(36);
    for (at, byte) in guid.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text += &format!("{byte:02x}");
    }
    text
}

/// A text that a BMC keeps in blocks.
async fn text(console: &mut Console, selector: SystemInfoSelector) -> Result<String, Error> {
    use SystemInfoParameter as Parameter;

    let mut whole = InfoText::default();
    let mut number = 0;
    while whole.block(number).is_some() {
        let get = GetSystemInfoParameters {
            revision_only: false,
            selector,
            set: number,
            block: 0,
        };
        let Some(answer) = if_told(console.request(&get).await)? else {
            break;
        };
        match Parameter::decode_value(selector, &answer.data) {
            Ok(
                Parameter::FirmwareVersion(block)
                | Parameter::SystemName(block)
                | Parameter::PrimaryOsName(block)
                | Parameter::OsName(block)
                | Parameter::OsVersion(block)
                | Parameter::ManagementUrl(block),
            ) => whole.write(&block),
            _ => break,
        }
        number += 1;
    }
    let bytes = whole.as_bytes();
    let text = match whole.encoding() {
        TextEncoding::Latin1 => bytes.iter().map(|byte| char::from(*byte)).collect(),
        TextEncoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
        TextEncoding::Unicode => {
            let units = bytes
                .chunks_exact(2)
                .map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
            String::from_utf16_lossy(&units.collect::<Vec<_>>())
        }
    };
    Ok(text.trim_end_matches('\0').trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_written_as_a_uuid() {
        let mut guid = [0; 16];
        (guid[15], guid[0]) = (0x6A, 0x1F);
        assert_eq!(uuid(guid), "6a000000-0000-0000-0000-00000000001f");
    }
}
