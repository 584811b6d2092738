//! What matters of a network, and how two differ.

use super::super::super::xml::edit::Edits;
use super::super::super::xml::tree::Element;
use super::super::DescriptionError;
use super::{Mark, difference, name_of, root};

/// What an operator would notice of a network's description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkOutline {
    /// Its name.
    pub name: String,
    /// The bridge it is; none: libvirt names it.
    pub bridge: Option<String>,
    /// `nat`, `bridge`, `route`; none: it leads nowhere else.
    pub forward: Option<String>,
    /// The host's addresses there with their prefix or netmask, and whether libvirt serves DHCP.
    pub addresses: Vec<String>,
    /// The lab it belongs to.
    pub mark: Option<Mark>,
}

impl NetworkOutline {
    /// Reads a description, libvirt's own or one to be defined.
    ///
    /// # Errors
    ///
    /// When it isn't a network's, or has no name.
    pub fn read(xml: &str) -> Result<Self, DescriptionError> {
        let network = root(xml, "network")?;
        let attribute = |element: &str, attribute: &str| {
            let value = network.child(element)?.attribute(attribute)?;
            Some(value.to_owned())
        };
        let forward = network.child("forward");
        Ok(Self {
            name: name_of(&network)?,
            bridge: attribute("bridge", "name"),
            forward: forward.map(|forward| forward.attribute("mode").unwrap_or("nat").to_owned()),
            addresses: network
                .children
                .iter()
                .filter(|child| child.is("ip"))
                .map(address)
                .collect(),
            mark: Mark::read(&network),
        })
    }

    /// How `here` differs from what is wanted, a line for each difference, in words.
    #[must_use]
    pub fn differences(&self, here: &Self) -> Vec<String> {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        let list = |values: &[String]| match values {
            [] => "none".to_owned(),
            values => values.join(", "),
        };
        let bridge = self
            .bridge
            .as_deref()
            .and_then(|bridge| difference("bridge", bridge, &shown(&here.bridge)));
        [
            bridge,
            difference("forwarding", &shown(&self.forward), &shown(&here.forward)),
            difference("addresses", &list(&self.addresses), &list(&here.addresses)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Mark {
    /// Puts the mark into a network's description.
    ///
    /// # Errors
    ///
    /// When it isn't a network's, or has no name.
    pub fn put_in_network(&self, xml: &str) -> Result<String, DescriptionError> {
        let network = root(xml, "network")?;
        name_of(&network)?;
        let mut edits = Edits::of(xml);
        self.put_in(&network, &mut edits);
        Ok(edits.apply())
    }
}

fn address(ip: &Element) -> String {
    let value = |name| ip.attribute(name).unwrap_or_default();
    let width = match (ip.attribute("prefix"), ip.attribute("netmask")) {
        (Some(prefix), _) => prefix.to_owned(),
        (None, Some(netmask)) => prefix_of(netmask),
        (None, None) => String::new(),
    };
    let dhcp = match ip.child("dhcp") {
        Some(_) => " with DHCP",
        None => "",
    };
    format!("{}/{width}{dhcp}", value("address"))
}

/// `255.255.255.0` as `24`: the same network may be written either way.
fn prefix_of(netmask: &str) -> String {
    netmask.parse().map_or_else(
        |_| netmask.to_owned(),
        |netmask: std::net::Ipv4Addr| netmask.to_bits().count_ones().to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROVISIONING: &str = "<network>
  <name>provisioning</name>
  <bridge name='brlab'/>
  <ip address='172.22.0.1' netmask='255.255.255.0'/>
</network>";

    #[test]
    fn the_mark_goes_in_and_is_read_back() {
        let marked = Mark::new("a&b").put_in_network(PROVISIONING).unwrap();
        assert_eq!(Mark::of_network(&marked), Some(Mark::new("a&b")));
        let again = Mark::new("c").put_in_network(&marked).unwrap();
        assert_eq!(
            NetworkOutline::read(&again).unwrap().mark,
            Some(Mark::new("c"))
        );
        assert_eq!(Mark::of_network(PROVISIONING), None);
    }

    #[test]
    fn two_ways_to_write_a_netmask_are_no_difference() {
        let wanted = NetworkOutline::read(PROVISIONING).unwrap();
        let here = PROVISIONING.replace("netmask='255.255.255.0'", "prefix='24'");
        let here = NetworkOutline::read(&here).unwrap();
        assert_eq!(wanted.differences(&here), Vec::<String>::new());
    }

    #[test]
    fn differences_are_told_in_words() {
        let wanted = NetworkOutline::read(PROVISIONING).unwrap();
        let here = NetworkOutline::read(
            "<network><name>provisioning</name><forward/><bridge name='virbr9'/>
             <ip address='10.0.0.1' prefix='8'><dhcp/></ip></network>",
        )
        .unwrap();
        assert_eq!(
            wanted.differences(&here),
            [
                "bridge: brlab as described, virbr9 as it is",
                "forwarding: none as described, nat as it is",
                "addresses: 172.22.0.1/24 as described, 10.0.0.1/8 with DHCP as it is",
            ]
        );
    }
}
