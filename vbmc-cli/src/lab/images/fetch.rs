//! Images that come from a web server, as mirrors publish them.
//!
//! A download that broke off goes on where it ended, in this run and in the next one, as long as the server still has the
//! same file. It gets its name when all of it is there and its checksum is right.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use reqwest::header::{ETAG, HeaderMap, IF_RANGE, LAST_MODIFIED, RANGE};
use reqwest::{Client, Response, StatusCode};
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::sleep;
use url::Url;

use super::digest::{self, Hasher};
use super::progress::Teller;
use crate::lab::config::{Algorithm, Checksum, ExpectedChecksum};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Without a byte.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);

/// Interruptions one after the other without a byte in between.
const MAX_FAILURES: u32 = 5;

/// Between an interruption and the next try.
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 2000 });

/// A list of checksums is no longer than this.
const MAX_LIST: usize = 4 << 20;

/// Fetches files.
#[derive(Debug, Clone)]
pub(super) struct Fetcher(Client);

impl Fetcher {
    pub(super) fn new() -> anyhow::Result<Self> {
        // Fails where one is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("vbmc/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(STALL_TIMEOUT)
            .build()
            .context("cannot set up TLS with the system's certificates")?;
        Ok(Self(client))
    }

    /// The checksum that `file` must have. A list of them that a server publishes is asked for.
    pub(super) async fn checksum(
        &self,
        expected: &ExpectedChecksum,
        file: &str,
    ) -> anyhow::Result<Checksum> {
        let url = match expected {
            ExpectedChecksum::Known(checksum) => return Ok(checksum.clone()),
            ExpectedChecksum::Published(url) => url,
        };
        let list = self.small(url).await?;
        digest::published(&list, file)
            .with_context(|| format!("{} has no checksum for {file}", shown(url)))
    }

    /// A short text.
    async fn small(&self, url: &Url) -> anyhow::Result<String> {
        if let Ok(path) = url.to_file_path() {
            return std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()));
        }
        let mut response = self.ask(url, HeaderMap::new()).await?;
        let mut text = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| lost(url, &error))? {
            text.extend_from_slice(&piece);
            if text.len() > MAX_LIST {
                bail!("{} is too long for a list of checksums", shown(url));
            }
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Fetches `url` to `to`, and returns a checksum that it was seen to have.
    pub(super) async fn fetch(
        &self,
        url: &Url,
        to: &Path,
        expected: Option<&Checksum>,
        teller: &Teller,
    ) -> anyhow::Result<Checksum> {
        let algorithm = expected.map_or(Algorithm::Sha256, |checksum| checksum.algorithm);
        let mut part = None;
        let mut failures = 0;
        loop {
            let before = part.as_ref().map_or(0, |part: &Part| part.len);
            let end = self.go_on(url, to, algorithm, &mut part, teller).await;
            let after = part.as_ref().map_or(0, |part| part.len);
            match end {
                Ok(()) => break,
                Err(Interrupted::Finally(error)) => return Err(error),
                Err(Interrupted::ForNow(error)) => {
                    failures = if after > before { 0 } else { failures + 1 };
                    if failures >= MAX_FAILURES {
                        return Err(error);
                    }
                    tracing::debug!("{error:#}, tried again");
                    sleep(PAUSE).await;
                }
            }
        }
        let part = part.context("a download has ended before it began")?;
        part.finish(url, to, algorithm, expected).await
    }

    /// One try: from where the last one ended.
    async fn go_on(
        &self,
        url: &Url,
        to: &Path,
        algorithm: Algorithm,
        part: &mut Option<Part>,
        teller: &Teller,
    ) -> Result<(), Interrupted> {
        let mut response = match part {
            Some(part) => self.ask(url, part.rest_only()).await?,
            None => {
                // Which file the server has tells whether there is a part of it here.
                let response = self.ask(url, HeaderMap::new()).await?;
                let found = Part::open(url, to, &response, algorithm).await?;
                let found = part.insert(found);
                match found.len {
                    0 => response,
                    _ => self.ask(url, found.rest_only()).await?,
                }
            }
        };
        let part = part.as_mut().expect("it was put in above");
        match response.status() {
            StatusCode::PARTIAL_CONTENT => {}
            // There is nothing behind what is here already.
            StatusCode::RANGE_NOT_SATISFIABLE if part.len > 0 => return Ok(()),
            _ => part.begin_anew(algorithm).await?,
        }
        let of = response.content_length().map_or(0, |left| part.len + left);
        loop {
            let piece = response.chunk().await;
            let Some(piece) = piece.map_err(|error| Interrupted::ForNow(lost(url, &error)))? else {
                break;
            };
            part.write(&piece).await?;
            teller.bytes(part.len, of);
        }
        if of != 0 && part.len != of {
            let error = anyhow!("{} ended after {} of {of} bytes", shown(url), part.len);
            return Err(Interrupted::ForNow(error));
        }
        Ok(())
    }

    async fn ask(&self, url: &Url, headers: HeaderMap) -> Result<Response, Interrupted> {
        let response = self.0.get(url.clone()).headers(headers).send().await;
        let response = response.map_err(|error| Interrupted::ForNow(lost(url, &error)))?;
        let status = response.status();
        if status.is_success() || status == StatusCode::RANGE_NOT_SATISFIABLE {
            return Ok(response);
        }
        let error = anyhow!("{} answers {status}", shown(url));
        match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                Err(Interrupted::ForNow(error))
            }
            status if status.is_server_error() => Err(Interrupted::ForNow(error)),
            _ => Err(Interrupted::Finally(error)),
        }
    }

    /// Whether a server shows a file of this size at `url`; else, why not.
    pub(super) async fn is_served(&self, url: &Url, size: u64) -> Result<(), String> {
        let answer = self.0.head(url.clone()).send().await;
        let answer = answer.map_err(|error| format!("{:#}", lost(url, &error)))?;
        if !answer.status().is_success() {
            return Err(format!("{} answers {}", shown(url), answer.status()));
        }
        let len = answer.headers().get("content-length");
        let len = len.and_then(|len| len.to_str().ok()?.parse::<u64>().ok());
        match len {
            Some(len) if len != size => Err(format!(
                "{} has {len} bytes, and the file here {size}",
                shown(url)
            )),
            _ => Ok(()),
        }
    }
}

