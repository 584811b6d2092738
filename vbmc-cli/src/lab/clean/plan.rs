//! What a lab has made, in the order in which it can be removed: nodes before the BMCs that Ironic asks, BMCs before
//! their domains, domains before their disks and networks.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::lab::manifest::{Contents, InCloud, OnHypervisor};
use crate::lab::report::{Kind, Subject};

/// A part of a lab, for `--only`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Part {
    /// Ironic's nodes, with their ports
    Nodes,
    /// Images in Glance, and the files of all images
    Images,
    /// Virtual BMCs
    Bmcs,
    /// Domains with their disk images
    Domains,
    /// libvirt's networks
    Networks,
}

/// One thing to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Thing {
    Node(InCloud),
    GlanceImage(InCloud),
    File(PathBuf),
    Bmc(String),
    Domain(OnHypervisor),
    Disk(OnHypervisor),
    Network(OnHypervisor),
}

impl Thing {
    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Node(node) => Subject::new(Kind::Node, &node.name),
            Self::GlanceImage(image) => Subject::new(Kind::Image, &image.name),
            Self::File(path) => Subject::new(Kind::Image, path.display().to_string()),
            Self::Bmc(name) => Subject::new(Kind::Bmc, name),
            Self::Domain(domain) => Subject::new(Kind::Domain, &domain.name),
            Self::Disk(disk) => Subject::new(Kind::Disk, &disk.name),
            Self::Network(network) => Subject::new(Kind::Network, &network.name),
        }
    }

    fn part(&self) -> Part {
        match self {
            Self::Node(_) => Part::Nodes,
            Self::GlanceImage(_) | Self::File(_) => Part::Images,
            Self::Bmc(_) => Part::Bmcs,
            Self::Domain(_) | Self::Disk(_) => Part::Domains,
            Self::Network(_) => Part::Networks,
        }
    }

    /// Strikes it off: it is gone, or not this lab's any more.
    pub(super) fn forget(&self, made: &mut Contents) {
        match self {
            Self::Node(node) => made.nodes.retain(|other| other != node),
            Self::GlanceImage(image) => made.glance_images.retain(|other| other != image),
            Self::File(path) => {
                made.files.retain(|other| other != path);
                made.known_files.remove(path);
            }
            Self::Bmc(name) => made.bmcs.retain(|other| other != name),
            Self::Domain(domain) => made.domains.retain(|other| other != domain),
            Self::Disk(disk) => made.disks.retain(|other| other != disk),
            Self::Network(network) => made.networks.retain(|other| other != network),
        }
        if made.glance_images.is_empty() && made.files.is_empty() {
            made.published.clear();
            made.known_files.clear();
        }
    }
}

/// What is to be removed of `only` these parts, or of all; the first one first.
pub(super) fn plan(made: &Contents, only: &[Part]) -> Vec<Thing> {
    let nodes = made.nodes.iter().cloned().map(Thing::Node);
    let images = made.glance_images.iter().cloned().map(Thing::GlanceImage);
    let files = made.files.iter().cloned().map(Thing::File);
    let bmcs = made.bmcs.iter().cloned().map(Thing::Bmc);
    let domains = made.domains.iter().cloned().map(Thing::Domain);
    let disks = made.disks.iter().cloned().map(Thing::Disk);
    let networks = made.networks.iter().cloned().map(Thing::Network);
    nodes
        .chain(images)
        .chain(bmcs)
        .chain(domains)
        .chain(disks)
        .chain(networks)
        .chain(files)
        .filter(|thing| only.is_empty() || only.contains(&thing.part()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::manifest::PublishedImage;

    fn made() -> Contents {
        let cloud = |name: &str| InCloud {
            endpoint: "http://192.0.2.1".into(),
            id: format!("id of {name}"),
            name: name.into(),
        };
        let local = |name: &str| OnHypervisor {
            uri: "qemu:///system".into(),
            name: name.into(),
        };
        Contents {
            published: [("ipa".to_owned(), PublishedImage::default())].into(),
            files: vec!["/images/ipa.kernel".into()],
            networks: vec![local("provisioning")],
            disks: vec![local("/images/a.qcow2")],
            domains: vec![local("a"), local("b")],
            bmcs: vec!["a".into(), "b".into()],
            glance_images: vec![cloud("ipa-kernel")],
            nodes: vec![cloud("a")],
            ..Contents::default()
        }
    }

    fn names(things: &[Thing]) -> Vec<String> {
        let subject = |thing: &Thing| thing.subject().to_string();
        things.iter().map(subject).collect()
    }

    #[test]
    fn what_needs_another_thing_goes_first() {
        assert_eq!(
            names(&plan(&made(), &[])),
            [
                "node a",
                "image ipa-kernel",
                "BMC a",
                "BMC b",
                "domain a",
                "domain b",
                "disk /images/a.qcow2",
                "network provisioning",
                "image /images/ipa.kernel",
            ]
        );
    }

    #[test]
    fn only_the_parts_that_were_named_go() {
        assert_eq!(
            names(&plan(&made(), &[Part::Networks, Part::Domains])),
            [
                "domain a",
                "domain b",
                "disk /images/a.qcow2",
                "network provisioning"
            ]
        );
        assert!(plan(&Contents::default(), &[]).is_empty());
    }

    #[test]
    fn what_is_gone_is_struck_off_and_nothing_else() {
        let mut made = made();
        let before = made.clone();
        Thing::Bmc("a".into()).forget(&mut made);
        assert_eq!(
            made,
            Contents {
                bmcs: vec!["b".into()],
                ..before
            }
        );
        for thing in plan(&made, &[]) {
            thing.forget(&mut made);
        }
        assert_eq!(made, Contents::default());
    }
}
