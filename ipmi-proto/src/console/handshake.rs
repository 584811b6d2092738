//! The handshake as the console sees it: `ExpectOpenSession` -> `ExpectRakp2` -> `ExpectRakp4` -> `Keyed`.
//!
//! Each state knows the message that it has sent and consumes itself when the answer comes. Keys are derived by the
//! last step and exist behind it only. When to send, and when to begin anew, is decided in `opening`.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::{Config, Dropped, Error};
use crate::crypto::{CipherSuite, Handshake, Protection};
use crate::handshake::{
    OpenSessionRequest, OpenSessionResponse, Proposal, Rakp1, Rakp2, Rakp3, Rakp4, RakpStatus,
    RoleByte,
};
use crate::session::v20::{Decrypted, PayloadType, encode_sessionless};
use crate::wire::{Decode, DecodeError, Encode as _};

/// Why a state did not lead to the next one.
pub(super) enum Setback<S> {
    /// The packet is no answer to this state's message, which goes on waiting.
    Dropped(S, Dropped),
    /// The BMC refused.
    Refused(RakpStatus),
    /// There will be no session.
    Failed(Error),
    /// The BMC does not know the password. The RAKP 3 that tells it so is in there.
    WrongPassword(Rakp3),
}

/// Open Session Request is sent.
pub(super) struct ExpectOpenSession {
    tag: u8,
    console_id: u32,
    suite: CipherSuite,
    /// What the BMC may answer instead: it chooses by itself when it does not like the proposal.
    fallback: Option<CipherSuite>,
}

/// RAKP 1 is sent.
pub(super) struct ExpectRakp2 {
    tag: u8,
    console_id: u32,
    bmc_id: u32,
    suite: CipherSuite,
    /// The level that the BMC will allow, as it came.
    allowed: u8,
    console_random: [u8; 16],
}

/// RAKP 3 is sent.
pub(super) struct ExpectRakp4 {
    tag: u8,
    suite: CipherSuite,
    allowed: u8,
    handshake: Handshake,
}

/// Both ends have proved that they know the password, and have keys.
pub(super) struct Keyed {
    pub(super) suite: CipherSuite,
    /// The level that the BMC will allow, as it came in the Open Session Response.
    pub(super) allowed: u8,
    pub(super) console_id: u32,
    pub(super) bmc_id: u32,
    pub(super) guid: [u8; 16],
    pub(super) protection: Protection,
}

const fn role(config: &Config) -> RoleByte {
    RoleByte::new(config.privilege, config.name_only)
}

/// A tag that late answers to earlier messages are not likely to have.
fn tag(rng: &mut impl CryptoRng) -> u8 {
    rng.next_u32().to_le_bytes()[0]
}

fn decode<M: Decode>(packet: &Decrypted<'_>, expected: PayloadType) -> Result<M, Dropped> {
    if packet.payload_type == expected {
        M::decode(packet.payload).map_err(Dropped::Malformed)
    } else {
        Err(Dropped::Unexpected)
    }
}

impl ExpectOpenSession {
    pub(super) fn new(
        suite: CipherSuite,
        fallback: Option<CipherSuite>,
        rng: &mut impl CryptoRng,
    ) -> Self {
        Self {
            tag: tag(rng),
            // 0 stands for "no session".
            console_id: rng.next_u32().max(1),
            suite,
            fallback,
        }
    }

    pub(super) fn encode(&self, config: &Config, out: &mut Vec<u8>) {
        let request = OpenSessionRequest {
            tag: self.tag,
            privilege: config.privilege.bits(),
            console_id: self.console_id,
            proposal: Proposal::of(self.suite),
        };
        encode_sessionless(PayloadType::OPEN_SESSION_REQUEST, out, |out| {
            request.encode(out);
        });
    }

