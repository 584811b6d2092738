//! What all domains of a hypervisor do at present: one call for all of them, shared by all who ask within a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::error::host_error;
use super::ffi::stats;
use super::hypervisor::Shared;
use super::inventory::{Domain, Uuid};
use crate::host::{Figures, HostError, MachineState};

/// How old figures may be. A client that reads all sensors gets them from one call.
const FRESH: Duration = Duration::from_secs(1);

/// The least time between two samples that rates are made of.
const SPAN: Duration = Duration::from_millis(500);

/// A sample older than this says nothing about the present any more.
const STALE: Duration = Duration::from_secs(30);

/// The last samples of a hypervisor.
#[derive(Debug, Default)]
pub(super) struct Sampler {
    samples: Mutex<Samples>,
    /// Held by the one who samples; the others wait for what it brings.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Samples {
    last: Option<Arc<Sample>>,
    before: Option<Arc<Sample>>,
}

#[derive(Debug)]
struct Sample {
    at: Instant,
    domains: HashMap<Uuid, Counters>,
}

/// One domain's numbers as libvirt has them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Counters {
    state: u64,
    /// Nanoseconds.
    cpu_time: Option<u64>,
    vcpus: Option<u64>,
    /// KiB, as all of the balloon's numbers.
    current: Option<u64>,
    available: Option<u64>,
    unused: Option<u64>,
    resident: Option<u64>,
    /// Bytes.
    disk_read: Option<u64>,
    disk_written: Option<u64>,
    received: Option<u64>,
    sent: Option<u64>,
}

impl Sampler {
    /// A domain's figures, if they are fresh enough and from its present run.
    pub(super) fn fresh(&self, domain: &Domain) -> Option<Result<Figures, HostError>> {
        let run = domain.on_since();
        let samples = self.samples.lock();
        let last = samples.last.as_ref();
        let last = last.filter(|last| last.at.elapsed() < FRESH)?;
        let before = samples.before.as_ref();
        let before = before.filter(|before| before.is_of(run))?;
        Some(figures(before, last, domain.uuid))
    }

    /// A domain's figures, sampled anew where they are not fresh: twice where there is no sample of its present run yet,
    /// so that the first who asks after a start is told rates too.
    pub(super) async fn sample(
        shared: Arc<Shared>,
        domain: Arc<Domain>,
    ) -> Result<Figures, HostError> {
        let sampler = &shared.figures;
        let _turn = sampler.turn.lock().await;
        if let Some(fresh) = sampler.fresh(&domain) {
            return fresh;
        }
        let run = domain.on_since();
        let usable = |before: &Arc<Sample>| before.at.elapsed() < STALE && before.is_of(run);
        let before = sampler.samples.lock().last.clone();
        let before = match before.filter(usable) {
            Some(before) => before,
            None => Arc::new(take(&shared).await?),
        };
        if let Some(wait) = SPAN.checked_sub(before.at.elapsed()) {
            tokio::time::sleep(wait).await;
        }
        let last = Arc::new(take(&shared).await?);
        let answer = figures(&before, &last, domain.uuid);
        *sampler.samples.lock() = Samples {
            last: Some(last),
            before: Some(before),
        };
        answer
    }
}

impl Sample {
    /// Whether it was taken in a run that began then. A domain that is off has none.
    fn is_of(&self, run: Option<Instant>) -> bool {
        run.is_none_or(|began| self.at >= began)
    }
}

async fn take(shared: &Arc<Shared>) -> Result<Sample, HostError> {
    let call = shared.call(|_, lane| {
        let mut domains: HashMap<Uuid, Counters> = HashMap::new();
        stats::of_all_domains(lane.connect(), |uuid, name, number| {
            domains.entry(uuid).or_default().note(name, number);
        })
        .map_err(|error| host_error(&error))?;
        Ok(Sample {
            at: Instant::now(),
            domains,
        })
    });
    call.await
}

impl Counters {
    fn note(&mut self, name: &str, number: u64) {
        let add = |sum: &mut Option<u64>| *sum = Some(sum.unwrap_or(0).saturating_add(number));
        match name {
            "state.state" => self.state = number,
            "cpu.time" => self.cpu_time = Some(number),
            "vcpu.current" => self.vcpus = Some(number),
            "balloon.current" => self.current = Some(number),
            "balloon.available" => self.available = Some(number),
            "balloon.unused" => self.unused = Some(number),
            "balloon.rss" => self.resident = Some(number),
            _ if name.starts_with("block.") && name.ends_with(".rd.bytes") => {
                add(&mut self.disk_read);
            }
            _ if name.starts_with("block.") && name.ends_with(".wr.bytes") => {
                add(&mut self.disk_written);
            }
            _ if name.starts_with("net.") && name.ends_with(".rx.bytes") => {
                add(&mut self.received);
            }
            _ if name.starts_with("net.") && name.ends_with(".tx.bytes") => add(&mut self.sent),
            _ => {}
        }
    }

