//! What other programs do to the files, by inotify.
//!
//! Only names are passed on, each once however often its file changed in the meantime, so memory is bounded by the
//! number of BMCs. Whoever takes a name reads the file anew; events say where to look, never what is there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Event, EventKind, INotifyWatcher, RecursiveMode, Watcher};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use super::store::FILE;
use super::{BmcName, Registry};

/// With more names than this waiting, everything is read anew instead.
const MAX_PENDING: usize = 20_000;

/// What to look at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// These BMCs' files, which may be there or gone.
    Bmcs(Vec<BmcName>),
    /// Everything.
    All,
}

/// The changes made to a registry's files, by anybody, ourselves included.
#[derive(Debug)]
pub struct Changes {
    registry: Arc<Registry>,
    pending: Arc<Pending>,
    /// None when the system gives us no inotify.
    watcher: Option<Arc<Mutex<INotifyWatcher>>>,
}

#[derive(Debug, Default)]
struct Pending {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Names, and whether the directory itself is new and has to be watched.
    names: BTreeMap<BmcName, bool>,
    all: bool,
}

impl Changes {
    /// Starts watching. The first change is [`Change::All`], given once every BMC is watched, so that nothing that
    /// happened since the files were read is missed.
    #[must_use]
    pub fn watch(registry: Arc<Registry>) -> Self {
        let pending = Arc::new(Pending::default());
        pending.add_all();
        let handler = {
            let (registry, pending) = (Arc::clone(&registry), Arc::clone(&pending));
            move |event| pending.take_event(registry.dir(), event)
        };
        let watcher = INotifyWatcher::new(handler, notify::Config::default())
            .inspect_err(|error| warn(&error.to_string()))
            .ok();
        Self {
            registry,
            pending,
            watcher: watcher.map(Mutex::new).map(Arc::new),
        }
    }

    /// Waits for the next change.
    pub async fn next(&mut self) -> Change {
        let state = loop {
            let state = std::mem::take(&mut *self.pending.state.lock());
            if state.all || !state.names.is_empty() {
                break state;
            }
            self.pending.changed.notified().await;
        };
        if let Some(watcher) = self.watcher.clone() {
            let registry = Arc::clone(&self.registry);
            let new = if state.all {
                None
            } else {
                let new = state.names.iter().filter(|(_, new)| **new);
                Some(new.map(|(name, _)| name.clone()).collect::<Vec<_>>())
            };
            if new.as_ref().is_none_or(|new| !new.is_empty()) {
                let add = move || add_watches(&registry, &mut watcher.lock(), new);
                if let Err(panic) = spawn_blocking(add).await {
                    tracing::error!(%panic, "watching the BMCs' files failed");
                }
            }
        }
        if state.all {
            Change::All
        } else {
            Change::Bmcs(state.names.into_keys().collect())
        }
    }
}

/// Watches new directories; with `None` all of them.
fn add_watches(registry: &Registry, watcher: &mut INotifyWatcher, new: Option<Vec<BmcName>>) {
    let mut watch = |path: &Path| match watcher.watch(path, RecursiveMode::NonRecursive) {
        Err(error) if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) => {
            warn(
                "the system's limit of watches is used up; raise it with `sysctl fs.inotify.max_user_watches`",
            );
            false
        }
        Err(error) => {
            // Gone again, most likely; there will be an event for that.
            tracing::debug!(path = %path.display(), %error, "cannot watch");
            true
        }
        Ok(()) => true,
    };
    let names = match new {
        Some(names) => names,
        None => {
            let names = registry.make_dir().and_then(|()| {
                watch(registry.dir());
                registry.names()
            });
            match names {
                Ok(names) => names,
                Err(error) => return warn(&error.to_string()),
            }
        }
    };
    for name in names {
        if !watch(&registry.bmc_dir(&name)) {
            break;
        }
    }
}

fn warn(error: &str) {
    tracing::warn!(
        error,
        "changes to the BMCs' files are not all noticed; send vbmcd a SIGHUP after changing one"
    );
}

impl Pending {
    fn add_all(&self) {
        let mut state = self.state.lock();
        state.names.clear();
        state.all = true;
        drop(state);
        self.changed.notify_one();
    }

    fn add(&self, name: BmcName, new: bool) {
        let mut state = self.state.lock();
        if state.names.len() >= MAX_PENDING {
            drop(state);
            return self.add_all();
        }
        if !state.all {
            *state.names.entry(name).or_default() |= new;
        }
        drop(state);
        self.changed.notify_one();
    }

