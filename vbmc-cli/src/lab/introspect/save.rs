//! What inspection found: one file for each node, `introspection/NAME.json` among the results.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};

use super::server::Server;
use crate::lab::results::make_directory;
use crate::openstack::Error;

/// What was found of a node, in Ironic's form: `inventory` and `plugin_data`. None: nothing is kept.
pub(super) async fn fetch(server: &Server, uuid: &str) -> Result<Option<Value>, Error> {
    let found = match &server.inspector {
        None => server.ironic.inventory(uuid).await,
        Some(inspector) => inspector.data(uuid).await.map(in_ironics_form),
    };
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// ironic-inspector keeps the inventory among everything else.
fn in_ironics_form(mut data: Value) -> Value {
    let inventory = data
        .as_object_mut()
        .and_then(|data| data.remove("inventory"))
        .unwrap_or_default();
    json!({ "inventory": inventory, "plugin_data": data })
}

/// Writes it, at once or not at all; says where. What is there and the same stays as it is.
pub(super) fn write(results: &Path, node: &str, data: &Value) -> anyhow::Result<PathBuf> {
    let directory = results.join("introspection");
    let path = directory.join(file_name(node));
    let wrong = || format!("cannot write {}", path.display());
    let mut text = serde_json::to_vec_pretty(data).with_context(wrong)?;
    text.push(b'\n');
    if std::fs::read(&path).is_ok_and(|there| there == text) {
        return Ok(path);
    }
    make_directory(&directory).with_context(wrong)?;
    let mut file = tempfile::NamedTempFile::new_in(&directory).with_context(wrong)?;
    file.write_all(&text).with_context(wrong)?;
    file.as_file().sync_all().with_context(wrong)?;
    file.persist(&path).with_context(wrong)?;
    Ok(path)
}

/// A node may be called anything: `..` or `a/b` must not lead elsewhere.
fn file_name(node: &str) -> String {
    let safe: String = node
        .chars()
        .map(|char| match char {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => char,
            _ => '_',
        })
        .collect();
    match safe.strip_prefix('.') {
        Some(rest) => format!("_{rest}.json"),
        None => format!("{safe}.json"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn names_stay_in_the_directory() {
        assert_eq!(file_name("node-0.example"), "node-0.example.json");
        assert_eq!(file_name("../../etc/passwd"), "_._.._etc_passwd.json");
        assert_eq!(file_name(".hidden"), "_hidden.json");
    }

    #[test]
    fn what_is_the_same_is_not_written_again() {
        let dir = tempfile::tempdir().unwrap();
        let data = json!({"inventory": {"cpu": {"count": 4}}});
        let path = write(dir.path(), "a", &data).unwrap();
        let written = || std::fs::metadata(&path).unwrap().modified().unwrap();
        let first = written();
        write(dir.path(), "a", &data).unwrap();
        assert_eq!(written(), first);
        for (path, mode) in [(&*path, 0o600), (path.parent().unwrap(), 0o700)] {
            let permissions = std::fs::metadata(path).unwrap().permissions();
            assert_eq!(permissions.mode() & 0o777, mode, "{}", path.display());
        }
        write(dir.path(), "a", &json!({})).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}\n");
    }

    #[test]
    fn inspectors_data_gets_ironics_form() {
        let data = json!({"inventory": {"cpu": 1}, "root_disk": "vda"});
        assert_eq!(
            in_ironics_form(data),
            json!({"inventory": {"cpu": 1}, "plugin_data": {"root_disk": "vda"}})
        );
    }
}
