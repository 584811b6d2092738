//! Glance v2: images, as far as a conductor's kernels, ramdisks and disks go.
//!
//! Each method is one call, or one for each page. What replaces what, and when, is no business of this module.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io;

use futures_util::Stream;
use hyper::body::Bytes;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use super::error::Error;
use super::service::Service;
use super::session::{Request, Response, Session};

/// More pages than any list has: a server that never ends must not keep us.
const MAX_PAGES: usize = 10_000;

/// What a PATCH of an image is made of.
const PATCH_TYPE: &str = "application/openstack-images-v2.1-json-patch";

/// A Glance. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Images {
    session: Session,
    /// Without `/v2`.
    endpoint: Url,
}

/// An image, as Glance tells of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Image {
    pub(crate) id: String,
    /// Glance has images without a name.
    pub(crate) name: Option<String>,
    pub(crate) status: Status,
    pub(crate) size: Option<u64>,
    /// MD5; there since the first version, and still computed for those who ask.
    pub(crate) checksum: Option<String>,
    /// `sha512`, as a rule.
    pub(crate) os_hash_algo: Option<String>,
    pub(crate) os_hash_value: Option<String>,
    /// Everything else, among it what was set by whoever made the image.
    #[serde(flatten)]
    pub(crate) properties: Map<String, Value>,
}

impl Image {
    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name)?.as_str()
    }
}

/// How far an image is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// It was announced, and has no data; also after an upload that broke off.
    Queued,
    /// Data is coming in.
    Saving,
    Uploading,
    Importing,
    Active,
    Killed,
    Deactivated,
    Deleted,
    PendingDelete,
    #[serde(untagged)]
    Other(String),
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Queued => "queued",
            Self::Saving => "saving",
            Self::Uploading => "uploading",
            Self::Importing => "importing",
            Self::Active => "active",
            Self::Killed => "killed",
            Self::Deactivated => "deactivated",
            Self::Deleted => "deleted",
            Self::PendingDelete => "pending_delete",
            Self::Other(name) => name,
        })
    }
}

/// What an image is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DiskFormat {
    /// A kernel.
    Aki,
    /// A ramdisk.
    Ari,
    Qcow2,
    Raw,
}

impl DiskFormat {
    fn container(self) -> &'static str {
        match self {
            Self::Aki => "aki",
            Self::Ari => "ari",
            Self::Qcow2 | Self::Raw => "bare",
        }
    }
}

/// Who sees an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Everybody. Takes an administrator.
    Public,
    /// Whom the server's default says: the project that it belongs to.
    Own,
}

/// An image to be announced.
#[derive(Debug, Clone)]
pub(crate) struct NewImage<'a> {
    pub(crate) name: &'a str,
    pub(crate) disk_format: DiskFormat,
    pub(crate) visibility: Visibility,
    pub(crate) properties: &'a BTreeMap<String, String>,
}

impl Images {
    pub(super) fn new(session: Session, endpoint: &Url) -> Self {
        let mut endpoint = endpoint.clone();
        let path = endpoint.path().trim_end_matches('/');
        let path = path.strip_suffix("/v2").unwrap_or(path).to_owned();
        endpoint.set_path(&path);
        Self { session, endpoint }
    }

    pub(crate) fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    pub(crate) async fn all(&self) -> Result<Vec<Image>, Error> {
        self.list(self.url(&[])).await
    }

    /// All that are called so: names need not be unique.
    pub(crate) async fn named(&self, name: &str) -> Result<Vec<Image>, Error> {
        // A bare name would be taken for a list where it has a comma.
        let quoted = format!("in:\"{}\"", name.replace('\\', r"\\").replace('"', "\\\""));
        let mut url = self.url(&[]);
        url.query_pairs_mut().append_pair("name", &quoted);
        self.list(url).await
    }

    pub(crate) async fn image(&self, id: &str) -> Result<Image, Error> {
        self.request(Method::GET, &[id]).send().await?.json()
    }

    /// Announces an image; its data follows with [`Self::upload`].
    pub(crate) async fn create(&self, image: &NewImage<'_>) -> Result<Image, Error> {
        let mut body = json!({
            "name": image.name,
            "disk_format": image.disk_format,
            "container_format": image.disk_format.container(),
        });
        for (name, value) in image.properties {
            body[name.as_str()] = json!(value);
        }
        if image.visibility == Visibility::Public {
            body["visibility"] = json!("public");
        }
        let request = self.request(Method::POST, &[]).json(&body);
        request.send().await?.json()
    }