    fn take_event(&self, dir: &Path, event: notify::Result<Event>) {
        let event = match event {
            Ok(event) => event,
            Err(error) => return warn(&error.to_string()),
        };
        if event.need_rescan() {
            return self.add_all();
        }
        for path in &event.paths {
            let Ok(inside) = path.strip_prefix(dir) else {
                continue;
            };
            let mut parts = inside
                .components()
                .map(|part| part.as_os_str().to_str().unwrap_or_default());
            match (parts.next(), parts.next()) {
                // The directory of all BMCs itself went away: it is made anew.
                (None, _) if is_departure(&event.kind) => self.add_all(),
                (Some(bmc), None) if is_arrival(&event.kind) || is_departure(&event.kind) => {
                    if let Ok(name) = BmcName::new(bmc) {
                        self.add(name, is_arrival(&event.kind));
                    }
                }
                (Some(bmc), Some(FILE)) if is_finished(&event.kind, path) => {
                    if let Ok(name) = BmcName::new(bmc) {
                        self.add(name, false);
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_arrival(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(RenameMode::To))
    )
}

fn is_departure(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From))
    )
}

/// Whether a file is as its writer wants it. While it is being written it is not, and must not be read.
fn is_finished(kind: &EventKind, path: &Path) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Modify(ModifyKind::Name(_) | ModifyKind::Metadata(_))
        | EventKind::Remove(_) => true,
        EventKind::Create(_) => path.is_symlink(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    /// Takes changes until one names `wanted`; far longer than it ever takes.
    async fn wait_for(changes: &mut Changes, wanted: &str) {
        let wanted = BmcName::new(wanted).unwrap();
        let found = async {
            loop {
                match changes.next().await {
                    Change::Bmcs(names) if names.contains(&wanted) => break,
                    _ => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), found)
            .await
            .expect("the change is noticed");
    }

    async fn watched(dir: &Path) -> Changes {
        let registry = Arc::new(Registry::open(dir).unwrap());
        let mut changes = Changes::watch(registry);
        assert_eq!(changes.next().await, Change::All);
        changes
    }

    #[tokio::test]
    async fn notices_what_others_do() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("old")).unwrap();
        let mut changes = watched(dir.path()).await;

        fs::write(dir.path().join("old/config"), "x").unwrap();
        wait_for(&mut changes, "old").await;

        fs::create_dir(dir.path().join("new")).unwrap();
        wait_for(&mut changes, "new").await;
        fs::write(dir.path().join("new/config"), "x").unwrap();
        wait_for(&mut changes, "new").await;
        fs::rename(dir.path().join("new/config"), dir.path().join("new/other")).unwrap();
        wait_for(&mut changes, "new").await;

        fs::remove_dir_all(dir.path().join("old")).unwrap();
        wait_for(&mut changes, "old").await;
    }

    #[tokio::test]
    async fn survives_the_loss_of_the_directory() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("vbmc");
        let mut changes = watched(&dir).await;
        fs::remove_dir(&dir).unwrap();
        let all = tokio::time::timeout(Duration::from_secs(20), changes.next());
        assert_eq!(all.await.unwrap(), Change::All);
        fs::create_dir(dir.join("a")).unwrap();
        wait_for(&mut changes, "a").await;
    }

    #[test]
    fn an_overflow_or_too_many_names_means_everything() {
        let pending = Pending::default();
        let overflow = Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan);
        pending.take_event(Path::new("/x"), Ok(overflow));
        assert!(pending.state.lock().all);

        let pending = Pending::default();
        for number in 0..=MAX_PENDING {
            pending.add(BmcName::new(&format!("n{number}")).unwrap(), false);
        }
        let state = pending.state.lock();
        assert!(state.all && state.names.is_empty());
    }

    #[test]
    fn a_file_still_being_written_is_not_read() {
        let pending = Pending::default();
        let dir = Path::new("/x");
        for kind in [
            EventKind::Create(notify::event::CreateKind::File),
            EventKind::Modify(ModifyKind::Data(notify::event::DataChange::Any)),
        ] {
            pending.take_event(dir, Ok(Event::new(kind).add_path(dir.join("a/config"))));
        }
        assert!(pending.state.lock().names.is_empty());
        let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
        pending.take_event(dir, Ok(Event::new(closed).add_path(dir.join("a/config"))));
        assert_eq!(pending.state.lock().names.len(), 1);
    }
}
