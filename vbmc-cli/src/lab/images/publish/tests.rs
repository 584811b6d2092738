//! Publishing: copies in a directory, and uploads to a Glance that is played here, for what a real one seldom does.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::glance::Uploads;
use super::{Target, publish, publish_to};
use crate::lab::Run;
use crate::lab::config::Algorithm;
use crate::lab::images::digest::Hasher;
use crate::lab::images::testing::TestLab;
use crate::lab::report::Outcome;
use crate::openstack::testing::{at, glance};

const FILES: &str = r#"
[[image]]
name = "ipa"
kernel = { path = "ipa.kernel" }
ramdisk = { path = "ipa.initramfs" }
"#;

/// A lab whose image is there.
fn lab(how: &str) -> TestLab {
    let lab = TestLab::new(&format!("[images]\n{how}\n{FILES}"));
    lab.write("ipa.kernel", "a kernel");
    lab.write("ipa.initramfs", "a ramdisk");
    lab
}

async fn published(lab: &TestLab) -> (Outcome, String) {
    publish(&mut lab.run()).await.unwrap();
    lab.end()
}

/// Where the manifest says that kernel and ramdisk are.
fn references(lab: &TestLab) -> Vec<String> {
    let run = lab.run();
    let image = &run.manifest.contents().published["ipa"];
    assert!(image.deploy);
    [&image.kernel, &image.ramdisk, &image.disk]
        .into_iter()
        .flatten()
        .map(|reference| reference.0.clone())
        .collect()
}

/// A conductor's web server that shows what is said here.
async fn web(kernel: &str) -> (MockServer, TestLab) {
    let server = MockServer::start().await;
    for (file, body) in [
        ("/root/ipa.kernel", kernel),
        ("/root/ipa.initramfs", "a ramdisk"),
    ] {
        Mock::given(method("HEAD"))
            .and(path(file))
            .respond_with(ResponseTemplate::new(200).set_body_string(body))
            .mount(&server)
            .await;
    }
    let lab = lab(&format!(
        "publish = \"http\"\nhttp_root = \"httpboot\"\nhttp_url = \"{}/root\"",
        server.uri()
    ));
    std::fs::create_dir(lab.path("httpboot")).unwrap();
    (server, lab)
}