    /// Sends the data of an image: `len` bytes of what `open` makes.
    pub(crate) async fn upload<S>(
        &self,
        id: &str,
        len: u64,
        open: impl Fn() -> S + Send + Sync + 'static,
    ) -> Result<(), Error>
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let request = self.request(Method::PUT, &[id, "file"]);
        request.upload(len, open).send().await.map(drop)
    }

    pub(crate) async fn rename(&self, id: &str, name: &str) -> Result<(), Error> {
        self.patch(
            id,
            &json!([{ "op": "replace", "path": "/name", "value": name }]),
        )
        .await
    }

    /// Sets properties, whether they are there or not.
    pub(crate) async fn set(
        &self,
        id: &str,
        properties: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let ops: Vec<_> = properties
            .iter()
            .map(|(name, value)| json!({ "op": "add", "path": pointer(name), "value": value }))
            .collect();
        self.patch(id, &json!(ops)).await
    }

    pub(crate) async fn delete(&self, id: &str) -> Result<(), Error> {
        self.request(Method::DELETE, &[id]).send().await.map(drop)
    }

    async fn patch(&self, id: &str, ops: &Value) -> Result<(), Error> {
        // Each sets something to a value: once more is as good as once.
        let request = self.request(Method::PATCH, &[id]).json(ops);
        let request = request.header("content-type", PATCH_TYPE).repeatable(true);
        request.send().await.map(drop)
    }

    async fn list(&self, mut url: Url) -> Result<Vec<Image>, Error> {
        let mut images = Vec::new();
        let mut asked = HashSet::new();
        for _ in 0..MAX_PAGES {
            let response = self.get(url.clone()).await?;
            let page: Page = response.json()?;
            images.extend(page.images);
            let Some(next) = page.next else {
                return Ok(images);
            };
            // A path from the server's root. Of it, only the query: a proxy may show Glance elsewhere.
            url.set_query(next.split_once('?').map(|(_, query)| query));
            if !asked.insert(url.clone()) {
                return Err(
                    response.foreign("its list goes round: it gives the same next page twice")
                );
            }
        }
        Err(self.get(url).await?.foreign("its list does not end"))
    }

    async fn get(&self, url: Url) -> Result<Response, Error> {
        let request = self.session.request(Service::Image, Method::GET, url);
        request.send().await
    }

    fn request(&self, method: Method, path: &[&str]) -> Request<'_> {
        self.session.request(Service::Image, method, self.url(path))
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = super::session::join(&self.endpoint, "v2/images");
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        url
    }
}

/// A JSON pointer to a property.
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[derive(Deserialize)]
struct Page {
    images: Vec<Image>,
    next: Option<String>,
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;
    use crate::openstack::testing::{Replay, glance, recorded};

    /// What a real Glance answered, one image a page.
    async fn recording() -> (Images, Replay) {
        let replay = Replay::start(recorded("glance")).await;
        (glance(&replay.url).await, replay)
    }

    fn kernel(name: &str, visibility: Visibility) -> NewImage<'_> {
        NewImage {
            name,
            disk_format: DiskFormat::Aki,
            visibility,
            properties: &MARKED,
        }
    }

    static MARKED: std::sync::LazyLock<BTreeMap<String, String>> =
        std::sync::LazyLock::new(|| [("vbmc_lab".to_owned(), "recorded".to_owned())].into());

    #[tokio::test]
    async fn an_image_is_announced_uploaded_found_changed_and_removed() {
        let (glance, replay) = recording().await;
        let named = || glance.named("a, b-kernel");
        assert!(named().await.unwrap().is_empty());
        let made = glance
            .create(&kernel("a, b-kernel", Visibility::Public))
            .await
            .unwrap();
        assert_eq!(made.status, Status::Queued);
        assert_eq!(made.property("vbmc_lab"), Some("recorded"));
        let image = glance.image(&made.id).await.unwrap();
        assert_eq!((image.status, image.size), (Status::Queued, None));

        let data = || stream::iter([Ok(Bytes::from_static(b"a kernel"))]);
        glance.upload(&made.id, 8, data).await.unwrap();
        let again = glance.upload(&made.id, 8, data).await.unwrap_err();
        assert!(matches!(again, Error::BadState(_)), "{again:?}");
        let image = glance.image(&made.id).await.unwrap();
        assert_eq!((&image.status, image.size), (&Status::Active, Some(8)));
        assert_eq!(image.os_hash_algo.as_deref(), Some("sha512"));
        assert_eq!(image.os_hash_value.as_ref().map(String::len), Some(128));
        assert_eq!(image.checksum.as_ref().map(String::len), Some(32));
        assert_eq!(named().await.unwrap(), [image]);

        glance.rename(&made.id, "old").await.unwrap();
        let property = [("a/b".to_owned(), "c".to_owned())].into();
        glance.set(&made.id, &property).await.unwrap();
        let all = glance.all().await.unwrap();
        let names: Vec<_> = all.iter().map(|image| image.name.as_deref()).collect();
        assert_eq!(names, [Some("disk"), Some("old")]);
        assert_eq!(all[1].property("a/b"), Some("c"));

        glance.delete(&made.id).await.unwrap();
        let gone = glance.delete(&made.id).await.unwrap_err();
        assert!(matches!(gone, Error::NotFound(_)), "{gone:?}");
        assert!(replay.strangers().is_empty(), "{:?}", replay.strangers());
    }

    #[tokio::test]
    async fn only_administrators_make_images_for_everybody() {
        let (glance, replay) = recording().await;
        let make = |visibility| {
            let glance = glance.clone();
            async move { glance.create(&kernel("of a member", visibility)).await }
        };
        let refused = make(Visibility::Public).await.unwrap_err();
        assert!(matches!(refused, Error::Forbidden(_)), "{refused:?}");
        make(Visibility::Own).await.unwrap();
        assert!(replay.strangers().is_empty(), "{:?}", replay.strangers());
    }
}
