//! Who may ask: root, the daemon's own user, and the members of the control group. The kernel says who it is.

use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::serve::IncomingStream;
use nix::unistd::{Gid, Uid, User};
use tokio::net::UnixListener;
use tokio::net::unix::UCred;

use super::problem::Failure;

/// The other end of a connection, as the kernel vouches for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(Option<Credentials>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Credentials {
    user: Uid,
    group: Gid,
}

impl From<UCred> for Credentials {
    fn from(credentials: UCred) -> Self {
        Self {
            user: Uid::from_raw(credentials.uid()),
            group: Gid::from_raw(credentials.gid()),
        }
    }
}

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        Self(stream.io().peer_cred().ok().map(Credentials::from))
    }
}

/// Who may ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowed {
    own: Uid,
    group: Option<Gid>,
}

impl Allowed {
    /// Root and our own user, and the members of `group`.
    pub(super) fn new(group: Option<Gid>) -> Self {
        Self {
            own: Uid::effective(),
            group,
        }
    }

    fn admits(&self, peer: Credentials) -> bool {
        peer.user.is_root()
            || peer.user == self.own
            || self
                .group
                .is_some_and(|group| peer.group == group || is_member(peer, group))
    }
}

/// Whether the user database has the peer's user in the group.
fn is_member(peer: Credentials, group: Gid) -> bool {
    let Ok(Some(user)) = User::from_uid(peer.user) else {
        return false;
    };
    let Ok(name) = std::ffi::CString::new(user.name) else {
        return false;
    };
    nix::unistd::getgrouplist(&name, user.gid).is_ok_and(|groups| groups.contains(&group))
}

/// Lets the requests of those through who may ask.
pub(super) async fn check(
    State(allowed): State<Allowed>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    match peer {
        Some(peer) if allowed.admits(peer) => next.run(request).await,
        _ => {
            tracing::warn!(
                user = peer.map(|peer| peer.user.as_raw()),
                "refused a control request"
            );
            Failure::new(
                StatusCode::FORBIDDEN,
                "only root, vbmcd's own user and the members of control_group may control vbmcd",
            )
            .into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(user: u32, group: u32) -> Credentials {
        Credentials {
            user: Uid::from_raw(user),
            group: Gid::from_raw(group),
        }
    }

    #[test]
    fn strangers_are_refused() {
        let allowed = Allowed {
            own: Uid::from_raw(1000),
            group: None,
        };
        assert!(allowed.admits(peer(0, 0)));
        assert!(allowed.admits(peer(1000, 1000)));
        assert!(!allowed.admits(peer(1001, 1000)));
        let allowed = Allowed {
            group: Some(Gid::from_raw(50)),
            ..allowed
        };
        assert!(allowed.admits(peer(1001, 50)));
        assert!(!allowed.admits(peer(1001, 51)));
    }
}
