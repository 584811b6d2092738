//! The threads that call libvirt for one connection: a few, behind a bounded queue.
//!
//! A hypervisor that hangs holds these threads and nothing else: neither the async runtime nor the connections to other
//! hypervisors notice. Threads are started when there is work and end when there has been none for a while.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::hypervisor::Shared;
use super::inventory::Uuid;
use super::upkeep::{self, Chore};
use crate::host::HostError;

/// How many calls run at once. Each has a connection to itself, which the hypervisor keeps a thread or a process for.
pub(super) const THREADS: usize = 4;

/// How many calls may wait. Enough for a rack full of machines to be switched at once; more would wait past every
/// client's patience.
const QUEUE: usize = 4096;

/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce(&Shared) + Send>;

/// A queue and the threads that serve it.
#[derive(Default)]
pub(super) struct Pool {
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// What is to be looked after, one chore for each domain. Bounded by the number of domains.
    chores: BTreeMap<Uuid, Chore>,
    /// Those that failed and are tried again later.
    failed: BTreeMap<Uuid, Chore>,
    /// Chores run one at a time, so that a listing of thousands of domains never keeps clients waiting.
    chore_running: bool,
    threads: usize,
    idle: usize,
    stopped: bool,
}

enum Task {
    Job(Job),
    Chore(Uuid, Chore),
}

impl Pool {
    /// Has `job` called on one of the threads.
    ///
    /// # Errors
    ///
    /// [`HostError::Unavailable`] when the queue is full.
    pub(super) fn submit(&self, shared: &Arc<Shared>, job: Job) -> Result<(), HostError> {
        let mut state = self.state.lock();
        if state.jobs.len() >= QUEUE {
            return Err(HostError::Unavailable(format!(
                "{QUEUE} calls are waiting for this hypervisor already"
            )));
        }
        state.jobs.push_back(job);
        self.wake(&mut state, shared);
        Ok(())
    }

    /// Has these domains looked after when there is time.
    pub(super) fn look_after(
        &self,
        shared: &Arc<Shared>,
        domains: impl IntoIterator<Item = (Uuid, Chore)>,
    ) {
        let mut state = self.state.lock();
        for (uuid, chore) in domains {
            state
                .chores
                .entry(uuid)
                .and_modify(|known| *known = known.and(chore))
                .or_insert(chore);
        }
        if !state.chores.is_empty() {
            self.wake(&mut state, shared);
        }
    }

    /// Forgets what was to be looked after: the next connection begins with all domains.
    pub(super) fn forget_chores(&self) {
        let mut state = self.state.lock();
        state.chores.clear();
        state.failed.clear();
    }

    /// Has the chores that failed done again.
    pub(super) fn retry_chores(&self, shared: &Arc<Shared>) {
        let failed = std::mem::take(&mut self.state.lock().failed);
        self.look_after(shared, failed);
    }

    /// Lets the threads end after the work that is queued.
    pub(super) fn stop(&self) {
        self.state.lock().stopped = true;
        self.work.notify_all();
    }

    fn wake(&self, state: &mut State, shared: &Arc<Shared>) {
        self.work.notify_one();
        // Threads that were woken for earlier work still count as idle.
        let waiting =
            state.jobs.len() + usize::from(!state.chores.is_empty() && !state.chore_running);
        if waiting > state.idle && state.threads < THREADS {
            let shared = Arc::clone(shared);
            match std::thread::Builder::new()
                .name("libvirt-calls".into())
                .spawn(move || shared.pool.serve(&shared))
            {
                Ok(_) => state.threads += 1,
                // The threads that are there come to it; with none, the next submission tries again.
                Err(error) => tracing::error!(%error, "starting a thread for libvirt calls"),
            }
        }
    }

    fn serve(&self, shared: &Arc<Shared>) {
        while let Some(task) = self.next() {
            // One call's fault must not cost the pool a thread.
            let ended = catch_unwind(AssertUnwindSafe(|| match task {
                Task::Job(job) => job(shared),
                Task::Chore(uuid, chore) => {
                    let _done = ChoreDone(self);
                    if !upkeep::look_after(shared, uuid, chore) {
                        self.state.lock().failed.insert(uuid, chore);
                    }
                }
            }));
            if ended.is_err() {
                tracing::error!(uri = shared.uri(), "a libvirt call panicked");
            }
        }
    }

    /// Waits for something to do; `None` lets the thread end.
    fn next(&self) -> Option<Task> {
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(Task::Job(job));
            }
            if !state.chore_running
                && let Some((uuid, chore)) = state.chores.pop_first()
            {
                state.chore_running = true;
                return Some(Task::Chore(uuid, chore));
            }
            if state.stopped {
                state.threads -= 1;
                return None;
            }
            state.idle += 1;
            let waited = self.work.wait_for(&mut state, IDLE);
            state.idle -= 1;
            if waited.timed_out()
                && state.jobs.is_empty()
                && (state.chores.is_empty() || state.chore_running)
            {
                state.threads -= 1;
                return None;
            }
        }
    }
}

struct ChoreDone<'a>(&'a Pool);

impl Drop for ChoreDone<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.chore_running = false;
        if !state.chores.is_empty() {
            // This thread may find a job more urgent than the next chore.
            self.0.work.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::super::hypervisor::Hypervisor;
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A hypervisor that cannot be connected to: its pool works all the same.
    fn hypervisor() -> Hypervisor {
        Hypervisor::connect("test:///nonexistent/node.xml", None)
    }

    #[test]
    fn no_more_calls_run_at_once_than_libvirtd_serves_and_none_is_forgotten() {
        let hypervisor = hypervisor();
        let shared = hypervisor.shared();
        let (started, starts) = channel();
        let (go, gone) = channel::<()>();
        let gone = Arc::new(Mutex::new(gone));
        for _ in 0..2 * THREADS {
            let (started, gone) = (started.clone(), Arc::clone(&gone));
            let job = move |_: &Shared| {
                started.send(()).unwrap();
                let _ = gone.lock().recv_timeout(PATIENCE);
            };
            shared.pool.submit(shared, Box::new(job)).unwrap();
        }
        for _ in 0..THREADS {
            starts.recv_timeout(PATIENCE).unwrap();
        }
        assert_eq!(
            shared.pool.state.lock().jobs.len(),
            THREADS,
            "the rest waits"
        );
        for _ in 0..THREADS {
            go.send(()).unwrap();
            starts.recv_timeout(PATIENCE).unwrap();
        }
        assert!(shared.pool.state.lock().threads <= THREADS);
    }

    #[test]
    fn a_call_that_panics_costs_no_thread_and_a_full_queue_says_so() {
        let hypervisor = hypervisor();
        let shared = hypervisor.shared();
        for _ in 0..=THREADS {
            shared
                .pool
                .submit(shared, Box::new(|_| panic!("a fault, for the test")))
                .unwrap();
        }
        let (done, waits) = channel();
        shared
            .pool
            .submit(shared, Box::new(move |_| done.send(()).unwrap()))
            .unwrap();
        waits.recv_timeout(PATIENCE).unwrap();

        let (_hold, held) = channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let wait = || {
            let held = Arc::clone(&held);
            Box::new(move |_: &Shared| {
                let _ = held.lock().recv_timeout(PATIENCE);
            })
        };
        // Up to THREADS of them leave the queue; the rest fills it.
        let refused = (0..=QUEUE + THREADS).find_map(|_| shared.pool.submit(shared, wait()).err());
        assert!(
            matches!(refused, Some(HostError::Unavailable(_))),
            "{refused:?}"
        );
    }
}
