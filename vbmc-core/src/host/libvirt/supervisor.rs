//! The thread that makes one hypervisor's connection, keeps it, and makes it again.
//!
//! It opens the connection (which can hang), lists all domains, then applies what events hint at, asks for a sign of
//! life twice a second, and starts over when the connection breaks. Nothing that may take long runs here once the
//! connection is up: that is the pool's.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use virt::connect::Connect;
use virt::domain::Domain;
use virt::error::{Error, ErrorNumber};

use super::error::host_error;
use super::ffi::Event;
use super::hypervisor::{Session, Shared};
use super::inventory::{Inventory, Seen, Uuid};
use super::lane::{self, Spare};
use super::upkeep::Chore;
use crate::host::{Happening, HostError, StopReason};

/// How often a remote hypervisor is asked for a sign of life. Several fit into the time for which cached states are
/// trusted, so that one slow answer on a busy machine does no harm.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// How often chores that failed are tried again.
const RETRY: Duration = Duration::from_secs(5);

/// The least and the longest pause between two attempts to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// A connection that held this long starts with the shortest pause again.
const STABLE: Duration = Duration::from_secs(5);

/// How often an answer that was overtaken by another is asked for again.
const TRIES: usize = 16;

/// Runs until the hypervisor's last user is gone.
pub(super) fn supervise(shared: &Arc<Shared>, events: &Receiver<Event>) {
    let mut pause = PAUSES.0;
    let mut generation = 0;
    // Why the last attempt failed, if it did.
    let mut known = None;
    while !shared.stopped() {
        generation += 1;
        match synchronise(shared, generation) {
            Ok(session) => {
                let session = Arc::new(session);
                tracing::info!(
                    uri = shared.uri(),
                    domains = shared.inventory.uuids().len(),
                    "connected to libvirt"
                );
                known = None;
                shared.ended(Ok(Arc::clone(&session)));
                if shared
                    .pool
                    .submit(shared, Box::new(lane::open_others))
                    .is_err()
                {
                    tracing::debug!(uri = shared.uri(), "too busy to open more connections now");
                }
                look_after_all(shared);
                let reason = keep(shared, &session, generation, events);
                if session.age() >= STABLE {
                    pause = PAUSES.0;
                }
                if !shared.stopped() {
                    tracing::warn!(uri = shared.uri(), reason, "disconnected from libvirt");
                }
                shared.lost(reason);
            }
            Err(error) => {
                let reason = error.message().to_owned();
                // A hypervisor may be away for days: the log needs to hear why once.
                if known.as_ref() == Some(&reason) {
                    tracing::debug!(uri = shared.uri(), %error, "connecting to libvirt");
                } else {
                    tracing::warn!(uri = shared.uri(), %error, "cannot connect to libvirt");
                    known = Some(reason.clone());
                }
                shared.ended(Err(reason));
                // There is no connection to keep for a check, and without other users nobody to try again for.
                shared.end_linger();
            }
        }
        rest(shared, events, pause.mul_f64(rand::random_range(0.5..1.0)));
        pause = (pause * 2).min(PAUSES.1);
    }
    shared.lost("no longer in use".into());
    tracing::debug!(uri = shared.uri(), "libvirt connection closed");
}

/// Waits before the next attempt, shorter when somebody waits for the connection.
fn rest(shared: &Shared, events: &Receiver<Event>, pause: Duration) {
    let until = Instant::now() + pause;
    while !shared.stopped() && !shared.hurried() {
        if events
            .recv_timeout(until.saturating_duration_since(Instant::now()))
            .is_err()
        {
            return;
        }
    }
}

/// Opens a connection and takes all its domains over.
fn synchronise(shared: &Shared, generation: u64) -> Result<Session, Error> {
    let mut link = shared.open()?;
    let remote = lane::keep_alive(&link);
    // Before the listing, or what happens in between would go unnoticed.
    link.subscribe(&shared.mailbox, generation)?;
    let listing = list(link.connect())?;
    for (name, on) in shared.inventory.replace(listing) {
        let unseen = Happening::Stopped(StopReason::Unknown);
        let what = if on { Happening::Started } else { unseen };
        shared.observers.tell(&name, what);
    }
    let spare = Spare::open(shared, remote)?;
    Ok(Session::new(link, remote, spare))
}

fn list(connect: &Connect) -> Result<Vec<Seen>, Error> {
    connect.list_all_domains(0)?.iter().map(seen).collect()
}

/// All of this is in the handle: nothing is asked of the hypervisor.
fn seen(domain: &Domain) -> Result<Seen, Error> {
    let uuid = Uuid(domain.get_uuid()?.into_bytes());
    Ok(Seen {
        uuid,
        name: domain.get_name()?,
        instance: domain.get_id(),
    })
}

