//! Serial over LAN: who has the machine's console (§24.1 to §24.5).
//!
//! | File | What lives there |
//! |---|---|
//! | `mod` | activation and deactivation |
//! | `status` | what is active, and how it is protected |
//! | `access` | which payloads there are, and which users may have them |
//! | `parameters` | the settings of serial over LAN |
//!
//! There is one serial port, and one session at a time has it. Packets are the endpoint's; bytes go from its port to the
//! machine through [`Console`], which `task` does.

pub(super) mod access;
mod parameters;
mod status;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use ipmi_proto::CompletionCode;
use ipmi_proto::bmc::{Answer, Deactivation};
use ipmi_proto::command::app::{
    ActivatePayload, ActivatedPayload, DeactivatePayload, PayloadInstance, PayloadNumber,
    PayloadRequest, SolActivation, UserId,
};
use ipmi_proto::sol::{self, HEADER_LEN, MAX_DATA};
use tokio::time::Instant;

use super::calls::{Asker, DEADLINE};
use super::{Behaviour, Deliveries, Effect, Outcome, Sessions, answer, ok, refuse};
use crate::bmc::console::{Console, Standing};
use crate::host::{Change, Happening, HostError};

/// The largest payload, which is the same both ways.
const MAX_PAYLOAD: u16 = (HEADER_LEN + MAX_DATA) as u16;

/// What is kept in memory of serial over LAN.
#[derive(Debug, Default)]
pub(super) struct Sol {
    parameters: parameters::Volatile,
    /// Present while somebody has the console, or its history is kept.
    line: Option<Box<Line>>,
    /// The address of ours at which whoever had the console last has asked for it.
    local: Option<IpAddr>,
    /// What the endpoint is to give a serial port to, before the next answers are sent.
    activation: Option<Box<Activation>>,
}

/// The machine's console, and who has it.
#[derive(Debug)]
struct Line {
    console: Console,
    holder: Holder,
}

#[derive(Debug)]
enum Holder {
    Nobody,
    /// This session will have it, once the machine's console is known to be there.
    Asking {
        asker: Asker,
        deadline: Instant,
    },
    Session(u32),
}

impl Holder {
    fn session(&self) -> Option<u32> {
        match self {
            Self::Nobody => None,
            Self::Asking { asker, .. } => asker.session(),
            Self::Session(session) => Some(*session),
        }
    }
}

/// A session that is to get a serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::bmc) struct Activation {
    pub(in crate::bmc) session: u32,
    pub(in crate::bmc) config: sol::Config,
    /// Whether the machine is there at present.
    pub(in crate::bmc) available: bool,
}

impl Sol {
    /// The BMC restarts: what is kept is in use again.
    pub(super) fn reset(&mut self) {
        self.parameters = parameters::Volatile::default();
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.line.as_ref()?.holder {
            Holder::Asking { deadline, .. } => Some(*deadline),
            Holder::Nobody | Holder::Session(_) => None,
        }
    }
}

impl Behaviour {
    /// Activate Payload, §24.1. The answer waits until the machine's console is open, or known not to be.
    pub(super) fn activate_payload(
        &mut self,
        request: &ActivatePayload,
        asker: &Asker,
        sessions: &dyn Sessions,
    ) -> Outcome {
        let PayloadRequest::Sol(activation) = request.payload else {
            return refuse(ActivatePayload::DISABLED.into());
        };
        let checked = self.may_activate(request, activation, asker, sessions);
        if let Err(code) = checked {
            return refuse(code);
        }
        let line = match self.sol.line.take() {
            Some(line) => line,
            None => Box::new(Line {
                console: self.open_console(),
                holder: Holder::Nobody,
            }),
        };
        let asking = Holder::Asking {
            asker: asker.clone(),
            deadline: Instant::now() + DEADLINE,
        };
        let line = self.sol.line.insert(line);
        line.holder = asking;
        self.sol.local = asker.route.local;
        match self.admit() {
            Some((_, answer)) => Outcome::Answered(answer),
            None => Outcome::Later,
        }
    }

