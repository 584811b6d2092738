//! Passwords from files, and from people.

mod prompt;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, anyhow, ensure};
use vbmc_core::Secret;
use zeroize::Zeroizing;

pub(crate) use prompt::{ask, ask_new};

/// Far above IPMI's 20 bytes and any SASL password: for a file named by mistake.
const MAX_LEN: usize = 4096;

/// What a file holds, without the newline that editors leave at its end; `-` is standard input.
pub(crate) fn read(path: &Path) -> anyhow::Result<Secret> {
    if path == Path::new("-") {
        return parse(io::stdin().lock()).context("cannot read a password from standard input");
    }
    File::open(path)
        .map_err(anyhow::Error::from)
        .and_then(parse)
        .with_context(|| format!("cannot read a password from {}", path.display()))
}

/// A password that is to be set. An empty one is a slip, such as a password store that is locked in front of a pipe, and
/// would let everyone in.
pub(crate) fn read_new(path: &Path) -> anyhow::Result<Secret> {
    let password = read(path)?;
    ensure!(
        !password.reveal().is_empty(),
        "there is no password in {}: it is empty",
        match path.to_str() {
            Some("-") => "standard input".to_owned(),
            _ => path.display().to_string(),
        }
    );
    Ok(password)
}

fn parse(source: impl Read) -> anyhow::Result<Secret> {
    let mut bytes = Zeroizing::new(Vec::new());
    source.take(MAX_LEN as u64 + 1).read_to_end(&mut bytes)?;
    ensure!(bytes.len() <= MAX_LEN, "it holds more than {MAX_LEN} bytes");
    let text = str::from_utf8(&bytes).map_err(|_| anyhow!("it isn't UTF-8 text"))?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line)))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn an_empty_file_is_no_new_password() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"\n").unwrap();
        assert_eq!(read(file.path()).unwrap().reveal(), "");
        let error = read_new(file.path()).unwrap_err().to_string();
        assert!(error.ends_with("it is empty"), "{error}");
        file.write_all(b" \n").unwrap();
        assert!(read_new(file.path()).is_ok());
    }
}
