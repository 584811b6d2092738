//! What Ironic has of the nodes: their last state, their history, and the ramdisk's logs where it keeps them here.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::folder::Folder;
use crate::lab::manifest::InCloud;
use crate::openstack::baremetal::{Baremetal, Fields};
use crate::openstack::error::Error;

/// Archives of the ramdisk's logs that are kept of a node; Ironic makes one for each inspection, cleaning and so on.
const ARCHIVES: usize = 5;

/// What stands in place of what is secret.
const MASK: &str = "******";

/// Gathers states and histories.
pub(super) async fn gather(ironic: &Baremetal, nodes: &[InCloud], folder: &mut Folder) {
    for node in nodes {
        if let Err(error) = one(ironic, node, folder).await {
            folder.miss(format!("node {}: {error}", node.name));
            // It has been waited for; the others would take as long.
            if matches!(error, Error::Unreachable { .. } | Error::Unauthorized(..)) {
                return;
            }
        }
    }
}

async fn one(ironic: &Baremetal, node: &InCloud, folder: &mut Folder) -> Result<(), Error> {
    let to = directory(node);
    let state = ironic.node(&node.id, Fields::ALL).await?;
    let mut state = json!(state);
    mask(&mut state);
    folder.write(to.join("node.json"), pretty(&state));
    let history = ironic.history(&node.id).await?;
    folder.write(to.join("history.json"), pretty(&json!(history)));
    Ok(())
}

/// Gathers the ramdisk's logs from the directory where the conductor keeps them. Blocking.
pub(super) fn gather_ramdisk_logs(kept: &Path, nodes: &[InCloud], folder: &mut Folder) {
    let archives = match archives(kept) {
        Ok(archives) => archives,
        Err(error) => return folder.unreadable(kept, &error),
    };
    for node in nodes {
        let to = directory(node).join("ramdisk");
        folder.clear(&to);
        // Ironic's names: the node's UUID, what the node was doing, and when.
        let of_node = archives
            .iter()
            .filter(|(name, _)| name.starts_with(&node.id));
        for (name, path) in of_node.rev().take(ARCHIVES) {
            folder.copy(path, to.join(name));
        }
    }
}

/// All files by age.
fn archives(kept: &Path) -> std::io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(kept)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string()
            && let Ok(modified) = entry.metadata().and_then(|meta| meta.modified())
        {
            found.push((modified, name, entry.path()));
        }
    }
    found.sort();
    let found = found.into_iter();
    Ok(found.map(|(_, name, path)| (name, path)).collect())
}

/// Names are unique in Ironic, and could be anything.
fn directory(node: &InCloud) -> PathBuf {
    let safe = !node.name.is_empty() && !node.name.starts_with('.') && !node.name.contains('/');
    Path::new("nodes").join(if safe { &node.name } else { &node.id })
}

/// Ironic masks by itself, unless its policy says otherwise.
fn mask(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let secret = ["password", "secret", "token"];
                if value.is_string() && secret.iter().any(|word| key.contains(word)) {
                    *value = MASK.into();
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask),
        _ => {}
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, name: &str) -> InCloud {
        InCloud {
            endpoint: "http://192.0.2.1:6385".to_owned(),
            id: id.to_owned(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn no_password_is_kept_whatever_the_policy() {
        let mut state = json!({
            "driver_info": {"ipmi_username": "admin", "ipmi_password": "s3cret", "ipmi_port": 6230},
            "driver_internal_info": {"agent_secret_token": "s3cret"},
        });
        mask(&mut state);
        let text = pretty(&state);
        assert!(!text.contains("s3cret") && text.contains("6230"), "{text}");
    }

    #[test]
    fn the_newest_archives_of_each_node_are_gathered() {
        let dir = tempfile::tempdir().unwrap();
        let kept = dir.path().join("kept");
        fs::create_dir(&kept).unwrap();
        let archive = |name: &str| fs::write(kept.join(name), name).unwrap();
        for number in 0..7 {
            archive(&format!("1-1_{number}.tar.gz"));
        }
        archive("2-2_0.tar.gz");
        let mut folder = Folder::new(dir.path().join("results"));
        let nodes = [node("1-1", "a"), node("3-3", "../c")];
        gather_ramdisk_logs(&kept, &nodes, &mut folder);
        gather_ramdisk_logs(&kept, &nodes, &mut folder);
        assert_eq!(folder.missing(), [""; 0]);
        let gathered = dir.path().join("results/nodes/a/ramdisk");
        assert_eq!(fs::read_dir(gathered).unwrap().count(), ARCHIVES);
        assert_eq!(directory(&nodes[1]), Path::new("nodes/3-3"));
        gather_ramdisk_logs(&dir.path().join("none"), &nodes, &mut folder);
        assert_eq!(folder.missing().len(), 1);
    }
}
