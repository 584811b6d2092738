//! Channels, §22.22 to §22.24. There is one: channel 1, an 802.3 LAN.

use ipmi_proto::command::Channel as Number;
use ipmi_proto::command::app::{
    AccessMode, ChannelAccess, ChannelInfo, ChannelMedium, ChannelProtocol, ChannelSettings,
    GetChannelAccess, GetChannelInfo, SessionSupport, SetChannelAccess, Storage, Write,
};
use ipmi_proto::{CompletionCode, Privilege};

use super::{Asker, Behaviour, Effect, Outcome, Sessions, answer, ok, refuse};
use crate::bmc::{ChannelState, State};

/// The LAN channel's number.
pub(super) const LAN: Number = Number::new(1);

/// Refuses every channel but the LAN one, by its number or as the present one.
pub(super) fn check(channel: Number) -> Result<(), CompletionCode> {
    if channel == LAN || channel == Number::PRESENT {
        Ok(())
    } else {
        Err(CompletionCode::InvalidDataField)
    }
}

/// How the LAN channel may be used until the BMC restarts; none: as it is kept. Of what can be set, the privilege limit has
/// an effect: it caps every user's.
#[derive(Debug, Default)]
pub(super) struct Channel {
    volatile: Option<Access>,
}

#[derive(Debug, Clone, Copy)]
struct Access {
    settings: ChannelSettings,
    limit: Privilege,
}

impl Access {
    fn kept(state: &ChannelState) -> Self {
        Self {
            settings: ChannelSettings {
                alerting: state.alerting,
                per_message_auth: state.per_message_auth,
                user_level_auth: true,
                mode: AccessMode::Always,
            },
            limit: Privilege::from_bits(state.limit).unwrap_or(Privilege::Administrator),
        }
    }
}

impl Channel {
    /// The BMC restarts: what is kept becomes what is in use.
    pub(super) fn reset(&mut self) {
        self.volatile = None;
    }
}

impl Behaviour {
    /// The highest privilege level that anybody can have.
    pub(in crate::bmc) fn limit(&self) -> Privilege {
        self.access(Storage::Volatile).limit
    }

    /// Whether every packet of an IPMI 1.5 session has to be authenticated.
    pub(super) fn per_message_auth(&self) -> bool {
        self.access(Storage::Volatile).settings.per_message_auth
    }

    fn access(&self, storage: Storage) -> Access {
        let volatile = self.channel.volatile;
        volatile
            .filter(|_| storage == Storage::Volatile)
            .unwrap_or_else(|| Access::kept(&self.kept.now().channel))
    }

    /// Set Channel Access, §22.22.
    pub(super) fn set_channel_access(
        &mut self,
        request: &SetChannelAccess,
        asker: &Asker,
    ) -> Outcome {
        if let Err(code) = check(request.channel) {
            return refuse(code);
        }
        // A LAN that is off or shared with nobody cannot be had: the BMC would be out of reach.
        if let Some(Write { value, .. }) = request.settings
            && value.mode != AccessMode::Always
        {
            return refuse(SetChannelAccess::MODE_NOT_SUPPORTED.into());
        }
        let (settings, limit) = (&request.settings, &request.limit);
        // What is set for good alone leaves what is in use as it is (§22.22).
        let mut volatile = self.access(Storage::Volatile);
        if let Some(Write {
            storage: Storage::Volatile,
            value,
        }) = *settings
        {
            // Commands of USER level stay authenticated: to let others send them is an option that a BMC need not take.
            // It says so where it is asked, here and in Get Channel Authentication Capabilities (§22.22); pyghmi sets it
            // along with the rest, and would take a refusal for one of all.
            volatile.settings = ChannelSettings {
                user_level_auth: true,
                ..value
            };
            self.effects.push(Effect::ConfigChanged);
        }
        if let Some(Write {
            storage: Storage::Volatile,
            value,
        }) = *limit
        {
            volatile.limit = value;
            self.effects.push(Effect::ConfigChanged);
        }
        self.channel.volatile = Some(volatile);
        let settings = settings.filter(|write| write.storage == Storage::NonVolatile);
        let limit = limit.filter(|write| write.storage == Storage::NonVolatile);
        let change = |state: &mut State| {
            let channel = &mut state.channel;
            if let Some(Write { value, .. }) = settings {
                channel.alerting = value.alerting;
                channel.per_message_auth = value.per_message_auth;
            }
            if let Some(Write { value, .. }) = limit {
                channel.limit = value.bits();
            }
        };
        self.change_state(asker, change, |_| answer(Ok(())))
    }

