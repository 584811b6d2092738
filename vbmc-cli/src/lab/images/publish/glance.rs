//! Uploads to Glance.
//!
//! The same checksum is up to date. A different one is uploaded anew; the image that had the name keeps its data for whoever
//! uses it, and gets a timestamp behind its name. An image without this lab's mark is somebody else's: it is used when it
//! is the same, and left alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use futures_util::stream::{self, Stream};
use hyper::body::Bytes;
use jiff::Timestamp;
use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, sleep};

use super::{Item, Published};
use crate::lab::config::Algorithm;
use crate::lab::images::progress::Teller;
use crate::lab::images::{Part, files};
use crate::lab::manifest::{ImageRef, InCloud};
use crate::lab::report::{Outcome, Progress, Subject};
use crate::lab::{MARK, Run};
use crate::openstack::cloud::Choice;
use crate::openstack::image::{DiskFormat, Image, Images, NewImage, Status, Visibility};
use crate::openstack::{self, Session};

/// Bytes sent at once.
const PIECE: usize = 256 << 10;

/// Uploads of one file that break off before it is given up.
const ATTEMPTS: u32 = 3;

/// Between two looks at an image that isn't active yet.
const POLL: Duration = Duration::from_secs(1);

/// For Glance to do with the data what it does: convert it, copy it to its stores.
const ACTIVE_LIMIT: Duration = Duration::from_secs(900);

/// The same after a connection that was lost. If the data did not arrive, Glance says `saving` for ever.
const LOST_LIMIT: Duration = Duration::from_secs(20);

/// A Glance, and what we know of it.
pub(super) struct Uploads {
    images: Images,
    /// Whether images can be made for everybody; found out with the first.
    visibility: Visibility,
}

/// What is in Glance under the name of a file.
struct Found {
    same: Option<Image>,
    /// Others of this lab: replaced, or broken off.
    others: Vec<Image>,
}

impl Uploads {
    pub(super) async fn open(run: &Run) -> anyhow::Result<Self> {
        let report = run.report.clone();
        let subject = Subject::new(crate::lab::report::Kind::Lab, &run.lab.name);
        let choice = Choice::from(&run.lab.cloud);
        let session = Session::open(&choice, move |wait| {
            report.warning(&subject, wait.to_string());
        });
        let images = session.await?.images().await?.context(
            "this cloud has no Glance; publish the images with `publish = \"http\"` or \"file\" in lab.toml",
        )?;
        Ok(Self::new(images))
    }

    pub(super) fn new(images: Images) -> Self {
        Self {
            images,
            visibility: Visibility::Public,
        }
    }

    pub(super) async fn publish(
        &mut self,
        run: &mut Run,
        item: &Item<'_>,
        subject: &Subject,
    ) -> anyhow::Result<Published> {
        let name = name(item);
        let properties = properties(run, item);
        let found = self.look(run, item, &name).await?;
        let mut outcome = Outcome::Unchanged;
        let id = match found.same {
            Some(image) => {
                // Of somebody else's image, nothing is changed.
                let ours = image.property(MARK) == Some(&run.lab.name);
                let up_to_date =
                    |(name, value): (&String, &String)| image.property(name) == Some(value);
                if ours && !properties.iter().all(up_to_date) {
                    outcome = Outcome::Changed;
                    if !run.dry_run {
                        self.images.set(&image.id, &properties).await?;
                    }
                }
                Some(image.id)
            }
            None if run.dry_run => None,
            None => {
                outcome = Outcome::Changed;
                Some(self.upload(run, item, subject, &name, &properties).await?)
            }
        };
        if run.dry_run {
            let would = outcome == Outcome::Changed || id.is_none() || !found.others.is_empty();
            let outcome = if would {
                Outcome::WouldChange
            } else {
                Outcome::Unchanged
            };
            return Ok(Published {
                outcome,
                reference: id.map(ImageRef),
            });
        }
        for other in found.others {
            outcome = Outcome::Changed;
            self.put_aside(run, subject, &name, &other).await?;
        }
        Ok(Published {
            outcome,
            reference: id.map(ImageRef),
        })
    }

