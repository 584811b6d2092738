//! Questions to the host: answered from what it knows already, or by a call that all who ask meanwhile share.

use ipmi_proto::CompletionCode;
use ipmi_proto::bmc::Answer;

use super::calls::{Asker, Fit, Slot, Waiter};
use super::{Behaviour, Calls, Done, Outcome, refuse};
use crate::host::{BootOverride, Figures, Host, HostError, Identity, PowerStatus, Reply};

impl Behaviour {
    /// Answers with the machine's power state.
    pub(super) fn with_power(
        &mut self,
        asker: &Asker,
        then: impl FnOnce(&Self, PowerStatus) -> Answer + Send + 'static,
    ) -> Outcome {
        self.read(asker, |c| &mut c.power, |h| h.power(), Done::Power, then)
    }

    /// Answers with the boot override that is in force.
    pub(super) fn with_boot(
        &mut self,
        asker: &Asker,
        then: impl FnOnce(&Self, Option<BootOverride>) -> Answer + Send + 'static,
    ) -> Outcome {
        self.read(asker, |c| &mut c.boot, |h| h.boot(), Done::Boot, then)
    }

    /// Answers with who the machine is.
    pub(super) fn with_identity(
        &mut self,
        asker: &Asker,
        then: impl FnOnce(&Self, Identity) -> Answer + Send + 'static,
    ) -> Outcome {
        self.read(
            asker,
            |c| &mut c.identity,
            |h| h.identity(),
            Done::Identity,
            then,
        )
    }

    /// Answers with what the machine does; none where the hypervisor has no way to tell.
    pub(super) fn with_figures(
        &mut self,
        asker: &Asker,
        then: impl FnOnce(&Self, Option<Figures>) -> Answer + Send + 'static,
    ) -> Outcome {
        let ask = |host: &dyn Host| match host.figures() {
            Reply::Now(result) => Reply::Now(if_told(result)),
            Reply::Later(call) => Reply::later(async { if_told(call.await) }),
        };
        self.read(asker, |c| &mut c.figures, ask, Done::Figures, then)
    }

    pub(super) fn read<T: Send + 'static>(
        &mut self,
        asker: &Asker,
        slot: fn(&mut Calls) -> &mut Slot<(), T>,
        ask: fn(&dyn Host) -> Reply<T>,
        done: fn(Result<T, HostError>) -> Done,
        then: impl FnOnce(&Self, T) -> Answer + Send + 'static,
    ) -> Outcome {
        match slot(&mut self.calls).fit(&()) {
            Fit::Free => match ask(&*self.host) {
                Reply::Now(Ok(brought)) => return Outcome::Answered(then(self, brought)),
                Reply::Now(Err(error)) => return Outcome::Answered(self.failed(asker, &error)),
                Reply::Later(call) => self.mailbox.run(call, done),
            },
            Fit::Same => {}
            Fit::Busy => return refuse(CompletionCode::NodeBusy),
        }
        slot(&mut self.calls).wait((), Some(Waiter::new(asker, then)));
        Outcome::Later
    }
}

/// What a host that has no way to tell tells is nothing.
fn if_told<T>(result: Result<T, HostError>) -> Result<Option<T>, HostError> {
    match result {
        Err(HostError::Unsupported(_)) => Ok(None),
        result => result.map(Some),
    }
}
