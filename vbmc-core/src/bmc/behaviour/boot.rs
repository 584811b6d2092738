//! Boot options, §28.12 to §28.14: parameters 0 to 7.
//!
//! The host keeps the override itself; here is what IPMI has around it. What the host says is in force counts.

use std::time::Duration;

use ipmi_proto::CompletionCode;
use ipmi_proto::command::Channel;
use ipmi_proto::command::chassis::{
    BootChange, BootDevice, BootFlags, BootOptions, BootParameter, BootSelector,
    GetSystemBootOptions, InfoAcknowledge, InitiatorInfo, MailboxBlock, ServicePartitionScan,
    SetInProgress, SetSystemBootOptions, ValidBitClearing,
};
use tokio::time::Instant;

use super::calls::{Asker, Fit};
use super::{Action, Behaviour, Outcome, Sessions, Settings, answer, ok, refuse};
use crate::host::{self, BootOverride};

/// How long a session holds "set in progress" without writing anything: a script that was killed must not lock out
/// the next one. Clients write a handful of parameters within a second.
const HOLD: Duration = Duration::from_secs(20);

/// How long until another attempt to clear flags that have expired, when the host was busy.
const RETRY: Duration = Duration::from_secs(1);

/// How many blocks the initiator's mailbox has. The specification asks for 80 bytes at least.
const MAILBOX_BLOCKS: usize = 5;

/// The parameters that exist, 0 to 7.
const LAST: u8 = 7;

/// The boot parameters but for the override, which the host has.
#[derive(Debug)]
pub(super) struct Boot {
    holder: Option<Holder>,
    /// One bit for each parameter that was marked invalid.
    invalid: u8,
    service_partition: u8,
    scan: ServicePartitionScan,
    keep: ValidBitClearing,
    acknowledged: u8,
    /// The flags as they were set; in force only while the host has the same override.
    flags: BootFlags,
    /// When the flags are to be cleared unless a chassis control comes first.
    expiry: Option<Instant>,
    initiator: InitiatorInfo,
    mailbox: Vec<[u8; MailboxBlock::LEN]>,
}

/// Who writes parameters that belong together.
#[derive(Debug, Clone, Copy)]
struct Holder {
    session: Option<u32>,
    until: Instant,
}

impl Default for Boot {
    fn default() -> Self {
        Self {
            holder: None,
            invalid: 0,
            service_partition: 0,
            scan: ServicePartitionScan {
                requested: false,
                discovered: false,
            },
            keep: ValidBitClearing::default(),
            acknowledged: 0,
            flags: BootFlags::NONE,
            expiry: None,
            initiator: InitiatorInfo {
                channel: Channel::new(0),
                session: 0,
                timestamp: 0,
            },
            mailbox: Vec::new(),
        }
    }
}

impl Boot {
    /// The BMC restarts. The parameters are kept (§28.12 has them non-volatile), the lock is not.
    pub(super) fn reset(&mut self) {
        self.holder = None;
    }

    /// When flags that were set are to be cleared.
    pub(super) fn expiry(&self) -> Option<Instant> {
        self.expiry
    }

    /// A chassis control came: the flags stay until they are used.
    pub(super) fn keep_flags(&mut self) {
        self.expiry = None;
    }

    /// The host has taken these flags over.
    pub(super) fn flags_set(&mut self, flags: BootFlags, settings: &Settings) {
        self.flags = flags;
        let lasting = settings.boot_flags_expiry;
        self.expiry = lasting
            .filter(|_| flags.valid && !self.keep.keep_on_timeout)
            .map(|lasting| Instant::now() + lasting);
    }

    /// The machine was started: flags for one boot that name no device, and so left no trace at the host, are used.
    pub(super) fn used(&mut self) {
        if self.flags.device == BootDevice::None && !self.flags.persistent {
            self.flags = BootFlags::NONE;
        }
    }

    /// Lets go of "set in progress" when its session has ended or has written nothing for too long.
    fn release_abandoned(&mut self, sessions: &dyn Sessions) {
        let now = Instant::now();
        self.holder.take_if(|holder| {
            holder.until <= now || holder.session.is_some_and(|id| !sessions.is_active(id))
        });
    }

    fn held_by_another(&self, asker: &Asker) -> bool {
        self.holder
            .is_some_and(|holder| holder.session != asker.session())
    }

    fn hold(&mut self, asker: &Asker) {
        self.holder = Some(Holder {
            session: asker.session(),
            until: Instant::now() + HOLD,
        });
    }

