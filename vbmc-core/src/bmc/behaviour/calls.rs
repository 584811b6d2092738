//! Calls that did not answer at once: who waits for them, and for how long.
//!
//! One call of a kind is in flight at a time. The same call asked for again joins it, from whatever session; another
//! one is refused as busy. A call that misses the [`DEADLINE`] runs on, and whoever waited is told that the node is busy.

use std::time::Duration;

use ipmi_proto::Privilege;
use ipmi_proto::bmc::{Answer, Requester};
use ipmi_proto::command::Request;
use ipmi_proto::command::app::UserId;
use ipmi_proto::handshake::Username;
use tokio::time::Instant;

use super::Behaviour;
use crate::bmc::net::Route;

/// How long a command may wait for its host. ipmitool asks again after 1 s, 4 times.
pub(super) const DEADLINE: Duration = Duration::from_secs(3);

/// How many may wait for one call: the sessions of a BMC with a few requests each. More are refused as busy, so that
/// a hanging hypervisor and an impatient client cannot fill the memory.
const MAX_WAITERS: usize = 64;

/// Who asked for what: where the answer goes, and what the log says about it.
#[derive(Debug, Clone)]
pub(in crate::bmc) struct Asker {
    /// The request's number, for whoever delivers the answer.
    pub(in crate::bmc) number: u64,
    /// The way back.
    pub(in crate::bmc) route: Route,
    /// The command's name.
    pub(in crate::bmc) request: &'static str,
    /// Whether the command changes something, and so who sent it is of interest.
    changes: bool,
    /// The session and its user; none outside a session.
    requester: Option<Requester>,
}

impl Asker {
    pub(in crate::bmc) fn new(
        number: u64,
        route: Route,
        request: &Request,
        requester: Option<Requester>,
    ) -> Self {
        Self {
            number,
            route,
            request: request.row().name,
            changes: super::route::changes(request),
            requester,
        }
    }

    pub(super) fn changes(&self) -> bool {
        self.changes
    }

    /// The id of the session that asked, if one did.
    pub(super) fn session(&self) -> Option<u32> {
        self.requester.as_ref().map(|requester| requester.session)
    }

    /// The user.
    pub(super) fn user_id(&self) -> Option<UserId> {
        self.requester.as_ref().map(|requester| requester.user)
    }

    /// The session's privilege level.
    pub(super) fn privilege(&self) -> Option<Privilege> {
        self.requester.as_ref().map(|requester| requester.privilege)
    }

    /// The user's name, for the log.
    pub(super) fn user(&self) -> Option<&Username> {
        self.requester.as_ref().map(|requester| &requester.username)
    }
}

/// What becomes of the call's result for one of those who wait.
pub(super) type Then<T> = Box<dyn FnOnce(&Behaviour, T) -> Answer + Send>;

/// One of those who wait for a call.
pub(super) struct Waiter<T> {
    pub(super) asker: Asker,
    pub(super) then: Then<T>,
    deadline: Instant,
}

impl<T> Waiter<T> {
    pub(super) fn new(
        asker: &Asker,
        then: impl FnOnce(&Behaviour, T) -> Answer + Send + 'static,
    ) -> Self {
        Self {
            asker: asker.clone(),
            then: Box::new(then),
            deadline: Instant::now() + DEADLINE,
        }
    }

    /// When it has waited long enough.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }
}

/// The place of one call of a kind. `K` tells calls apart that are not the same; `T` is what they bring.
pub(super) struct Slot<K, T>(Option<Box<Flight<K, T>>>);

struct Flight<K, T> {
    key: K,
    waiters: Vec<Waiter<T>>,
}

/// Whether a call may join what is in a [`Slot`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// Nothing is in flight.
    Free,
    /// The same call is in flight.
    Same,
    /// Another call is in flight, or too many wait for this one.
    Busy,
}

impl<K, T> Default for Slot<K, T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: PartialEq, T> Slot<K, T> {
    pub(super) fn fit(&self, key: &K) -> Fit {
        match &self.0 {
            None => Fit::Free,
            Some(flight) if flight.key == *key && flight.waiters.len() < MAX_WAITERS => Fit::Same,
            Some(_) => Fit::Busy,
        }
    }

    /// What is in flight.
    pub(super) fn key(&self) -> Option<&K> {
        self.0.as_ref().map(|flight| &flight.key)
    }

    /// Waits for the call in flight, or for the one that the caller is about to start.
    pub(super) fn wait(&mut self, key: K, waiter: Option<Waiter<T>>) {
        let flight = self.0.get_or_insert_with(|| {
            Box::new(Flight {
                key,
                waiters: Vec::new(),
            })
        });
        flight.waiters.extend(waiter);
    }

    /// The call has ended: what it was, and who still waits for it.
    pub(super) fn finish(&mut self) -> Option<(K, Vec<Waiter<T>>)> {
        let Flight { key, waiters } = *self.0.take()?;
        Some((key, waiters))
    }

    /// Takes out those whose deadline has passed. The call itself runs on.
    pub(super) fn expire(&mut self, now: Instant, late: &mut Vec<Asker>) {
        let Some(flight) = &mut self.0 else { return };
        let expired = flight
            .waiters
            .extract_if(.., |waiter| waiter.deadline <= now);
        late.extend(expired.map(|waiter| waiter.asker));
    }

    /// The next deadline of those who wait.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.as_ref()?.waiters.iter().map(|w| w.deadline).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ipmi_proto::command::app::GetDeviceId;

    fn waiter(number: u64) -> Waiter<()> {
        let route = Route {
            peer: ([127, 0, 0, 1], 4000).into(),
            local: None,
        };
        let asker = Asker::new(number, route, &Request::GetDeviceId(GetDeviceId), None);
        Waiter::new(&asker, |_, ()| Answer::of(Ok(())))
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_outlives_those_who_wait_for_it() {
        let mut slot = Slot::default();
        assert_eq!(slot.fit(&"a"), Fit::Free);
        slot.wait("a", Some(waiter(1)));
        tokio::time::advance(DEADLINE / 2).await;
        slot.wait("a", Some(waiter(2)));
        assert_eq!(slot.deadline(), Some(Instant::now() + DEADLINE / 2));

        tokio::time::advance(DEADLINE / 2).await;
        let mut late = Vec::new();
        slot.expire(Instant::now(), &mut late);
        let numbers: Vec<_> = late.iter().map(|asker| asker.number).collect();
        assert_eq!(numbers, [1]);
        assert_eq!((slot.fit(&"a"), slot.fit(&"b")), (Fit::Same, Fit::Busy));

        let (key, waiters) = slot.finish().unwrap();
        assert_eq!((key, waiters.len()), ("a", 1));
        assert_eq!(slot.fit(&"b"), Fit::Free);
        assert!(slot.finish().is_none());
    }

    #[tokio::test]
    async fn a_call_without_waiters_has_no_deadline() {
        let mut slot: Slot<_, ()> = Slot::default();
        slot.wait("a", None);
        assert_eq!(slot.deadline(), None);
        assert_eq!(slot.fit(&"a"), Fit::Same);
    }
}
