//! The task of one BMC: waits for datagrams, ended calls, the next timeout and orders, and passes them on.
//!
//! There may be 10,000 of these tasks. What an idle one holds is its [`Task`] and nothing else: no timer, no buffer.

mod line;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::time::Duration;

use ipmi_proto::Time;
use ipmi_proto::bmc::{Answer, Config, Endpoint, Event, Incoming, PayloadProtection, Token};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::Settings;
use super::behaviour::{Asker, Behaviour, Deliveries, Effect, Outcome, Sessions};
use super::mailbox::{Inbox, Message};
use super::net::{BUFFER, Route, Socket, overlap, shown};
use super::settings;

/// How many datagrams are taken before the other tasks have their turn. At some 5 µs each (one MAC, one AES block or
/// two) that is a sixth of a millisecond, during which nobody else on this thread is answered.
const BURST: usize = 32;

/// How long a BMC that is to stop waits for its last writes. Below the 5 s for which `vbmc` waits for its daemon.
const LAST_WRITES: Duration = Duration::from_secs(2);

/// Room for an answer, so that encoding one does not grow its buffer: the largest IPMI message is 255 bytes, its
/// headers and trailers around 60.
const ANSWER: usize = 384;

/// One BMC, as its task has it.
pub(super) struct Task {
    socket: Socket,
    endpoint: Endpoint,
    behaviour: Behaviour,
    inbox: Inbox,
    /// The requests that wait for a call, by number.
    waiting: Vec<(u64, Token)>,
    /// The number of the last request.
    last: u64,
    /// What the endpoint's clock counts from.
    origin: Instant,
    /// Rings no later than the next timeout; an early one is harmless. None while nothing can time out.
    alarm: Option<Pin<Box<Sleep>>>,
}

/// The promise is 8 KB for an idle BMC; its socket, its buffers in tokio and its users take most of them.
const _: () = assert!(size_of::<Task>() <= 1280);

impl Sessions for Endpoint {
    fn count(&self) -> usize {
        self.active_sessions()
    }

    fn is_active(&self, session: u32) -> bool {
        self.is_active(session)
    }

    fn payload_protection(&self, session: u32) -> Option<PayloadProtection> {
        self.payload_protection(session)
    }
}

impl Task {
    /// Boxed, since a future that owns its task by value holds it twice.
    pub(super) fn new(
        socket: Socket,
        config: Config,
        behaviour: Behaviour,
        inbox: Inbox,
    ) -> Box<Self> {
        Box::new(Self {
            socket,
            endpoint: Endpoint::new(config, &mut rand::rng()),
            behaviour,
            inbox,
            waiting: Vec::new(),
            last: 0,
            origin: Instant::now(),
            alarm: None,
        })
    }

    /// Runs until it is told to stop.
    pub(super) async fn run(mut self: Box<Self>) {
        self.set_alarm();
        let stopped = loop {
            tokio::select! {
                biased;
                message = self.inbox.recv() => match message.map(|message| *message) {
                    Some(Message::Stop(stopped)) => break Some(stopped),
                    Some(message) => self.guarded(|task| task.take(message)),
                    None => break None,
                },
                ready = self.socket.readable() => match ready {
                    Ok(()) => {
                        let mut more = false;
                        self.guarded(|task| more = task.burst());
                        if more {
                            tokio::task::yield_now().await;
                        }
                    }
                    // The runtime is shutting down.
                    Err(_) => break None,
                },
                () = ring(&mut self.alarm) => {
                    self.alarm = None;
                    self.guarded(Self::timeout);
                }
            }
            self.guarded(|task| task.serve_line(task.now()));
            self.set_alarm();
        };
        if let Some(stopped) = stopped {
            self.guarded(Self::end_line);
            // Boxed, or every BMC would hold the room for it while it runs.
            let _ = timeout(LAST_WRITES, Box::pin(self.last_writes())).await;
            drop(self);
            let _ = stopped.send(());
        }
    }

