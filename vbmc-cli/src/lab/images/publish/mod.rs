//! Giving images to the conductor.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`glance`] | uploads |
//! | [`copies`] | files for the conductor's web server, or for the conductor itself |

mod copies;
mod glance;

use std::path::PathBuf;

use self::copies::Copies;
pub(super) use self::copies::part;
use self::glance::Uploads;
use super::{Part, files};
use crate::lab::Run;
use crate::lab::config::{FileConfig, ImageConfig, Publish, Role};
use crate::lab::manifest::{ImageRef, PublishedImage};
use crate::lab::report::{Kind, Outcome, Subject};

/// Publishes all images of the lab that are there.
pub(crate) async fn publish(run: &mut Run) -> anyhow::Result<()> {
    let how = run.lab.images.publish.clone();
    if run.lab.images.images.is_empty() || how == Publish::None {
        return Ok(());
    }
    run.report.phase("Images for the conductor");
    let target = match how {
        Publish::Glance => Target::Glance(Uploads::open(run).await?),
        how => Target::Copies(Copies::new(how)?),
    };
    publish_to(run, target).await;
    Ok(())
}

async fn publish_to(run: &mut Run, mut target: Target) {
    for image in &run.lab.images.images.clone() {
        let subject = Subject::new(Kind::Image, &image.name);
        let (outcome, detail) = match publish_one(run, &mut target, image, &subject).await {
            Ok(end) => end,
            Err(error) => (Outcome::Failed, format!("{error:#}")),
        };
        run.report.outcome(&subject, outcome, detail);
    }
}

enum Target {
    Glance(Uploads),
    Copies(Copies),
}

/// A file to be published.
struct Item<'a> {
    image: &'a ImageConfig,
    part: Part,
    file: &'a FileConfig,
    path: PathBuf,
    size: u64,
    /// Where the image's kernel and ramdisk went, which come before its disk.
    so_far: &'a PublishedImage,
}

/// What became of one file.
struct Published {
    outcome: Outcome,
    /// None in a dry run, when it isn't there yet.
    reference: Option<ImageRef>,
}

async fn publish_one(
    run: &mut Run,
    target: &mut Target,
    image: &ImageConfig,
    subject: &Subject,
) -> anyhow::Result<(Outcome, String)> {
    let mut published = PublishedImage {
        deploy: image.role == Role::Deploy,
        ..PublishedImage::default()
    };
    let mut outcome = Outcome::Unchanged;
    let mut whole = true;
    for (part, file) in image.files() {
        let path = files::place(&run.lab.images.directory, file);
        let Some((size, _)) = files::status(&path)? else {
            return Ok(match run.dry_run {
                true => (
                    Outcome::WouldChange,
                    "would be published once it is there".to_owned(),
                ),
                false => (
                    Outcome::Skipped,
                    format!("not published: there is no {}", path.display()),
                ),
            });
        };
        let item = Item {
            image,
            part,
            file,
            path,
            size,
            so_far: &published,
        };
        let end = match target {
            Target::Glance(uploads) => uploads.publish(run, &item, subject).await?,
            Target::Copies(copies) => copies.publish(run, &item, subject).await?,
        };
        outcome = outcome.max(end.outcome);
        whole &= end.reference.is_some();
        match part {
            Part::Kernel => published.kernel = end.reference,
            Part::Ramdisk => published.ramdisk = end.reference,
            Part::Disk => published.disk = end.reference,
        }
    }
    let at: Vec<_> = [&published.kernel, &published.ramdisk, &published.disk]
        .into_iter()
        .flatten()
        .map(|reference| reference.0.as_str())
        .collect();
    let place = match target {
        Target::Glance(_) => "in Glance",
        Target::Copies(_) => "for the conductor",
    };
    let detail = match outcome {
        Outcome::Unchanged => format!("up to date {place}: {}", at.join(", ")),
        Outcome::WouldChange => format!("would be published {place}"),
        _ => format!("published {place}: {}", at.join(", ")),
    };
    if whole && !run.dry_run {
        run.manifest.change(|contents| {
            contents.published.insert(image.name.clone(), published);
        })?;
    }
    Ok((outcome, detail))
}

#[cfg(test)]
mod tests;
