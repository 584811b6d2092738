//! One hypervisor: what its users share. How its connection is made and kept is in [`super::supervisor`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, RwLock};
use tokio::sync::{oneshot, watch};

use super::ffi::{Event, Link, Mailbox};
use super::figures::Sampler;
use super::inventory::Inventory;
use super::lane::{Lane, Spare};
use super::observers::Observers;
use super::pool::Pool;
use super::supervisor;
use crate::Secret;
use crate::host::{BoxFuture, HostError};

/// How old a proof of life may be before cached states are no longer given out. A frozen libvirtd is noticed after this
/// long, which together with the call itself stays within the 3 s that clients are promised.
const FRESH: Duration = Duration::from_secs(2);

/// How many events may wait for the supervisor. More than that and it lists all domains anew.
const EVENTS: usize = 4096;

/// How long a connection outlives a mere check, so that adding a BMC and starting it use one connection. libvirt's test
/// driver forgets its domains' states when its last connection closes.
const LINGER: Duration = Duration::from_secs(60);

/// A hypervisor that somebody uses. The connection is closed when the last of these is dropped.
#[derive(Debug)]
pub(super) struct Hypervisor(Arc<Shared>);

/// What the users of a hypervisor, its supervisor and the threads of its pool share.
pub(super) struct Shared {
    /// The URI as it was given, and as it may be shown.
    address: String,
    uri: String,
    sasl: Option<(String, Secret)>,
    pub(super) inventory: Inventory,
    pub(super) observers: Observers,
    pub(super) figures: Sampler,
    pub(super) pool: Pool,
    pub(super) mailbox: Mailbox,
    status: watch::Sender<Status>,
    /// Present while connected and synchronised.
    session: RwLock<Option<Arc<Session>>>,
    stopped: AtomicBool,
    hurry: AtomicBool,
    linger: Mutex<Option<(Instant, Arc<Hypervisor>)>>,
    ended: Arc<Ended>,
}

/// Whether a hypervisor's supervisor has ended, and the connection with it.
#[derive(Debug, Default)]
pub(super) struct Ended {
    ended: Mutex<bool>,
    changed: Condvar,
}

impl Ended {
    pub(super) fn announce(&self) {
        *self.ended.lock() = true;
        self.changed.notify_all();
    }

    /// Waits for the end, no longer than until `deadline`. Whether it has come.
    pub(super) fn wait(&self, deadline: Instant) -> bool {
        let mut ended = self.ended.lock();
        while !*ended {
            if self.changed.wait_until(&mut ended, deadline).timed_out() {
                return *ended;
            }
        }
        true
    }
}

/// How connecting goes.
#[derive(Debug, Clone)]
pub(super) struct Status {
    /// Attempts that have ended, well or not.
    pub(super) attempts: u64,
    pub(super) ready: bool,
    /// Why it is not ready.
    pub(super) reason: String,
}

/// A connection that is synchronised: all domains are listed, and events keep the listing true.
#[derive(Debug)]
pub(super) struct Session {
    /// The supervisor's own; calls take a [`Lane`].
    pub(super) link: Link,
    pub(super) spare: Spare,
    /// Whether the hypervisor is at the other end of a connection that can break, rather than in this process.
    pub(super) remote: bool,
    opened: Instant,
    /// Milliseconds from `opened` to the last proof of life.
    proof: AtomicU64,
}

impl Session {
    pub(super) fn new(link: Link, remote: bool, spare: Spare) -> Self {
        Self {
            link,
            spare,
            remote,
            opened: Instant::now(),
            proof: AtomicU64::new(0),
        }
    }

    /// Notes that the hypervisor has just answered.
    pub(super) fn alive(&self) {
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.proof.fetch_max(now, Ordering::Relaxed);
    }

