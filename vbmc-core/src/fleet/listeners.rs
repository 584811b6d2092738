//! Which BMC has which address, and who waits for one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::net::SocketAddr;

use parking_lot::Mutex;

use crate::registry::BmcName;

/// The addresses of the BMCs that run, and the BMCs that could not get theirs.
#[derive(Debug, Default)]
pub(super) struct Listeners(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    taken: HashMap<SocketAddr, BmcName>,
    /// By port alone: `::` and `127.0.0.1` get in each other's way as well.
    waiting: BTreeMap<u16, BTreeSet<BmcName>>,
}

impl Listeners {
    /// Takes an address for a BMC, unless another one has it.
    pub(super) fn take(&self, address: SocketAddr, name: &BmcName) -> Result<(), String> {
        let mut state = self.0.lock();
        match state.taken.get(&address) {
            Some(other) if other != name => {
                let problem = used_by(address, other);
                state.wait(address, name);
                Err(problem)
            }
            _ => {
                state.taken.insert(address, name.clone());
                Ok(())
            }
        }
    }

    /// Gives an address back. Returns the BMCs that may have it now.
    pub(super) fn give_back(&self, address: SocketAddr) -> BTreeSet<BmcName> {
        let mut state = self.0.lock();
        state.taken.remove(&address);
        state.waiting.remove(&address.port()).unwrap_or_default()
    }

    /// Gives an address back that could not be bound, and says why in a sentence with the way out.
    pub(super) fn refused(&self, address: SocketAddr, name: &BmcName, error: &io::Error) -> String {
        let mut state = self.0.lock();
        state.taken.remove(&address);
        let (ip, port) = (address.ip(), address.port());
        match error.kind() {
            io::ErrorKind::AddrInUse => {
                let overlaps = |other: &SocketAddr| {
                    other.port() == port && (other.ip().is_unspecified() || ip.is_unspecified())
                };
                let owner = state
                    .taken
                    .iter()
                    .find(|(other, owner)| overlaps(other) && *owner != name);
                let problem = match owner {
                    Some((_, owner)) => used_by(address, owner),
                    None => format!(
                        "address {ip} port {port} is in use by another program; stop that (`ss -ulpn` lists them) or \
                         choose another port"
                    ),
                };
                state.wait(address, name);
                problem
            }
            io::ErrorKind::AddrNotAvailable => format!(
                "address {ip} (port {port}) is not one of this machine; choose one that `ip address` lists, or :: for \
                 all of them"
            ),
            io::ErrorKind::PermissionDenied => format!(
                "address {ip} port {port} is refused to vbmcd's user; choose a port above 1023, or give vbmcd the \
                 capability CAP_NET_BIND_SERVICE as its systemd unit does"
            ),
            // Not the address but another setting.
            io::ErrorKind::InvalidInput => error.to_string(),
            _ => format!("cannot listen on address {ip} port {port}: {error}"),
        }
    }
}

impl State {
    fn wait(&mut self, address: SocketAddr, name: &BmcName) {
        let waiting = self.waiting.entry(address.port()).or_default();
        waiting.insert(name.clone());
    }
}

fn used_by(address: SocketAddr, name: &BmcName) -> String {
    let (ip, port) = (address.ip(), address.port());
    format!(
        "address {ip} port {port} is in use by the BMC of domain {name}; choose another port or address"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> BmcName {
        BmcName::new(name).unwrap()
    }

    #[test]
    fn names_the_owner_and_tells_who_waits() {
        let listeners = Listeners::default();
        let address: SocketAddr = "127.0.0.1:623".parse().unwrap();
        listeners.take(address, &name("a")).unwrap();
        let problem = listeners.take(address, &name("b")).unwrap_err();
        assert!(
            problem.contains("127.0.0.1 port 623") && problem.contains("domain a;"),
            "{problem}"
        );
        assert_eq!(listeners.give_back(address), BTreeSet::from([name("b")]));
        assert!(listeners.give_back(address).is_empty());
    }

    #[test]
    fn a_wildcard_in_the_way_is_named_too() {
        let listeners = Listeners::default();
        listeners
            .take("[::]:623".parse().unwrap(), &name("all"))
            .unwrap();
        let one = "127.0.0.1:623".parse().unwrap();
        listeners.take(one, &name("b")).unwrap();
        let error = io::ErrorKind::AddrInUse.into();
        let problem = listeners.refused(one, &name("b"), &error);
        assert!(problem.contains("domain all;"), "{problem}");
        let other = "127.0.0.1:624".parse().unwrap();
        let problem = listeners.refused(other, &name("b"), &error);
        assert!(problem.contains("another program"), "{problem}");
    }
}