    async fn look(&self, run: &mut Run, item: &Item<'_>, name: &str) -> anyhow::Result<Found> {
        let mut found = Found {
            same: None,
            others: Vec::new(),
        };
        let mut images = match self.images.named(name).await {
            Err(error @ openstack::Error::Forbidden(_)) => {
                return Err(anyhow!(
                    "{error}. Glance belongs to projects: a login with system_scope is of no use there"
                ));
            }
            images => images?,
        };
        // Our own are preferred to others that are the same.
        images.sort_by_key(|image| image.property(MARK) != Some(&run.lab.name));
        for image in images {
            let ours = image.property(MARK) == Some(&run.lab.name);
            if found.same.is_none() && is_same(run, item, &image).await? {
                found.same = Some(image);
            } else if ours {
                found.others.push(image);
            }
        }
        Ok(found)
    }

    /// Uploads until an image is active. What breaks off is removed, and begun anew.
    async fn upload(
        &mut self,
        run: &mut Run,
        item: &Item<'_>,
        subject: &Subject,
        name: &str,
        properties: &BTreeMap<String, String>,
    ) -> anyhow::Result<String> {
        let disk_format = disk_format(item)?;
        let mut attempt = 1;
        loop {
            let id = self.announce(run, name, disk_format, properties).await?;
            let teller = Teller::begin(&run.report, subject, format!("uploading {name}"));
            let (path, size) = (item.path.clone(), item.size);
            let open = move || pieces(path.clone(), size, teller.clone());
            let sent = self.images.upload(&id, item.size, open).await;
            let (limit, lost) = match sent {
                Ok(()) => (ACTIVE_LIMIT, None),
                // It may have arrived all the same.
                Err(error @ openstack::Error::Interrupted { .. }) => (LOST_LIMIT, Some(error)),
                Err(error) => {
                    self.remove(run, &id).await?;
                    return Err(error.into());
                }
            };
            let broke_off = match self.until_active(run, subject, &id, limit).await {
                Ok(image) if is_same(run, item, &image).await? => return Ok(id),
                Ok(_) => anyhow!("what Glance has of {name} differs from what was sent"),
                Err(error) => lost.map_or(error, anyhow::Error::from),
            };
            self.remove(run, &id).await?;
            if attempt == ATTEMPTS {
                return Err(broke_off.context(format!("cannot upload {name}")));
            }
            run.report
                .warning(subject, format!("{broke_off:#}; once more"));
            attempt += 1;
        }
    }

    /// Makes an image without data. It is in the manifest from then on, so that it is found whatever happens.
    async fn announce(
        &mut self,
        run: &mut Run,
        name: &str,
        disk_format: DiskFormat,
        properties: &BTreeMap<String, String>,
    ) -> anyhow::Result<String> {
        let mut image = NewImage {
            name,
            disk_format,
            visibility: self.visibility,
            properties,
        };
        let made = match self.images.create(&image).await {
            // Only administrators may; whoever isn't one makes it for the own project.
            Err(openstack::Error::Forbidden(_)) if self.visibility == Visibility::Public => {
                self.visibility = Visibility::Own;
                image.visibility = Visibility::Own;
                self.images.create(&image).await?
            }
            made => made?,
        };
        let entry = InCloud {
            endpoint: self.images.endpoint().to_string(),
            id: made.id.clone(),
            name: name.to_owned(),
        };
        run.manifest
            .change(|contents| contents.glance_images.push(entry))?;
        Ok(made.id)
    }

    async fn until_active(
        &self,
        run: &Run,
        subject: &Subject,
        id: &str,
        limit: Duration,
    ) -> anyhow::Result<Image> {
        let begun = Instant::now();
        loop {
            let image = self.images.image(id).await?;
            match &image.status {
                Status::Active => return Ok(image),
                Status::Saving | Status::Uploading | Status::Importing => {}
                status => bail!(
                    "Glance has taken the data, and says that the image is {status}; see its log"
                ),
            }
            if begun.elapsed() > limit {
                bail!(
                    "after {} s, Glance still says {}",
                    limit.as_secs(),
                    image.status
                );
            }
            let progress = Progress {
                state: image.status.to_string(),
                waits_for: Some("Glance".to_owned()),
                ..Progress::default()
            };
            run.report.progress(subject, progress);
            sleep(POLL).await;
        }
    }

