//! `vbmc lab check`: reads all files of a lab, and touches nothing.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::bail;

use crate::commands::lab_args::LabArgs;
use crate::commands::runtime;
use crate::lab::config::{Lab, Publish, Source, place};
use crate::lab::hypervisor::Hypervisor;
use crate::lab::inventory::Inventory;
use crate::lab::inventory::domains::planned;
use crate::lab::problems::Problems;
use crate::lab::{domains, networks};

const EXAMPLES: &str = "\
Examples:
  vbmc lab check
  vbmc lab check --lab mylab

It looks at files alone: neither vbmcd nor Ironic is asked, and libvirt only for networks that domains \
are plugged into and the lab does not make. MAC addresses that libvirt has yet to give away are taken \
to be there.

Exit codes: 0 the lab is in order, 1 it isn't, 2 wrong usage.";

/// Say what is wrong with a lab's files, and touch nothing
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    lab: LabArgs,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let (line, warnings) = look(&args.lab.dir()?)?;
    for warning in warnings {
        tracing::warn!("warning: {warning}");
    }
    Ok(io::stdout().write_all(line.as_bytes())?)
}

/// What is in a lab that is in order, and what to know of it. The error tells all that is wrong.
fn look(dir: &Path) -> anyhow::Result<(String, Vec<String>)> {
    let (lab, mut problems) = Lab::read(dir)?;
    let Some(lab) = lab else {
        problems.check()?;
        bail!("the lab could not be read");
    };
    let mut doubts = Vec::new();
    files(&lab, &mut problems);
    networks_elsewhere(&lab, &mut problems, &mut doubts)?;
    for (subject, error) in networks::check(&lab)
        .into_iter()
        .chain(domains::check(&lab))
    {
        problems.add(subject, format!("{error:#}"));
    }
    // That the file is missing has been told.
    let inventory = &lab.introspection.inventory;
    let inventory = inventory
        .as_ref()
        .is_none_or(|file| file.is_file())
        .then(|| {
            Inventory::load(&lab, &planned(&lab))
                .map_err(|error| problems.take(error))
                .ok()
        });
    problems.check()?;
    let (nodes, warnings) = inventory
        .flatten()
        .map(|inventory| (inventory.nodes.len(), inventory.warnings))
        .unwrap_or_default();
    let line = format!(
        "The lab {} is in order: {}, {}, {}, {}\n",
        lab.name,
        count(lab.images.images.len(), "image"),
        count(lab.networks.len(), "network"),
        count(lab.domains.len(), "domain"),
        count(nodes, "node"),
    );
    Ok((line, [lab.warnings, warnings, doubts].concat()))
}

/// The networks that the lab doesn't make itself must be the hypervisor's, which is asked for them alone.
fn networks_elsewhere(
    lab: &Lab,
    problems: &mut Problems,
    doubts: &mut Vec<String>,
) -> anyhow::Result<()> {
    let plugs = domains::plugs::elsewhere(lab);
    if plugs.is_empty() {
        return Ok(());
    }
    let asked = runtime()?.block_on(async {
        let hypervisor = Hypervisor::open(lab).await?;
        domains::plugs::check(lab, plugs.clone(), &hypervisor, problems).await
    });
    if let Err(error) = asked {
        doubts.extend(plugs.iter().map(|plug| plug.unknown(lab, &error)));
    }
    Ok(())
}

/// What lab.toml names must be there.
fn files(lab: &Lab, problems: &mut Problems) {
    if let Publish::Http { directory, .. } = &lab.images.publish
        && !directory.is_dir()
    {
        problems.add(
            place::of_key(lab, "images", "http_root"),
            format!(
                "{} is no directory: name the one that the conductor's web server shows",
                directory.display()
            ),
        );
    }
    for image in &lab.images.images {
        for file in [&image.kernel, &image.ramdisk, &image.disk]
            .into_iter()
            .flatten()
        {
            if let Some(Source::Path(path)) = &file.source
                && !path.is_file()
            {
                problems.add(
                    format!("image {}", image.name),
                    format!("{} is no file", path.display()),
                );
            }
        }
    }
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, name: &str, text: &str) {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    const TOML: &str = "name = \"x\"
[libvirt]
uri = \"quemu:///system\"
[images]
publish = \"http\"
http_root = \"nowhere\"
http_url = \"http://192.0.2.1\"
[bmcs]
password = \"hidden\"
[domains.a]
autostart = false
";

    #[test]
    fn all_that_is_wrong_is_told_at_once_with_its_lines() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "lab.toml", TOML);
        write(dir.path(), "domains/a/domain.xml", "<domain>");
        write(dir.path(), "domains/b/other", "");
        write(dir.path(), "nodes.yaml", "- {name: n, pm_type: ipmi}\n");
        let error = format!("{:#}", look(dir.path()).unwrap_err());
        for expected in [
            "lab.toml:3: libvirt.uri: \"quemu\" is no hypervisor",
            "lab.toml:6: images.http_root: ",
            "lab.toml:10: domains.a: the BMC of the domain a needs a port",
            "lab.toml: the BMC of the domain b needs a port",
            "domains/b: needs a domain.xml",
            "domain a: cannot use ",
            "node n: pm_addr: is missing",
            "node n: pm_user: is missing",
            "node n: pm_password: is missing",
        ] {
            assert!(error.contains(expected), "{expected} is not in {error}");
        }
        assert!(error.starts_with("9 problems:"), "{error}");
    }

    #[test]
    fn a_network_that_cannot_be_asked_about_is_a_doubt() {
        let dir = tempfile::tempdir().unwrap();
        let toml = "name = \"x\"\n[libvirt]\nuri = \"qemu+unix:///system?socket=/nowhere\"\n\
                    [domains.a]\nbmc = false\n";
        write(dir.path(), "lab.toml", toml);
        let xml = "<domain type='qemu'><memory>1024</memory><os><type>hvm</type></os><devices>
            <interface type='network'><source network='far'/></interface></devices></domain>";
        write(dir.path(), "domains/a/domain.xml", xml);
        let (line, warnings) = look(dir.path()).unwrap();
        assert!(line.contains("is in order"), "{line}");
        let [doubt] = &*warnings else {
            panic!("{warnings:?}")
        };
        assert!(
            doubt.starts_with("domains/a/domain.xml:2: the network far"),
            "{doubt}"
        );
    }
}