    fn mark(&mut self, selector: BootSelector, invalid: bool) {
        let bit = 1 << (selector.number() & LAST);
        self.invalid = self.invalid & !bit | if invalid { bit } else { 0 };
    }

    fn is_marked(&self, selector: BootSelector) -> bool {
        self.invalid & 1 << (selector.number() & LAST) != 0
    }

    /// The flags as they stand, given what the host has in force.
    fn flags_in_force(&self, boot: Option<BootOverride>) -> BootFlags {
        match boot {
            // FreeIPMI's ipmi-config writes one field at a time, the device last, and each time what it has read else.
            None if self.flags.valid && self.flags.device == BootDevice::None => self.flags,
            // Never set, cleared, or used by a start.
            None => BootFlags::NONE,
            Some(boot) if override_of(&self.flags) == Some(boot) => self.flags,
            // Set before our start, or by somebody else.
            Some(boot) => BootFlags {
                valid: true,
                persistent: boot.persistent,
                efi: boot.efi,
                device: device_of(boot.device),
                ..BootFlags::NONE
            },
        }
    }

    fn mailbox_block(&self, number: u8) -> Result<MailboxBlock, CompletionCode> {
        let index = usize::from(number);
        if index >= MAILBOX_BLOCKS {
            return Err(CompletionCode::ParameterOutOfRange);
        }
        let block = self.mailbox.get(index).copied().unwrap_or_default();
        Ok(MailboxBlock::new(number, &block)?)
    }

    fn write_mailbox(&mut self, block: &MailboxBlock) -> Result<(), CompletionCode> {
        let index = usize::from(block.number());
        if index >= MAILBOX_BLOCKS {
            return Err(CompletionCode::ParameterOutOfRange);
        }
        if self.mailbox.len() <= index {
            self.mailbox.resize(index + 1, [0; _]);
        }
        self.mailbox[index][..block.data().len()].copy_from_slice(block.data());
        Ok(())
    }
}

impl Behaviour {
    /// Set System Boot Options, §28.12.
    pub(super) fn set_boot_options(
        &mut self,
        request: &SetSystemBootOptions,
        asker: &Asker,
        sessions: &dyn Sessions,
    ) -> Outcome {
        self.boot.release_abandoned(sessions);
        let selector = request.change.selector();
        if selector.number() > LAST {
            return refuse(SetSystemBootOptions::NOT_SUPPORTED.into());
        }
        let outcome = match &request.change {
            BootChange::MarkOnly(_) => ok(()),
            BootChange::Write(BootParameter::Flags(flags)) => self.act(Action::Boot(*flags), asker),
            BootChange::Write(parameter) => match self.write_boot_parameter(parameter, asker) {
                Ok(()) => ok(()),
                Err(code) => return refuse(code),
            },
        };
        self.boot.mark(selector, request.mark_invalid);
        if self.boot.holder.is_some() && !self.boot.held_by_another(asker) {
            self.boot.hold(asker);
        }
        outcome
    }

    fn write_boot_parameter(
        &mut self,
        parameter: &BootParameter,
        asker: &Asker,
    ) -> Result<(), CompletionCode> {
        let boot = &mut self.boot;
        match parameter {
            BootParameter::SetInProgress(_) if boot.held_by_another(asker) => {
                return Err(SetSystemBootOptions::SET_IN_PROGRESS.into());
            }
            BootParameter::SetInProgress(SetInProgress::InProgress) => boot.hold(asker),
            BootParameter::SetInProgress(SetInProgress::Complete | SetInProgress::Commit) => {
                boot.holder = None;
            }
            BootParameter::ServicePartitionSelector(partition) => {
                boot.service_partition = *partition;
            }
            BootParameter::ServicePartitionScan(scan) => boot.scan = *scan,
            BootParameter::ValidBitClearing(keep) => {
                boot.keep = *keep;
                if keep.keep_on_timeout {
                    boot.expiry = None;
                }
            }
            BootParameter::InfoAcknowledge(InfoAcknowledge { mask, handled }) => {
                boot.acknowledged = boot.acknowledged & !mask | handled & mask;
            }
            BootParameter::InitiatorInfo(info) => boot.initiator = *info,
            BootParameter::Mailbox(block) => boot.write_mailbox(block)?,
            BootParameter::Flags(_) | BootParameter::Other { .. } => {
                return Err(SetSystemBootOptions::NOT_SUPPORTED.into());
            }
        }
        Ok(())
    }