    /// Another image of ours: one with data gets out of the name's way, one without is removed.
    async fn put_aside(
        &self,
        run: &mut Run,
        subject: &Subject,
        name: &str,
        image: &Image,
    ) -> anyhow::Result<()> {
        if image.status == Status::Active {
            let new = format!("{name}_{}", Timestamp::now().strftime("%Y%m%dT%H%M%SZ"));
            self.images.rename(&image.id, &new).await?;
            run.report
                .note(subject, format!("the old {name} is called {new} now"));
            return run.manifest.change(|contents| {
                for entry in &mut contents.glance_images {
                    if entry.id == image.id {
                        entry.name.clone_from(&new);
                    }
                }
            });
        }
        run.report.note(
            subject,
            format!(
                "removed what an interrupted upload of {name} had left: {}",
                image.id
            ),
        );
        self.remove(run, &image.id).await
    }

    async fn remove(&self, run: &mut Run, id: &str) -> anyhow::Result<()> {
        match self.images.delete(id).await {
            Ok(()) | Err(openstack::Error::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        run.manifest
            .change(|contents| contents.glance_images.retain(|entry| entry.id != id))
    }
}

/// What an image is called in Glance.
fn name(item: &Item<'_>) -> String {
    match item.part {
        Part::Kernel => format!("{}-kernel", item.image.name),
        Part::Ramdisk => format!("{}-ramdisk", item.image.name),
        Part::Disk => item.image.name.clone(),
    }
}

fn properties(run: &Run, item: &Item<'_>) -> BTreeMap<String, String> {
    let mut properties = BTreeMap::from([(MARK.to_owned(), run.lab.name.clone())]);
    if item.part == Part::Disk {
        let of = [
            ("kernel_id", &item.so_far.kernel),
            ("ramdisk_id", &item.so_far.ramdisk),
        ];
        for (name, reference) in of {
            if let Some(ImageRef(id)) = reference {
                properties.insert(name.to_owned(), id.clone());
            }
        }
    }
    properties
}

fn disk_format(item: &Item<'_>) -> anyhow::Result<DiskFormat> {
    Ok(match item.part {
        Part::Kernel => DiskFormat::Aki,
        Part::Ramdisk => DiskFormat::Ari,
        Part::Disk => {
            let mut magic = [0; 4];
            File::open(&item.path)
                .and_then(|mut file| file.read_exact(&mut magic))
                .with_context(|| format!("cannot read {}", item.path.display()))?;
            match &magic {
                b"QFI\xfb" => DiskFormat::Qcow2,
                _ => DiskFormat::Raw,
            }
        }
    })
}

/// Whether an image has the same content as a file.
async fn is_same(run: &mut Run, item: &Item<'_>, image: &Image) -> anyhow::Result<bool> {
    // The size is known at once; a checksum of a disk takes its time.
    if image.status != Status::Active || image.size != Some(item.size) {
        return Ok(false);
    }
    let (algorithm, theirs) = match (image.os_hash_algo.as_deref(), &image.os_hash_value) {
        (Some("sha512"), Some(value)) => (Algorithm::Sha512, value),
        (Some("sha256"), Some(value)) => (Algorithm::Sha256, value),
        _ => match &image.checksum {
            Some(value) => (Algorithm::Md5, value),
            None => return Ok(false),
        },
    };
    Ok(files::digest(run, &item.path, algorithm).await? == *theirs)
}

/// A file, piece by piece; exactly as long as was announced.
fn pieces(
    path: PathBuf,
    size: u64,
    teller: Teller,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let path: Arc<Path> = path.into();
    stream::try_unfold((None, 0), move |(file, sent)| {
        let (path, teller) = (Arc::clone(&path), teller.clone());
        async move {
            if sent == size {
                return Ok(None);
            }
            let mut file: tokio::fs::File = match file {
                Some(file) => file,
                None => tokio::fs::File::open(&path).await?,
            };
            let left = usize::try_from(size - sent).unwrap_or(PIECE);
            let mut piece = vec![0; PIECE.min(left)];
            let read = file.read(&mut piece).await?;
            if read == 0 {
                return Err(io::Error::other(
                    "the file became shorter while it was sent",
                ));
            }
            piece.truncate(read);
            let sent = sent + read as u64;
            teller.bytes(sent, size);
            Ok(Some((Bytes::from(piece), (Some(file), sent))))
        }
    })
}