    pub(super) fn receive(
        self,
        packet: &Decrypted<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<ExpectRakp2, Setback<Self>> {
        let response =
            match decode::<OpenSessionResponse>(packet, PayloadType::OPEN_SESSION_RESPONSE) {
                Ok(response) => response,
                Err(dropped) => {
                    return Err(match short_refusal(packet, self.tag) {
                        Some(status) => Setback::Refused(status),
                        None => Setback::Dropped(self, dropped),
                    });
                }
            };
        if (response.tag, response.console_id) != (self.tag, self.console_id) {
            return Err(Setback::Dropped(self, Dropped::Unexpected));
        }
        let opened = response.result.map_err(Setback::Refused)?;
        if opened.suite != self.suite && Some(opened.suite) != self.fallback {
            return Err(Setback::Failed(Error::OtherSuite {
                proposed: self.suite,
                chosen: opened.suite,
            }));
        }
        let mut console_random = [0; 16];
        rng.fill_bytes(&mut console_random);
        Ok(ExpectRakp2 {
            tag: tag(rng),
            console_id: self.console_id,
            bmc_id: opened.bmc_id,
            suite: opened.suite,
            allowed: opened.privilege,
            console_random,
        })
    }
}

/// ipmi_sim refuses with tag and status alone, without the session id that §13.18 puts behind them.
fn short_refusal(packet: &Decrypted<'_>, tag: u8) -> Option<RakpStatus> {
    match (packet.payload_type, packet.payload) {
        (PayloadType::OPEN_SESSION_RESPONSE, &[got, status]) if got == tag => {
            Some(RakpStatus::from(status)).filter(|status| *status != RakpStatus::Ok)
        }
        _ => None,
    }
}

impl ExpectRakp2 {
    pub(super) fn encode(&self, config: &Config, out: &mut Vec<u8>) {
        let rakp1 = Rakp1 {
            tag: self.tag,
            bmc_id: self.bmc_id,
            console_random: self.console_random,
            role: role(config),
            username: config.username,
        };
        encode_sessionless(PayloadType::RAKP_1, out, |out| rakp1.encode(out));
    }

    pub(super) fn receive(
        self,
        packet: &Decrypted<'_>,
        config: &Config,
        rng: &mut impl CryptoRng,
    ) -> Result<ExpectRakp4, Setback<Self>> {
        let rakp2 = match decode::<Rakp2>(packet, PayloadType::RAKP_2) {
            Ok(rakp2) => rakp2,
            Err(dropped) => return Err(Setback::Dropped(self, dropped)),
        };
        if (rakp2.tag, rakp2.console_id) != (self.tag, self.console_id) {
            return Err(Setback::Dropped(self, Dropped::Unexpected));
        }
        let ok = rakp2.result.map_err(Setback::Refused)?;
        let handshake = Handshake {
            console_id: self.console_id,
            bmc_id: self.bmc_id,
            console_random: self.console_random,
            bmc_random: ok.bmc_random,
            guid: ok.guid,
            role: role(config),
            username: config.username,
        };
        let tag = tag(rng);
        let algorithm = self.suite.authentication();
        let code = handshake.rakp2_code(algorithm, &config.password);
        if !code.matches(&ok.code, algorithm.code_len()) {
            return Err(Setback::WrongPassword(Rakp3 {
                tag,
                bmc_id: self.bmc_id,
                result: Err(RakpStatus::InvalidIntegrityCheck),
            }));
        }
        Ok(ExpectRakp4 {
            tag,
            suite: self.suite,
            allowed: self.allowed,
            handshake,
        })
    }
}

/// Appends a RAKP 3.
pub(super) fn encode_rakp3(rakp3: &Rakp3, out: &mut Vec<u8>) {
    encode_sessionless(PayloadType::RAKP_3, out, |out| rakp3.encode(out));
}

impl ExpectRakp4 {
    pub(super) fn encode(&self, config: &Config, out: &mut Vec<u8>) {
        let code = self
            .handshake
            .rakp3_code(self.suite.authentication(), &config.password);
        let rakp3 = Rakp3 {
            tag: self.tag,
            bmc_id: self.handshake.bmc_id,
            result: Ok(Vec::from(code.as_bytes())),
        };
        encode_rakp3(&rakp3, out);
    }

    pub(super) fn receive(
        self,
        packet: &Decrypted<'_>,
        config: &Config,
    ) -> Result<Keyed, Setback<Self>> {
        let rakp4 = match decode::<Rakp4>(packet, PayloadType::RAKP_4) {
            Ok(rakp4) => rakp4,
            Err(dropped) => return Err(Setback::Dropped(self, dropped)),
        };
        if (rakp4.tag, rakp4.console_id) != (self.tag, self.handshake.console_id) {
            return Err(Setback::Dropped(self, Dropped::Unexpected));
        }
        let check = rakp4.result.map_err(Setback::Refused)?;
        let password = &config.password;
        let keys = self
            .handshake
            .session_keys(self.suite, password, config.kg.as_ref());
        let check_len = self.suite.authentication().check_len();
        if check.len() != check_len {
            let error = DecodeError::Invalid("length of the integrity check value");
            return Err(Setback::Dropped(self, Dropped::Malformed(error)));
        }
        if !keys.rakp4_check(&self.handshake).matches(&check, check_len) {
            return Err(Setback::Failed(Error::WrongBmcKey));
        }
        Ok(Keyed {
            suite: self.suite,
            allowed: self.allowed,
            console_id: self.handshake.console_id,
            bmc_id: self.handshake.bmc_id,
            guid: self.handshake.guid,
            protection: keys.protection(password),
        })
    }
}
