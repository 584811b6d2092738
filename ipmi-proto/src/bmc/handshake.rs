//! A session before it is one: [`ExpectRakp1`] -> [`ExpectRakp3`] -> [`Active`](super::session::Active), each made
//! from the one before. Keys exist in the last one alone. In IPMI 1.5 it is [`ExpectActivation`] -> `Active`.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::Config;
use super::session::Active;
use crate::Privilege;
use crate::command::app::UserId;
use crate::crypto::{CipherSuite, Handshake, Password};
use crate::handshake::{Rakp1, Rakp2, Rakp2Ok, Rakp3, RakpStatus, RequestedPrivilege, Username};
use crate::session::v15::AuthKey;

/// A secret of this endpoint, made anew at every start: gives unknown users a password of their own, so that RAKP 2
/// looks the same for them, time after time.
pub(super) struct Decoy(Zeroizing<[u8; 20]>);

impl Decoy {
    pub(super) fn new(rng: &mut impl CryptoRng) -> Self {
        let mut secret = Zeroizing::new([0; 20]);
        rng.fill_bytes(&mut *secret);
        Self(secret)
    }

    fn password(&self) -> Password {
        // 20 bytes always fit; an empty password would still let nobody in.
        Password::new(&*self.0).unwrap_or_else(|_| Password::empty())
    }
}

/// Ids and suite are agreed on.
#[derive(Debug)]
pub(super) struct ExpectRakp1 {
    pub(super) console_id: u32,
    pub(super) bmc_id: u32,
    pub(super) suite: CipherSuite,
}

/// The BMC has shown that it knows the password; now the console must.
#[derive(Debug)]
pub(super) struct ExpectRakp3 {
    handshake: Handshake,
    suite: CipherSuite,
    password: Password,
    /// Who logs in, and with which privilege limit. None for an unknown user, who fails at RAKP 3 like a wrong
    /// password.
    user: Option<(UserId, Option<Privilege>)>,
    /// Kept to recognise a repeated RAKP 1, which is answered with the same RAKP 2.
    rakp1: Rakp1,
}

/// A session of IPMI 1.5 whose console must show that it knows the password, and the challenge.
#[derive(Debug)]
pub(super) struct ExpectActivation {
    pub(super) user: UserId,
    pub(super) username: Username,
    /// The user's privilege limit.
    pub(super) limit: Privilege,
    pub(super) key: AuthKey,
    pub(super) challenge: [u8; 16],
}

impl ExpectRakp1 {
    /// Answers RAKP 1.
    pub(super) fn rakp1(
        self,
        rakp1: Rakp1,
        config: &Config,
        decoy: &Decoy,
        rng: &mut impl CryptoRng,
    ) -> Result<ExpectRakp3, RakpStatus> {
        let wanted: RequestedPrivilege = rakp1.role.privilege().ok_or(RakpStatus::InvalidRole)?;
        let found = config
            .users
            .find(&rakp1.username, wanted, rakp1.role.name_only());
        let user = found.as_ref().map(|found| (found.id, found.privilege));
        let password = found.map_or_else(|| decoy.password(), |found| found.password.clone());
        let mut bmc_random = [0; 16];
        rng.fill_bytes(&mut bmc_random);
        let handshake = Handshake {
            console_id: self.console_id,
            bmc_id: self.bmc_id,
            console_random: rakp1.console_random,
            bmc_random,
            guid: config.guid,
            role: rakp1.role,
            username: rakp1.username,
        };
        Ok(ExpectRakp3 {
            handshake,
            suite: self.suite,
            password,
            user,
            rakp1,
        })
    }
}

impl ExpectRakp3 {
    /// RAKP 2 for a RAKP 1 with this tag, as often as it comes.
    pub(super) fn rakp2(&self, tag: u8) -> Rakp2 {
        let code = self
            .handshake
            .rakp2_code(self.suite.authentication(), &self.password);
        Rakp2 {
            tag,
            console_id: self.handshake.console_id,
            result: Ok(Rakp2Ok {
                bmc_random: self.handshake.bmc_random,
                guid: self.handshake.guid,
                code: Vec::from(code.as_bytes()),
            }),
        }
    }

    /// Whether this RAKP 1 is the one that was answered. FreeIPMI sends it again under a new tag.
    pub(super) fn repeats(&self, rakp1: &Rakp1) -> bool {
        self.rakp1
            == Rakp1 {
                tag: self.rakp1.tag,
                ..*rakp1
            }
    }

    pub(super) fn username(&self) -> Username {
        self.handshake.username
    }

    pub(super) fn console_id(&self) -> u32 {
        self.handshake.console_id
    }

    /// Verifies RAKP 3 and makes the keys. Also gives the check value for RAKP 4.
    pub(super) fn rakp3(
        self,
        rakp3: &Rakp3,
        config: &Config,
    ) -> Result<(Active, Vec<u8>), RakpStatus> {
        let authentication = self.suite.authentication();
        let expected = self.handshake.rakp3_code(authentication, &self.password);
        let code = rakp3
            .result
            .as_ref()
            .map_err(|_| RakpStatus::InvalidIntegrityCheck)?;
        let proven = expected.matches(code, authentication.code_len());
        // Without an authentication algorithm there is nothing to prove, but the user must exist all the same.
        let (true, Some((user, privilege))) = (proven, self.user) else {
            return Err(RakpStatus::InvalidIntegrityCheck);
        };
        // Said only now, to someone who knows the password: in RAKP 2 it would tell anyone that the user exists.
        let privilege = privilege.ok_or(RakpStatus::UnauthorizedRole)?;
        let limit = config.suite_limits.of(self.suite);
        let limit = limit.ok_or(RakpStatus::UnauthorizedRole)?;
        let privilege = match self.rakp1.role.privilege() {
            Some(RequestedPrivilege::UpTo(level)) if level > limit => {
                return Err(RakpStatus::UnauthorizedRole);
            }
            _ => privilege.min(limit),
        };
        let keys = self
            .handshake
            .session_keys(self.suite, &self.password, config.kg.as_ref());
        let check = keys.rakp4_check(&self.handshake);
        let check = Vec::from(check.truncated(authentication.check_len()));
        let protection = keys.protection(&self.password);
        Ok((
            Active::new(&self.handshake, user, privilege, protection),
            check,
        ))
    }
}