/// Why a try ended early.
enum Interrupted {
    /// The next one may go on.
    ForNow(anyhow::Error),
    Finally(anyhow::Error),
}

impl From<anyhow::Error> for Interrupted {
    fn from(error: anyhow::Error) -> Self {
        Self::Finally(error)
    }
}

impl From<Interrupted> for anyhow::Error {
    fn from(interrupted: Interrupted) -> Self {
        match interrupted {
            Interrupted::ForNow(error) | Interrupted::Finally(error) => error,
        }
    }
}

/// A URL without the password that may be in it.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Fails for URLs that cannot have any.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.to_string()
}

fn lost(url: &Url, error: &reqwest::Error) -> anyhow::Error {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    anyhow!("cannot get {}: {innermost}", shown(url))
}

/// What is there of a download.
struct Part {
    path: PathBuf,
    file: File,
    len: u64,
    hasher: Hasher,
    /// What the server tells the file's versions apart by; none: it doesn't, and a part is of no use.
    version: Option<String>,
}

impl Part {
    /// Opens the part of what the server offers, which may be empty.
    async fn open(
        url: &Url,
        to: &Path,
        response: &Response,
        algorithm: Algorithm,
    ) -> anyhow::Result<Self> {
        let version = version(response.headers());
        let key = digest::of_text(format!("{url} {version:?}").as_bytes());
        let name = to.file_name().unwrap_or_default().display().to_string();
        let path = to.with_file_name(format!(".{name}.{}.part", &key[..16]));
        remove_other_parts(to, &path);
        let cannot = || format!("cannot write {}", path.display());
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .await
            .with_context(cannot)?;
        let mut hasher = Hasher::new(algorithm);
        let mut len = 0;
        let mut piece = vec![0; 1 << 20];
        if version.is_some() {
            while let read @ 1.. = file.read(&mut piece).await.with_context(cannot)? {
                hasher.update(&piece[..read]);
                len += read as u64;
            }
        } else {
            file.set_len(0).await.with_context(cannot)?;
        }
        Ok(Self {
            path,
            file,
            len,
            hasher,
            version,
        })
    }

    /// Asks for the rest; the server sends all of it if it has another version now.
    fn rest_only(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let version = self
            .version
            .as_ref()
            .and_then(|version| version.parse().ok());
        if let (Some(version), Ok(range)) = (version, format!("bytes={}-", self.len).parse()) {
            headers.insert(IF_RANGE, version);
            headers.insert(RANGE, range);
        }
        headers
    }

    async fn begin_anew(&mut self, algorithm: Algorithm) -> anyhow::Result<()> {
        let emptied = self.file.set_len(0).await;
        emptied.with_context(|| format!("cannot write {}", self.path.display()))?;
        self.len = 0;
        self.hasher = Hasher::new(algorithm);
        Ok(())
    }

    async fn write(&mut self, piece: &[u8]) -> anyhow::Result<()> {
        let written = self.file.write_all(piece).await;
        written.with_context(|| format!("cannot write {}", self.path.display()))?;
        self.hasher.update(piece);
        self.len += piece.len() as u64;
        Ok(())
    }

    /// Compares the checksum, and gives the file its name.
    async fn finish(
        mut self,
        url: &Url,
        to: &Path,
        algorithm: Algorithm,
        expected: Option<&Checksum>,
    ) -> anyhow::Result<Checksum> {
        let cannot = || format!("cannot write {}", to.display());
        self.file.flush().await.with_context(cannot)?;
        self.file.sync_all().await.with_context(cannot)?;
        let found = Checksum {
            algorithm,
            digest: self.hasher.finish(),
        };
        if let Some(expected) = expected.filter(|expected| **expected != found) {
            // Going on from it would end the same.
            let _ = tokio::fs::remove_file(&self.path).await;
            bail!(
                "{} has the {} {}, and should have {}",
                shown(url),
                digest::name(algorithm),
                found.digest,
                expected.digest
            );
        }
        tokio::fs::rename(&self.path, to)
            .await
            .with_context(cannot)?;
        Ok(found)
    }
}

/// A strong validator: a weak one says nothing of bytes.
fn version(headers: &HeaderMap) -> Option<String> {
    let header = |name| headers.get(name)?.to_str().ok();
    let strong = header(ETAG).filter(|tag| !tag.starts_with("W/"));
    strong.or_else(|| header(LAST_MODIFIED)).map(str::to_owned)
}

/// Parts of older versions are never finished.
fn remove_other_parts(to: &Path, keep: &Path) {
    let name = to.file_name().unwrap_or_default().display().to_string();
    let entries = to.parent().and_then(|parent| parent.read_dir().ok());
    for entry in entries.into_iter().flatten().flatten() {
        let file = entry.file_name().display().to_string();
        let ours = file.starts_with(&format!(".{name}.")) && file.ends_with(".part");
        if ours && entry.path() != keep {
            // One that stays is in nobody's way.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
