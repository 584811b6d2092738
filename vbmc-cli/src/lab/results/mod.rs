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

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, bail};

use self::folder::Folder;
pub(crate) use self::folder::{append, log_end, make_directory};
use super::Run;
use super::config::Lab;
use super::report::{Kind, Subject};
use crate::openstack::baremetal::Baremetal;

/// The end of the conductor's log.
const CONDUCTOR_LOG: &str = "ironic-conductor.log";

/// Gathers what there is. `ironic` is none where the run had nothing to do with it. Where an error has `stopped` the run,
/// that is what is to be read, and nothing else is said.
pub(crate) async fn gather(run: &Run, ironic: Option<&Baremetal>, stopped: bool) {
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
            folder.copy_log(log, CONDUCTOR_LOG);
        }
        folder
    });
    match gathered.await {
        Ok(folder) if !stopped => tell(run, &subject, &folder),
        Ok(_) => {}
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
    let files = match folder.changed() {
        0 => return,
        1 => "1 file".to_owned(),
        many => format!("{many} files"),
    };
    run.report
        .note(subject, format!("{files} of logs and states gathered"));
}

/// Removes everything that was gathered, and the directory if nothing else is in it.
pub(crate) fn remove(lab: &Lab) -> anyhow::Result<()> {
    let dir = &lab.results;
    let apart = |above: &Path| dir.starts_with(above) && dir != above;
    if !apart(&lab.dir) && !apart(&lab.workspace) {
        bail!(
            "{} is not below the lab's own directories, and may hold other things: remove it by hand",
            dir.display()
        );
    }
    let cannot = |path: &Path| format!("cannot remove {}", path.display());
    for entry in dir.read_dir().with_context(|| cannot(dir))? {
        let entry = entry.with_context(|| cannot(dir))?;
        if !is_result(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let path = entry.path();
        let removed = match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => std::fs::remove_dir_all(&path),
            false => std::fs::remove_file(&path),
        };
        removed.with_context(|| cannot(&path))?;
    }
    match std::fs::remove_dir(dir) {
        Err(error) if error.kind() != ErrorKind::DirectoryNotEmpty => {
            Err(error).with_context(|| cannot(dir))
        }
        _ => Ok(()),
    }
}

/// Whether something in the directory of results is one, by its name.
fn is_result(name: &str) -> bool {
    matches!(
        name,
        "vbmc.log" | "introspection" | "nodes" | "domains" | CONDUCTOR_LOG
    ) || name.starts_with("image-") && name.ends_with(".log")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::testing::{run, write};

    #[test]
    fn only_what_was_gathered_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "lab.toml", "name = \"x\"\n");
        let results = ["vbmc.log", "image-ipa.log", "nodes/a/node.json"];
        for name in results {
            write(dir.path(), &format!("workspace/results/{name}"), "x");
        }
        write(dir.path(), "workspace/results/notes/mine", "x");
        let (run, _) = run(dir.path(), false);
        remove(&run.lab).unwrap();
        let left = |name: &str| run.lab.results.join(name).exists();
        assert!(left("notes/mine"));
        assert!(!results.into_iter().any(left) && !left("nodes"));

        std::fs::remove_dir_all(run.lab.results.join("notes")).unwrap();
        remove(&run.lab).unwrap();
        assert!(!run.lab.results.exists());
    }
}
