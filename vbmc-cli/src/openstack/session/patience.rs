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

/// Between two messages about the same silence.
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
    /// It goes on: told at once, and again every few seconds.
    Trying {
        service: Service,
        since: Duration,
        reason: String,
    },
    /// It answers again.
    Over { service: Service, after: Duration },
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trying {
                service,
                since,
                reason,
            } if since.as_secs() == 0 => {
                write!(f, "{service} does not answer: {reason}; trying on")
            }
            Self::Trying {
                service,
                since,
                reason,
            } => write!(
                f,
                "{service} has not answered for {} s: {reason}; trying on",
                since.as_secs()
            ),
            Self::Over { service, after } => {
                write!(f, "{service} answers again, after {} s", after.as_secs())
            }
        }
    }
}

/// Who is told.
pub(super) type OnWait = Arc<dyn Fn(&Wait) + Send + Sync>;

/// Which services are silent, and since when. Many requests wait at the same time; the operator hears of it once.
pub(super) struct Outages {
    on_wait: OnWait,
    silent: Mutex<BTreeMap<Service, Silence>>,
}

struct Silence {
    since: Instant,
    told: Instant,
}

impl Outages {
    pub(super) fn new(on_wait: OnWait) -> Self {
        Self {
            on_wait,
            silent: Mutex::default(),
        }
    }

    /// A request to `service`, first sent at `begun`, had no answer and is tried again.
    pub(super) fn silent(&self, service: Service, reason: &str, begun: Instant) {
        let now = Instant::now();
        let since = {
            let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
            match silent.get_mut(&service) {
                None => {
                    let silence = Silence {
                        since: begun,
                        told: now,
                    };
                    silent.insert(service, silence);
                    now - begun
                }
                Some(silence) if now - silence.told < TELL_INTERVAL => return,
                Some(silence) => {
                    silence.told = now;
                    now - silence.since
                }
            }
        };
        (self.on_wait)(&Wait::Trying {
            service,
            since,
            reason: reason.to_owned(),
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

    /// The pause before the next try; none when patience is over. `wished` is what the server asked for.
    pub(super) fn pause(&mut self, wished: Option<Duration>) -> Option<Duration> {
        let first = *self.first_failure.get_or_insert_with(Instant::now);
        let left = self.patience.checked_sub(first.elapsed())?;
        if left.is_zero() {
            return None;
        }
        // Jitter: those who were cut off together don't come back together.
        let pause = self.pause.mul_f64(rand::rng().random_range(0.5..1.0));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Some(wished.unwrap_or(pause).min(left))
    }
}
