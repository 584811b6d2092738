//! `workspace/results/`: what tells afterwards how a run went, gathered from everywhere, also when a step failed.
//!
//! | Module | What it gathers |
//! |---|---|
//! | `domains` | libvirt's log, the serial console's, the description, and vbmcd's log, of each domain |
//! | `nodes` | Ironic's last state and history of each node, and the ramdisk's logs |
//! | `folder` | writes it: a run replaces what the one before left |
//!
//! Image builds and introspection data are written there by the steps that make them, and what a run tells by
//! [`crate::view`]. Nothing here holds a password; all of it is its owner's alone nevertheless.
//! What cannot be read is a warning and spoils nothing.

mod domains;
mod folder;
mod nodes;

use std::path::Path;

use anyhow::{Context as _, bail};

use self::folder::Folder;
pub(crate) use self::folder::{append, log_end, make_directory};
use super::Run;
use super::config::Lab;
use super::report::{Kind, Subject};
use crate::openstack::baremetal::Baremetal;

/// Gathers what there is. `ironic` is none where the run had nothing to do with it.
pub(crate) async fn gather(run: &Run, ironic: Option<&Baremetal>) {
    if run.dry_run {
        return;
    }
    let subject = Subject::new(Kind::Results, run.lab.results.display().to_string());
    let mut folder = Folder::new(&run.lab.results);
    let nodes = run.manifest.contents().nodes.clone();
    if let Some(ironic) = ironic {
        nodes::gather(ironic, &nodes, &mut folder).await;
    }
    let domains: Vec<String> = run.lab.domains.keys().cloned().collect();
    let uri = run.lab.libvirt_uri.clone();
    let logs = run.lab.server_logs.clone();
    let gathered = tokio::task::spawn_blocking(move || {
        domains::gather(&uri, &domains, &mut folder);
        if let Some(kept) = &logs.ramdisk {
            nodes::gather_ramdisk_logs(kept, &nodes, &mut folder);
        }
        if let Some(log) = &logs.conductor {
            folder.copy_log(log, "ironic-conductor.log");
        }
        folder
    });
    match gathered.await {
        Ok(folder) => tell(run, &subject, &folder),
        Err(fault) => run
            .report
            .warning(&subject, format!("a fault of vbmc's: {fault}")),
    }
}

fn tell(run: &Run, subject: &Subject, folder: &Folder) {
    if !folder.missing().is_empty() {
        run.report.warning(
            subject,
            format!("not all could be gathered: {}", folder.missing().join("; ")),
        );
    }
    let files = match folder.files() {
        0 => return,
        1 => "1 file".to_owned(),
        many => format!("{many} files"),
    };
    run.report
        .note(subject, format!("{files} of logs and states gathered"));
}

/// Removes everything that was gathered.
pub(crate) fn remove(lab: &Lab) -> anyhow::Result<()> {
    let dir = &lab.results;
    let apart = |above: &Path| dir.starts_with(above) && dir != above;
    if !apart(&lab.dir) && !apart(&lab.workspace) {
        bail!(
            "{} is not below the lab's own directories, and may hold other things: remove it by hand",
            dir.display()
        );
    }
    std::fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))
}
