//! One node of a run: its machine, what is being done with it, and what was told of it last.

use jiff::Timestamp;

use super::read::Reading;
use crate::lab::introspect::machine::{Machine, NodeView, Request, Switch};
use crate::lab::introspect::register::Member;
use crate::lab::report::{Outcome, Progress, Reporter, Subject};

#[derive(Debug)]
pub(super) struct Unit {
    pub(super) member: Member,
    pub(super) subject: Subject,
    pub(super) machine: Machine,
    /// As last read.
    pub(super) view: Option<NodeView>,
    /// A step is being taken: what is read meanwhile may be out of date.
    pub(super) busy: bool,
    pub(super) sending: Option<Request>,
    pub(super) failed_fetches: u32,
    pub(super) ended: bool,
    shown: Option<Shown>,
}

/// What the last progress said, and of what.
#[derive(Debug, PartialEq)]
struct Shown {
    state: String,
    since: Option<Timestamp>,
    waits_for: String,
    /// Why it was refused before.
    says: Option<String>,
}

impl Unit {
    pub(super) fn new(member: Member, machine: Machine) -> Self {
        Self {
            subject: member.subject(),
            member,
            machine,
            view: None,
            busy: false,
            sending: None,
            failed_fetches: 0,
            ended: false,
            shown: None,
        }
    }

    /// Whether what is read of it now says what to do next.
    pub(super) fn is_idle(&self) -> bool {
        !self.busy && !self.ended
    }

    /// Whether it takes one of the places for inspection, or is about to.
    pub(super) fn takes_slot(&self) -> bool {
        self.machine.takes_slot() || self.sending == Some(Request::Inspect)
    }

    /// Tells how far it is, if that is news.
    pub(super) fn show(&mut self, report: &Reporter, reading: &Reading, waits_for: String) {
        let shown = Shown {
            state: reading.state.clone(),
            since: reading.view.since,
            waits_for,
            says: self.machine.refusal().map(str::to_owned),
        };
        if self.shown.as_ref() == Some(&shown) {
            return;
        }
        let progress = Progress {
            state: shown.state.clone(),
            since: reading.since_here,
            waits_for: Some(shown.waits_for.clone()),
            says: shown.says.clone(),
            ..Progress::default()
        };
        report.progress(&self.subject, progress);
        self.shown = Some(shown);
    }

    pub(super) fn end(&mut self, report: &Reporter, outcome: Outcome, detail: &str) {
        self.ended = true;
        report.outcome(&self.subject, outcome, detail);
    }

    /// What the operator is to do.
    pub(super) fn instruction(&self, switch: Switch) -> String {
        let ports = self.member.spec.ports.iter();
        let macs: Vec<_> = ports.map(|port| port.address.as_str()).collect();
        let which = match &*macs {
            [] => String::new(),
            macs => format!(" (MAC address {})", macs.join(", ")),
        };
        match switch {
            Switch::On => format!("switch it on now{which}, and let it boot from the network"),
            Switch::Off => format!("switch it off now{which}"),
        }
    }
}
