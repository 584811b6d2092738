//! The images of a lab: kernels, ramdisks and disks, made ready here and given to the conductor.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`mod@prepare`] | what is missing is built or fetched; what is there and right is left alone |
//! | [`mod@publish`] | into Glance, or to where a conductor's web server or the conductor itself finds files |
//! | [`build`] | a command that makes images |
//! | [`fetch`] | downloads |
//! | [`scratch`] | directories for what is half made |
//! | [`mod@leftovers`] | what was cut short |
//! | [`files`] | what is known of files, kept in the manifest |
//! | [`digest`] | checksums |
//! | [`progress`] | how far it is |

mod build;
mod digest;
mod fetch;
mod files;
mod leftovers;
mod prepare;
mod progress;
mod publish;
mod scratch;
#[cfg(test)]
mod testing;

use std::fmt;
use std::path::PathBuf;

pub(crate) use self::leftovers::{leftovers, remove_leftover};
pub(crate) use self::{prepare::prepare, publish::publish};
use super::config::{FileConfig, ImageConfig, Lab};
use super::manifest::{ImageRef, Manifest};

/// What a file is in its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Kernel,
    Ramdisk,
    Disk,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Kernel => "kernel",
            Self::Ramdisk => "ramdisk",
            Self::Disk => "disk",
        })
    }
}

/// A file of one of a lab's images, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabFile {
    pub(crate) image: String,
    pub(crate) part: Part,
    pub(crate) path: PathBuf,
    /// None: it isn't there.
    pub(crate) size: Option<u64>,
    pub(crate) published: Option<ImageRef>,
}

/// All files of a lab's images.
pub(crate) fn list(lab: &Lab, manifest: &Manifest) -> anyhow::Result<Vec<LabFile>> {
    let mut list = Vec::new();
    for image in &lab.images.images {
        let published = manifest.contents().published.get(&image.name);
        for (part, file) in image.files() {
            let path = files::place(&lab.images.directory, file);
            let reference = published.and_then(|published| match part {
                Part::Kernel => published.kernel.clone(),
                Part::Ramdisk => published.ramdisk.clone(),
                Part::Disk => published.disk.clone(),
            });
            list.push(LabFile {
                image: image.name.clone(),
                part,
                size: files::status(&path)?.map(|(size, _)| size),
                path,
                published: reference,
            });
        }
    }
    Ok(list)
}

impl ImageConfig {
    /// Its files. The disk comes last, since it refers to the others where it is published.
    pub(crate) fn files(&self) -> impl Iterator<Item = (Part, &FileConfig)> {
        [
            (Part::Kernel, &self.kernel),
            (Part::Ramdisk, &self.ramdisk),
            (Part::Disk, &self.disk),
        ]
        .into_iter()
        .filter_map(|(part, file)| Some((part, file.as_ref()?)))
    }
}