/// Keeps the inventory true until the connection breaks or is no longer needed; says which.
fn keep(
    shared: &Arc<Shared>,
    session: &Session,
    generation: u64,
    events: &Receiver<Event>,
) -> String {
    let connect = session.link.connect();
    let mut heartbeat = Instant::now();
    let mut retry = Instant::now();
    loop {
        if shared.stopped() {
            return "no longer in use".into();
        }
        // Asked for by somebody who finds the connection up.
        shared.hurried();

        let pause = match (session.remote, shared.lingers()) {
            (true, _) => HEARTBEAT.saturating_sub(heartbeat.elapsed()),
            (false, true) => Duration::from_secs(1),
            (false, false) => RETRY,
        };
        let first = match events.recv_timeout(pause) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return "no longer in use".into(),
        };
        let mut changed = BTreeSet::new();
        let mut rebooted = BTreeSet::new();
        let mut happened = Vec::new();
        // Bounded by the channel: what is posted meanwhile waits for the next round.
        for event in first.into_iter().chain(events.try_iter().take(1024)) {
            match event {
                Event::Changed(uuid, what) => {
                    changed.insert(uuid);
                    happened.extend(what.map(|what| (uuid, what)));
                }
                Event::Rebooted(uuid) => {
                    rebooted.insert(uuid);
                    happened.push((uuid, Happening::Reset));
                }
                Event::Happened(uuid, what) => happened.push((uuid, what)),
                Event::Closed(closed) if closed == generation => {
                    return "the connection was closed".into();
                }
                Event::Closed(_) | Event::Wake => {}
            }
        }
        // By the names that the domains have now: one that ends with its instance is forgotten below.
        let happened: Vec<_> = happened
            .into_iter()
            .filter_map(|(uuid, what)| Some((shared.inventory.get(uuid)?.0, what)))
            .collect();
        if let Err(reason) = apply(shared, connect, &changed) {
            return reason;
        }
        // Whoever hears of it and asks for the state gets the new one.
        for (name, what) in happened {
            shared.observers.tell(&name, what);
        }
        let changed = changed.into_iter().map(|uuid| (uuid, Chore::Settle));
        let rebooted = rebooted.into_iter().map(|uuid| (uuid, Chore::AfterReboot));
        shared.pool.look_after(shared, changed.chain(rebooted));

        if session.remote && heartbeat.elapsed() >= HEARTBEAT {
            heartbeat = Instant::now();
            // Answered by libvirtd itself, by a thread that calls to guests never hold.
            if let Err(error) = connect.get_lib_version()
                && let Some(reason) = broken(&error)
            {
                return reason;
            }
            session.alive();
        }
        if retry.elapsed() >= RETRY {
            retry = Instant::now();
            shared.pool.retry_chores(shared);
        }
    }
}

/// Looks at every domain that changed, and at all of them when events were lost. An error is the end of the connection.
fn apply(shared: &Arc<Shared>, connect: &Connect, changed: &BTreeSet<Uuid>) -> Result<(), String> {
    let mut look = |uuid| match refresh(connect, &shared.inventory, uuid) {
        Err(error) => match broken(&error) {
            Some(reason) => Err(reason),
            // One domain that cannot be seen, for want of permission perhaps, is no reason to lose the others.
            None => {
                tracing::warn!(uri = shared.uri(), domain = %uuid, %error, "looking at a domain");
                Ok(())
            }
        },
        Ok(()) => Ok(()),
    };
    changed.iter().copied().try_for_each(&mut look)?;
    if shared.mailbox.lost_some() {
        tracing::info!(
            uri = shared.uri(),
            "too many libvirt events at once; listing all domains anew"
        );
        let listed = list(connect).map_err(|error| error.message().to_owned())?;
        let listed = listed.into_iter().map(|seen| seen.uuid);
        let all: BTreeSet<Uuid> = shared.inventory.uuids().into_iter().chain(listed).collect();
        all.into_iter().try_for_each(&mut look)?;
        look_after_all(shared);
    }
    Ok(())
}

/// Why the connection is of no more use, if that is what `error` says.
fn broken(error: &Error) -> Option<String> {
    matches!(host_error(error), HostError::Unavailable(_)).then(|| error.message().to_owned())
}

fn look_after_all(shared: &Arc<Shared>) {
    let all = shared
        .inventory
        .uuids()
        .into_iter()
        .map(|uuid| (uuid, Chore::Settle));
    shared.pool.look_after(shared, all);
}

/// Asks for one domain and puts the answer into the inventory.
///
/// # Errors
///
/// When libvirt did not answer. That the domain is gone is an answer.
pub(super) fn refresh(connect: &Connect, inventory: &Inventory, uuid: Uuid) -> Result<(), Error> {
    for _ in 0..TRIES {
        let version = inventory.get(uuid).map(|(_, domain)| domain.version());
        let seen = match Domain::lookup_by_uuid_string(connect, &uuid.to_string()) {
            Ok(domain) => seen(&domain)?,
            Err(error) if error.code() == ErrorNumber::NoDomain => {
                inventory.remove(uuid);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let domain = inventory.admit(uuid, &seen.name);
        // A domain that is new here has no version yet that the answer could be newer than: ask again.
        if version.is_some_and(|version| domain.observe(version, seen.instance)) {
            return Ok(());
        }
    }
    // Each time somebody else put in a newer answer, which is as good as ours.
    Ok(())
}