    /// How long the hypervisor has been silent.
    fn silence(&self) -> Duration {
        if !self.remote {
            return Duration::ZERO;
        }
        self.opened
            .elapsed()
            .saturating_sub(Duration::from_millis(self.proof.load(Ordering::Relaxed)))
    }

    pub(super) fn age(&self) -> Duration {
        self.opened.elapsed()
    }
}

impl Hypervisor {
    /// Begins to connect, on a thread of its own.
    pub(super) fn connect(address: &str, sasl: Option<(String, Secret)>) -> Self {
        let (sender, events) = sync_channel(EVENTS);
        let uri = redacted(address);
        let reason = format!("connecting to {uri}");
        let shared = Arc::new(Shared {
            address: address.to_owned(),
            uri,
            sasl,
            inventory: Inventory::default(),
            observers: Observers::default(),
            figures: Sampler::default(),
            pool: Pool::default(),
            mailbox: Mailbox::new(sender),
            status: watch::Sender::new(Status {
                attempts: 0,
                ready: false,
                reason,
            }),
            session: RwLock::default(),
            stopped: AtomicBool::new(false),
            hurry: AtomicBool::new(false),
            linger: Mutex::default(),
            ended: Arc::default(),
        });
        let supervised = Arc::clone(&shared);
        let spawned = std::thread::Builder::new()
            .name("libvirt-connection".into())
            .spawn(move || {
                supervisor::supervise(&supervised, &events);
                supervised.ended.announce();
            });
        if let Err(error) = spawned {
            tracing::error!(uri = shared.uri(), %error, "starting a thread for a libvirt connection");
            shared.ended(Err(format!(
                "no thread could be started for the connection: {error}"
            )));
        }
        Self(shared)
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    /// Tells when the connection is closed, some time after the last user is gone.
    pub(super) fn end(&self) -> Arc<Ended> {
        Arc::clone(&self.0.ended)
    }

    /// Keeps the connection for a minute, whoever else uses it; until an attempt fails, while there is none.
    pub(super) fn linger(self: &Arc<Self>) {
        *self.0.linger.lock() = Some((Instant::now() + LINGER, Arc::clone(self)));
    }

    /// Waits until the hypervisor is connected or an attempt that began no earlier than now has failed.
    ///
    /// # Errors
    ///
    /// Why it is not connected.
    pub(super) async fn connected(&self) -> Result<(), String> {
        let mut status = self.0.status.subscribe();
        let before = status.borrow().attempts;
        self.0.hurry.store(true, Ordering::Release);
        self.0.mailbox.post(Event::Wake);
        // The sender is in `self`.
        let ended = status
            .wait_for(|status| status.ready || status.attempts > before)
            .await;
        match ended {
            Ok(status) if status.ready => Ok(()),
            Ok(status) => Err(status.reason.clone()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Hypervisor {
    fn drop(&mut self) {
        self.0.stopped.store(true, Ordering::Release);
        self.0.pool.stop();
        self.0.mailbox.post(Event::Wake);
    }
}

impl Shared {
    /// The URI as it may be shown.
    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    /// Opens a connection. Blocks.
    pub(super) fn open(&self) -> Result<Link, virt::error::Error> {
        Link::open(&self.address, self.sasl.as_ref())
    }

    /// The session, if what is known of its domains can be relied upon now.
    ///
    /// # Errors
    ///
    /// [`HostError::Unavailable`] with the reason.
    pub(super) fn session(&self) -> Result<Arc<Session>, HostError> {
        let session = self.session.read();
        match &*session {
            Some(session) if session.silence() <= FRESH => Ok(Arc::clone(session)),
            Some(session) => Err(HostError::Unavailable(format!(
                "{} has not answered for {:.1} s",
                self.uri,
                session.silence().as_secs_f32()
            ))),
            None => Err(HostError::Unavailable(self.status.borrow().reason.clone())),
        }
    }

    /// Ends an attempt to connect: with a session, or with the reason why there is none.
    pub(super) fn ended(&self, attempt: Result<Arc<Session>, String>) {
        let (session, reason) = match attempt {
            Ok(session) => (Some(session), String::new()),
            Err(reason) => (None, reason),
        };
        let ready = session.is_some();
        *self.session.write() = session;
        self.status.send_modify(|status| {
            *status = Status {
                attempts: status.attempts + 1,
                ready,
                reason,
            }
        });
    }

    /// Takes the session down.
    pub(super) fn lost(&self, reason: String) {
        *self.session.write() = None;
        self.status.send_modify(|status| {
            status.ready = false;
            status.reason = reason;
        });
        self.pool.forget_chores();
    }

    pub(super) fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Whether somebody waits for the connection since this was last asked.
    pub(super) fn hurried(&self) -> bool {
        self.hurry.swap(false, Ordering::AcqRel)
    }

    /// Whether a check still keeps the connection open. Lets go of it when its time is over.
    pub(super) fn lingers(&self) -> bool {
        let mut linger = self.linger.lock();
        let over = linger.take_if(|(until, _)| *until <= Instant::now());
        let lingers = linger.is_some();
        drop(linger);
        drop(over);
        lingers
    }

    /// Lets go of the connection that a check keeps open.
    pub(super) fn end_linger(&self) {
        drop(self.linger.lock().take());
    }

    /// Runs `call` on a thread of the pool, with a connection of the session that is up when its turn comes.
    pub(super) fn call<T: Send + 'static>(
        self: &Arc<Self>,
        call: impl FnOnce(&Shared, &Lane) -> Result<T, HostError> + Send + 'static,
    ) -> BoxFuture<Result<T, HostError>> {
        let (sender, receiver) = oneshot::channel();
        let submitted = self.pool.submit(
            self,
            Box::new(move |shared| {
                let result = Lane::take(shared).and_then(|lane| call(shared, &lane));
                // Whoever stopped waiting does not need it.
                let _ = sender.send(result);
            }),
        );
        Box::pin(async move {
            submitted?;
            receiver
                .await
                .unwrap_or_else(|_| Err(HostError::Failed("the call was given up".into())))
        })
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("uri", &self.uri)
            .finish_non_exhaustive()
    }
}

/// `uri` without a password that somebody may have put into it.
pub(super) fn redacted(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return uri.to_owned();
    };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..authority].rsplit_once('@') {
        Some((user, host)) if user.contains(':') => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:***@{host}{}", &rest[authority..])
        }
        _ => uri.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_ends_with_its_last_user() {
        let hypervisor = Arc::new(Hypervisor::connect("test:///default", None));
        let end = hypervisor.end();
        hypervisor.linger();
        drop(Arc::clone(&hypervisor));
        assert!(!end.wait(Instant::now()), "it has users");
        hypervisor.shared().end_linger();
        drop(hypervisor);
        assert!(end.wait(Instant::now() + Duration::from_secs(20)));
    }

    #[test]
    fn a_check_that_failed_keeps_nobody_trying() {
        let dead = "qemu+unix:///system?socket=/nonexistent/socket";
        let hypervisor = Arc::new(Hypervisor::connect(dead, None));
        let end = hypervisor.end();
        hypervisor.linger();
        drop(hypervisor);
        assert!(end.wait(Instant::now() + Duration::from_secs(20)));
    }

    #[test]
    fn a_password_in_a_uri_is_not_shown() {
        assert_eq!(
            redacted("qemu+tcp://me:s3cret@host/system?x=y"),
            "qemu+tcp://me:***@host/system?x=y"
        );
        assert_eq!(
            redacted("qemu+ssh://me@host/system"),
            "qemu+ssh://me@host/system"
        );
        assert_eq!(redacted("test:///default"), "test:///default");
        assert_eq!(
            redacted("qemu:///system?socket=/a@b:c"),
            "qemu:///system?socket=/a@b:c"
        );
    }
}
