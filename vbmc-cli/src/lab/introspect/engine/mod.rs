//! Takes many nodes through at once: reads all of them, lets each [`Machine`] say its next step, and takes the steps
//! while the others are read again. Nothing is decided here.
//!
//! | Module | What lives there |
//! |---|---|
//! | `read` | nodes as Ironic tells of them, and as machines see them |
//! | `act` | requests, and what the answers mean |
//! | `unit` | one node with its machine, and what was told of it |

mod act;
mod read;
mod unit;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::act::Happened;
use self::read::Reading;
use self::unit::Unit;
use super::machine::{Around, Ending, Fetched, Machine, Step, Switch, Wanted};
use super::register::Intent;
use super::register::Member;
use super::server::Server;
use super::tell::{self, Place};
use crate::lab::report::{Outcome, Reporter};
use crate::lab::vbmcd_log::{Said, VbmcdLog};
use crate::openstack::Error;

/// How long a server may answer with faults of its own before the run is given up. While it starts, it does.
const FAULTS_LIMIT: Duration = Duration::from_secs(120);

/// What holds for all nodes of a run.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) intent: Intent,
    pub(super) attempts: u32,
    /// Whether the operator is asked to confirm what only they can do.
    pub(super) confirm: bool,
    pub(super) place: Place,
}

/// Runs until every node has ended.
pub(super) async fn run(
    report: &Reporter,
    server: Arc<Server>,
    members: Vec<Member>,
    terms: Terms,
) -> anyhow::Result<()> {
    let units = members
        .into_iter()
        .map(|member| {
            let wanted = Wanted {
                again: terms.intent.again,
                clean: terms.intent.clean,
                provide: terms.intent.provide,
                manual: member.spec.is_manual(),
                ours: member.ours,
                attempts: terms.attempts,
                timeout: terms.place.timeout,
            };
            Unit::new(member, Machine::new(wanted))
        })
        .collect();
    let engine = Engine {
        report: report.clone(),
        server,
        terms,
        units,
        actions: JoinSet::new(),
        questions: JoinSet::new(),
        log: VbmcdLog::from_now().map(Arc::new),
        faulty_since: None,
    };
    engine.run().await
}

struct Engine {
    report: Reporter,
    server: Arc<Server>,
    terms: Terms,
    units: Vec<Unit>,
    /// Steps that are being taken, with the number of their unit.
    actions: JoinSet<(usize, Happened)>,
    /// What the operator was asked.
    questions: JoinSet<(usize, Switch, Option<bool>)>,
    /// What vbmcd has logged since the run began.
    log: Option<Arc<VbmcdLog>>,
    faulty_since: Option<Instant>,
}

impl Engine {
    async fn run(mut self) -> anyhow::Result<()> {
        while self.units.iter().any(|unit| !unit.ended) {
            // What is read counts for nodes that nothing was done with meanwhile.
            let idle: Vec<_> = (0..self.units.len())
                .filter(|&number| self.units.get(number).is_some_and(Unit::is_idle))
                .collect();
            if !idle.is_empty()
                && let Some(readings) = self.read(&idle).await?
            {
                for number in idle {
                    self.decide(number, &readings);
                }
            }
            self.pause().await?;
        }
        // Questions that nobody waits for any more keep their threads until they are answered.
        self.questions.detach_all();
        Ok(())
    }

