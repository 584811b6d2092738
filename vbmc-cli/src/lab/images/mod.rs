//! The images of a lab: kernels, ramdisks and disks, made ready here and given to the conductor.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`prepare`] | what is missing is built or fetched; what is there and right is left alone |
//! | [`publish`] | into Glance, or to where a conductor's web server or the conductor itself finds files |
//! | [`build`] | a command that makes images |
//! | [`fetch`] | downloads |
//! | [`scratch`] | directories for what is half made |
//! | [`files`] | what is known of files, kept in the manifest |
//! | [`digest`] | checksums |
//! | [`progress`] | how far it is |

#![allow(
    unused_imports,
    reason = "being built: goes away with the allow in main.rs"
)]

mod build;
mod digest;
mod fetch;
mod files;
mod prepare;
mod progress;
mod publish;
mod scratch;

pub(crate) use self::files::place;
pub(crate) use self::prepare::prepare;
pub(crate) use self::publish::publish;

use super::config::{FileConfig, ImageConfig};

/// What a file is in its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Kernel,
    Ramdisk,
    Disk,
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