    /// Waits until everything that was set, or has happened, is on the disk: writes that follow those under way too.
    async fn last_writes(&mut self) {
        while self.behaviour.is_writing() {
            match self.inbox.recv().await.map(|message| *message) {
                Some(Message::Done(done)) => self.guarded(|task| task.take(Message::Done(done))),
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Does a step. A panic in it costs this BMC its sessions, and nobody else anything.
    fn guarded(&mut self, step: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| step(self))).is_err() {
            tracing::error!(
                bmc = self.behaviour.settings().name,
                "a fault of this program; the BMC starts anew, its sessions have ended"
            );
            self.waiting.clear();
            self.behaviour.restart();
            self.behaviour.keep_history();
            let config = self.endpoint.config().clone();
            self.endpoint = Endpoint::new(config, &mut rand::rng());
        }
    }

    fn now(&self) -> Time {
        Time::from_origin(self.origin.elapsed())
    }

    /// Takes what has arrived, up to [`BURST`] datagrams. True if there may be more.
    fn burst(&mut self) -> bool {
        let mut buffer = [0; BUFFER];
        let mut out = Vec::with_capacity(ANSWER);
        let now = self.now();
        self.behaviour.learn_guid();
        self.apply_effects();
        for _ in 0..BURST {
            match self.socket.try_recv(&mut buffer) {
                Ok((BUFFER, route)) => {
                    tracing::trace!(bmc = self.name(), peer = %shown(route.peer), "too large, dropped");
                }
                Ok((len, route)) => self.datagram(now, &mut buffer[..len], route, &mut out),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                // An earlier answer did not arrive (ICMP), or this datagram could not be read.
                Err(error) => tracing::trace!(bmc = self.name(), %error, "not received"),
            }
        }
        true
    }

    fn datagram(&mut self, now: Time, datagram: &mut [u8], route: Route, out: &mut Vec<u8>) {
        let mut rng = rand::rng();
        match self
            .endpoint
            .handle(now, route.peer, datagram, &mut rng, out)
        {
            Event::Reply => self.send(out, route),
            Event::Request(incoming) => self.request(now, incoming, route, out),
            Event::Sol { .. } => self.exchange_line(),
            Event::Dropped(reason) => {
                tracing::trace!(bmc = self.name(), peer = %shown(route.peer), %reason, "dropped");
            }
        }
        self.tell_refused_logins();
    }

    fn tell_refused_logins(&mut self) {
        while let Some(refused) = self.endpoint.poll_refused_login() {
            self.behaviour.login_refused(&refused);
        }
    }

    fn request(&mut self, now: Time, incoming: Incoming, route: Route, out: &mut Vec<u8>) {
        let Incoming {
            token,
            request,
            requester,
        } = incoming;
        self.last += 1;
        let asker = Asker::new(self.last, route, &request, requester);
        let outcome = self.behaviour.handle(&request, &asker, &self.endpoint);
        self.open_line();
        match outcome {
            Outcome::Answered(answer) => self.respond(now, token, answer, route, out),
            Outcome::Later => self.waiting.push((asker.number, token)),
        }
        self.apply_effects();
    }

    fn respond(
        &mut self,
        now: Time,
        token: Token,
        answer: Answer,
        route: Route,
        out: &mut Vec<u8>,
    ) {
        let sent = self
            .endpoint
            .respond(now, token, answer, &mut rand::rng(), out);
        if let Some(peer) = sent {
            self.send(out, Route { peer, ..route });
        }
    }

    /// Sends an answer; one that cannot be sent is lost, as on the way it might be.
    fn send(&self, datagram: &[u8], route: Route) {
        if let Err(error) = self.socket.try_send(datagram, route) {
            tracing::debug!(bmc = self.name(), peer = %shown(route.peer), %error, "answer not sent");
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Done(done) => {
                let answers = self.behaviour.done(done);
                self.deliver(answers);
            }
            Message::Update(settings) => self.update(settings),
            Message::Bind(listen, bound) => {
                // Nobody waits for it any more: it is closed again.
                let _ = bound.send(self.socket.bind_another(listen));
            }
            Message::Move(socket, settings, moved) => {
                self.relocate(socket);
                self.update(settings);
                let _ = moved.send(());
            }
            Message::Happened(change) => {
                self.behaviour.happened(change);
                self.apply_effects();
            }
            Message::Console => {
                let answers = self.behaviour.console_changed();
                self.deliver(answers);
            }
            Message::Stop(_) => {} // taken by `run`
        }
    }

    fn timeout(&mut self) {
        let now = self.now();
        self.endpoint.handle_timeout(now);
        self.tell_refused_logins();
        let answers = self.behaviour.timeout(Instant::now());
        self.deliver(answers);
    }

    /// Answers those who waited.
    fn deliver(&mut self, answers: Deliveries) {
        self.open_line();
        let now = self.now();
        let mut out = Vec::new();
        for (asker, answer) in answers {
            let mut waiting = self.waiting.iter();
            let Some(place) = waiting.position(|(number, _)| *number == asker.number) else {
                continue;
            };
            let (_, token) = self.waiting.swap_remove(place);
            self.respond(now, token, answer, asker.route, &mut out);
        }
        self.apply_effects();
    }

    fn apply_effects(&mut self) {
        for effect in self.behaviour.take_effects() {
            match effect {
                Effect::EndAllSessions { except } => self.endpoint.close_all(except),
                Effect::EndSessionsOf { user, except } => {
                    self.endpoint.close_sessions_of(user, except);
                }
                Effect::ConfigChanged => self.configure(),
                Effect::DeactivateSol { session, reason } => {
                    self.endpoint.deactivate_sol(session, reason);
                }
                Effect::GuidKnown(guid) => self.endpoint.config_mut().guid = guid,
            }
        }
    }

    /// Goes on at another address. Sessions end that would have to find it there.
    fn relocate(&mut self, socket: Socket) {
        if !overlap(self.socket.local_addr(), socket.local_addr()) {
            self.end_line();
            self.endpoint.close_all(None);
        }
        self.socket = socket;
    }

    /// Takes over changed settings, or keeps the old ones if these cannot be.
    fn update(&mut self, new: Settings) {
        match settings::config(&new, self.behaviour.limit()) {
            Ok(config) => {
                let old = self.endpoint.config();
                if config.suites != old.suites || config.v15 != old.v15 {
                    settings::warn_of_weakness(&new.name, &config);
                }
                self.behaviour.update(new);
                self.configure();
                self.apply_effects();
            }
            Err(error) => {
                tracing::error!(bmc = self.name(), %error, "the changed settings are not taken");
            }
        }
    }

    /// Brings the endpoint in step with the settings, and with what was set over IPMI.
    fn configure(&mut self) {
        match self.behaviour.endpoint_config() {
            Ok(config) => {
                let guid = self.endpoint.config().guid;
                *self.endpoint.config_mut() = Config { guid, ..config };
            }
            Err(error) => tracing::error!(bmc = self.name(), %error, "settings not changed"),
        }
    }

    fn set_alarm(&mut self) {
        let endpoint = self.endpoint.poll_timeout();
        let endpoint = endpoint.map(|time| self.origin + time.elapsed());
        let next = endpoint.into_iter().chain(self.behaviour.deadline()).min();
        match (next, &mut self.alarm) {
            (None, alarm) => *alarm = None,
            (Some(next), Some(alarm)) if alarm.deadline() <= next => {}
            (Some(next), Some(alarm)) => alarm.as_mut().reset(next),
            (Some(next), alarm) => *alarm = Some(Box::pin(sleep_until(next))),
        }
    }

    fn name(&self) -> &str {
        &self.behaviour.settings().name
    }
}

/// Waits for the alarm, for ever if there is none.
async fn ring(alarm: &mut Option<Pin<Box<Sleep>>>) {
    match alarm {
        Some(alarm) => alarm.await,
        None => std::future::pending().await,
    }
}