    /// Get System Boot Options, §28.13.
    pub(super) fn boot_options(
        &mut self,
        request: &GetSystemBootOptions,
        asker: &Asker,
        sessions: &dyn Sessions,
    ) -> Outcome {
        self.boot.release_abandoned(sessions);
        let boot = &self.boot;
        let parameter = match request.selector {
            BootSelector::SET_IN_PROGRESS => BootParameter::SetInProgress(match boot.holder {
                Some(_) => SetInProgress::InProgress,
                None => SetInProgress::Complete,
            }),
            BootSelector::SERVICE_PARTITION_SELECTOR => {
                BootParameter::ServicePartitionSelector(boot.service_partition)
            }
            BootSelector::SERVICE_PARTITION_SCAN => BootParameter::ServicePartitionScan(boot.scan),
            BootSelector::VALID_BIT_CLEARING => BootParameter::ValidBitClearing(boot.keep),
            BootSelector::INFO_ACKNOWLEDGE => BootParameter::InfoAcknowledge(InfoAcknowledge {
                mask: 0,
                handled: boot.acknowledged,
            }),
            BootSelector::FLAGS => {
                return self.with_boot(asker, |this, boot| {
                    answer(Ok(BootOptions {
                        invalid: this.boot.is_marked(BootSelector::FLAGS),
                        parameter: BootParameter::Flags(this.boot.flags_in_force(boot)),
                    }))
                });
            }
            BootSelector::INITIATOR_INFO => BootParameter::InitiatorInfo(boot.initiator),
            BootSelector::MAILBOX => match boot.mailbox_block(request.set) {
                Ok(block) => BootParameter::Mailbox(block),
                Err(code) => return refuse(code),
            },
            _ => return refuse(GetSystemBootOptions::NOT_SUPPORTED.into()),
        };
        ok(BootOptions {
            invalid: boot.is_marked(request.selector),
            parameter,
        })
    }

    /// Clears the boot flags if no chassis control came in time.
    pub(super) fn expire_boot_flags(&mut self, now: Instant) {
        if self.boot.expiry.is_none_or(|expiry| now < expiry) {
            return;
        }
        let clear = Action::Boot(BootFlags::NONE);
        if self.calls.action.fit(&clear) != Fit::Free {
            self.boot.expiry = Some(now + RETRY);
            return;
        }
        self.boot.expiry = None;
        match self.start(&clear, None) {
            None => self.calls.action.wait(clear, None),
            Some(Ok(())) => {}
            Some(Err(error)) => self.failed_unwatched(&clear, &error),
        }
    }
}

/// What the host is to do about these flags: "no override" and flags that are not valid clear it.
pub(super) fn override_of(flags: &BootFlags) -> Option<BootOverride> {
    use host::BootDevice as To;
    let device = match flags.device {
        BootDevice::None => return None,
        BootDevice::Pxe => To::Pxe,
        BootDevice::Disk => To::Disk,
        BootDevice::DiskSafeMode => To::DiskSafeMode,
        BootDevice::DiagnosticPartition => To::DiagnosticPartition,
        BootDevice::Cdrom => To::Cdrom,
        BootDevice::BiosSetup => To::BiosSetup,
        BootDevice::RemoteFloppy => To::RemoteFloppy,
        BootDevice::RemoteCdrom => To::RemoteCdrom,
        BootDevice::RemoteMedia => To::RemoteMedia,
        BootDevice::RemoteDisk => To::RemoteDisk,
        BootDevice::Floppy => To::Floppy,
    };
    flags.valid.then_some(BootOverride {
        device,
        persistent: flags.persistent,
        efi: flags.efi,
    })
}

fn device_of(device: host::BootDevice) -> BootDevice {
    use host::BootDevice as From;
    match device {
        From::Pxe => BootDevice::Pxe,
        From::Disk => BootDevice::Disk,
        From::DiskSafeMode => BootDevice::DiskSafeMode,
        From::DiagnosticPartition => BootDevice::DiagnosticPartition,
        From::Cdrom => BootDevice::Cdrom,
        From::BiosSetup => BootDevice::BiosSetup,
        From::RemoteFloppy => BootDevice::RemoteFloppy,
        From::RemoteCdrom => BootDevice::RemoteCdrom,
        From::RemoteMedia => BootDevice::RemoteMedia,
        From::RemoteDisk => BootDevice::RemoteDisk,
        From::Floppy => BootDevice::Floppy,
    }
}

#[cfg(test)]
mod tests;
