//! Builds and downloads in labs of their own, with scripts for builders and a small web server for a mirror.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::prepare;
use crate::lab::images::testing::{TestLab, tree};
use crate::lab::report::Outcome;

const BUILT: &str = r#"
[images]
publish = "none"

[[image]]
name = "ipa"
build = "recipes/build first"
kernel = "ipa.kernel"
ramdisk = "ipa.initramfs"
"#;

const SCRIPT: &str = r#"echo "building $1 of $IMAGE"
test "$PWD" = "$OUTPUT"
test -f "$LAB/lab.toml"
echo "kernel $1" > ipa.kernel
echo "ramdisk $1" > ipa.initramfs
echo "rubbish" > log"#;

fn built() -> TestLab {
    let lab = TestLab::new(BUILT);
    lab.script("recipes/build", SCRIPT);
    lab
}

async fn prepared(lab: &TestLab) -> (Outcome, String) {
    prepare(&mut lab.run()).await.unwrap();
    lab.end()
}

const DIRECTORY: &str = "workspace/images";

#[tokio::test]
async fn an_image_is_built_once() {
    let lab = built();
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Changed, "{detail}");
    assert_eq!(lab.read("workspace/images/ipa.kernel"), "kernel first\n");
    assert_eq!(
        lab.names(DIRECTORY),
        ["ipa.initramfs", "ipa.kernel"],
        "nothing else stays"
    );
    assert_eq!(
        lab.read("workspace/results/image-ipa.log"),
        "building first of ipa\n"
    );
    assert_eq!(lab.said(), ["building first of ipa"]);
    let before = tree(&lab.path("workspace"));
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Unchanged, "{detail}");
    assert_eq!(tree(&lab.path("workspace")), before);
}

#[tokio::test]
async fn it_is_built_anew_when_its_command_or_script_is_another() {
    let lab = built();
    prepared(&lab).await;
    lab.describe(&BUILT.replace("build first", "build second"));
    assert_eq!(prepared(&lab).await.0, Outcome::Changed);
    assert_eq!(lab.read("workspace/images/ipa.kernel"), "kernel second\n");
    let remarks = lab.remarks();
    assert!(
        remarks.iter().any(|text| text.contains("has changed")),
        "{remarks:?}"
    );

    lab.script(
        "recipes/build",
        &SCRIPT.replace("ramdisk $1", "another ramdisk"),
    );
    assert_eq!(prepared(&lab).await.0, Outcome::Changed);
    assert_eq!(
        lab.read("workspace/images/ipa.initramfs"),
        "another ramdisk\n"
    );
    assert_eq!(prepared(&lab).await.0, Outcome::Unchanged);
}

#[tokio::test]
async fn what_somebody_put_there_is_taken() {
    let lab = built();
    lab.write("workspace/images/ipa.kernel", "mine");
    lab.write("workspace/images/ipa.initramfs", "mine");
    assert_eq!(prepared(&lab).await.0, Outcome::Unchanged);
    assert!(
        lab.run().manifest.contents().files.is_empty(),
        "it isn't ours to remove"
    );
}

#[tokio::test]
async fn a_build_that_fails_leaves_nothing_and_is_quoted() {
    let lab = built();
    lab.script(
        "recipes/build",
        "echo x > ipa.kernel\nseq 9\necho 'no \u{1b}[1mmirror' >&2\nexit 7",
    );
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Failed);
    let log = lab.path("workspace/results/image-ipa.log");
    let expected = format!(
        "build ended with exit status: 7; it said last: 8 | 9 | no mirror; all of it is in {}",
        log.display()
    );
    assert_eq!(detail, expected);
    assert!(lab.names(DIRECTORY).is_empty());
}

#[tokio::test]
async fn the_log_that_a_failed_build_speaks_of_is_kept_and_named_where_it_is() {
    let lab = built();
    lab.script(
        "recipes/build",
        "echo 'no mirror' > build.log\necho \"$OUTPUT/build.log tells all\"\nexit 1",
    );
    let (_, detail) = prepared(&lab).await;
    let kept = lab.path("workspace/results/image-ipa.build.log");
    let told = format!("it said last: {} tells all; ", kept.display());
    assert!(detail.contains(&told), "{detail}");
    assert!(!detail.contains(".building"), "{detail}");
    assert_eq!(
        lab.read("workspace/results/image-ipa.build.log"),
        "no mirror\n"
    );
}

