//! A BMC's behaviour over a simulated machine, without sockets, for the tests of every command.

use std::collections::HashMap;
use std::sync::Arc;

use ipmi_proto::bmc::{Answer, Requester, Token};
use ipmi_proto::command::{Command, Request, lookup};
use ipmi_proto::handshake::Username;
use ipmi_proto::wire::{Decode as _, Encode as _};
use ipmi_proto::{CompletionCode, Privilege};
use tokio::time::Instant;

use super::{Asker, Behaviour, Deliveries, Outcome};
use crate::bmc::Settings;
use crate::bmc::mailbox::{Inbox, Message, mailbox};
use crate::bmc::net::Route;
use crate::host::simulated::Machine;

pub(super) struct Bench {
    pub(super) behaviour: Behaviour,
    pub(super) machine: Machine,
    /// The session that asks.
    pub(super) session: u32,
    inbox: Inbox,
    sent: u64,
    answers: HashMap<u64, Answer>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new("bmc", ([127, 0, 0, 1], 623).into());
        change(&mut settings);
        let machine = Machine::new("machine");
        let (mailbox, inbox) = mailbox();
        Self {
            behaviour: Behaviour::new(settings, Arc::new(machine.clone()), mailbox),
            machine,
            session: 1,
            inbox,
            sent: 0,
            answers: HashMap::new(),
        }
    }

    /// Sends a request and returns its number, for [`answer`](Self::answer).
    pub(super) fn send<C: Command>(&mut self, request: C) -> u64 {
        let mut data = Vec::new();
        request.encode(&mut data);
        let row = lookup(C::NETFN, C::CODE).unwrap();
        let request: Request = (row.decode)(&data).unwrap();
        self.sent += 1;
        let asker = Asker::new(
            Token(self.sent),
            Route {
                peer: ([127, 0, 0, 1], 4000).into(),
                local: Some([127, 0, 0, 1].into()),
            },
            &request,
            Some(Requester {
                session: self.session,
                user_id: 2,
                username: Username::new(b"admin").unwrap(),
                privilege: Privilege::Administrator,
            }),
        );
        if let Outcome::Answered(answer) = self.behaviour.handle(&request, &asker) {
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

    /// Waits for a call in flight.
    pub(super) async fn settle(&mut self) {
        let message = self.inbox.recv().await.unwrap();
        let Message::Done(done) = *message else {
            panic!("not the end of a call")
        };
        let answers = self.behaviour.done(done);
        self.keep(answers);
    }

    fn keep(&mut self, deliveries: Deliveries) {
        for (asker, answer) in deliveries {
            self.answers.insert(asker.token.0, answer);
        }
    }
}
