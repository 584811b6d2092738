//! What runs that were cut short have left: in the images directory parts of downloads and half-made images, in the
//! conductor's parts of copies. The next run goes on from there or removes it; a lab that is cleaned has no next run.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::publish::part;
use super::scratch::{self, Workshop};
use crate::lab::config::{Lab, Publish};

/// All of it that belongs to this lab's images: others may use the same directory.
pub(crate) fn leftovers(lab: &Lab) -> Vec<PathBuf> {
    let entries = lab.images.directory.read_dir().into_iter().flatten();
    let mut found: Vec<_> = entries
        .flatten()
        .filter(|entry| is_leftover(lab, &entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .collect();
    if let Publish::Http { directory, .. }
    | Publish::File {
        directory: Some(directory),
    } = &lab.images.publish
    {
        let files = lab.images.images.iter().flat_map(|image| image.files());
        let parts = files.map(|(_, file)| directory.join(part(&file.name, &lab.name)));
        found.extend(parts.filter(|part| part.is_file()));
    }
    found.sort();
    found
}

fn is_leftover(lab: &Lab, name: &str) -> bool {
    lab.images.images.iter().any(|image| {
        let part = |file: &str| name.starts_with(&format!(".{file}.")) && name.ends_with(".part");
        name == scratch::name(&image.name) || image.files().any(|(_, file)| part(&file.name))
    })
}

/// Removes one, unless somebody makes images there now.
pub(crate) fn remove_leftover(lab: &Lab, path: &Path) -> anyhow::Result<()> {
    let images = &lab.images.directory;
    let _alone = match path.starts_with(images) {
        true => Some(Workshop::open(images)?),
        false => None,
    };
    if path.is_dir() {
        return scratch::remove(path);
    }
    std::fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::images::testing::TestLab;

    #[test]
    fn only_what_this_labs_images_left_is_found_and_removed() {
        let lab = TestLab::new(
            "[images]\npublish = \"none\"\n[[image]]\nname = \"ipa\"\nbuild = \"true\"\n\
             kernel = \"k\"\nramdisk = \"r\"\n",
        );
        for file in [
            ".building-ipa/deep/x",
            ".k.0123.part",
            "k",
            ".building-other/x",
            ".other.01.part",
        ] {
            lab.write(&format!("workspace/images/{file}"), "x");
        }
        let run = lab.run();
        let found = leftovers(&run.lab);
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, [".building-ipa", ".k.0123.part"]);
        for path in &found {
            remove_leftover(&run.lab, path).unwrap();
        }
        assert_eq!(
            lab.names("workspace/images"),
            [".building-other", ".other.01.part", "k"]
        );
    }

    #[test]
    fn a_part_of_a_copy_for_the_conductor_is_found_and_removed() {
        let lab = TestLab::new(
            "[images]\npublish = \"file\"\nfile_root = \"root\"\n[[image]]\nname = \"ipa\"\n\
             build = \"true\"\nkernel = \"k\"\nramdisk = \"r\"\n",
        );
        let ours = part("k", &lab.run().lab.name);
        for file in [&ours, ".k.another.part", "k"] {
            lab.write(&format!("root/{file}"), "x");
        }
        let run = lab.run();
        let found = leftovers(&run.lab);
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, [&*ours]);
        remove_leftover(&run.lab, &found[0]).unwrap();
        assert_eq!(lab.names("root"), [".k.another.part", "k"]);
    }
}
