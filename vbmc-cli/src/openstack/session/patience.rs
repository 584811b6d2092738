//! Going on without an answer: how long, how often, and who is told.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::RngExt as _;
use tokio::time::Instant;

use crate::openstack::service::Service;

/// Before the second try.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Between tries in the long run. Ironic restarts in 3 s: much longer, and we would wait for nothing.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Between the first two messages about the same silence. Then they become rarer: what lasts is no news.
const TELL_INTERVAL: Duration = Duration::from_secs(5);

/// For a whole answer. Ironic answers some requests only after a call to its conductor, which may take a minute.
const ANSWER_LIMIT: Duration = Duration::from_secs(75);

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(in crate::openstack) struct Limits {
    /// For one answer.
    pub(in crate::openstack) answer: Duration,
    /// For going on without one.
    pub(in crate::openstack) patience: Duration,
}

impl Limits {
    pub(in crate::openstack) fn new(patience: Duration) -> Self {
        Self {
            answer: ANSWER_LIMIT,
            patience,
        }
    }
}

/// What is told while nobody answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wait {
    /// It goes on: told at once with what to look at, and again after a while.
    Trying {
        /// `Ironic at http://192.0.2.1:6385`.
        place: String,
        since: Duration,
        reason: String,
        /// How long it is tried on at most.
        left: Duration,
        hint: String,
    },
    /// It answers again.
    Over { service: Service, after: Duration },
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trying {
                place,
                since,
                reason,
                left,
                hint,
            } => {
                match since.as_secs() {
                    0 => write!(f, "{place} does not answer: {reason}")?,
                    since => write!(f, "{place} has not answered for {since} s: {reason}")?,
                }
                // Rounded, since a moment of it has passed already.
                let left = (*left + Duration::from_millis(500)).as_secs();
                write!(f, "; trying on for up to {left} s. {hint}")
            }
            Self::Over { service, after } => {
                write!(f, "{service} answers again, after {} s", after.as_secs())
            }
        }
    }
}

/// Who is told.
pub(super) type OnWait = Arc<dyn Fn(&Wait) + Send + Sync>;

/// What is said of a service that keeps silent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Silent<'a> {
    pub(super) service: Service,
    /// `Ironic at http://192.0.2.1:6385`.
    pub(super) place: &'a str,
    pub(super) reason: &'a str,
    /// What to look at.
    pub(super) hint: &'a str,
}

/// Which services are silent, and since when. Many requests wait at the same time; the operator hears of it once.
pub(super) struct Outages {
    on_wait: OnWait,
    silent: Mutex<BTreeMap<Service, Silence>>,
}

struct Silence {
    since: Instant,
    told: Instant,
}

impl Silence {
    /// Until it is told again.
    fn interval(&self) -> Duration {
        (self.told - self.since).max(TELL_INTERVAL)
    }
}

impl Outages {
    pub(super) fn new(on_wait: OnWait) -> Self {
        Self {
            on_wait,
            silent: Mutex::default(),
        }
    }

    /// A request had no answer and is tried again.
    pub(super) fn silent(&self, who: Silent<'_>, tries: &Tries) {
        let now = Instant::now();
        let since = {
            let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
            match silent.get_mut(&who.service) {
                None => {
                    let silence = Silence {
                        since: tries.begun,
                        told: now,
                    };
                    silent.insert(who.service, silence);
                    now - tries.begun
                }
                Some(silence) if now - silence.told < silence.interval() => return,
                Some(silence) => {
                    silence.told = now;
                    now - silence.since
                }
            }
        };
        (self.on_wait)(&Wait::Trying {
            place: who.place.to_owned(),
            since,
            reason: who.reason.to_owned(),
            left: tries.left(),
            hint: who.hint.to_owned(),
        });
    }

    /// `service` answered.
    pub(super) fn heard(&self, service: Service) {
        let silence = {
            let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
            silent.remove(&service)
        };
        if let Some(silence) = silence {
            (self.on_wait)(&Wait::Over {
                service,
                after: silence.since.elapsed(),
            });
        }
    }
}

impl fmt::Debug for Outages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outages").finish_non_exhaustive()
    }
}

/// The tries of one request.
#[derive(Debug)]
pub(super) struct Tries {
    patience: Duration,
    begun: Instant,
    /// When the first of them failed: patience lasts from then on, however long that one took.
    first_failure: Option<Instant>,
    pause: Duration,
}

impl Tries {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            patience,
            begun: Instant::now(),
            first_failure: None,
            pause: FIRST_PAUSE,
        }
    }

    pub(super) fn begun(&self) -> Instant {
        self.begun
    }

    /// How long it may go on.
    fn left(&self) -> Duration {
        let waited = self
            .first_failure
            .map_or(Duration::ZERO, |first| first.elapsed());
        self.patience.saturating_sub(waited)
    }

    /// The pause before the next try; none when patience is over. `wished` is what the server asked for.
    pub(super) fn pause(&mut self, wished: Option<Duration>) -> Option<Duration> {
        self.first_failure.get_or_insert_with(Instant::now);
        let left = self.left();
        if left.is_zero() {
            return None;
        }
        // Jitter: those who were cut off together don't come back together.
        let pause = self.pause.mul_f64(rand::rng().random_range(0.5..1.0));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Some(wished.unwrap_or(pause).min(left))
    }
}
