//! What several test crates and the fuzz targets share: an onlooker that reads both directions of an exchange, and both
//! ends joined in memory.
#![allow(dead_code, reason = "each test crate uses a part of it")]

pub(crate) mod observer;
pub(crate) mod pair;
pub(crate) mod v15;

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipmi_proto::Privilege;
use ipmi_proto::bmc::{User, Users};
use ipmi_proto::command::app::UserId;
use ipmi_proto::crypto::{CipherSuite, CipherSuites, Password};
use ipmi_proto::handshake::Username;

/// The password of `admin`.
pub(crate) const PASSWORD: &[u8] = b"password";

pub(crate) fn name(name: &[u8]) -> Username {
    Username::new(name).expect("a short name")
}

pub(crate) fn password(password: &[u8]) -> Password {
    Password::new(password).expect("a short password")
}

/// `admin` (Administrator), `oper` (Operator) and `user` (User), all with [`PASSWORD`].
pub(crate) fn users() -> Users {
    let mut users = Users::default();
    for (id, user, privilege) in [
        (2, "admin", Privilege::Administrator),
        (3, "oper", Privilege::Operator),
        (4, "user", Privilege::User),
    ] {
        let id = UserId::new(id).expect("a valid id");
        let user = User::new(name(user.as_bytes()), password(PASSWORD), privilege);
        assert!(users.set(id, Some(user)));
    }
    users
}

pub(crate) fn all_suites() -> CipherSuites {
    CipherSuites::from_ids(CipherSuite::ALL.map(CipherSuite::id)).expect("all are implemented")
}

/// A source address; each number is another host.
pub(crate) fn peer(number: u32) -> SocketAddr {
    let address = Ipv4Addr::from_bits(0x0A00_0000 + number);
    SocketAddr::new(IpAddr::V4(address), 40_000)
}