    /// What the guest uses, in KiB: as it says itself, or else what the host has given it so far.
    fn memory_used(&self) -> Option<u64> {
        match self.available.zip(self.unused) {
            Some((available, unused)) => Some(available.saturating_sub(unused)),
            None => Some(self.resident?.min(self.current?)),
        }
    }
}

fn figures(before: &Sample, last: &Sample, uuid: Uuid) -> Result<Figures, HostError> {
    let Some(now) = last.domains.get(&uuid) else {
        return Err(HostError::NotFound(uuid.to_string()));
    };
    let state = machine_state(now.state);
    if state == MachineState::Off {
        return Ok(Figures::default());
    }
    let past = before.domains.get(&uuid);
    let seconds = last.at.saturating_duration_since(before.at).as_secs_f64();
    // A counter that went back belongs to another run of the machine.
    let rate = |counter: fn(&Counters) -> Option<u64>| {
        let gained = counter(now)?.checked_sub(counter(past?)?)?;
        (seconds > 0.0).then_some(gained as f64 / seconds)
    };
    let cpus = now.vcpus.unwrap_or(1).max(1) as f64;
    let busy = rate(|counters| counters.cpu_time);
    Ok(Figures {
        state,
        // What the hypervisor itself spends counts with the guest's: it may come to more than all.
        cpu: busy.map(|nanoseconds| (nanoseconds / 1e9 / cpus).min(1.0)),
        memory_used: now.memory_used().map(|kib| kib.saturating_mul(1024)),
        memory: now.current.map(|kib| kib.saturating_mul(1024)),
        disk_read: rate(|counters| counters.disk_read),
        disk_written: rate(|counters| counters.disk_written),
        received: rate(|counters| counters.received),
        sent: rate(|counters| counters.sent),
    })
}

/// virDomainState's numbers.
fn machine_state(number: u64) -> MachineState {
    match number {
        1 | 2 => MachineState::Running,
        3 => MachineState::Paused,
        4 => MachineState::ShuttingDown,
        6 => MachineState::Crashed,
        7 => MachineState::Suspended,
        _ => MachineState::Off,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Uuid = Uuid([1; 16]);

    fn sample(at: Instant, numbers: &[(&str, u64)]) -> Sample {
        let mut counters = Counters::default();
        for (name, number) in numbers {
            counters.note(name, *number);
        }
        Sample {
            at,
            domains: HashMap::from([(A, counters)]),
        }
    }

    #[test]
    fn rates_are_what_was_gained_in_the_time_between() {
        let start = Instant::now();
        let before = [
            ("state.state", 1),
            ("cpu.time", 1_000_000_000),
            ("block.0.rd.bytes", 100),
            ("block.1.rd.bytes", 100),
            ("net.0.rx.bytes", 5_000),
        ];
        let after = [
            ("state.state", 1),
            ("cpu.time", 3_000_000_000),
            ("vcpu.current", 4),
            ("balloon.current", 1024),
            ("balloon.rss", 4096),
            ("block.0.rd.bytes", 300),
            ("block.1.rd.bytes", 100),
            ("net.0.rx.bytes", 1_000),
        ];
        let last = sample(start + Duration::from_secs(2), &after);
        let figures = figures(&sample(start, &before), &last, A).unwrap();
        assert_eq!(figures.cpu, Some(0.25));
        assert_eq!(figures.disk_read, Some(100.0));
        assert_eq!(figures.received, None, "it began anew");
        assert_eq!(figures.sent, None, "nobody told");
        assert_eq!(figures.memory, Some(1 << 20));
        assert_eq!(figures.memory_used, Some(1 << 20));
    }

    #[test]
    fn a_machine_that_is_off_does_nothing() {
        let now = Instant::now();
        let off = sample(now, &[("state.state", 5), ("balloon.current", 1024)]);
        assert_eq!(figures(&off, &off, A), Ok(Figures::default()));
        assert!(figures(&off, &off, Uuid([2; 16])).is_err());
    }
}
