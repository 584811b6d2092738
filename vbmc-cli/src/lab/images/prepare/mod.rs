//! Building and fetching. What is there and right is left alone; what lab.toml describes otherwise now is made anew.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use tokio::fs;
use url::Url;

use super::build::Build;
use super::fetch::{Fetcher, shown};
use super::progress::Teller;
use super::scratch::Workshop;
use super::{digest, files};
use crate::lab::Run;
use crate::lab::config::{Checksum, FileConfig, ImageConfig, Source};
use crate::lab::manifest::Fingerprint;
use crate::lab::report::{Kind, Outcome, Subject};

/// Makes all images of the lab, one after the other.
pub(crate) async fn prepare(run: &mut Run) -> anyhow::Result<()> {
    let images = run.lab.images.images.clone();
    if images.is_empty() {
        return Ok(());
    }
    run.report.phase("Images");
    let mut tools = Tools::default();
    for image in &images {
        let subject = Subject::new(Kind::Image, &image.name);
        match prepare_one(run, &mut tools, image, &subject).await {
            Ok((outcome, detail)) => run.report.outcome(&subject, outcome, detail),
            Err(error) => {
                let detail = format!("{error:#}");
                run.report.outcome(&subject, Outcome::Failed, detail);
            }
        }
    }
    Ok(())
}

/// What is needed once something has to be made.
#[derive(Default)]
struct Tools {
    workshop: Option<Workshop>,
    fetcher: Option<Fetcher>,
}

impl Tools {
    /// The images directory, for us alone.
    fn workshop(&mut self, directory: &Path) -> anyhow::Result<&Workshop> {
        if self.workshop.is_none() {
            self.workshop = Some(Workshop::open(directory)?);
        }
        self.workshop.as_ref().context("there is a workshop now")
    }

    fn fetcher(&mut self) -> anyhow::Result<Fetcher> {
        if self.fetcher.is_none() {
            self.fetcher = Some(Fetcher::new()?);
        }
        self.fetcher.clone().context("there is a fetcher now")
    }
}

/// Where a file that has to be made comes from.
enum Origin<'a> {
    Url(&'a Url),
    Command(&'a [String]),
}

/// A file that has to be made, and why.
struct Missing<'a> {
    file: &'a FileConfig,
    path: PathBuf,
    origin: Origin<'a>,
    from: Fingerprint,
    checksum: Option<Checksum>,
    why: &'static str,
}

async fn prepare_one(
    run: &mut Run,
    tools: &mut Tools,
    image: &ImageConfig,
    subject: &Subject,
) -> anyhow::Result<(Outcome, String)> {
    let mut missing = Vec::new();
    for (_, file) in image.files() {
        missing.extend(look(run, tools, image, file).await?);
    }
    let Some(first) = missing.first() else {
        return Ok((Outcome::Unchanged, format!("up to date{}", all(image, run))));
    };
    let why = first.why;
    if run.dry_run {
        let detail = format!("would {}: {why}", would(&missing));
        return Ok((Outcome::WouldChange, detail));
    }
    let doing = match first.origin {
        Origin::Url(_) => "fetching",
        Origin::Command(_) => "building",
    };
    run.report
        .note(subject, format!("{}: {why}; {doing} it", first.file.name));
    let (built, fetched): (Vec<_>, Vec<_>) = missing
        .iter()
        .partition(|missing| matches!(missing.origin, Origin::Command(_)));
    for missing in &fetched {
        fetch(run, tools, subject, missing).await?;
    }
    if !built.is_empty() {
        build(run, tools, image, subject, &built).await?;
    }
    let done = match (built.len(), fetched.len()) {
        (0, _) => "fetched",
        (_, 0) => "built",
        _ => "built and fetched",
    };
    Ok((Outcome::Changed, format!("{done}{}", all(image, run))))
}

/// The files of an image, for people.
fn all(image: &ImageConfig, run: &Run) -> String {
    let files: Vec<_> = image
        .files()
        .map(|(_, file)| {
            files::place(&run.lab.images.directory, file)
                .display()
                .to_string()
        })
        .collect();
    format!(": {}", files.join(", "))
}

/// Whether a file has to be made.
async fn look<'a>(
    run: &mut Run,
    tools: &mut Tools,
    image: &'a ImageConfig,
    file: &'a FileConfig,
) -> anyhow::Result<Option<Missing<'a>>> {
    let path = files::place(&run.lab.images.directory, file);
    let (origin, from) = match (&file.source, &image.build) {
        (Some(Source::Url(url)), _) if url.scheme() != "file" => {
            (Origin::Url(url), files::of_url(url))
        }
        (Some(_), _) => {
            taken(run, tools, file, &path).await?;
            return Ok(None);
        }
        (None, Some(command)) => {
            let from = files::of_command(command, &run.lab.dir);
            (Origin::Command(command), from)
        }
        (None, None) => bail!("{} comes from nowhere: see lab.toml", file.name),
    };
    let missing = |checksum, why| {
        Ok(Some(Missing {
            file,
            path: path.clone(),
            origin,
            from: from.clone(),
            checksum,
            why,
        }))
    };
    let there = files::status(&path)?.is_some();
    // A list that a mirror publishes is asked each time: when the mirror has something newer, so have we.
    let checksum = match &file.checksum {
        Some(expected) => Some(tools.fetcher()?.checksum(expected, &file.name).await?),
        None => None,
    };
    if !there {
        return missing(checksum, "not there yet");
    }
    if let Some(checksum) = checksum {
        return match files::matches(run, &path, &checksum).await? {
            true => Ok(None),
            false => missing(Some(checksum), "what is there has another checksum"),
        };
    }
    // A file that somebody put there, or changed since, is what they want it to be.
    match files::made_from(&run.manifest, &path)? {
        Some(before) if before != from => missing(
            None,
            "lab.toml or the script it names has changed since it was made",
        ),
        _ => Ok(None),
    }
}

