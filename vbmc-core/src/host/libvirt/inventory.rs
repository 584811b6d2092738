//! The domains of one hypervisor as they were last seen. Pure: whoever asks libvirt puts its answers in here.
//!
//! Events are no more than hints to ask again: an event that is late tells of a state that has passed. What is put in
//! is always an answer to a question asked after [`Domain::version`] was read, and is refused when the domain changed
//! in between, so that an older answer never replaces a newer one.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};

use super::operation::InFlight;
use crate::host::{BootOverride, PowerStatus};

/// A domain's UUID, most significant byte first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Uuid(pub(super) [u8; 16]);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One domain. Lives as long as the hypervisor has it, also across reconnections.
#[derive(Debug)]
pub(super) struct Domain {
    pub(super) uuid: Uuid,
    state: Mutex<State>,
    /// Held while the domain's definition or its running instance is being changed.
    pub(super) exclusive: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// The running instance; `None` is off. libvirt gives each instance an id of its own.
    instance: Option<u32>,
    version: u64,
    starts: u64,
    on_since: Option<Instant>,
    powered: Duration,
    boot: BootCache,
    in_flight: Option<Box<InFlight>>,
}

/// What is known of a domain's boot override.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum BootCache {
    /// Nothing: ask.
    #[default]
    Unknown,
    /// This.
    Known(Option<BootOverride>),
}

/// A moment of a domain's history: what an answer must not be older than.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version(u64);

impl Domain {
    fn new(uuid: Uuid) -> Self {
        Self {
            uuid,
            state: Mutex::default(),
            exclusive: Mutex::default(),
        }
    }

    pub(super) fn power(&self) -> PowerStatus {
        let state = self.state.lock();
        PowerStatus {
            on: state.instance.is_some(),
            starts: state.starts,
            powered: state.powered
                + state
                    .on_since
                    .map_or(Duration::ZERO, |since| since.elapsed()),
        }
    }

    /// When its present run began, as far as it was seen; none: it is off.
    pub(super) fn on_since(&self) -> Option<Instant> {
        self.state.lock().on_since
    }

    /// Read before asking libvirt; see [`observe`](Self::observe).
    pub(super) fn version(&self) -> Version {
        Version(self.state.lock().version)
    }

    /// Puts in that `instance` is running, which was asked after `since` was read.
    ///
    /// Whether it was taken: `false` when the domain changed in between, and is to be asked for again.
    pub(super) fn observe(&self, since: Version, instance: Option<u32>) -> bool {
        let mut state = self.state.lock();
        let current = state.version == since.0;
        if current {
            state.observe(instance);
        }
        current
    }

    pub(super) fn boot(&self) -> BootCache {
        self.state.lock().boot
    }

    pub(super) fn set_boot(&self, boot: BootCache) {
        self.state.lock().boot = boot;
    }

    /// Runs `change` on the operation in flight.
    pub(super) fn in_flight<T>(&self, change: impl FnOnce(&mut Option<Box<InFlight>>) -> T) -> T {
        change(&mut self.state.lock().in_flight)
    }
}

impl State {
    fn observe(&mut self, instance: Option<u32>) {
        self.version += 1;
        if self.instance == instance {
            return;
        }
        if let Some(since) = self.on_since.take() {
            self.powered += since.elapsed();
        }
        self.instance = instance;
        if instance.is_some() {
            self.starts += 1;
            self.on_since = Some(Instant::now());
        }
    }
}

/// What libvirt said about one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) uuid: Uuid,
    pub(super) name: String,
    pub(super) instance: Option<u32>,
}

/// All domains of one hypervisor.
#[derive(Debug, Default)]
pub(super) struct Inventory(RwLock<Index>);

#[derive(Debug, Default)]
struct Index {
    by_name: HashMap<Arc<str>, Arc<Domain>>,
    by_uuid: HashMap<Uuid, (Arc<str>, Arc<Domain>)>,
}

impl Inventory {
    /// The domain called `name`.
    pub(super) fn named(&self, name: &str) -> Option<Arc<Domain>> {
        self.0.read().by_name.get(name).cloned()
    }

    /// The domain with this UUID, and its name.
    pub(super) fn get(&self, uuid: Uuid) -> Option<(Arc<str>, Arc<Domain>)> {
        self.0.read().by_uuid.get(&uuid).cloned()
    }

    /// The domain with this UUID, which is added if it is new, under the name that it has now.
    pub(super) fn admit(&self, uuid: Uuid, name: &str) -> Arc<Domain> {
        self.0.write().admit(uuid, name)
    }

    /// Forgets a domain that the hypervisor does not have any more.
    pub(super) fn remove(&self, uuid: Uuid) {
        self.0.write().remove(uuid);
    }

