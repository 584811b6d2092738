//! What the network cards of the domains are plugged into: a network that nobody has makes a domain that never starts.

use super::describe;
use crate::lab::config::Lab;
use crate::lab::hypervisor::Hypervisor;
use crate::lab::problems::Problems;

/// A network card on a network that the lab doesn't make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plug {
    /// Where it is described.
    place: String,
    network: String,
}

/// Network cards on networks that are not in `networks/`: the hypervisor must have them.
pub(crate) fn elsewhere(lab: &Lab) -> Vec<Plug> {
    let mut found = Vec::new();
    for domain in lab.domains.values() {
        let file = domain.description.file();
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let shown = file.strip_prefix(&lab.dir).unwrap_or(file).display();
        for network in describe::networks(lab, domain) {
            if lab.networks.contains_key(&network) {
                continue;
            }
            let line = text
                .lines()
                .zip(1..)
                .find(|(line, _)| line.contains(&*network));
            let place = match line {
                Some((_, number)) => format!("{shown}:{number}"),
                None => shown.to_string(),
            };
            found.push(Plug { place, network });
        }
    }
    found
}

/// Notes those that the hypervisor doesn't have either. Fails where it cannot be asked.
pub(crate) async fn check(
    lab: &Lab,
    plugs: Vec<Plug>,
    hypervisor: &Hypervisor,
    problems: &mut Problems,
) -> anyhow::Result<()> {
    for plug in plugs {
        let name = plug.network.clone();
        let there = hypervisor.call(move |admin| admin.network(&name)).await?;
        if there.is_none() {
            problems.add(&plug.place, plug.missing(lab));
        }
    }
    Ok(())
}

impl Plug {
    fn missing(&self, lab: &Lab) -> String {
        let all: Vec<_> = lab.networks.keys().map(String::as_str).collect();
        let there = match &*all {
            [] => "none".to_owned(),
            all => all.join(", "),
        };
        format!(
            "the network {} is neither in networks/ of this lab (there: {there}) nor on the hypervisor {}",
            self.network, lab.libvirt_uri
        )
    }

    /// What can be said of it where the hypervisor cannot be asked.
    pub(crate) fn unknown(&self, lab: &Lab, why: &anyhow::Error) -> String {
        format!(
            "{}: the network {} is not in networks/ of this lab, and whether the hypervisor {} has it cannot be told: {why:#}",
            self.place, self.network, lab.libvirt_uri
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::testing::{run, write};

    #[tokio::test]
    async fn a_misspelt_network_is_told_with_its_line_and_one_of_the_hypervisors_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let toml = "name = \"x\"\n[libvirt]\nuri = \"test:///default\"\n[domains.a]\nbmc = false\n[domains.b]\nbmc = false\n";
        write(dir.path(), "lab.toml", toml);
        write(
            dir.path(),
            "networks/provisioning.xml",
            "<network><name>$NAME</name></network>",
        );
        let xml = "<domain type='qemu'><memory>1024</memory><os><type>hvm</type></os><devices>
            <interface type='network'><source network='provisioning'/></interface>
            <interface type='network'><source network='default'/></interface>
            <interface type='network'><source network='provisionign'/></interface></devices></domain>";
        write(dir.path(), "domains/a/domain.xml", xml);
        let arguments =
            "--network network=default,model=virtio\n--network bridge=br0\n-w network:other\n";
        write(dir.path(), "domains/b/virt-install.arguments", arguments);
        let (run, _) = run(dir.path(), true);
        let plugs = elsewhere(&run.lab);
        assert_eq!(plugs.len(), 4, "{plugs:?}");
        let mut problems = Problems::default();
        let hypervisor = Hypervisor::open(&run.lab).await.unwrap();
        check(&run.lab, plugs, &hypervisor, &mut problems)
            .await
            .unwrap();
        assert_eq!(
            problems.to_string(),
            "2 problems:
  domains/a/domain.xml:4: the network provisionign is neither in networks/ of this lab (there: provisioning) nor on the \
             hypervisor test:///default
  domains/b/virt-install.arguments:3: the network other is neither in networks/ of this lab (there: provisioning) nor on \
             the hypervisor test:///default"
        );
    }
}
