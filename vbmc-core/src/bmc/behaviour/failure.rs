//! What became of requests: completion codes for what failed, and the lines of the log.

use ipmi_proto::CompletionCode;
use ipmi_proto::bmc::Answer;

use super::{Action, Asker, Behaviour, answer};
use crate::bmc::net::shown;
use crate::host::HostError;

impl Behaviour {
    /// What a host's error is answered with, and the log line with the cause. Never 00.
    pub(super) fn failed(&self, asker: &Asker, error: &HostError) -> Answer {
        self.warn(asker, error);
        answer(Err::<(), _>(completion_of(error)))
    }

    /// An action failed that nobody waits for any more.
    pub(super) fn failed_unwatched(&self, action: &Action, error: &HostError) {
        tracing::warn!(
            bmc = self.settings.name,
            domain = self.settings.domain,
            ?action,
            cause = %error,
            "an action failed after its deadline"
        );
    }

    pub(super) fn warn(&self, asker: &Asker, cause: impl std::fmt::Display) {
        tracing::warn!(
            bmc = self.settings.name,
            domain = self.settings.domain,
            peer = %shown(asker.route.peer),
            request = asker.request,
            %cause,
            "the request failed"
        );
    }

    /// Changes are logged with who made them, reads for debugging alone.
    pub(super) fn log(&self, asker: &Asker, answer: &Answer) {
        let completion = answer.completion();
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    bmc = self.settings.name,
                    domain = self.settings.domain,
                    peer = %shown(asker.route.peer),
                    user = asker.user().map(tracing::field::display),
                    request = asker.request,
                    %completion,
                    "answered"
                )
            };
        }
        if asker.changes() {
            line!(info);
        } else {
            line!(debug);
        }
    }
}

/// The one place where a host's error becomes a completion code (§5.2).
pub(super) fn completion_of(error: &HostError) -> CompletionCode {
    match error {
        // Retried by Ironic: it may be better in a moment.
        HostError::Unavailable(_) | HostError::InUse(_) => CompletionCode::NodeBusy,
        HostError::WrongState(_) | HostError::NotFound(_) => CompletionCode::NotSupportedInState,
        // The command exists, but not for this machine or this connection.
        HostError::Unsupported(_) | HostError::Denied(_) => CompletionCode::SubFunctionDisabled,
        HostError::Failed(_) => CompletionCode::Unspecified,
    }
}