/// A file of this machine is used where it is.
async fn taken(
    run: &mut Run,
    tools: &mut Tools,
    file: &FileConfig,
    path: &Path,
) -> anyhow::Result<()> {
    if files::status(path)?.is_none() {
        bail!("there is no {}", path.display());
    }
    if let Some(expected) = &file.checksum {
        let checksum = tools.fetcher()?.checksum(expected, &file.name).await?;
        if !files::matches(run, path, &checksum).await? {
            bail!(
                "{} does not have the {} {}",
                path.display(),
                digest::name(checksum.algorithm),
                checksum.digest
            );
        }
    }
    Ok(())
}

/// What would be done: one command makes all that it makes.
fn would(missing: &[Missing<'_>]) -> String {
    let mut built = Vec::new();
    let mut with = None;
    let mut would = Vec::new();
    for missing in missing {
        match missing.origin {
            Origin::Url(url) => {
                would.push(format!("fetch {} from {}", missing.file.name, shown(url)));
            }
            Origin::Command(command) => {
                built.push(missing.file.name.as_str());
                with = command.first();
            }
        }
    }
    if let Some(program) = with {
        would.push(format!("build {} with {program}", built.join(" and ")));
    }
    would.join("; ")
}

async fn fetch(
    run: &mut Run,
    tools: &mut Tools,
    subject: &Subject,
    missing: &Missing<'_>,
) -> anyhow::Result<()> {
    let Origin::Url(url) = missing.origin else {
        return Ok(());
    };
    tools.workshop(&run.lab.images.directory)?;
    let teller = Teller::begin(
        &run.report,
        subject,
        format!("fetching {}", missing.file.name),
    );
    let checksum = tools
        .fetcher()?
        .fetch(url, &missing.path, missing.checksum.as_ref(), &teller)
        .await?;
    files::made(
        &mut run.manifest,
        &missing.path,
        &missing.from,
        Some(&checksum),
    )
}

/// Runs the command once for all files that it makes.
async fn build(
    run: &mut Run,
    tools: &mut Tools,
    image: &ImageConfig,
    subject: &Subject,
    missing: &[&Missing<'_>],
) -> anyhow::Result<()> {
    let command = image
        .build
        .as_deref()
        .context("an image without a command")?;
    let scratch = tools
        .workshop(&run.lab.images.directory)?
        .scratch(&image.name)?;
    let build = Build {
        command,
        scratch: &scratch,
        environment: &[
            ("LAB", &run.lab.dir),
            ("OUTPUT", scratch.path()),
            ("IMAGE", Path::new(&image.name)),
        ],
        log: run.lab.results.join(format!("image-{}.log", image.name)),
    };
    let teller = Teller::begin(&run.report, subject, "building");
    build.run(&teller).await?;

    // All of it is looked at before any of it is moved.
    let made: Vec<_> = image
        .files()
        .filter(|(_, file)| file.source.is_none())
        .map(|(_, file)| (file, scratch.path().join(&file.name)))
        .collect();
    for (file, path) in &made {
        if files::status(path)?.is_none_or(|(size, _)| size == 0) {
            return Err(anyhow!(
                "the command ended well, but made no {} in the directory that it ran in ($OUTPUT); see {}",
                file.name,
                build.log.display()
            ));
        }
        let wanted = missing
            .iter()
            .find(|missing| missing.file.name == file.name);
        if let Some(checksum) = wanted.and_then(|missing| missing.checksum.as_ref()) {
            let found = digest::of_file(path, checksum.algorithm).await?;
            if found != checksum.digest {
                bail!("{} was built with another checksum: {found}", file.name);
            }
        }
    }
    let from = files::of_command(command, &run.lab.dir);
    for (file, path) in &made {
        let place = files::place(&run.lab.images.directory, file);
        files::claim(&mut run.manifest, &place)?;
        put_in_place(path, &place).await?;
        files::made(&mut run.manifest, &place, &from, None)?;
    }
    Ok(())
}

async fn put_in_place(from: &Path, to: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot put {} in place", to.display());
    let file = fs::File::open(from).await.with_context(cannot)?;
    file.sync_all().await.with_context(cannot)?;
    fs::rename(from, to).await.with_context(cannot)
}

#[cfg(test)]
mod tests;