#[tokio::test]
async fn copies_go_to_the_web_server_once_and_everybody_may_read_them() {
    let (server, lab) = web("a kernel").await;
    let (outcome, detail) = published(&lab).await;
    assert_eq!(outcome, Outcome::Changed, "{detail}");
    assert_eq!(lab.read("httpboot/ipa.kernel"), "a kernel");
    let mode = std::fs::metadata(lab.path("httpboot/ipa.kernel"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o644);
    assert_eq!(
        references(&lab),
        ["ipa.kernel", "ipa.initramfs"].map(|file| format!("{}/root/{file}", server.uri()))
    );
    assert_eq!(lab.run().manifest.contents().files.len(), 2);
    assert_eq!(lab.remarks(), [""; 0]);

    assert_eq!(published(&lab).await.0, Outcome::Unchanged);
    lab.write("ipa.kernel", "a newer one");
    assert_eq!(published(&lab).await.0, Outcome::Changed);
    assert_eq!(lab.read("httpboot/ipa.kernel"), "a newer one");
    assert_eq!(lab.names("httpboot"), ["ipa.initramfs", "ipa.kernel"]);
}

#[tokio::test]
async fn a_web_server_that_shows_something_else_is_a_warning() {
    let (_server, lab) = web("another kernel").await;
    assert_eq!(published(&lab).await.0, Outcome::Changed);
    let remarks = lab.remarks();
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    assert!(
        remarks[0].contains("has 14 bytes, and the file here 8"),
        "{remarks:?}"
    );
}

#[tokio::test]
async fn what_a_run_left_that_was_killed_while_it_copied_is_replaced() {
    let lab = lab("publish = \"file\"\nfile_root = \"root\"");
    std::fs::create_dir(lab.path("root")).unwrap();
    let left = super::part("ipa.kernel", &lab.run().lab.name);
    lab.write(&format!("root/{left}"), "half of");
    assert_eq!(published(&lab).await.0, Outcome::Changed);
    assert_eq!(lab.names("root"), ["ipa.initramfs", "ipa.kernel"]);
}

#[tokio::test]
async fn what_others_have_put_there_stays() {
    let lab = lab("publish = \"file\"\nfile_root = \"images\"");
    lab.write("images/ipa.kernel", "of bifrost");
    let (outcome, detail) = published(&lab).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(detail.contains("does not belong to this lab"), "{detail}");
    assert_eq!(lab.read("images/ipa.kernel"), "of bifrost");

    lab.write("images/ipa.kernel", "a kernel");
    assert_eq!(published(&lab).await.0, Outcome::Changed);
    let files = lab.run().manifest.contents().files.clone();
    assert_eq!(
        files,
        [lab.path("images/ipa.initramfs")],
        "the kernel isn't ours to remove"
    );
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_a_mistake() {
    let lab = lab("publish = \"file\"\nfile_root = \"images\"");
    let (outcome, detail) = published(&lab).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(detail.starts_with("there is no directory "), "{detail}");
}

#[tokio::test]
async fn a_conductor_of_this_machine_may_take_them_where_they_are() {
    let lab = lab("publish = \"file\"");
    assert_eq!(published(&lab).await.0, Outcome::Unchanged);
    let kernel = Url::from_file_path(lab.path("ipa.kernel")).unwrap();
    assert_eq!(references(&lab)[0], kernel.as_str());
}

#[tokio::test]
async fn a_dry_run_copies_nothing() {
    let (_server, lab) = web("a kernel").await;
    let mut run = lab.run();
    run.dry_run = true;
    publish(&mut run).await.unwrap();
    assert_eq!(lab.end().0, Outcome::WouldChange);
    assert!(lab.names("httpboot").is_empty());
    assert!(lab.names("workspace").is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_not_published() {
    let (_server, lab) = web("a kernel").await;
    std::fs::remove_file(lab.path("ipa.kernel")).unwrap();
    assert_eq!(published(&lab).await.0, Outcome::Skipped);
}

/// A Glance with its images in memory. Uploads break off as often as it is told.
#[derive(Clone, Default)]
struct FakeGlance {
    images: Arc<Mutex<Vec<Value>>>,
    breaks_off: Arc<Mutex<usize>>,
}

impl FakeGlance {
    async fn uploads(&self) -> Uploads {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = at(listener.local_addr().unwrap());
        let router = Router::new().fallback(serve).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Uploads::new(glance(&url).await)
    }

    async fn publish(&self, run: &mut Run) {
        publish_to(run, Target::Glance(self.uploads().await)).await;
    }

    /// `NAME STATUS`, without the dates in names.
    fn list(&self) -> Vec<String> {
        let images = self.images.lock().unwrap();
        let mut list: Vec<_> = images
            .iter()
            .map(|image| {
                let name = image["name"].as_str().unwrap();
                let name = name
                    .split_once("_2")
                    .map_or(name.to_owned(), |(name, _)| format!("{name}_DATE"));
                format!("{name} {}", image["status"].as_str().unwrap())
            })
            .collect();
        list.sort();
        list
    }

    fn answer(&self, method: &Method, path: &str, query: &str, body: &[u8]) -> (StatusCode, Value) {
        let mut images = self.images.lock().unwrap();
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let (id, file) = match path.trim_start_matches("/v2/images").trim_matches('/') {
            "" => ("", false),
            rest => match rest.strip_suffix("/file") {
                Some(id) => (id, true),
                None => (rest, false),
            },
        };
        let index = images.iter().position(|image| image["id"] == id);
        match (method.as_str(), id, index) {
            ("GET", "", _) => {
                let name = query
                    .trim_start_matches("name=in%3A%22")
                    .trim_end_matches("%22");
                let named = images.iter().filter(|image| image["name"] == name).cloned();
                (
                    StatusCode::OK,
                    json!({ "images": named.collect::<Vec<_>>() }),
                )
            }
            ("POST", "", _) => {
                let mut image = json;
                image["id"] = json!(format!("id{}", images.len()));
                image["status"] = json!("queued");
                images.push(image.clone());
                (StatusCode::CREATED, image)
            }
            (_, _, None) => (StatusCode::NOT_FOUND, Value::Null),
            ("GET", _, Some(index)) => (StatusCode::OK, images[index].clone()),
            ("DELETE", _, Some(index)) => {
                images[index]["id"] = json!("deleted");
                images[index]["name"] = json!("deleted");
                (StatusCode::NO_CONTENT, Value::Null)
            }
            ("PATCH", _, Some(index)) => {
                for op in json.as_array().unwrap() {
                    let key = op["path"].as_str().unwrap().trim_start_matches('/');
                    images[index][key] = op["value"].clone();
                }
                (StatusCode::OK, images[index].clone())
            }
            ("PUT", _, Some(index)) if file => {
                let mut breaks_off = self.breaks_off.lock().unwrap();
                if *breaks_off > 0 {
                    *breaks_off -= 1;
                    return (StatusCode::BAD_GATEWAY, Value::Null);
                }
                let mut hasher = Hasher::new(Algorithm::Sha512);
                hasher.update(body);
                images[index]["status"] = json!("active");
                images[index]["size"] = json!(body.len());
                images[index]["os_hash_algo"] = json!("sha512");
                images[index]["os_hash_value"] = json!(hasher.finish());
                (StatusCode::NO_CONTENT, Value::Null)
            }
            _ => (StatusCode::METHOD_NOT_ALLOWED, Value::Null),
        }
    }
}

async fn serve(State(glance): State<FakeGlance>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let query = head.uri.query().unwrap_or_default();
    let (status, answer) = glance.answer(&head.method, head.uri.path(), query, &body);
    Response::builder()
        .status(status)
        .body(Body::from(answer.to_string()))
        .unwrap()
}

const GLANCE: &str = "publish = \"glance\"";

/// The same with a disk.
fn lab_with_disk() -> TestLab {
    let lab = lab(GLANCE);
    let toml = format!(
        "{}role = \"deploy\"\ndisk = {{ path = \"ipa.qcow2\" }}\n",
        lab.read("lab.toml")
    );
    lab.write("lab.toml", &toml);
    lab.write("ipa.qcow2", "a disk");
    lab
}

#[tokio::test]
async fn an_upload_happens_once() {
    let (glance, lab) = (FakeGlance::default(), lab_with_disk());
    glance.publish(&mut lab.run()).await;
    assert_eq!(lab.end().0, Outcome::Changed, "{}", lab.end().1);
    assert_eq!(
        glance.list(),
        ["ipa active", "ipa-kernel active", "ipa-ramdisk active"]
    );
    assert_eq!(references(&lab), ["id0", "id1", "id2"]);
    let disk = glance.images.lock().unwrap()[2].clone();
    assert_eq!(
        (&disk["kernel_id"], &disk["ramdisk_id"]),
        (&json!("id0"), &json!("id1"))
    );
    assert_eq!(
        (&disk["disk_format"], &disk["vbmc_lab"]),
        (&json!("raw"), &json!("test"))
    );

    glance.publish(&mut lab.run()).await;
    assert_eq!(lab.end().0, Outcome::Unchanged, "{}", lab.end().1);
    assert_eq!(lab.run().manifest.contents().glance_images.len(), 3);
}

#[tokio::test]
async fn a_new_kernel_gets_the_name_and_what_refers_to_it_follows() {
    let (glance, lab) = (FakeGlance::default(), lab_with_disk());
    glance.publish(&mut lab.run()).await;
    lab.write("ipa.kernel", "a newer one");
    glance.publish(&mut lab.run()).await;
    assert_eq!(lab.end().0, Outcome::Changed);
    assert_eq!(
        glance.list(),
        [
            "ipa active",
            "ipa-kernel active",
            "ipa-kernel_DATE active",
            "ipa-ramdisk active"
        ]
    );
    assert_eq!(references(&lab), ["id3", "id1", "id2"]);
    assert_eq!(glance.images.lock().unwrap()[2]["kernel_id"], "id3");
    let ours = lab.run().manifest.contents().glance_images.len();
    assert_eq!(ours, 4, "the old one is still ours to remove");
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_begun_anew() {
    let (glance, lab) = (FakeGlance::default(), lab(GLANCE));
    *glance.breaks_off.lock().unwrap() = 2;
    glance.publish(&mut lab.run()).await;
    assert_eq!(lab.end().0, Outcome::Changed, "{}", lab.end().1);
    let list = glance.list();
    assert_eq!(
        list[2..],
        ["ipa-kernel active", "ipa-ramdisk active"],
        "{list:?}"
    );
    assert_eq!(lab.run().manifest.contents().glance_images.len(), 2);

    let (glance, lab) = (FakeGlance::default(), self::lab(GLANCE));
    *glance.breaks_off.lock().unwrap() = 3;
    glance.publish(&mut lab.run()).await;
    let (outcome, detail) = lab.end();
    assert_eq!(outcome, Outcome::Failed);
    assert!(detail.starts_with("cannot upload ipa-kernel"), "{detail}");
    assert!(lab.run().manifest.contents().glance_images.is_empty());
}

#[tokio::test]
async fn what_an_interrupted_run_left_is_removed_and_what_others_have_is_used_or_left() {
    let (glance, lab) = (FakeGlance::default(), lab(GLANCE));
    let mut sum = Hasher::new(Algorithm::Sha512);
    sum.update(b"a ramdisk");
    glance.images.lock().unwrap().extend([
        json!({ "id": "left", "name": "ipa-kernel", "status": "queued", "vbmc_lab": "test" }),
        json!({ "id": "other", "name": "ipa-kernel", "status": "active", "size": 3, "checksum": "00" }),
        json!({ "id": "same", "name": "ipa-ramdisk", "status": "active", "size": 9,
                "os_hash_algo": "sha512", "os_hash_value": sum.finish() }),
    ]);
    glance.publish(&mut lab.run()).await;
    assert_eq!(lab.end().0, Outcome::Changed);
    assert_eq!(references(&lab), ["id3", "same"]);
    assert_eq!(
        glance.list(),
        [
            "deleted queued",
            "ipa-kernel active",
            "ipa-kernel active",
            "ipa-ramdisk active"
        ]
    );
    let ours = lab.run().manifest.contents().glance_images.clone();
    assert_eq!(ours.len(), 1, "{ours:?}");
}

#[tokio::test]
async fn a_dry_run_uploads_nothing() {
    let (glance, lab) = (FakeGlance::default(), lab(GLANCE));
    let mut run = lab.run();
    run.dry_run = true;
    glance.publish(&mut run).await;
    assert_eq!(lab.end().0, Outcome::WouldChange);
    assert!(glance.list().is_empty());
}
