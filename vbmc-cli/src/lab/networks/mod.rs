//! The lab's networks: `networks/NAME.xml`, defined, started and set to start with the hypervisor.

use std::path::Path;

use anyhow::{Context as _, ensure};
use vbmc_core::host::libvirt::admin::NetworkFacts;
use vbmc_core::host::libvirt::admin::xml::{Mark, NetworkOutline};

use super::Run;
use super::config::Lab;
use super::hypervisor::Hypervisor;
use super::report::{Kind, Outcome, Subject};

/// A network as the lab describes it.
struct Wanted {
    xml: String,
    outline: NetworkOutline,
}

/// Reads the descriptions of all networks: what is wrong with one is known before anything is done.
pub(crate) fn check(lab: &Lab) -> Vec<(Subject, anyhow::Error)> {
    lab.networks
        .iter()
        .filter_map(|(name, file)| {
            let error = describe(lab, name, file).err()?;
            Some((Subject::new(Kind::Network, name), error))
        })
        .collect()
}

/// Makes the networks that are not there.
pub(crate) async fn prepare(run: &mut Run) -> anyhow::Result<()> {
    if run.lab.networks.is_empty() {
        return Ok(());
    }
    run.report.phase("Networks");
    let hypervisor = Hypervisor::open(&run.lab).await?;
    for (name, file) in run.lab.networks.clone() {
        let subject = Subject::new(Kind::Network, &name);
        let (outcome, detail) = match make(run, &hypervisor, &subject, &file).await {
            Ok(done) => done,
            Err(error) => (Outcome::Failed, format!("{error:#}")),
        };
        run.report.outcome(&subject, outcome, detail);
    }
    Ok(())
}

async fn make(
    run: &mut Run,
    hypervisor: &Hypervisor,
    subject: &Subject,
    file: &Path,
) -> anyhow::Result<(Outcome, String)> {
    let name = &subject.name;
    let wanted = describe(&run.lab, name, file)?;
    let asked = name.clone();
    let there = hypervisor.call(move |admin| admin.network(&asked)).await?;
    match there {
        Some(there) => complete(run, hypervisor, subject, &wanted, &there).await,
        None if run.dry_run => Ok((
            Outcome::WouldChange,
            "would be defined and started".to_owned(),
        )),
        None => {
            let entry = hypervisor.entry(name);
            // First of all: what an interruption leaves behind must be known to be ours.
            run.manifest.change(|made| {
                made.networks.retain(|known| *known != entry);
                made.networks.push(entry.clone());
            })?;
            let xml = wanted.xml;
            if let Err(error) = hypervisor
                .call(move |admin| admin.define_network(&xml))
                .await
            {
                if hypervisor.answers().await {
                    run.manifest
                        .change(|made| made.networks.retain(|known| *known != entry))?;
                }
                return Err(error);
            }
            bring_up(hypervisor, name, true, true).await?;
            Ok((
                Outcome::Changed,
                format!("defined and started{}", shown(&wanted.outline)),
            ))
        }
    }
}

/// Sees to one that is there: its own lab's is finished if a run was interrupted, and nothing else is changed.
async fn complete(
    run: &mut Run,
    hypervisor: &Hypervisor,
    subject: &Subject,
    wanted: &Wanted,
    there: &NetworkFacts,
) -> anyhow::Result<(Outcome, String)> {
    let name = &subject.name;
    let mut differences = wanted
        .outline
        .differences(&NetworkOutline::read(&there.xml)?);
    let ours = there.mark.as_ref().map(Mark::lab) == Some(&*run.lab.name);
    if !ours {
        if !there.active {
            differences.push(format!(
                "it is down, and nodes cannot boot from it: `virsh net-start {name}`"
            ));
        }
        for difference in differences {
            run.report.warning(subject, difference);
        }
        return Ok((
            Outcome::Unchanged,
            "was here before this lab: left alone, also by `vbmc clean`".to_owned(),
        ));
    }
    for difference in &differences {
        run.report.warning(
            subject,
            format!("{difference}; `virsh net-destroy {name}; virsh net-undefine {name}`, and the next run makes it anew"),
        );
    }
    let mut missing = Vec::new();
    if !there.active {
        missing.push("started");
    }
    if !there.autostart {
        missing.push("set to start with the hypervisor");
    }
    if run.dry_run && !missing.is_empty() {
        return Ok((
            Outcome::WouldChange,
            format!("would be {}", missing.join(" and ")),
        ));
    }
    if !run.dry_run {
        let entry = hypervisor.entry(name);
        run.manifest.change(|made| {
            if !made.networks.contains(&entry) {
                made.networks.push(entry);
            }
        })?;
    }
    if missing.is_empty() {
        let detail = match differences.len() {
            0 => "up to date".to_owned(),
            _ => "differs from its description".to_owned(),
        };
        return Ok((Outcome::Unchanged, detail));
    }
    bring_up(hypervisor, name, !there.active, !there.autostart).await?;
    Ok((Outcome::Changed, missing.join(" and ")))
}

