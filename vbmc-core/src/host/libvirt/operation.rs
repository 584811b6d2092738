//! One operation at a time on each domain, and what happens to requests that come meanwhile.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::inventory::Domain;
use crate::host::{BootOverride, HostError, PowerAction};

/// Something that changes a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// A power action.
    Control(PowerAction),
    /// A change of the boot override.
    Boot(Option<BootOverride>),
}

/// Where the result of an operation arrives.
pub(super) type Outcome = oneshot::Receiver<Result<(), HostError>>;

/// An operation that has not finished, and who waits for it.
#[derive(Debug)]
pub(super) struct InFlight {
    operation: Operation,
    waiters: Vec<oneshot::Sender<Result<(), HostError>>>,
}

/// The duty to finish an operation. Dropped without it, the waiters are told that it failed.
#[derive(Debug)]
pub(super) struct Ticket(Option<Arc<Domain>>);

/// Asks for `operation`: the outcome, with a ticket for whoever asks first. An identical request joins the operation in
/// flight.
///
/// # Errors
///
/// [`HostError::Unavailable`] while a different operation is in flight.
pub(super) fn join(
    domain: &Arc<Domain>,
    operation: Operation,
) -> Result<(Outcome, Option<Ticket>), HostError> {
    let (sender, outcome) = oneshot::channel();
    domain.in_flight(|slot| match slot {
        Some(running) if running.operation == operation => {
            running.waiters.push(sender);
            Ok((outcome, None))
        }
        Some(running) => Err(HostError::Unavailable(format!(
            "busy with an earlier request ({:?})",
            running.operation
        ))),
        None => {
            *slot = Some(Box::new(InFlight {
                operation,
                waiters: vec![sender],
            }));
            Ok((outcome, Some(Ticket(Some(Arc::clone(domain))))))
        }
    })
}

impl Ticket {
    /// Tells everybody who waits.
    pub(super) fn finish(mut self, result: Result<(), HostError>) {
        self.resolve(&result);
    }

    /// Once: after it, another operation may be in flight, with a ticket of its own.
    fn resolve(&mut self, result: &Result<(), HostError>) {
        let Some(domain) = self.0.take() else { return };
        let waiters = domain
            .in_flight(Option::take)
            .map(|running| running.waiters)
            .unwrap_or_default();
        for waiter in waiters {
            // Whoever stopped waiting does not need it.
            let _ = waiter.send(result.clone());
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.resolve(&Err(HostError::Failed("the operation was given up".into())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::libvirt::inventory::{Inventory, Uuid};

    const ON: Operation = Operation::Control(PowerAction::On);
    const OFF: Operation = Operation::Control(PowerAction::Off);

    #[test]
    fn an_identical_request_joins_and_a_different_one_is_told_to_come_back() {
        let domain = Inventory::default().admit(Uuid([1; 16]), "a");
        let (mut first, ticket) = join(&domain, ON).unwrap();
        let (mut second, none) = join(&domain, ON).unwrap();
        assert!(none.is_none());
        assert!(matches!(join(&domain, OFF), Err(HostError::Unavailable(_))));
        ticket.unwrap().finish(Ok(()));
        assert_eq!(
            (first.try_recv(), second.try_recv()),
            (Ok(Ok(())), Ok(Ok(())))
        );
        assert!(join(&domain, OFF).unwrap().1.is_some());
    }

    #[test]
    fn an_operation_that_is_dropped_fails_and_leaves_the_domain_free() {
        let domain = Inventory::default().admit(Uuid([1; 16]), "a");
        let (mut outcome, ticket) = join(&domain, ON).unwrap();
        drop(ticket);
        assert!(matches!(outcome.try_recv(), Ok(Err(HostError::Failed(_)))));
        assert!(join(&domain, OFF).unwrap().1.is_some());
    }
}