    fn may_activate(
        &self,
        request: &ActivatePayload,
        activation: SolActivation,
        asker: &Asker,
        sessions: &dyn Sessions,
    ) -> Result<(), CompletionCode> {
        if request.instance != PayloadInstance::FIRST {
            return Err(ActivatePayload::LIMIT_REACHED.into());
        }
        let state = &self.kept.now().sol;
        self.may_use_sol(asker)?;
        if !state.enabled {
            return Err(ActivatePayload::DISABLED.into());
        }
        // Sessions of IPMI 1.5 have no payloads.
        let protection = asker
            .session()
            .and_then(|session| sessions.payload_protection(session))
            .ok_or(ActivatePayload::DISABLED)?;
        if activation.encrypted && !protection.encrypted {
            return Err(ActivatePayload::CANNOT_ENCRYPT.into());
        }
        if state.force_encryption && !activation.encrypted {
            return Err(ActivatePayload::MUST_ENCRYPT.into());
        }
        if state.force_authentication && !protection.authenticated {
            return Err(CompletionCode::NotSupportedInState);
        }
        match self.holder(sessions) {
            Some(holder) if Some(holder) != asker.session() => {
                Err(ActivatePayload::ALREADY_ACTIVE.into())
            }
            _ => Ok(()),
        }
    }

    /// Whether the asker's level and rights are enough for serial over LAN.
    fn may_use_sol(&self, asker: &Asker) -> Result<(), CompletionCode> {
        let state = &self.kept.now().sol;
        let level = asker.privilege().map_or(0, |level| level.bits());
        if level < state.privilege {
            return Err(CompletionCode::InsufficientPrivilege);
        }
        let denied = |user: UserId| state.denied.contains(&user.number());
        if asker.user_id().is_none_or(denied) {
            return Err(ActivatePayload::DISABLED.into());
        }
        Ok(())
    }

    /// The session that has the console, or is about to.
    fn holder(&self, sessions: &dyn Sessions) -> Option<u32> {
        let session = self.sol.line.as_ref()?.holder.session()?;
        sessions.is_active(session).then_some(session)
    }

    fn open_console(&self) -> Console {
        Console::open(
            self.host.clone(),
            self.mailbox.clone(),
            self.settings.console_history,
        )
    }

    /// Answers the session that asks for the console, if it is known by now whether it can have it.
    fn admit(&mut self) -> Option<(Asker, Answer)> {
        let line = self.sol.line.as_mut()?;
        let Holder::Asking { asker, .. } = &line.holder else {
            return None;
        };
        let asker = asker.clone();
        let code = match line.console.standing() {
            Standing::Opening => return None,
            // A machine that is off gets its console when it is switched on.
            Standing::Open | Standing::Away(HostError::WrongState(_)) => None,
            Standing::Away(error) => {
                self.warn(&asker, &error);
                Some(match error {
                    HostError::Unsupported(_) => ActivatePayload::DISABLED.into(),
                    HostError::InUse(_) => ActivatePayload::ALREADY_ACTIVE.into(),
                    error => super::failure::completion_of(&error),
                })
            }
        };
        let Some(session) = asker.session().filter(|_| code.is_none()) else {
            self.release_line();
            let code = code.unwrap_or(CompletionCode::Unspecified);
            return Some((asker, answer(Err::<(), _>(code))));
        };
        let line = self.sol.line.as_mut()?;
        line.holder = Holder::Session(session);
        line.console.attach();
        self.sol.activation = Some(Box::new(Activation {
            session,
            config: parameters::port_config(&self.kept.now().sol),
            available: line.console.standing() == Standing::Open,
        }));
        let activated = ActivatedPayload {
            test_mode: false,
            inbound_size: MAX_PAYLOAD,
            outbound_size: MAX_PAYLOAD,
            port: self.settings.listen.port(),
            vlan: None,
        };
        Some((asker, answer(Ok(activated))))
    }

