//! Checksums of files, and the lists of them that mirrors publish.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512};

use crate::lab::config::{Algorithm, Checksum};

/// Bytes read at once.
const PIECE: usize = 1 << 20;

/// Computes one checksum.
pub(super) enum Hasher {
    Md5(Md5),
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Md5 => Self::Md5(Md5::new()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// Lower-case hexadecimal digits.
    pub(super) fn finish(self) -> String {
        match self {
            Self::Md5(hasher) => hex(&hasher.finalize()),
            Self::Sha256(hasher) => hex(&hasher.finalize()),
            Self::Sha512(hasher) => hex(&hasher.finalize()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What the manifest and messages call an algorithm.
pub(super) fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Md5 => "md5",
        Algorithm::Sha256 => "sha256",
        Algorithm::Sha512 => "sha512",
    }
}

/// The digest of some text.
pub(super) fn of_text(text: &[u8]) -> String {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(text);
    hasher.finish()
}

/// The digest of a file.
pub(super) async fn of_file(path: &Path, algorithm: Algorithm) -> io::Result<String> {
    let path: PathBuf = path.to_owned();
    let read = move || {
        let mut hasher = Hasher::new(algorithm);
        let mut file = File::open(path)?;
        let mut piece = vec![0; PIECE];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(hasher.finish()),
                len => hasher.update(&piece[..len]),
            }
        }
    };
    tokio::task::spawn_blocking(read)
        .await
        .map_err(io::Error::other)?
}

/// The checksum of `file` in a list as sha256sum or BSD's md5 write it; a list of one digest needs no name.
pub(super) fn published(list: &str, file: &str) -> Option<Checksum> {
    let mut nameless = None;
    for line in list.lines().map(str::trim) {
        let (digest, name) = match line.split_once(" = ") {
            Some((what, digest)) => {
                let name = what.split_once('(').map(|(_, name)| name);
                (digest, name.and_then(|name| name.strip_suffix(')')))
            }
            None => match line.split_once(char::is_whitespace) {
                // An asterisk says that it was read as binary, which it always is here.
                Some((digest, name)) => (digest, Some(name.trim_start().trim_start_matches('*'))),
                None => (line, None),
            },
        };
        let Some(checksum) = checksum(digest) else {
            continue;
        };
        match name {
            Some(name) if Path::new(name).file_name() == Some(file.as_ref()) => {
                return Some(checksum);
            }
            Some(_) => {}
            None => nameless = Some(checksum),
        }
    }
    nameless
}

/// A digest tells its algorithm by its length.
fn checksum(digest: &str) -> Option<Checksum> {
    let algorithm = match digest.len() {
        32 => Algorithm::Md5,
        64 => Algorithm::Sha256,
        128 => Algorithm::Sha512,
        _ => return None,
    };
    let hexadecimal = digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    hexadecimal.then(|| Checksum {
        algorithm,
        digest: digest.to_ascii_lowercase(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";
    const SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[tokio::test]
    async fn digests_are_those_of_the_standard() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "abc").unwrap();
        let of = |algorithm| of_file(file.path(), algorithm);
        assert_eq!(of(Algorithm::Md5).await.unwrap(), MD5);
        assert_eq!(of(Algorithm::Sha256).await.unwrap(), SHA256);
        assert!(
            of(Algorithm::Sha512)
                .await
                .unwrap()
                .starts_with("ddaf35a193617aba")
        );
    }

    #[test]
    fn lists_of_mirrors_are_understood() {
        let sha256 = Some(Checksum {
            algorithm: Algorithm::Sha256,
            digest: SHA256.to_owned(),
        });
        for list in [
            SHA256.to_owned(),
            format!("{SHA256}\n"),
            format!("{MD5}  other\n{SHA256}  a.qcow2\n"),
            format!("{SHA256} *a.qcow2"),
            format!("{}  ./images/a.qcow2", SHA256.to_uppercase()),
            format!("# comment\nSHA256 (other) = {MD5}\nSHA256 (a.qcow2) = {SHA256}"),
        ] {
            assert_eq!(published(&list, "a.qcow2"), sha256, "{list}");
        }
        for list in ["", "<html>", &format!("{SHA256}  b.qcow2"), "0123  a.qcow2"] {
            assert_eq!(published(list, "a.qcow2"), None, "{list}");
        }
    }
}
