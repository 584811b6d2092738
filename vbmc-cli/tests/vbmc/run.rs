//! Running `vbmc` and looking at how it ended.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Success without a word on stderr; the output.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(
            (self.code, self.stderr.as_str()),
            (Some(0), ""),
            "{}",
            self.stdout
        );
        self.stdout
    }

    /// Exit code 1 without any output; what was said, without its newline.
    #[track_caller]
    pub(crate) fn failed(self) -> String {
        assert_eq!(
            (self.code, self.stdout.as_str()),
            (Some(1), ""),
            "{}",
            self.stderr
        );
        self.stderr
            .strip_suffix('\n')
            .expect("a whole line")
            .to_owned()
    }
}

/// `vbmc` with `args` and nothing of the tester's own environment.
pub(crate) fn command(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vbmc"));
    command
        .args(args)
        .env_clear()
        .env("HOME", home)
        .stdin(Stdio::null());
    command
}

pub(crate) fn vbmc(home: &Path, args: &[&str]) -> Outcome {
    finish(&mut command(home, args))
}

pub(crate) fn vbmc_with_input(home: &Path, args: &[&str], input: &str) -> Outcome {
    let mut child = command(home, args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    outcome(child.wait_with_output().unwrap())
}

pub(crate) fn finish(command: &mut Command) -> Outcome {
    outcome(command.output().unwrap())
}

fn outcome(output: std::process::Output) -> Outcome {
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
