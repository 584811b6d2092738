//! A BMC's behaviour over a simulated machine, without sockets, for the tests of every command.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use ipmi_proto::bmc::{Answer, PayloadProtection, Requester};
use ipmi_proto::command::app::UserId;
use ipmi_proto::command::{Command, Request, lookup};
use ipmi_proto::handshake::Username;
use ipmi_proto::wire::Decode as _;
use ipmi_proto::{CompletionCode, Privilege};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{Asker, Behaviour, Deliveries, Loaded, Outcome, Sessions};
use crate::Secret;
use crate::bmc::mailbox::{Inbox, Message, mailbox};
use crate::bmc::net::Route;
use crate::bmc::{EventRecord, Settings, State, Store};
use crate::host::simulated::Machine;
use crate::host::{Host as _, PowerStatus, Reply};
use crate::registry::UserRecord;

pub(super) struct Bench {
    pub(super) behaviour: Behaviour,
    pub(super) machine: Machine,
    pub(super) store: Arc<Shelf>,
    /// The session that asks.
    pub(super) session: u32,
    pub(super) sessions: Open,
    inbox: Inbox,
    sent: u64,
    answers: HashMap<u64, Answer>,
}

/// What the protocol's side says about sessions.
#[derive(Default)]
pub(super) struct Open {
    pub(super) count: usize,
    pub(super) ended: Vec<u32>,
    /// How payloads are protected; none: these are sessions of IPMI 1.5.
    pub(super) protection: Option<PayloadProtection>,
}

impl Sessions for Open {
    fn count(&self) -> usize {
        self.count
    }

    fn is_active(&self, session: u32) -> bool {
        !self.ended.contains(&session)
    }

    fn payload_protection(&self, _: u32) -> Option<PayloadProtection> {
        self.protection
    }
}

/// A store in memory.
#[derive(Default)]
pub(super) struct Shelf {
    saved: Mutex<Vec<UserRecord>>,
    state: Mutex<State>,
    kg: Mutex<Option<Secret>>,
    events: Mutex<Vec<EventRecord>>,
    failure: Mutex<Option<io::ErrorKind>>,
}

impl Shelf {
    pub(super) fn fail(&self, kind: io::ErrorKind) {
        *self.failure.lock() = Some(kind);
    }

    pub(super) fn mend(&self) {
        *self.failure.lock() = None;
    }

    fn check(&self) -> io::Result<()> {
        self.failure.lock().map_or(Ok(()), |kind| Err(kind.into()))
    }

    /// The key that was saved last.
    pub(super) fn kg(&self) -> Option<Secret> {
        self.kg.lock().clone()
    }

    /// What was saved last.
    pub(super) fn state(&self) -> State {
        self.state.lock().clone()
    }
}

impl Store for Shelf {
    fn save_user(&self, user: &UserRecord) -> io::Result<()> {
        self.check()?;
        self.saved.lock().push(user.clone());
        Ok(())
    }

    fn save_kg(&self, kg: Option<&Secret>) -> io::Result<()> {
        self.check()?;
        *self.kg.lock() = kg.cloned();
        Ok(())
    }

    fn save_state(&self, state: &State) -> io::Result<()> {
        self.check()?;
        *self.state.lock() = state.clone();
        Ok(())
    }

    fn append_events(&self, records: &[EventRecord]) -> io::Result<()> {
        self.check()?;
        self.events.lock().extend(records);
        Ok(())
    }