#[tokio::test]
async fn half_of_an_image_is_none() {
    let lab = built();
    prepared(&lab).await;
    lab.script("recipes/build", "echo new > ipa.kernel");
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(detail.contains("made no ipa.initramfs"), "{detail}");
    assert_eq!(lab.read("workspace/images/ipa.kernel"), "kernel first\n");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let lab = TestLab::new(&BUILT.replace("recipes/build", "no-such-program"));
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(detail.starts_with("cannot run no-such-program"), "{detail}");
}

#[tokio::test]
async fn an_interrupted_build_is_ended_with_all_that_it_started() {
    let lab = built();
    // The pipe's only writer left is the sleep that the script has started.
    lab.script(
        "recipes/build",
        "mkfifo \"$LAB/alive\"\nsleep 1000 > \"$LAB/alive\" &\nwait",
    );
    let mut run = lab.run();
    let alive = async {
        let path = lab.path("alive");
        while !path.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::fs::File::open(path).await.unwrap()
    };
    let mut alive = tokio::select! {
        alive = alive => alive,
        _ = prepare(&mut run) => panic!("it ended: {:?}", lab.end()),
    };
    let mut rest = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(60), alive.read_to_end(&mut rest));
    end.await.expect("something still writes").unwrap();
    assert!(lab.names(DIRECTORY).is_empty());

    lab.script("recipes/build", SCRIPT);
    assert_eq!(
        prepared(&lab).await.0,
        Outcome::Changed,
        "the next run goes on"
    );
}

#[tokio::test]
async fn a_dry_run_touches_nothing() {
    let lab = built();
    let before = tree(&lab.path(""));
    let mut run = lab.run();
    run.dry_run = true;
    prepare(&mut run).await.unwrap();
    let (outcome, detail) = lab.end();
    assert_eq!(outcome, Outcome::WouldChange);
    assert!(
        detail.starts_with("would build ipa.kernel and ipa.initramfs with ")
            && detail.ends_with(": not there yet"),
        "{detail}"
    );
    assert_eq!(tree(&lab.path("")), before);
}

#[tokio::test]
async fn a_file_of_this_machine_is_used_where_it_is_if_its_checksum_is_right() {
    let lab = TestLab::new(
        r#"
[images]
publish = "none"

[[image]]
name = "disk"
disk = { path = "mine.qcow2", md5 = "900150983cd24fb0d6963f7d28e17f72" }
"#,
    );
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(detail.starts_with("there is no "), "{detail}");
    lab.write("mine.qcow2", "abd");
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(detail.contains("does not have the md5"), "{detail}");
    lab.write("mine.qcow2", "abc");
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Unchanged);
    assert!(detail.ends_with("mine.qcow2"), "{detail}");
}

