//! From the first question to the keys: which step comes next, when to repeat one, and when to begin anew.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use rand_core::CryptoRng;

use super::discovery::{AskCapabilities, AskCipherSuites, Listed};
use super::handshake::{ExpectOpenSession, ExpectRakp2, ExpectRakp4, Keyed, Setback};
use super::resend::{Patience, Resend};
use super::{Config, Dropped, Error, Retry, Step, SuiteChoice};
use crate::Time;
use crate::crypto::CipherSuite;
use crate::handshake::{Rakp3, RakpStatus};
use crate::session::rmcp::Rmcp;
use crate::session::v15;
use crate::session::v20::{AUTH_TYPE_RMCP_PLUS, Decrypted, PayloadType, Received};
use crate::wire::DecodeError;

/// A session that is being opened.
pub(super) struct Opening {
    phase: Phase,
    resend: Resend,
    /// The suite to propose, and what may be taken instead if the BMC does not have it.
    suite: CipherSuite,
    fallback: Option<CipherSuite>,
    /// How many handshakes were begun.
    handshakes: u32,
    /// What was wrong with an answer to the present message.
    malformed: Option<DecodeError>,
}

enum Phase {
    Capabilities(AskCapabilities),
    CipherSuites(AskCipherSuites),
    /// A handshake is to be begun, as soon as there is a random source to begin it with.
    Begin,
    OpenSession(ExpectOpenSession),
    Rakp2(ExpectRakp2),
    Rakp4(ExpectRakp4),
}

/// How an opening ended.
pub(super) enum End {
    Keyed(Box<Keyed>),
    Failed(Error),
    /// [`Error::WrongPassword`]; the message lets the BMC forget the session at once.
    WrongPassword(Rakp3),
}

/// None while the opening goes on.
type Ended = Option<End>;

impl Phase {
    /// The message that is waiting for an answer.
    const fn step(&self) -> Step {
        match self {
            Self::Capabilities(_) => Step::AuthCapabilities,
            Self::CipherSuites(_) | Self::Begin | Self::OpenSession(_) => Step::OpenSession,
            Self::Rakp2(_) => Step::Rakp1,
            Self::Rakp4(_) => Step::Rakp3,
        }
    }

    fn attempts(&self, retry: Retry) -> u32 {
        match self {
            Self::Capabilities(_) | Self::Begin | Self::OpenSession(_) => retry.attempts,
            Self::CipherSuites(_) | Self::Rakp2(_) | Self::Rakp4(_) => {
                retry.attempts.min(Retry::FEW_ATTEMPTS)
            }
        }
    }
}

impl Opening {
    pub(super) const fn new(config: &Config) -> Self {
        let (suite, fallback) = match config.suite {
            SuiteChoice::Exactly(suite) => (suite, None),
            // Until the BMC has said which ones it has.
            SuiteChoice::Auto => (CipherSuite::SUITE_17, Some(CipherSuite::SUITE_3)),
        };
        Self {
            phase: Phase::Capabilities(AskCapabilities),
            resend: Resend::new(),
            suite,
            fallback,
            handshakes: 0,
            malformed: None,
        }
    }

    pub(super) fn handle(
        &mut self,
        datagram: &mut [u8],
        config: &Config,
        rng: &mut impl CryptoRng,
    ) -> Result<Ended, Dropped> {
        let packet = sessionless(datagram)?;
        let result = match mem::replace(&mut self.phase, Phase::Begin) {
            Phase::Begin => Err(Dropped::Unexpected),
            Phase::Capabilities(state) => self.capabilities(state, &packet, config),
            Phase::CipherSuites(state) => self.cipher_suites(state, &packet),
            Phase::OpenSession(state) => match state.receive(&packet, rng) {
                Ok(next) => Ok(self.enter(Phase::Rakp2(next))),
                Err(setback) => {
                    self.set_back(setback, Phase::OpenSession, Step::OpenSession, config)
                }
            },
            Phase::Rakp2(state) => match state.receive(&packet, config, rng) {
                Ok(next) => Ok(self.enter(Phase::Rakp4(next))),
                Err(setback) => self.set_back(setback, Phase::Rakp2, Step::Rakp1, config),
            },
            Phase::Rakp4(state) => match state.receive(&packet, config) {
                Ok(keyed) => Ok(Some(End::Keyed(Box::new(keyed)))),
                Err(setback) => self.set_back(setback, Phase::Rakp4, Step::Rakp3, config),
            },
        };
        if let Err(Dropped::Malformed(error)) = &result {
            self.malformed = Some(*error);
        }
        result
    }

    /// Goes on to a phase whose message has not been sent yet.
    fn enter(&mut self, phase: Phase) -> Ended {
        self.phase = phase;
        self.resend = Resend::new();
        self.malformed = None;
        None
    }

    fn capabilities(
        &mut self,
        ask: AskCapabilities,
        packet: &Decrypted<'_>,
        config: &Config,
    ) -> Result<Ended, Dropped> {
        match ask.receive(packet) {
            Ok(Ok(())) => Ok(self.enter(match config.suite {
                SuiteChoice::Auto => Phase::CipherSuites(AskCipherSuites::new()),
                SuiteChoice::Exactly(_) => Phase::Begin,
            })),
            Ok(Err(error)) => Ok(Some(End::Failed(error))),
            Err(dropped) => {
                self.phase = Phase::Capabilities(ask);
                Err(dropped)
            }
        }
    }

