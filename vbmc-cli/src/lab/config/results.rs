//! Where results go. What is gathered replaces what has its name there, and `vbmc clean --results` removes it: neither may
//! befall what a lab is made of.

use std::path::{Component, Path, PathBuf};

use super::ImagesConfig;
use super::file::Text;
use super::read::Reader;

pub(super) fn read(
    reader: &mut Reader<'_>,
    typed: Option<&Text>,
    workspace: &Path,
    images: &ImagesConfig,
) -> PathBuf {
    const KEY: &str = "results.directory";
    let Some(typed) = typed else {
        return workspace.join("results");
    };
    let results = straight(&reader.path(KEY, typed));
    let lab = reader.dir.to_owned();
    let sources = [lab.join("domains"), lab.join("networks")];
    let others = [&lab, workspace, &*images.directory];
    let above = |path: &Path| straight(path).starts_with(&results);
    let below = |path: &PathBuf| results.starts_with(straight(path));
    if others.into_iter().any(above) || sources.iter().any(below) {
        let why = "holds other things of the lab, which results would replace: name a directory of their own";
        let place = reader.place(KEY, Some(typed.span().start));
        reader.problems.add(place, why);
    }
    results
}

/// Without `..` in it. What is said so of a symbolic link is taken by its words.
fn straight(path: &Path) -> PathBuf {
    let mut straight = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => _ = straight.pop(),
            other => straight.push(other),
        }
    }
    straight
}

#[cfg(test)]
mod tests {
    use crate::lab::config::Lab;
    use crate::lab::testing::write;

    #[test]
    fn results_have_a_directory_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let lab = |directory: &str| {
            let toml = format!("name = \"x\"\n[results]\ndirectory = \"{directory}\"\n");
            write(dir.path(), "lab.toml", &toml);
            Lab::load(dir.path())
        };
        for taken in [
            ".",
            "..",
            "/",
            "workspace",
            "workspace/images",
            "domains",
            "networks/x",
            "x/../domains/one",
        ] {
            let error = lab(taken).unwrap_err().to_string();
            let expected = "lab.toml:3: results.directory: holds other things of the lab";
            assert!(error.starts_with(expected), "{taken}: {error}");
        }
        for free in ["results", "workspace/logs", "../elsewhere"] {
            lab(free).unwrap();
        }
        let beside = lab("../elsewhere").unwrap().results;
        assert_eq!(beside, dir.path().parent().unwrap().join("elsewhere"));
    }
}