/// A mirror with one image; each answer is what the function says for the head of a request.
struct Mirror {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Mirror {
    async fn start(answer: impl Fn(usize, &str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let heads = asked.clone();
        tokio::spawn(async move {
            for turn in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap().to_lowercase();
                let answer = answer(turn, &head);
                heads.lock().unwrap().push(head);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, asked }
    }

    fn lab(&self, more: &str) -> TestLab {
        TestLab::new(&format!(
            "[images]\npublish = \"none\"\n[[image]]\nname = \"disk\"\n\
             disk = {{ url = \"{}/disk.qcow2\"{more} }}\n",
            self.url
        ))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// An answer, after which the connection is closed.
fn answer(status: &str, version: &str, len: usize, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\netag: \"{version}\"\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n{body}"
    )
}

const SHA256: &str =
    ", sha256 = \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"";

#[tokio::test]
async fn a_download_is_checked_and_made_once() {
    let mirror = Mirror::start(|_, _| answer("200 OK", "1", 3, "abc")).await;
    let lab = mirror.lab(SHA256);
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Changed, "{detail}");
    assert_eq!(lab.read("workspace/images/disk.qcow2"), "abc");
    assert_eq!(prepared(&lab).await.0, Outcome::Unchanged);
    assert_eq!(mirror.asked().len(), 1);

    lab.write("workspace/images/disk.qcow2", "damaged");
    assert_eq!(prepared(&lab).await.0, Outcome::Changed);
    assert_eq!(lab.read("workspace/images/disk.qcow2"), "abc");
}

#[tokio::test]
async fn a_download_with_another_checksum_is_thrown_away() {
    let mirror = Mirror::start(|_, _| answer("200 OK", "1", 3, "abd")).await;
    let lab = mirror.lab(SHA256);
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(detail.contains("and should have ba7816bf"), "{detail}");
    assert!(lab.names(DIRECTORY).is_empty());
}

#[tokio::test]
async fn a_download_goes_on_where_it_broke_off() {
    let mirror = Mirror::start(|turn, _| match turn {
        0 => answer("200 OK", "1", 3, "a"),
        _ => answer("206 Partial Content", "1", 2, "bc"),
    })
    .await;
    let lab = mirror.lab(SHA256);
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Changed, "{detail}");
    assert_eq!(lab.read("workspace/images/disk.qcow2"), "abc");
    let asked = mirror.asked();
    assert!(asked[1].contains("range: bytes=1-\r\n"), "{}", asked[1]);
    assert!(asked[1].contains("if-range: \"1\"\r\n"), "{}", asked[1]);
}

#[tokio::test]
async fn the_next_run_goes_on_with_a_download_unless_the_mirror_has_another_version() {
    let mirror = Mirror::start(|turn, _| match turn {
        // The first run gets one byte, and no more for as long as it tries.
        0 => answer("200 OK", "1", 3, "a"),
        1..=5 => answer("503 Busy", "1", 0, ""),
        6 => answer("200 OK", "1", 3, ""),
        7 => answer("206 Partial Content", "1", 2, "bc"),
        // Of another file there is a part, too, when the mirror has a third one under the same name.
        8 => answer("200 OK", "2", 5, "ab"),
        9..=13 => answer("503 Busy", "2", 0, ""),
        _ => answer("200 OK", "3", 5, "abcde"),
    })
    .await;
    let lab = mirror.lab("");
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Failed, "{detail}");
    assert_eq!(lab.names(DIRECTORY).len(), 1, "a part");
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Changed, "{detail}");
    assert_eq!(lab.read("workspace/images/disk.qcow2"), "abc");
    assert!(mirror.asked()[7].contains("range: bytes=1-\r\n"));

    std::fs::remove_file(lab.path("workspace/images/disk.qcow2")).unwrap();
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Failed, "{detail}");
    let left = lab.names(DIRECTORY);
    assert!(left.len() == 1 && left[0].ends_with(".part"), "{left:?}");
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Changed, "{detail}");
    assert_eq!(lab.names(DIRECTORY), ["disk.qcow2"]);
    assert_eq!(lab.read("workspace/images/disk.qcow2"), "abcde");
}

#[tokio::test]
async fn a_mirror_that_says_no_is_quoted_without_passwords() {
    let mirror = Mirror::start(|_, _| answer("404 Not Found", "1", 0, "")).await;
    let lab = mirror.lab("");
    lab.write(
        "lab.toml",
        &lab.read("lab.toml").replace("http://", "http://me:hidden@"),
    );
    let (outcome, detail) = prepared(&lab).await;
    assert_eq!(outcome, Outcome::Failed);
    assert_eq!(
        detail,
        format!("{}/disk.qcow2 answers 404 Not Found", mirror.url)
    );
}

#[tokio::test]
async fn a_published_checksum_is_asked_for_each_time() {
    let mirror = Mirror::start(|turn, head| {
        // What the mirror has changes after the second run.
        let body = if turn < 3 { "abc" } else { "abd" };
        let digest = match body {
            "abc" => "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            _ => "a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9",
        };
        match head.starts_with("get /sums") {
            true => {
                let list = format!("{digest}  disk.qcow2\n");
                answer("200 OK", "1", list.len(), &list)
            }
            false => answer("200 OK", body, 3, body),
        }
    })
    .await;
    let lab = mirror.lab(&format!(", checksum_url = \"{}/sums\"", mirror.url));
    assert_eq!(prepared(&lab).await.0, Outcome::Changed);
    assert_eq!(prepared(&lab).await.0, Outcome::Unchanged);
    assert_eq!(prepared(&lab).await.0, Outcome::Changed);
    assert_eq!(lab.read("workspace/images/disk.qcow2"), "abd");
}
