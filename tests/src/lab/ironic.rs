//! A real Ironic, as `scripts/ironic` starts it.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::build::{repository, target_dir};
use crate::lab::environment;
use crate::place::Place;
use crate::run::{Outcome, Run};
use crate::wait_for;

/// Its start on a loaded machine.
const START: Duration = Duration::from_secs(240);

/// Settings that make a test quicker, and tell more where one fails, and change nothing of what it is about: commands to one BMC follow each other
/// sooner, and a BMC that doesn't answer is given up sooner.
const QUICK: &str =
    "[DEFAULT]\ndebug = true\n[ipmi]\nmin_command_interval = 1\ncommand_retry_timeout = 10\n";

/// A running Ironic and its web server. Both end with the place that they run in.
#[derive(Debug)]
pub struct Ironic {
    place: Place,
    dir: PathBuf,
    options: Vec<String>,
    authorization: Vec<(&'static str, String)>,
}

impl Ironic {
    /// Starts it without authentication, reachable on loopback, with its files below `dir`.
    ///
    /// # Panics
    ///
    /// When it doesn't come up.
    #[must_use]
    pub fn start(place: Place, dir: &Path) -> Self {
        Self::start_with(place, dir, Ipv4Addr::LOCALHOST.into(), &[], "")
    }

    /// Starts it for nodes that reach it at `address`, with more options of `scripts/ironic`, and with `settings` in the
    /// form of ironic.conf.
    ///
    /// # Panics
    ///
    /// When it doesn't come up.
    #[must_use]
    pub fn start_with(
        place: Place,
        dir: &Path,
        address: IpAddr,
        options: &[&str],
        settings: &str,
    ) -> Self {
        let dir = dir.join("ironic");
        fs::create_dir_all(&dir).expect("Ironic's directory");
        let config = dir.join("test.conf");
        fs::write(&config, format!("{QUICK}{settings}")).expect("Ironic's settings");
        let mut all = vec!["--address".to_owned(), address.to_string()];
        all.extend(["--config".to_owned(), config.display().to_string()]);
        all.extend(options.iter().map(|&option| option.to_owned()));
        let mut ironic = Self {
            place,
            dir,
            options: all,
            authorization: vec![("OS_AUTH_TYPE", "none".to_owned())],
        };
        let said = ironic.start_again();
        if options.contains(&"http_basic") {
            ironic.authorization = vec![
                ("OS_AUTH_TYPE", "http_basic".to_owned()),
                ("OS_USERNAME", "admin".to_owned()),
                ("OS_PASSWORD", ironic.password()),
            ];
        }
        assert!(said.contains("lab.toml"), "it says how to go on: {said}");
        ironic
    }

    /// Starts it after [`Self::stop`] or [`Self::kill`], and returns what `scripts/ironic` said.
    ///
    /// # Panics
    ///
    /// When it doesn't come up.
    pub fn start_again(&self) -> String {
        self.script("up").args(&self.options).outcome().ok()
    }

    /// Stops it in an orderly way.
    ///
    /// # Panics
    ///
    /// When it can't be stopped.
    pub fn stop(&self) {
        let _ = self.script("down").outcome().ok();
    }

    /// Kills Ironic, in the middle of whatever it does, and leaves the web server alone.
    ///
    /// # Panics
    ///
    /// When it doesn't run.
    pub fn kill(&self) {
        let pid = fs::read_to_string(self.dir.join("ironic.pid")).expect("a running Ironic");
        // With all the processes that it has. The shell's own `kill`: Debian has the program in a package that needn't be
        // there.
        let kill = |signal: &str| {
            let command = format!("kill -s {signal} -- -{}", pid.trim());
            Run::new_in(self.place, "sh")
                .args(["-c", &command])
                .outcome()
        };
        let _ = kill("KILL").ok();
        wait_for("Ironic to be gone", START, || {
            (kill("0").code != Some(0)).then_some(())
        });
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        // The address of the nodes may not be there yet, and go away.
        "http://127.0.0.1:6385".to_owned()
    }

