//! BMCs that are not this lab's: of the same name, or on the same port. Nothing here is changed or removed.

use std::net::IpAddr;

use vbmc_core::control::{BmcDetails, BmcSummary, Status};

use super::wish::Wish;

/// Why a BMC of the wished name that this lab did not make stands in its way, and the way out. `words` say how it
/// differs. It may be another lab's: removing it is for whoever knows that it isn't needed.
pub(super) fn in_the_way(wish: &Wish, bmc: &BmcDetails, words: &[String]) -> String {
    let name = &wish.name;
    let remove = format!(
        "if it is yours and nobody needs it, `vbmc delete {name}`, and the next run makes this lab's own"
    );
    if bmc.libvirt_uri != wish.libvirt_uri {
        return format!(
            "vbmcd has a BMC of this name for the domain {name} on another hypervisor, {}, which this lab did not make: \
             give the directory domains/{name} another name; or, {remove}",
            bmc.libvirt_uri
        );
    }
    format!(
        "vbmcd has a BMC of this name that this lab did not make, for the same domain: it is another lab's, or was made \
         by hand, and differs: {}. Write into lab.toml what it has, or give the directory domains/{name} another name; \
         or, {remove}",
        words.join(", ")
    )
}

/// Why the wished port cannot be had: another BMC of vbmcd's listens there. Those that this run is to move away from it
/// don't count.
pub(super) fn on_the_port(wish: &Wish, there: &[BmcSummary], wishes: &[Wish]) -> Option<String> {
    let settings = &wish.settings;
    let moves = |bmc: &BmcSummary| {
        let wished = wishes.iter().find(|wish| wish.name == bmc.domain_name);
        wished.is_some_and(|wish| wish.settings.port != bmc.port)
    };
    let other = there.iter().find(|bmc| {
        bmc.domain_name != wish.name
            && bmc.status == Status::Running
            && bmc.port == settings.port
            && overlap(&bmc.address, &settings.listen)
            && !moves(bmc)
    })?;
    Some(format!(
        "the BMC {} has port {} of {} already: set another port in [domains.{}] of lab.toml, or another listen in [bmcs]",
        other.domain_name, other.port, other.address, wish.name
    ))
}

/// Whether two sockets of one port cannot be bound to these addresses: `::` takes IPv4's too.
fn overlap(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (one.parse::<IpAddr>(), other.parse::<IpAddr>()) else {
        return one == other;
    };
    let covers =
        |all: IpAddr, one: IpAddr| all.is_unspecified() && (all.is_ipv6() || one.is_ipv4());
    one == other || covers(one, other) || covers(other, one)
}

#[cfg(test)]
mod tests {
    use super::super::wish::tests::{there, wish};
    use super::*;

    #[test]
    fn a_strangers_bmc_is_told_with_whose_it_is_and_never_to_be_deleted_first() {
        let (mut bmc, _) = there("x", 6231);
        let text = in_the_way(&wish(), &bmc, &["port 6231 → 6230".to_owned()]);
        assert!(
            text.contains("another lab's") && text.contains("port 6231 → 6230"),
            "{text}"
        );
        bmc.libvirt_uri = "qemu+ssh://far/system".to_owned();
        let text = in_the_way(&wish(), &bmc, &[]);
        assert!(
            text.contains("on another hypervisor, qemu+ssh://far/system"),
            "{text}"
        );
        let (name, delete) = (text.find("another name"), text.find("if it is yours"));
        assert!(name.unwrap() < delete.unwrap(), "{text}");
    }

    #[test]
    fn a_port_that_another_bmc_has_is_found() {
        let bmc = |name: &str, address: &str, port| BmcSummary {
            domain_name: name.to_owned(),
            status: Status::Running,
            address: address.to_owned(),
            port,
        };
        let found = |bmc| on_the_port(&wish(), &[bmc], &[]);
        let text = found(bmc("other", "127.0.0.1", 6230)).unwrap();
        assert!(
            text.starts_with("the BMC other has port 6230 of 127.0.0.1"),
            "{text}"
        );
        assert_eq!(found(bmc("other", "::", 6231)), None);
        assert_eq!(found(bmc("node-0", "::", 6230)), None, "it is the one");
        let stopped = BmcSummary {
            status: Status::Down,
            ..bmc("other", "::", 6230)
        };
        assert_eq!(found(stopped), None);

        let mut moved = wish();
        moved.name = "other".to_owned();
        moved.settings.port = 6299;
        let there = [bmc("other", "::", 6230)];
        assert_eq!(
            on_the_port(&wish(), &there, &[moved]),
            None,
            "it moves away"
        );
    }

    #[test]
    fn addresses_overlap_where_one_takes_all() {
        assert!(overlap("::", "127.0.0.1") && overlap("127.0.0.1", "0.0.0.0"));
        assert!(!overlap("0.0.0.0", "::1") && !overlap("127.0.0.1", "127.0.0.2"));
    }
}