    /// Get Channel Access, §22.23.
    pub(super) fn channel_access(&mut self, request: &GetChannelAccess) -> Outcome {
        if let Err(code) = check(request.channel) {
            return refuse(code);
        }
        let Access { settings, limit } = self.access(request.storage);
        ok(ChannelAccess {
            settings,
            limit: Some(limit),
        })
    }
}

/// Get Channel Info, §22.24.
pub(super) fn info(request: &GetChannelInfo, sessions: &dyn Sessions) -> Outcome {
    if let Err(code) = check(request.channel) {
        return refuse(code);
    }
    ok(ChannelInfo {
        channel: LAN,
        medium: ChannelMedium::LAN,
        protocol: ChannelProtocol::IPMB,
        sessions: SessionSupport::Multi,
        active: sessions.count().try_into().unwrap_or(u8::MAX),
        vendor: ChannelInfo::VENDOR_IPMI,
        aux: [0, 0],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bmc::behaviour::testing::Bench;
    use ipmi_proto::command::app::ColdReset;

    fn access(bench: &mut Bench, storage: Storage) -> ChannelAccess {
        let channel = LAN;
        bench.ask(GetChannelAccess { channel, storage }).unwrap()
    }

    #[tokio::test]
    async fn channel_1_is_the_lan_and_no_other_exists() {
        let mut bench = Bench::new();
        bench.sessions.count = 3;
        for number in 0..=15 {
            let channel = Number::new(number);
            match (number, bench.ask(GetChannelInfo { channel })) {
                (1 | 0x0E, Ok(info)) => {
                    assert_eq!(info.channel, LAN);
                    assert_eq!(info.medium, ChannelMedium::LAN);
                    assert_eq!(info.active, 3);
                }
                (1 | 0x0E, Err(code)) => panic!("{code}"),
                (_, info) => assert_eq!(info, Err(CompletionCode::InvalidDataField)),
            }
        }
    }

    #[tokio::test]
    async fn the_volatile_limit_ends_with_a_reset() {
        let mut bench = Bench::new();
        let set = SetChannelAccess {
            channel: Number::PRESENT,
            settings: None,
            limit: Some(Write {
                storage: Storage::Volatile,
                value: Privilege::User,
            }),
        };
        assert_eq!(bench.ask(set), Ok(()));
        assert_eq!(bench.behaviour.take_effects(), [Effect::ConfigChanged]);
        let volatile = access(&mut bench, Storage::Volatile);
        let kept = access(&mut bench, Storage::NonVolatile);
        assert_eq!(volatile.limit, Some(Privilege::User));
        assert_eq!(kept.limit, Some(Privilege::Administrator));
        bench.ask(ColdReset).unwrap();
        assert_eq!(access(&mut bench, Storage::Volatile), kept);
    }

    #[tokio::test]
    async fn whoever_sends_commands_is_authenticated_whatever_is_set() {
        let mut bench = Bench::new();
        let before = access(&mut bench, Storage::Volatile).settings;
        for storage in [Storage::Volatile, Storage::NonVolatile] {
            let value = ChannelSettings {
                user_level_auth: false,
                per_message_auth: false,
                ..before
            };
            let set = SetChannelAccess {
                channel: LAN,
                settings: Some(Write { storage, value }),
                limit: None,
            };
            assert_eq!(bench.change(set).await, Ok(()));
            let settings = access(&mut bench, storage).settings;
            assert!(settings.user_level_auth && !settings.per_message_auth);
        }
    }

    #[tokio::test]
    async fn the_lan_is_always_available() {
        let mut bench = Bench::new();
        let value = ChannelSettings {
            mode: AccessMode::Disabled,
            ..access(&mut bench, Storage::Volatile).settings
        };
        let storage = Storage::Volatile;
        let set = SetChannelAccess {
            channel: LAN,
            settings: Some(Write { storage, value }),
            limit: None,
        };
        let refused = SetChannelAccess::MODE_NOT_SUPPORTED.into();
        assert_eq!(bench.ask(set), Err(refused));
    }
}
