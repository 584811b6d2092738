//! Files for the conductor: below the root of its web server, or in a directory that it reads itself.
//!
//! A file that is there, differs, and was not put there by this lab stays as it is: another program may need it.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use tokio::task::spawn_blocking;
use url::Url;

use super::{Item, Published};
use crate::lab::Run;
use crate::lab::config::{Algorithm, Checksum, Publish};
use crate::lab::images::fetch::Fetcher;
use crate::lab::images::files;
use crate::lab::images::progress::Teller;
use crate::lab::manifest::{Fingerprint, ImageRef};
use crate::lab::report::{Outcome, Subject};

/// Where files go.
pub(super) struct Copies {
    /// None: they are used where they are.
    directory: Option<PathBuf>,
    /// What the directory is called on the web; none: conductors open files themselves.
    web: Option<(Url, Fetcher)>,
}

impl Copies {
    pub(super) fn new(how: Publish) -> anyhow::Result<Self> {
        Ok(match how {
            Publish::Http { directory, mut url } => {
                if !url.path().ends_with('/') {
                    url.set_path(&format!("{}/", url.path()));
                }
                Self {
                    directory: Some(directory),
                    web: Some((url, Fetcher::new()?)),
                }
            }
            Publish::File { directory } => Self {
                directory,
                web: None,
            },
            Publish::Glance | Publish::None => bail!("these are not published as files"),
        })
    }

    pub(super) async fn publish(
        &self,
        run: &mut Run,
        item: &Item<'_>,
        subject: &Subject,
    ) -> anyhow::Result<Published> {
        let (path, outcome) = match &self.directory {
            Some(directory) => {
                let path = directory.join(&item.file.name);
                let outcome = copy(run, item, directory, &path, subject).await?;
                (path, outcome)
            }
            None => (item.path.clone(), Outcome::Unchanged),
        };
        let reference = match &self.web {
            Some((base, fetcher)) => {
                let url = base
                    .join(&item.file.name)
                    .context("a file's name is no URL")?;
                if !run.dry_run {
                    ask(run, fetcher, &url, item.size, subject).await;
                }
                url
            }
            None => {
                let path = fs::canonicalize(&path).unwrap_or(path);
                Url::from_file_path(&path)
                    .map_err(|()| anyhow!("{} is no absolute path", path.display()))?
            }
        };
        Ok(Published {
            outcome,
            reference: Some(ImageRef(reference.into())),
        })
    }
}

/// Whether the web server really shows it. Only the conductor has to reach it, so this is no failure.
async fn ask(run: &Run, fetcher: &Fetcher, url: &Url, size: u64, subject: &Subject) {
    if let Err(why) = fetcher.is_served(url, size).await {
        run.report.warning(
            subject,
            format!("{why}; check that http_root and http_url belong together, and that the conductor's web server runs"),
        );
    }
}

async fn copy(
    run: &mut Run,
    item: &Item<'_>,
    directory: &Path,
    to: &Path,
    subject: &Subject,
) -> anyhow::Result<Outcome> {
    if fs::canonicalize(to)
        .is_ok_and(|to| fs::canonicalize(&item.path).is_ok_and(|from| from == to))
    {
        return Ok(Outcome::Unchanged);
    }
    let wanted = Checksum {
        algorithm: Algorithm::Sha256,
        digest: files::digest(run, &item.path, Algorithm::Sha256).await?,
    };
    if let Some((size, _)) = files::status(to)? {
        if size == item.size && files::matches(run, to, &wanted).await? {
            return Ok(Outcome::Unchanged);
        }
        if !run.manifest.contents().files.iter().any(|ours| ours == to) {
            bail!(
                "{} is there, differs, and does not belong to this lab: move it away, or give the image's file another \
                 name in lab.toml",
                to.display()
            );
        }
    }
    if run.dry_run {
        return Ok(Outcome::WouldChange);
    }
    if !directory.is_dir() {
        bail!(
            "there is no directory {}: it must be the one that the conductor's configuration names",
            directory.display()
        );
    }
    let _teller = Teller::begin(&run.report, subject, format!("copying {}", item.file.name));
    let (from, part) = (item.path.clone(), part(&item.file.name, &run.lab.name));
    let into = directory.to_owned();
    let cannot = || format!("cannot copy {} to {}", item.path.display(), to.display());
    let copied = spawn_blocking(move || copy_to(&from, &into, &part))
        .await
        .map_err(io::Error::other)
        .and_then(|copied| copied)
        .with_context(cannot)?;
    // First of all: what an interruption leaves behind must be known to be ours.
    files::claim(&mut run.manifest, to)?;
    copied.persist(to).with_context(cannot)?;
    let from = Fingerprint(wanted.digest.clone());
    files::made(&mut run.manifest, to, &from, Some(&wanted))?;
    Ok(Outcome::Changed)
}

/// What a copy is called until it is whole: always the same, so that the next run replaces what one left that was killed.
pub(in super::super) fn part(file: &str, lab: &str) -> String {
    format!(".{file}.{lab}.part")
}

/// A whole copy, which goes if it isn't given its name. The conductor and its web server run as other users: everybody may
/// read it.
fn copy_to(from: &Path, directory: &Path, part: &str) -> io::Result<tempfile::NamedTempFile> {
    match fs::remove_file(directory.join(part)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut copy = tempfile::Builder::new()
        .prefix(part)
        .rand_bytes(0)
        .tempfile_in(directory)?;
    io::copy(&mut File::open(from)?, copy.as_file_mut())?;
    copy.as_file()
        .set_permissions(Permissions::from_mode(0o644))?;
    copy.as_file().sync_all()?;
    Ok(copy)
}
