//! What is active, §24.4 and §24.5, and how it is protected, §24.3.

use ipmi_proto::CompletionCode;
use ipmi_proto::command::app::{
    GetPayloadActivationStatus, GetPayloadInstanceInfo, PayloadActivationStatus, PayloadEncryption,
    PayloadInstance, PayloadInstanceInfo, PayloadInstances, PayloadNumber,
    SuspendResumePayloadEncryption,
};

use crate::bmc::behaviour::{Asker, Behaviour, Outcome, Sessions, ok, refuse};

impl Behaviour {
    /// Suspend/Resume Payload Encryption, §24.3: a session encrypts everything or nothing.
    pub(in crate::bmc::behaviour) fn payload_encryption(
        &self,
        request: &SuspendResumePayloadEncryption,
        asker: &Asker,
        sessions: &dyn Sessions,
    ) -> Outcome {
        type Operate = SuspendResumePayloadEncryption;
        let active = request.payload == PayloadNumber::SOL
            && request.instance == PayloadInstance::FIRST
            && asker.session().is_some()
            && self.line().map(|(session, _)| session) == asker.session();
        if !active {
            return refuse(Operate::NOT_ACTIVE.into());
        }
        let protection = asker
            .session()
            .and_then(|session| sessions.payload_protection(session));
        if !protection.is_some_and(|protection| protection.encrypted) {
            return refuse(Operate::NO_ENCRYPTION.into());
        }
        match request.operation {
            PayloadEncryption::Suspend => refuse(Operate::NOT_ALLOWED.into()),
            PayloadEncryption::Resume => ok(()),
            PayloadEncryption::Regenerate => refuse(Operate::NOT_SUPPORTED.into()),
        }
    }

    /// Get Payload Activation Status, §24.4.
    pub(in crate::bmc::behaviour) fn payload_status(
        &self,
        request: &GetPayloadActivationStatus,
        sessions: &dyn Sessions,
    ) -> Outcome {
        if request.payload != PayloadNumber::SOL {
            return refuse(CompletionCode::InvalidDataField);
        }
        ok(PayloadActivationStatus {
            capacity: 1,
            active: match self.holder(sessions) {
                Some(_) => PayloadInstances::NONE.with(PayloadInstance::FIRST),
                None => PayloadInstances::NONE,
            },
        })
    }

    /// Get Payload Instance Info, §24.5.
    pub(in crate::bmc::behaviour) fn payload_instance(
        &self,
        request: &GetPayloadInstanceInfo,
        sessions: &dyn Sessions,
    ) -> Outcome {
        if request.payload != PayloadNumber::SOL || request.instance != PayloadInstance::FIRST {
            return refuse(CompletionCode::InvalidDataField);
        }
        ok(PayloadInstanceInfo {
            session: self.holder(sessions),
            serial_port: Some(1),
        })
    }
}
