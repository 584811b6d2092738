//! The BMC key K_g, §22.25, and what the endpoint is configured with.

use ipmi_proto::bmc::Config;
use ipmi_proto::command::app::{
    ChannelKey, ChannelSecurityKey, KeyLock, KeyOperation, SecurityKey, SetChannelSecurityKeys,
};
use ipmi_proto::crypto::CipherSuite;
use ipmi_proto::{CompletionCode, Privilege};

use super::calls::{Asker, Fit, Waiter};
use super::{Behaviour, Done, Effect, Outcome, answer, channel, ok, refuse};
use crate::Secret;
use crate::bmc::Store;
use crate::bmc::settings::{self, SettingsError};
use crate::registry::check;

/// The answer once a key is set.
const SET: ChannelSecurityKey = ChannelSecurityKey {
    lock: KeyLock::NotLockable,
    value: None,
};

impl Behaviour {
    /// Set Channel Security Keys, §22.25. K_g can be set and never be read: clients that show it would give it away.
    pub(super) fn channel_key(
        &mut self,
        request: &SetChannelSecurityKeys,
        asker: &Asker,
    ) -> Outcome {
        if let Err(code) = channel::check(request.channel) {
            return refuse(code);
        }
        match (request.key, &request.operation) {
            (ChannelKey::Kr, _) => refuse(SetChannelSecurityKeys::KR_NOT_USED.into()),
            (ChannelKey::Kg, KeyOperation::Set(key)) => match text_of(key) {
                Ok(kg) => self.change_kg(kg, asker),
                Err(code) => refuse(code),
            },
            (ChannelKey::Kg, KeyOperation::Read | KeyOperation::Lock) => {
                refuse(SetChannelSecurityKeys::LOCKED.into())
            }
        }
    }

    fn change_kg(&mut self, kg: Option<Secret>, asker: &Asker) -> Outcome {
        if kg == self.settings.kg {
            return ok(SET);
        }
        match self.calls.key.fit(&kg) {
            Fit::Free => {
                let saved = kg.clone();
                let save = move |store: &dyn Store| store.save_kg(saved.as_ref());
                self.store("the key", Done::KeySaved, save);
            }
            Fit::Same => {}
            Fit::Busy => return refuse(CompletionCode::NodeBusy),
        }
        let waiter = Waiter::new(asker, |_, ()| answer(Ok(SET)));
        self.calls.key.wait(kg, Some(waiter));
        Outcome::Later
    }

    /// The key is saved: it takes effect for sessions to come.
    pub(super) fn key_saved(&mut self, kg: &Option<Secret>) {
        self.settings.kg.clone_from(kg);
        self.effects.push(Effect::ConfigChanged);
    }

    /// What the endpoint is to be configured with, but for the GUID.
    pub(in crate::bmc) fn endpoint_config(&self) -> Result<Config, SettingsError> {
        let mut config = settings::config(&self.settings, self.limit())?;
        let state = self.kept.now();
        config.v15.per_message_auth = self.per_message_auth();
        for (id, limit) in &state.lan.suite_limits {
            if let Some(suite) = CipherSuite::from_id(*id) {
                config
                    .suite_limits
                    .set(suite, Privilege::from_bits(*limit).ok());
            }
        }
        Ok(config)
    }
}

/// A key as the BMC's file can keep it; none: one that is empty or all zeros, which is no key at all (§13.33).
fn text_of(key: &SecurityKey) -> Result<Option<Secret>, CompletionCode> {
    // The length is checked here, and what it is padded with belongs to nobody.
    key.to_kg()?;
    let bytes = key.as_bytes();
    let end = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    let bytes = bytes.get(..end).unwrap_or_default();
    if bytes.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| check::password("kg", text).is_ok());
    let unfit = CompletionCode::CommandSpecific(SetChannelSecurityKeys::UNFIT);
    text.map(|text| Some(Secret::new(text))).ok_or(unfit)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;

    fn set(key: &[u8]) -> SetChannelSecurityKeys {
        let mut padded = [0; SecurityKey::LEN];
        padded[..key.len()].copy_from_slice(key);
        asked(KeyOperation::Set(SecurityKey::new(&padded)))
    }

    fn asked(operation: KeyOperation) -> SetChannelSecurityKeys {
        SetChannelSecurityKeys {
            channel: channel::LAN,
            key: ChannelKey::Kg,
            operation,
        }
    }

    #[tokio::test]
    async fn a_key_is_saved_and_in_force_and_never_shown() {
        let mut bench = Bench::new();
        let changed = bench.change(set(b"a BMC key")).await;
        assert_eq!(changed, Ok(SET));
        assert_eq!(bench.store.kg(), Some(Secret::new("a BMC key")));
        assert_eq!(bench.behaviour.take_effects(), [Effect::ConfigChanged]);
        assert!(bench.behaviour.endpoint_config().unwrap().kg.is_some());
        let hidden = Err(SetChannelSecurityKeys::LOCKED.into());
        assert_eq!(bench.ask(asked(KeyOperation::Read)), hidden);
        bench.change(set(b"")).await.unwrap();
        assert_eq!(bench.store.kg(), None);
    }

    #[tokio::test]
    async fn a_key_that_the_file_cannot_keep_is_refused() {
        let mut bench = Bench::new();
        let unfit = Err(SetChannelSecurityKeys::UNFIT.into());
        assert_eq!(bench.ask(set(&[0xFF, 1, 2])), unfit);
        bench.store.fail(std::io::ErrorKind::StorageFull);
        let refused = bench.change(set(b"key")).await;
        assert_eq!(refused, Err(CompletionCode::Unspecified));
        assert!(bench.behaviour.endpoint_config().unwrap().kg.is_none());
    }
}
