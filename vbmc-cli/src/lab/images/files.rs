//! What is known of files, kept in the manifest: what each was made from, and checksums that need no second reading.
//!
//! A file that changed behind our back is another file, and nothing is known of it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::Timestamp;

use super::digest;
use crate::lab::Run;
use crate::lab::config::{Algorithm, Checksum, FileConfig, Source};
use crate::lab::manifest::{Fingerprint, KnownFile, Manifest};

/// How long a file must have been left alone before its time of change tells one content from another.
const SETTLED: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);

/// The size and the time of change of a file; none: there is none.
pub(super) fn status(path: &Path) -> anyhow::Result<Option<(u64, Timestamp)>> {
    let cannot = || format!("cannot look at {}", path.display());
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(Some((
            metadata.len(),
            modified(&metadata).with_context(cannot)?,
        ))),
        Ok(_) => bail!("{} is no file", path.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(cannot),
    }
}

fn modified(metadata: &Metadata) -> Result<Timestamp, jiff::Error> {
    // Less than a billion nanoseconds, always.
    let nanoseconds = i32::try_from(metadata.mtime_nsec()).unwrap_or(0);
    Timestamp::new(metadata.mtime(), nanoseconds)
}

/// What is known of a file, if it is still the one that we knew.
fn known<'m>(manifest: &'m Manifest, path: &Path) -> anyhow::Result<Option<&'m KnownFile>> {
    let status = status(path)?;
    let known = manifest.contents().known_files.get(path);
    Ok(known.filter(|known| status == Some((known.size, known.modified))))
}

/// What a file that is still as we made it was made from; none: somebody else made or changed it.
pub(super) fn made_from(manifest: &Manifest, path: &Path) -> anyhow::Result<Option<Fingerprint>> {
    Ok(known(manifest, path)?.and_then(|known| known.made_from.clone()))
}

/// A file that is there, by its checksum: the one from when it was last read, where nothing has happened to it since.
pub(super) async fn digest(
    run: &mut Run,
    path: &Path,
    algorithm: Algorithm,
) -> anyhow::Result<String> {
    let name = digest::name(algorithm);
    if let Some(digest) = known(&run.manifest, path)?.and_then(|known| known.digests.get(name)) {
        return Ok(digest.clone());
    }
    let before = status(path)?;
    let digest = digest::of_file(path, algorithm)
        .await
        .with_context(|| format!("cannot read {}", path.display()))?;
    if let Some((size, modified)) = before.filter(|_| status(path).ok() == Some(before)) {
        // A file that is being written may change again within one tick of its clock.
        if !run.dry_run && Timestamp::now().duration_since(modified) >= SETTLED {
            run.manifest.change(|contents| {
                let known = contents.known_files.entry(path.to_owned());
                let known = known.or_insert_with(|| KnownFile::new(size, modified));
                if (known.size, known.modified) != (size, modified) {
                    *known = KnownFile::new(size, modified);
                }
                known.digests.insert(name.to_owned(), digest.clone());
            })?;
        }
    }
    Ok(digest)
}

/// Whether a file has the checksum that it should.
pub(super) async fn matches(
    run: &mut Run,
    path: &Path,
    checksum: &Checksum,
) -> anyhow::Result<bool> {
    Ok(digest(run, path, checksum.algorithm).await? == checksum.digest)
}

/// Notes that we are about to give a file its name, unless somebody else's has it: one that is killed in between has left
/// one of ours.
pub(super) fn claim(manifest: &mut Manifest, path: &Path) -> anyhow::Result<()> {
    let ours = manifest.contents().files.iter().any(|file| file == path);
    if ours || status(path)?.is_some() {
        return Ok(());
    }
    manifest.change(|contents| contents.files.push(path.to_owned()))
}

/// Notes that we made a file. `checksum` is one that it was seen to have while it was made.
pub(super) fn made(
    manifest: &mut Manifest,
    path: &Path,
    from: &Fingerprint,
    checksum: Option<&Checksum>,
) -> anyhow::Result<()> {
    let Some((size, modified)) = status(path)? else {
        bail!("{} was there a moment ago, and is gone", path.display());
    };
    let mut known = KnownFile::new(size, modified);
    known.made_from = Some(from.clone());
    if let Some(Checksum { algorithm, digest }) = checksum {
        known
            .digests
            .insert(digest::name(*algorithm).to_owned(), digest.clone());
    }
    manifest.change(|contents| {
        contents.known_files.insert(path.to_owned(), known);
        if !contents.files.iter().any(|file| file == path) {
            contents.files.push(path.to_owned());
        }
    })
}

/// What a command's product is made from: the command, and the script that it runs where that is a file of the lab.
///
/// A fingerprint only, for the command may hold passwords.
pub(super) fn of_command(command: &[String], lab: &Path) -> Fingerprint {
    let mut text = command.join("\0").into_bytes();
    if let Some(program) = command
        .first()
        .map(Path::new)
        .filter(|p| p.starts_with(lab))
    {
        // One that cannot be read fails when it is run, with a better message.
        text.extend(std::fs::read(program).unwrap_or_default());
    }
    Fingerprint(digest::of_text(&text))
}

/// What a download is made from. The URL may hold a password.
pub(super) fn of_url(url: &url::Url) -> Fingerprint {
    Fingerprint(digest::of_text(url.as_str().as_bytes()))
}

/// Where a file of an image is on this machine: where lab.toml found it, or in the images directory.
pub(super) fn place(images: &Path, file: &FileConfig) -> PathBuf {
    match &file.source {
        Some(Source::Path(path)) => path.clone(),
        Some(Source::Url(url)) if url.scheme() == "file" => url
            .to_file_path()
            .unwrap_or_else(|()| images.join(&file.name)),
        Some(Source::Url(_)) | None => images.join(&file.name),
    }
}