    /// The password of its user `admin`, with http_basic.
    ///
    /// # Panics
    ///
    /// When it was started without.
    #[must_use]
    pub fn password(&self) -> String {
        let password = fs::read_to_string(self.password_file()).expect("Ironic's password");
        password.trim().to_owned()
    }

    /// The file with that password.
    #[must_use]
    pub fn password_file(&self) -> PathBuf {
        self.dir.join("password")
    }

    /// What its web server shows.
    #[must_use]
    pub fn http_root(&self) -> PathBuf {
        self.dir.join("http")
    }

    /// How the `baremetal` command logs in, instead of what Ironic's start implies.
    pub fn authorize(&mut self, variables: Vec<(&'static str, String)>) {
        self.authorization = variables;
    }

    /// Runs Ironic's own client, `baremetal`.
    #[track_caller]
    #[must_use]
    pub fn baremetal<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Outcome {
        let program = environment("openstack-venv").join("bin/baremetal");
        let mut run = Run::new_in(self.place, program).env("HOME", &self.dir);
        if !self
            .authorization
            .iter()
            .any(|(key, _)| *key == "OS_AUTH_URL")
        {
            run = run.env("OS_ENDPOINT", self.url());
        }
        for (key, value) in &self.authorization {
            run = run.env(key, value);
        }
        run.args(args).limit(START).outcome()
    }

    /// One field of a node, as Ironic's own client prints it.
    #[track_caller]
    #[must_use]
    pub fn field(&self, node: &str, field: &str) -> String {
        let show = ["node", "show", node, "--fields", field, "-f", "value"];
        self.baremetal(show).ok().trim().to_owned()
    }

    /// Waits until a node is in a state. One that isn't there yet is waited for too.
    #[track_caller]
    pub fn wait_for_state(&self, node: &str, state: &str) {
        // Its client would take a processor for itself, asking again and again.
        self.database(&format!(
            "import time
query = \"SELECT provision_state FROM nodes WHERE name = '{node}'\"
while database.execute(query).fetchone() != ('{state}',):
    time.sleep(0.1)"
        ));
    }

    /// Locks a node, as another conductor does that works on it.
    pub fn lock(&self, node: &str) {
        self.reserve(node, "'another'");
    }

    /// Undoes [`Self::lock`].
    pub fn unlock(&self, node: &str) {
        self.reserve(node, "NULL");
    }

    fn reserve(&self, node: &str, host: &str) {
        self.database(&format!(
            "with database:
    database.execute(\"UPDATE nodes SET reservation = {host} WHERE name = '{node}'\")"
        ));
    }

    /// Runs Python with Ironic's database as `database`.
    #[track_caller]
    fn database(&self, code: &str) {
        let file = self.dir.join("ironic.sqlite");
        let open = format!(
            "import sqlite3
database = sqlite3.connect('{}', timeout=30)
",
            file.display()
        );
        let python = environment("ironic-venv").join("bin/python");
        let run = Run::new(python).args(["-c", &(open + code)]);
        let _ = run.limit(START).outcome().ok();
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log/ironic.log")).unwrap_or_default()
    }

    fn script(&self, command: &str) -> Run {
        let script = repository().join("scripts/ironic");
        let arguments = [
            command.to_owned(),
            "--dir".into(),
            self.dir.display().to_string(),
        ];
        Run::new_in(self.place, script)
            .env("CARGO_TARGET_DIR", target_dir())
            .args(arguments)
            .limit(START)
    }
}

impl Drop for Ironic {
    fn drop(&mut self) {
        if thread::panicking() {
            // What the ramdisk asks again and again would hide the rest.
            let log = self.log();
            let worth = |line: &&str| !line.contains(" DEBUG ") && !line.contains(" 404 (");
            let lines: Vec<_> = log.lines().filter(worth).collect();
            let last = &lines[lines.len().saturating_sub(60)..];
            eprintln!("--- end of Ironic's log\n{}\n---", last.join("\n"));
        }
    }
}