    /// Reads nodes; nothing where the server has trouble of its own that may pass.
    async fn read(
        &mut self,
        numbers: &[usize],
    ) -> anyhow::Result<Option<BTreeMap<String, Reading>>> {
        let uuids: Vec<_> = numbers
            .iter()
            .filter_map(|&number| self.units.get(number))
            .map(|unit| unit.member.uuid.as_str())
            .collect();
        match read::read(&self.server, &uuids).await {
            Ok(readings) => {
                self.faulty_since = None;
                Ok(Some(readings))
            }
            Err(error @ (Error::Server(_) | Error::NoConductor(_) | Error::Interrupted { .. })) => {
                let since = *self.faulty_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= FAULTS_LIMIT {
                    return Err(error).context("Ironic has trouble that does not pass");
                }
                tracing::warn!("{error}; trying on");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn decide(&mut self, number: usize, readings: &BTreeMap<String, Reading>) {
        let all_ready = self
            .units
            .iter()
            .all(|unit| unit.ended || unit.machine.is_ready());
        let inspected = self.units.iter().filter(|unit| unit.takes_slot()).count();
        let around = Around {
            now: Instant::now(),
            slot: inspected < self.terms.place.concurrency,
            all_ready,
        };
        let Some(unit) = self.units.get_mut(number) else {
            return;
        };
        let Some(reading) = readings.get(&unit.member.uuid) else {
            unit.machine.give_up();
            let gone =
                "somebody has deleted it from Ironic meanwhile; run this again to register it";
            unit.end(&self.report, Outcome::Failed, gone);
            return;
        };
        let step = unit.machine.next(&reading.view, around);
        if let Some(setback) = unit.machine.take_setback() {
            let text = format!(
                "{}; it is switched off, and inspected again",
                tell::quoted(&setback)
            );
            self.report.warning(&unit.subject, text);
        }
        unit.view = Some(reading.view.clone());
        match step {
            Step::Wait(waiting) => {
                let waits_for = tell::waiting(waiting, reading.power.as_ref(), &self.terms.place);
                unit.show(&self.report, reading, waits_for);
            }
            Step::Send(request) => {
                let waits_for = format!("Ironic to {}", request.verb());
                unit.show(&self.report, reading, waits_for);
                unit.sending = Some(request);
                unit.busy = true;
                let (server, uuid) = (Arc::clone(&self.server), unit.member.uuid.clone());
                self.actions.spawn(async move {
                    let heard = act::send(&server, &uuid, request).await;
                    (number, Happened::Heard(request, heard))
                });
            }
            Step::Fetch => {
                unit.busy = true;
                let (server, uuid) = (Arc::clone(&self.server), unit.member.uuid.clone());
                let (results, name) = (self.terms.place.results.clone(), unit.member.spec.label());
                self.actions.spawn(async move {
                    let fetched = act::fetch(&server, &uuid, &results, &name).await;
                    (number, Happened::Fetched(fetched))
                });
            }
            Step::Ask(switch) => self.ask(number, switch),
            Step::End(ending) => self.end(number, ending),
        }
    }

    /// Waits until something is worth looking at.
    async fn pause(&mut self) -> anyhow::Result<()> {
        // Many nodes take longer to read, and change no faster.
        let interval = match self.units.len() {
            0..=50 => Duration::from_secs(1),
            51..=500 => Duration::from_secs(2),
            _ => Duration::from_secs(5),
        };
        tokio::select! {
            () = sleep(interval) => {}
            Some(joined) = self.actions.join_next() => self.happened(joined?),
            Some(joined) = self.questions.join_next() => self.answered(joined?),
        }
        while let Some(joined) = self.actions.try_join_next() {
            self.happened(joined?);
        }
        Ok(())
    }

    fn happened(&mut self, (number, happened): (usize, Happened)) {
        let Some(unit) = self.units.get_mut(number) else {
            return;
        };
        unit.busy = false;
        let Some(view) = unit.view.clone() else {
            return;
        };
        let now = Instant::now();
        let fetched = match happened {
            Happened::Heard(request, heard) => {
                tracing::debug!("{}: {request:?}: {heard:?}", unit.subject);
                unit.sending = None;
                unit.machine.heard(request, &view, heard, now);
                return;
            }
            Happened::Explained(failure, vbmcd) => {
                let ending = Ending::Failed(failure);
                return self.conclude(number, &ending, vbmcd.as_ref());
            }
            Happened::Fetched(Ok(fetched)) => fetched,
            Happened::Fetched(Err(error)) => {
                unit.failed_fetches += 1;
                if unit.failed_fetches < act::FETCHES {
                    tracing::debug!("{}: {error}; trying on", unit.subject);
                    return;
                }
                Fetched::Failed(error.to_string())
            }
        };
        if unit.machine.has_inspected() && fetched == Fetched::Nothing {
            let nothing = "was inspected, but Ironic keeps nothing of what was found";
            self.report.warning(&unit.subject, nothing);
        }
        if let Some(Step::End(ending)) = unit.machine.fetched(&view, fetched, now) {
            self.end(number, ending);
        }
    }

    fn end(&mut self, number: usize, ending: Ending) {
        match ending {
            Ending::Failed(failure) => {
                let Some(unit) = self.units.get_mut(number) else {
                    return;
                };
                unit.busy = true;
                let (server, uuid) = (Arc::clone(&self.server), unit.member.uuid.clone());
                let (domain, log) = (unit.member.spec.domain.clone(), self.log.clone());
                self.actions.spawn(async move {
                    let explained = act::explain(&server, &uuid, domain, log, failure).await;
                    (number, explained)
                });
            }
            ending => self.conclude(number, &ending, None),
        }
    }

    fn conclude(&mut self, number: usize, ending: &Ending, vbmcd: Option<&Said>) {
        let Some(unit) = self.units.get_mut(number) else {
            return;
        };
        let (outcome, detail) = tell::ending(ending, vbmcd, &unit.member.spec, &self.terms.place);
        unit.end(&self.report, outcome, &detail);
        if unit.machine.is_left_on() {
            self.report
                .note(&unit.subject, "can be switched off now, by hand");
        }
    }

    /// Tells the operator what to do, and lets them confirm it where they can.
    fn ask(&mut self, number: usize, switch: Switch) {
        let Some(unit) = self.units.get_mut(number) else {
            return;
        };
        self.report.note(&unit.subject, unit.instruction(switch));
        if !self.terms.confirm {
            unit.machine.switched(switch, Instant::now());
            return;
        }
        self.question(number, switch);
    }

    fn question(&mut self, number: usize, switch: Switch) {
        let Some(unit) = self.units.get(number) else {
            return;
        };
        let report = self.report.clone();
        // Short: it shares a line of the terminal with the answer.
        let question = format!("Is {} {switch} now?", unit.member.spec.label());
        self.questions
            .spawn_blocking(move || (number, switch, report.ask(&question)));
    }

    fn answered(&mut self, (number, switch, answer): (usize, Switch, Option<bool>)) {
        let Some(unit) = self.units.get_mut(number) else {
            return;
        };
        if answer == Some(false) && unit.machine.waits_for(switch) {
            // Not yet, that is: whoever gives up ends the run.
            return self.question(number, switch);
        }
        unit.machine.switched(switch, Instant::now());
    }
}