    fn replace_events(&self, records: &[EventRecord]) -> io::Result<()> {
        self.check()?;
        *self.events.lock() = records.to_vec();
        Ok(())
    }
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::restarted(State::default(), change)
    }

    /// A BMC that finds this state kept.
    pub(super) fn restarted(state: State, change: impl FnOnce(&mut Settings)) -> Self {
        let events = Vec::new();
        Self::loaded(Loaded { state, events }, change)
    }

    /// A BMC that finds what this one has kept.
    pub(super) fn restart(&self) -> Self {
        let loaded = Loaded {
            state: self.store.state(),
            events: self.store.events.lock().clone(),
        };
        Self::loaded(loaded, |_| {})
    }

    fn loaded(loaded: Loaded, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new("bmc", ([127, 0, 0, 1], 623).into());
        change(&mut settings);
        let machine = Machine::new("machine");
        let store = Arc::new(Shelf::default());
        let (mailbox, inbox) = mailbox();
        let host = Arc::new(machine.clone());
        Self {
            behaviour: Behaviour::new(settings, loaded, host, store.clone(), mailbox),
            machine,
            store,
            session: 1,
            sessions: Open::default(),
            inbox,
            sent: 0,
            answers: HashMap::new(),
        }
    }

    /// All that was saved so far.
    pub(super) fn saved(&self) -> Vec<UserRecord> {
        self.store.saved.lock().clone()
    }

    /// Sends a request and returns its number, for [`answer`](Self::answer).
    pub(super) fn send<C: Command>(&mut self, request: C) -> u64 {
        let mut data = Vec::new();
        request.encode(&mut data);
        let row = lookup(C::NETFN, C::CODE).unwrap();
        let request: Request = (row.decode)(&data).unwrap();
        self.sent += 1;
        let route = Route {
            peer: ([127, 0, 0, 1], 4000).into(),
            local: Some([127, 0, 0, 1].into()),
        };
        let requester = Requester {
            session: self.session,
            user: UserId::new(2).unwrap(),
            username: Username::new(b"admin").unwrap(),
            privilege: Privilege::Administrator,
        };
        let asker = Asker::new(self.sent, route, &request, Some(requester));
        let outcome = self.behaviour.handle(&request, &asker, &self.sessions);
        if let Outcome::Answered(answer) = outcome {
            self.answers.insert(self.sent, answer);
        }
        self.sent
    }

    /// What a request was answered with by now.
    pub(super) fn answer(&mut self, number: u64) -> Option<Result<Vec<u8>, CompletionCode>> {
        let late = self.behaviour.timeout(Instant::now());
        self.keep(late);
        let answer = self.answers.get(&number)?;
        Some(match answer.completion() {
            CompletionCode::Ok => Ok(answer.data().to_vec()),
            code => Err(code),
        })
    }

    /// Sends a request that is answered at once.
    pub(super) fn ask<C: Command>(&mut self, request: C) -> Result<C::Response, CompletionCode> {
        let number = self.send(request);
        let answer = self.answer(number).expect("an answer at once");
        answer.map(|data| C::Response::decode(&data).unwrap())
    }

    /// Sends a request whose answer may wait for a call.
    pub(super) async fn change<C: Command>(
        &mut self,
        request: C,
    ) -> Result<C::Response, CompletionCode> {
        let number = self.send(request);
        let answer = loop {
            if let Some(answer) = self.answer(number) {
                break answer;
            }
            self.settle().await;
        };
        answer.map(|data| C::Response::decode(&data).unwrap())
    }

    /// The machine's power.
    pub(super) fn power(&self) -> PowerStatus {
        match self.machine.power() {
            Reply::Now(power) => power.expect("a machine without faults"),
            Reply::Later(_) => panic!("the simulated machine answers at once"),
        }
    }

    /// Waits for all calls in flight, and for those that they lead to.
    pub(super) async fn settle_all(&mut self) {
        while self.behaviour.is_busy() {
            self.settle().await;
        }
    }

    /// Waits for a call in flight.
    pub(super) async fn settle(&mut self) {
        let message = self.inbox.recv().await.unwrap();
        let answers = match *message {
            Message::Done(done) => self.behaviour.done(done),
            Message::Console => self.behaviour.console_changed(),
            _ => panic!("not the end of a call"),
        };
        self.keep(answers);
    }

    fn keep(&mut self, deliveries: Deliveries) {
        for (asker, answer) in deliveries {
            self.answers.insert(asker.number, answer);
        }
    }
}