    /// Takes a complete listing over: what is not in it is forgotten. Only for a time when nothing else asks libvirt.
    /// Returns which domains were switched while nobody was there to tell, and to what.
    pub(super) fn replace(&self, listing: Vec<Seen>) -> Vec<(Arc<str>, bool)> {
        let mut index = self.0.write();
        let mut old = std::mem::take(&mut *index);
        index.by_name.reserve(listing.len());
        index.by_uuid.reserve(listing.len());
        let mut missed = Vec::new();
        for seen in listing {
            if let Some((name, domain)) = old.by_uuid.remove(&seen.uuid) {
                if domain.power().on != seen.instance.is_some() {
                    missed.push((Arc::clone(&name), seen.instance.is_some()));
                }
                // Nobody told of changes meanwhile.
                domain.set_boot(BootCache::Unknown);
                index.by_uuid.insert(seen.uuid, (name, domain));
            }
            index
                .admit(seen.uuid, &seen.name)
                .state
                .lock()
                .observe(seen.instance);
        }
        missed
    }

    /// The UUIDs of all domains.
    pub(super) fn uuids(&self) -> Vec<Uuid> {
        self.0.read().by_uuid.keys().copied().collect()
    }
}

impl Index {
    fn admit(&mut self, uuid: Uuid, name: &str) -> Arc<Domain> {
        let domain = match self.by_uuid.get(&uuid) {
            Some((known, domain)) if &**known == name && self.by_name.contains_key(name) => {
                return Arc::clone(domain);
            }
            Some((known, domain)) => {
                let (known, domain) = (Arc::clone(known), Arc::clone(domain));
                // The old name may belong to another domain by now.
                if self
                    .by_name
                    .get(&known)
                    .is_some_and(|named| named.uuid == uuid)
                {
                    self.by_name.remove(&known);
                }
                domain
            }
            None => Arc::new(Domain::new(uuid)),
        };
        let name: Arc<str> = name.into();
        self.by_name.insert(Arc::clone(&name), Arc::clone(&domain));
        self.by_uuid.insert(uuid, (name, Arc::clone(&domain)));
        domain
    }

    fn remove(&mut self, uuid: Uuid) {
        if let Some((name, _)) = self.by_uuid.remove(&uuid)
            && self
                .by_name
                .get(&name)
                .is_some_and(|named| named.uuid == uuid)
        {
            self.by_name.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Uuid = Uuid([1; 16]);
    const B: Uuid = Uuid([2; 16]);

    fn seen(uuid: Uuid, name: &str, instance: Option<u32>) -> Seen {
        Seen {
            uuid,
            name: name.into(),
            instance,
        }
    }

    #[test]
    fn uuids_are_written_as_libvirt_reads_them() {
        let uuid = Uuid([
            0x66, 0x95, 0xeb, 1, 0xf6, 0xa4, 0x83, 4, 0x79, 0xaa, 0x97, 0xf2, 0x50, 0x2e, 0x19,
            0x3f,
        ]);
        assert_eq!(uuid.to_string(), "6695eb01-f6a4-8304-79aa-97f2502e193f");
    }

    #[test]
    fn an_answer_older_than_the_last_is_refused() {
        let inventory = Inventory::default();
        let domain = inventory.admit(A, "a");
        let asked = domain.version();
        assert!(domain.observe(domain.version(), Some(7)));
        assert!(!domain.observe(asked, None));
        assert!(domain.power().on);
        assert!(domain.observe(domain.version(), Some(7)));
        assert_eq!(domain.power().starts, 1);
        assert!(
            domain.observe(domain.version(), Some(8)),
            "another instance is another start"
        );
        assert_eq!(domain.power().starts, 2);
    }

    #[test]
    fn a_listing_forgets_what_is_gone_and_keeps_what_is_known() {
        let inventory = Inventory::default();
        inventory.replace(vec![seen(A, "a", Some(1)), seen(B, "b", None)]);
        inventory
            .named("a")
            .unwrap()
            .set_boot(BootCache::Known(None));
        assert!(inventory.replace(vec![seen(A, "a", Some(2))]).is_empty());
        assert!(inventory.named("b").is_none());
        assert!(inventory.get(B).is_none());
        let a = inventory.named("a").unwrap();
        assert_eq!(a.power().starts, 2);
        assert_eq!(a.boot(), BootCache::Unknown, "it may have changed unseen");
        let missed = inventory.replace(vec![seen(A, "a", None), seen(B, "b", Some(3))]);
        assert_eq!(
            missed,
            [("a".into(), false)],
            "b is new, and was not switched"
        );
    }

    #[test]
    fn a_rename_moves_the_domain_and_names_can_be_swapped() {
        let inventory = Inventory::default();
        inventory.replace(vec![seen(A, "a", Some(1)), seen(B, "b", None)]);
        inventory.admit(A, "c");
        assert!(inventory.named("a").is_none());
        assert_eq!(inventory.named("c").unwrap().uuid, A);
        inventory.admit(B, "c");
        inventory.admit(A, "b");
        assert_eq!(inventory.named("b").unwrap().uuid, A);
        assert_eq!(inventory.named("c").unwrap().uuid, B);
        inventory.remove(A);
        assert!(inventory.named("b").is_none());
        assert_eq!(inventory.named("c").unwrap().uuid, B);
    }
}