    /// There is something new on the console.
    pub(in crate::bmc) fn console_changed(&mut self) -> Deliveries {
        let admitted = self.admit();
        if let Some((asker, answer)) = &admitted {
            self.log(asker, answer);
        }
        admitted.into_iter().collect()
    }

    /// Gives up on a console that takes too long.
    pub(super) fn expire_sol(&mut self, now: Instant, late: &mut Vec<Asker>) {
        let Some(Line {
            holder: Holder::Asking { asker, deadline },
            ..
        }) = self.sol.line.as_deref()
        else {
            return;
        };
        if *deadline <= now {
            late.push(asker.clone());
            self.release_line();
        }
    }

    /// Nobody has the console any more. It stays open where its history is kept.
    fn release_line(&mut self) {
        let Some(line) = &mut self.sol.line else {
            return;
        };
        if self.settings.console_history > 0 {
            line.holder = Holder::Nobody;
            line.console.detach();
        } else {
            self.sol.line = None;
        }
    }

    /// Has the console's history kept from now on, or not any more, as the settings say.
    pub(in crate::bmc) fn keep_history(&mut self) {
        let history = self.settings.console_history;
        match &mut self.sol.line {
            None if history > 0 => {
                self.sol.line = Some(Box::new(Line {
                    console: self.open_console(),
                    holder: Holder::Nobody,
                }));
            }
            Some(line) => {
                line.console.set_history(history);
                if matches!(line.holder, Holder::Nobody) {
                    self.release_line();
                }
            }
            None => {}
        }
    }

    /// Something happened to the machine.
    pub(super) fn tell_console(&self, change: &Change) {
        let Some(line) = &self.sol.line else {
            return;
        };
        match change.what {
            Happening::Started => line.console.machine_started(),
            Happening::Stopped(_) => line.console.machine_stopped(),
            _ => {}
        }
    }

    /// The session that is to get a serial port, before its answer is sent.
    pub(in crate::bmc) fn take_activation(&mut self) -> Option<Box<Activation>> {
        self.sol.activation.take()
    }

    /// The session that has the machine's console, and that console.
    pub(in crate::bmc) fn line(&self) -> Option<(u32, &Console)> {
        let line = self.sol.line.as_ref()?;
        match line.holder {
            Holder::Session(session) => Some((session, &line.console)),
            Holder::Nobody | Holder::Asking { .. } => None,
        }
    }

    /// Where the packets of the line leave from.
    pub(in crate::bmc) fn line_local(&self) -> Option<IpAddr> {
        self.sol.local
    }

    /// The session that had the console has ended.
    pub(in crate::bmc) fn line_ended(&mut self) {
        self.release_line();
    }

    /// Deactivate Payload, §24.2: also another session's.
    pub(super) fn deactivate_payload(
        &mut self,
        request: &DeactivatePayload,
        asker: &Asker,
        sessions: &dyn Sessions,
    ) -> Outcome {
        if request.payload != PayloadNumber::SOL {
            return refuse(DeactivatePayload::DISABLED.into());
        }
        if let Err(code) = self.may_use_sol(asker) {
            return refuse(code);
        }
        if request.instance != PayloadInstance::FIRST {
            return refuse(DeactivatePayload::ALREADY_DEACTIVATED.into());
        }
        let Some((session, _)) = self.line().filter(|(id, _)| sessions.is_active(*id)) else {
            return refuse(DeactivatePayload::ALREADY_DEACTIVATED.into());
        };
        self.release_line();
        self.effects.push(Effect::DeactivateSol {
            session,
            reason: if asker.session() == Some(session) {
                Deactivation::Asked
            } else {
                Deactivation::Taken
            },
        });
        ok(())
    }
}
