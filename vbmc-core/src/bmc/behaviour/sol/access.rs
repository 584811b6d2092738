//! Which payloads there are, §24.8 to §24.10, and which of them a user may have, §24.6 and §24.7.

use ipmi_proto::CompletionCode;
use ipmi_proto::bmc::Users;
use ipmi_proto::command::app::{
    ChannelPayloadSupport, GetChannelOemPayloadInfo, GetChannelPayloadSupport,
    GetChannelPayloadVersion, GetUserPayloadAccess, PayloadNumber, PayloadSet, PayloadVersion,
    SetUserPayloadAccess, UserId, UserPayloadAccess,
};

use crate::bmc::behaviour::{Asker, Behaviour, Outcome, answer, channel, ok, refuse};

/// IPMI messages, serial over LAN, and what opens a session: Open Session and RAKP, requests and answers.
fn supported() -> PayloadSet {
    let setup = (0x10..=0x15).map(PayloadNumber::new);
    [PayloadNumber::IPMI, PayloadNumber::SOL]
        .into_iter()
        .chain(setup)
        .fold(PayloadSet::EMPTY, PayloadSet::with)
}

fn in_range(user: UserId) -> Result<(), CompletionCode> {
    if user.number() <= Users::MAX {
        Ok(())
    } else {
        Err(CompletionCode::InvalidDataField)
    }
}

impl Behaviour {
    /// Set User Payload Access, §24.6. Of payloads that there are not, none can be had, whatever is set.
    pub(in crate::bmc::behaviour) fn set_payload_access(
        &mut self,
        request: &SetUserPayloadAccess,
        asker: &Asker,
    ) -> Outcome {
        if let Err(code) = channel::check(request.channel).and_then(|()| in_range(request.user)) {
            return refuse(code);
        }
        let (user, enable) = (request.user.number(), request.enable);
        let concerned = request.payloads.contains(PayloadNumber::SOL);
        self.change_state(
            asker,
            |state| {
                if concerned && enable {
                    state.sol.denied.remove(&user);
                } else if concerned {
                    state.sol.denied.insert(user);
                }
            },
            |_| answer(Ok(())),
        )
    }

    /// Get User Payload Access, §24.7.
    pub(in crate::bmc::behaviour) fn payload_access(
        &self,
        request: &GetUserPayloadAccess,
    ) -> Outcome {
        if let Err(code) = channel::check(request.channel).and_then(|()| in_range(request.user)) {
            return refuse(code);
        }
        let denied = self.kept.now().sol.denied.contains(&request.user.number());
        ok(UserPayloadAccess(if denied {
            PayloadSet::EMPTY
        } else {
            PayloadSet::EMPTY.with(PayloadNumber::SOL)
        }))
    }
}

/// Get Channel Payload Support, §24.8.
pub(in crate::bmc::behaviour) fn support(request: &GetChannelPayloadSupport) -> Outcome {
    match channel::check(request.channel) {
        Ok(()) => ok(ChannelPayloadSupport(supported())),
        Err(code) => refuse(code),
    }
}

/// Get Channel Payload Version, §24.9.
pub(in crate::bmc::behaviour) fn version(request: &GetChannelPayloadVersion) -> Outcome {
    match channel::check(request.channel) {
        Ok(()) if supported().contains(request.payload) => ok(PayloadVersion::V1_0),
        Ok(()) => refuse(GetChannelPayloadVersion::NOT_AVAILABLE.into()),
        Err(code) => refuse(code),
    }
}

/// Get Channel OEM Payload Info, §24.10: there is none.
pub(in crate::bmc::behaviour) fn oem_payload(request: &GetChannelOemPayloadInfo) -> Outcome {
    match channel::check(request.channel) {
        Ok(()) => refuse(GetChannelOemPayloadInfo::NOT_SUPPORTED.into()),
        Err(code) => refuse(code),
    }
}
