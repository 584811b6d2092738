//! `vbmc boot`: what a machine starts from.

use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;
use ipmi_proto::command::chassis::{
    BootChange, BootDevice, BootFlags, BootParameter, BootSelector, GetSystemBootOptions,
    SetSystemBootOptions, ValidBitClearing,
};

use super::target::{Access, parse, words};
use super::targets::Targets;
use super::usage::WrongUsage;
use crate::ipmi::{Console, Error};
use crate::output::{Cell, OutputArgs, Records};

const USAGE: &str = "\
vbmc boot [OPTIONS] NAME... [DEVICE]
       vbmc boot [OPTIONS] --host HOST [DEVICE]";

const EXAMPLES: &str = "\
Examples:
  vbmc boot node-0                        what is set?
  vbmc boot node-0 pxe                    from the network, once
  vbmc boot node-0 disk --persistent --efi
  vbmc boot node-0 node-1 node-2 pxe      several at once
  vbmc boot node-0 none                   as its owner has it again

Devices: none, pxe, disk, cdrom, bios (the firmware's setup), floppy, diag (the diagnostic partition), safe (the disk, in \
safe mode). Not every machine has all of them. The device is started from when the machine is switched on or reset next.";

/// Show or set what a machine starts from
#[derive(Debug, clap::Args)]
#[command(override_usage = USAGE, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The names of virtual machines whose BMCs are vbmcd's, and behind them what to start from; without it, shows what is
    /// set
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    words: Vec<String>,

    /// For every start from now on, and not for the next one alone
    #[arg(long)]
    persistent: bool,

    /// With UEFI firmware, and not with a BIOS
    #[arg(long)]
    efi: bool,

    #[command(flatten)]
    access: Access,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Device {
    None,
    #[value(alias = "network")]
    Pxe,
    #[value(alias = "hd")]
    Disk,
    #[value(alias = "optical")]
    Cdrom,
    #[value(alias = "setup")]
    Bios,
    Floppy,
    Diag,
    Safe,
}

impl From<Device> for BootDevice {
    fn from(device: Device) -> Self {
        match device {
            Device::None => Self::None,
            Device::Pxe => Self::Pxe,
            Device::Disk => Self::Disk,
            Device::Cdrom => Self::Cdrom,
            Device::Bios => Self::BiosSetup,
            Device::Floppy => Self::Floppy,
            Device::Diag => Self::DiagnosticPartition,
            Device::Safe => Self::DiskSafeMode,
        }
    }
}

fn device_name(device: BootDevice) -> &'static str {
    match device {
        BootDevice::None => "none",
        BootDevice::Pxe => "pxe",
        BootDevice::Disk => "disk",
        BootDevice::DiskSafeMode => "safe",
        BootDevice::DiagnosticPartition => "diag",
        BootDevice::Cdrom => "cdrom",
        BootDevice::BiosSetup => "bios",
        BootDevice::RemoteFloppy => "remote floppy",
        BootDevice::RemoteCdrom => "remote cdrom",
        BootDevice::RemoteMedia => "remote media",
        BootDevice::RemoteDisk => "remote disk",
        BootDevice::Floppy => "floppy",
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let output = args.output.resolve()?;
    let is_device = |word: &str| parse::<Device>(word).is_ok();
    let (targets, device) = Targets::of(args.access, args.words, is_device, &words::<Device>())?;
    let device = device.map(|word| parse::<Device>(&word)).transpose()?;
    if device.is_none() && (args.persistent || args.efi) {
        return Err(WrongUsage::error(
            "say what to start from: pxe, disk, cdrom, ...",
        ));
    }
    let act = async |name: &str, console: &mut Console| {
        let Some(device) = device else {
            return Ok(Some(row(name, &flags(console).await?)));
        };
        let flags = BootFlags {
            valid: true,
            persistent: args.persistent,
            efi: args.efi,
            device: device.into(),
            ..BootFlags::NONE
        };
        set(console, flags).await?;
        Ok(None)
    };
    let (done, failed) = targets.each(act).await?;
    let rows: Vec<_> = done.into_iter().flatten().collect();
    if !rows.is_empty() {
        output.print(Records::new(["BMC", "Device", "Persistent", "EFI"], rows))?;
    }
    failed
}

async fn flags(console: &mut Console) -> Result<BootFlags, Error> {
    let get = GetSystemBootOptions {
        selector: BootSelector::FLAGS,
        set: 0,
        block: 0,
    };
    match console.request(&get).await?.parameter {
        BootParameter::Flags(flags) if flags.valid => Ok(flags),
        _ => Ok(BootFlags::NONE),
    }
}

async fn set(console: &mut Console, flags: BootFlags) -> Result<(), Error> {
    // Otherwise the BMC forgets the flags after a minute. One that cannot be told so does as it likes.
    let keep = ValidBitClearing {
        keep_on_timeout: true,
        ..ValidBitClearing::default()
    };
    match console
        .request(&write(BootParameter::ValidBitClearing(keep)))
        .await
    {
        Err(error) if !error.is_refusal() => return Err(error),
        _ => {}
    }
    console.request(&write(BootParameter::Flags(flags))).await
}

fn write(parameter: BootParameter) -> SetSystemBootOptions {
    SetSystemBootOptions {
        mark_invalid: false,
        change: BootChange::Write(parameter),
    }
}

fn row(name: &str, flags: &BootFlags) -> Vec<Cell> {
    vec![
        Cell::text(name),
        Cell::text(device_name(flags.device)),
        Cell::Bool(flags.persistent),
        Cell::Bool(flags.efi),
    ]
}
