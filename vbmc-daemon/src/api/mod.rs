//! The control API: HTTP and JSON on a unix socket, for the users that may control the daemon and nobody else.
//!
//! The types are `vbmc_core::control`'s; the requests are in `routes`, and what they say of a BMC becomes its
//! settings in `settings`; its users' requests are in `users`; who may ask is in `peer`.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, chown};
use std::os::unix::net::{UnixListener as StdListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::unistd::Gid;
use rustix::fs::Mode;
use tokio::net::UnixListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use vbmc_core::fleet::Fleet;

use crate::config::Config;

mod peer;
mod problem;
mod routes;
mod settings;
mod users;

/// How long requests that are being answered may hold up the end.
const GRACE: Duration = Duration::from_secs(5);

/// The API's socket, bound and not served yet.
#[derive(Debug)]
pub(crate) struct Api {
    listener: UnixListener,
    path: PathBuf,
    group: Option<Gid>,
    show_passwords: Arc<AtomicBool>,
}

/// The API, being served.
#[derive(Debug)]
pub(crate) struct Serving {
    path: PathBuf,
    show_passwords: Arc<AtomicBool>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Api {
    /// Binds the socket. The pid file's lock must be held: a socket that nobody answers on is replaced.
    pub(crate) fn bind(config: &Config) -> Result<Self> {
        let path = &config.control_socket;
        let naming = || {
            format!(
                "cannot listen on the control socket {}; control_socket in section [default] sets another path",
                path.display()
            )
        };
        remove_stale(path)?;
        // Nobody else may connect, not even between this call and the next.
        let umask = rustix::process::umask(Mode::from_raw_mode(0o177));
        let listener = StdListener::bind(path);
        rustix::process::umask(umask);
        let listener = listener.with_context(naming)?;
        if let Some(group) = config.control_group {
            chown(path, None, Some(group.as_raw()))
                .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o660)))
                .with_context(|| {
                    format!(
                        "cannot give the control socket {} to the group of control_group",
                        path.display()
                    )
                })?;
        }
        listener.set_nonblocking(true).with_context(naming)?;
        Ok(Self {
            listener: UnixListener::from_std(listener).with_context(naming)?,
            path: path.clone(),
            group: config.control_group,
            show_passwords: Arc::new(AtomicBool::new(config.show_passwords)),
        })
    }

    /// Answers requests from now on.
    pub(crate) fn serve(self, fleet: Fleet) -> Serving {
        let state = routes::Shared {
            fleet,
            show_passwords: Arc::clone(&self.show_passwords),
        };
        let service = routes::router(state, peer::Allowed::new(self.group))
            .into_make_service_with_connect_info::<peer::Peer>();
        let (stop, stopped) = oneshot::channel();
        let server = axum::serve(self.listener, service).with_graceful_shutdown(async {
            // A sender that is gone means the same.
            let _ = stopped.await;
        });
        Serving {
            path: self.path,
            show_passwords: self.show_passwords,
            stop,
            server: tokio::spawn(async {
                if let Err(error) = server.await {
                    tracing::error!(%error, "the control API ended");
                }
            }),
        }
    }
}

impl Serving {
    /// Whether passwords are shown from now on.
    pub(crate) fn show_passwords(&self, show: bool) {
        self.show_passwords.store(show, Ordering::Relaxed);
    }

    /// Answers what was asked, nothing more, and removes the socket.
    pub(crate) async fn stop(self) {
        // Nobody connects to a server that ends.
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove the control socket");
        }
        // It may have ended by itself.
        let _ = self.stop.send(());
        if tokio::time::timeout(GRACE, self.server).await.is_err() {
            tracing::warn!("a control request was cut off");
        }
    }
}

/// Makes way for our socket: a dead one's is removed, a living one's or another file never.
fn remove_stale(path: &Path) -> Result<()> {
    let kind = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        result => result
            .with_context(|| format!("the control socket {}", path.display()))?
            .file_type(),
    };
    if !kind.is_socket() {
        bail!(
            "{} is there and is no socket: set another control_socket in section [default]",
            path.display()
        );
    }
    if UnixStream::connect(path).is_ok() {
        bail!(
            "another program answers on the control socket {}: stop it, or set another control_socket in section \
             [default]",
            path.display()
        );
    }
    fs::remove_file(path)
        .with_context(|| format!("cannot replace the stale control socket {}", path.display()))
}