    fn cipher_suites(
        &mut self,
        ask: AskCipherSuites,
        packet: &Decrypted<'_>,
    ) -> Result<Ended, Dropped> {
        match ask.receive(packet) {
            Ok(Listed::More(ask)) => Ok(self.enter(Phase::CipherSuites(ask))),
            Ok(Listed::Best(None)) => Ok(Some(End::Failed(Error::NoCommonSuite))),
            Ok(Listed::Best(Some(suite))) => {
                (self.suite, self.fallback) = (suite, None);
                Ok(self.enter(Phase::Begin))
            }
            Ok(Listed::Unknown) => Ok(self.enter(Phase::Begin)),
            Err((ask, dropped)) => {
                self.phase = Phase::CipherSuites(ask);
                Err(dropped)
            }
        }
    }

    /// What follows when the state behind `step` did not lead on; `phase` puts it back if it goes on waiting.
    fn set_back<S>(
        &mut self,
        setback: Setback<S>,
        phase: fn(S) -> Phase,
        step: Step,
        config: &Config,
    ) -> Result<Ended, Dropped> {
        match setback {
            Setback::Dropped(state, dropped) => {
                self.phase = phase(state);
                Err(dropped)
            }
            Setback::Failed(error) => Ok(Some(End::Failed(error))),
            Setback::WrongPassword(rakp3) => Ok(Some(End::WrongPassword(rakp3))),
            Setback::Refused(status) => {
                if step == Step::OpenSession
                    && refuses_suite(status)
                    && let Some(fallback) = self.fallback.take()
                {
                    self.suite = fallback;
                    return Ok(self.enter(Phase::Begin));
                }
                let error = Error::Refused { step, status };
                Ok(if is_passing(step, status) {
                    self.begin_again(error, config)
                } else {
                    Some(End::Failed(error))
                })
            }
        }
    }

    /// Starts over from Open Session, or fails with `error` if that was done often enough.
    fn begin_again(&mut self, error: Error, config: &Config) -> Ended {
        if self.handshakes < config.retry.handshakes {
            self.enter(Phase::Begin)
        } else {
            Some(End::Failed(error))
        }
    }

    pub(super) fn poll_transmit(
        &mut self,
        now: Time,
        config: &Config,
        rng: &mut impl CryptoRng,
        out: &mut Vec<u8>,
    ) -> bool {
        if !self.resend.is_due() {
            return false;
        }
        if let Phase::Begin = self.phase {
            self.handshakes += 1;
            let state = ExpectOpenSession::new(self.suite, self.fallback, rng);
            self.phase = Phase::OpenSession(state);
        }
        match &self.phase {
            Phase::Begin => return false,
            Phase::Capabilities(ask) => ask.encode(config, out),
            Phase::CipherSuites(ask) => ask.encode(out),
            Phase::OpenSession(state) => state.encode(config, out),
            Phase::Rakp2(state) => state.encode(config, out),
            Phase::Rakp4(state) => state.encode(config, out),
        }
        self.resend.sent(now, config.retry.interval);
        true
    }

    pub(super) const fn poll_timeout(&self) -> Option<Time> {
        self.resend.timeout()
    }

    pub(super) fn handle_timeout(&mut self, now: Time, config: &Config) -> Ended {
        let attempts = self.phase.attempts(config.retry);
        if self.resend.handle_timeout(now, attempts) == Patience::Left {
            return None;
        }
        let step = self.phase.step();
        let error = self
            .malformed
            .map_or(Error::TimedOut { step }, |error| Error::Malformed {
                step,
                error,
            });
        match self.phase {
            Phase::CipherSuites(_) => self.enter(Phase::Begin),
            Phase::Rakp2(_) | Phase::Rakp4(_) => self.begin_again(error, config),
            _ => Some(End::Failed(error)),
        }
    }
}

/// Takes the headers off a datagram outside a session, of either format.
fn sessionless(datagram: &mut [u8]) -> Result<Decrypted<'_>, Dropped> {
    let packet = match Rmcp::parse(datagram)? {
        Rmcp::Ipmi(packet) => packet,
        Rmcp::Asf(_) => return Err(Dropped::Unexpected),
    };
    if packet.first() == Some(&AUTH_TYPE_RMCP_PLUS) {
        Ok(Received::parse(packet)?.sessionless()?)
    } else {
        Ok(Decrypted {
            payload_type: PayloadType::IPMI,
            payload: v15::Packet::decode(packet)?.payload,
        })
    }
}

const fn refuses_suite(status: RakpStatus) -> bool {
    matches!(
        status,
        RakpStatus::InvalidAuthentication
            | RakpStatus::InvalidIntegrity
            | RakpStatus::InvalidConfidentiality
            | RakpStatus::NoMatchingAuthentication
            | RakpStatus::NoMatchingIntegrity
            | RakpStatus::NoMatchingCipherSuite
    )
}

/// Whether a new handshake may fare better: the BMC has lost the half-open session, or an answer of its own was lost
/// and it has another random number in mind than the console.
const fn is_passing(step: Step, status: RakpStatus) -> bool {
    match status {
        RakpStatus::InvalidSessionId | RakpStatus::InactiveSessionId => {
            matches!(step, Step::Rakp1 | Step::Rakp3)
        }
        // The password is right: RAKP 2 has proved it.
        RakpStatus::InvalidIntegrityCheck => matches!(step, Step::Rakp3),
        _ => false,
    }
}