async fn bring_up(
    hypervisor: &Hypervisor,
    name: &str,
    start: bool,
    autostart: bool,
) -> anyhow::Result<()> {
    let name = name.to_owned();
    hypervisor
        .call(move |admin| {
            if start {
                admin.start_network(&name)?;
            }
            if autostart {
                admin.set_network_autostart(&name, true)?;
            }
            Ok(())
        })
        .await
}

fn describe(lab: &Lab, name: &str, file: &Path) -> anyhow::Result<Wanted> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let xml = lab
        .variables
        .clone()
        .with("NAME", name)
        .expand_xml(file, &text)?;
    let wrong = || format!("cannot use {}", file.display());
    let xml = Mark::new(&lab.name)
        .put_in_network(&xml)
        .with_context(wrong)?;
    let outline = NetworkOutline::read(&xml).with_context(wrong)?;
    ensure!(
        outline.name == name,
        "{} describes the network {:?}: call the file {}.xml, or write <name>$NAME</name>",
        file.display(),
        outline.name,
        outline.name
    );
    Ok(Wanted { xml, outline })
}

fn shown(outline: &NetworkOutline) -> String {
    let bridge = outline
        .bridge
        .iter()
        .map(|bridge| format!("bridge {bridge}"));
    let parts: Vec<String> = bridge.chain(outline.addresses.iter().cloned()).collect();
    match &*parts {
        [] => String::new(),
        parts => format!(": {}", parts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use vbmc_core::host::libvirt::admin::Admin;

    use super::*;
    use crate::lab::testing::{run, write};

    const URI: &str = "test:///default";

    async fn prepared(dir: &Path, dry_run: bool) -> Vec<String> {
        let (mut run, told) = run(dir, dry_run);
        prepare(&mut run).await.unwrap();
        told.take()
    }

    #[tokio::test]
    async fn a_network_is_made_once_and_kept_up() {
        // libvirt's test driver forgets what was made when its last connection closes.
        let admin = Admin::open(URI, None).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let lab = format!("name = \"nets\"\n[libvirt]\nuri = \"{URI}\"\n");
        write(dir.path(), "lab.toml", &lab);
        let xml = "<network><name>$NAME</name><bridge name='br-a'/><ip address='10.7.0.1' prefix='24'/></network>";
        write(dir.path(), "networks/a.xml", xml);
        write(
            dir.path(),
            "networks/default.xml",
            &xml.replace("br-a", "virbr0"),
        );

        let dry = prepared(dir.path(), true).await;
        assert_eq!(
            dry[0],
            "network a: WouldChange: would be defined and started"
        );
        assert_eq!(admin.network("a").unwrap(), None);

        let first = prepared(dir.path(), false).await;
        assert_eq!(
            first[0],
            "network a: Changed: defined and started: bridge br-a, 10.7.0.1/24"
        );
        let last = first.last().unwrap();
        assert!(
            last.starts_with("network default: Unchanged: was here before"),
            "{first:?}"
        );
        let there = admin.network("a").unwrap().unwrap();
        assert!(there.active && there.autostart);

        let second = prepared(dir.path(), false).await;
        assert_eq!(second[0], "network a: Unchanged: up to date");
        assert_eq!(admin.network("a").unwrap().unwrap(), there);

        admin.set_network_autostart("a", false).unwrap();
        let third = prepared(dir.path(), false).await;
        assert_eq!(
            third[0],
            "network a: Changed: set to start with the hypervisor"
        );
        let (run, _) = run(dir.path(), false);
        assert_eq!(
            run.manifest.contents().networks.len(),
            1,
            "default is not ours"
        );
    }

    #[test]
    fn a_file_is_named_as_its_network() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "lab.toml", "name = \"x\"\n");
        write(
            dir.path(),
            "networks/a.xml",
            "<network><name>b</name></network>",
        );
        write(dir.path(), "networks/c.xml", "<network>");
        let (run, _) = run(dir.path(), true);
        let problems = check(&run.lab);
        assert!(
            problems[0]
                .1
                .to_string()
                .ends_with("call the file b.xml, or write <name>$NAME</name>")
        );
        assert!(format!("{:#}", problems[1].1).contains("c.xml"));
    }
}
