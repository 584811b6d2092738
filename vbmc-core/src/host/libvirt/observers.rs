//! Who is told what happens to which domain.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use parking_lot::Mutex;

use crate::host::{Change, Happening, Observer};

/// The observers of a hypervisor's domains, by the domains' names.
#[derive(Default)]
pub(super) struct Observers(Mutex<HashMap<Arc<str>, Vec<Ear>>>);

type Ear = Weak<dyn Observer>;

impl Observers {
    /// Tells `observer` of a domain's changes for as long as it lives.
    pub(super) fn add(&self, domain: &Arc<str>, observer: Weak<dyn Observer>) {
        let mut observers = self.0.lock();
        let observers = observers.entry(Arc::clone(domain)).or_default();
        observers.retain(|observer| observer.strong_count() > 0);
        observers.push(observer);
    }

    /// Something happened to a domain just now.
    pub(super) fn tell(&self, domain: &str, what: Happening) {
        let at = SystemTime::now();
        let mut all = self.0.lock();
        let Some(observers) = all.get_mut(domain) else {
            return;
        };
        observers.retain(|observer| match observer.upgrade() {
            Some(observer) => {
                observer.happened(Change { at, what });
                true
            }
            None => false,
        });
        if observers.is_empty() {
            all.remove(domain);
        }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observers").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Log(Mutex<Vec<Happening>>);

    impl Observer for Log {
        fn happened(&self, change: Change) {
            self.0.lock().push(change.what);
        }
    }

    #[test]
    fn observers_hear_of_their_own_domain_for_as_long_as_they_live() {
        let observers = Observers::default();
        let log = Arc::new(Log::default());
        let weak = Arc::downgrade(&log);
        observers.add(&"a".into(), weak);
        observers.tell("a", Happening::Started);
        observers.tell("b", Happening::Crashed);
        assert_eq!(*log.0.lock(), [Happening::Started]);
        drop(log);
        observers.tell("a", Happening::Crashed);
        assert!(observers.0.lock().is_empty());
    }
}
