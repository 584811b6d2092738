//! From `lab.toml` as it is typed to a [`Lab`] as it is meant: variables, defaults, absolute paths, and checks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use serde::de::DeserializeOwned;
use toml::Spanned;
use url::Url;

use super::file::{AddressTable, IntrospectionTable, IronicTable, LabTable, Text};
use super::syntax::syntax;
use super::urls::{check_libvirt, parse_url};
use super::{Address, CloudConfig, IntrospectionConfig, Lab, ServerLogs, domains, images, results};
use crate::lab::problems::Problems;
use crate::lab::variables::{Variables, is_name, line_of};

/// The file that makes a directory a lab.
pub(super) const FILE: &str = "lab.toml";

const DEFAULT_URI: &str = "qemu:///system";

/// Where libvirt's own tools keep disk images, and its security drivers expect them.
const DEFAULT_DISKS: &str = "/var/lib/libvirt/images";

/// A conductor that restarts and a switch that is replugged are ridden out.
const DEFAULT_PATIENCE: Duration = Duration::from_secs(300);

/// TripleO's figures.
const DEFAULT_CONCURRENCY: usize = 20;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1200);
const DEFAULT_ATTEMPTS: u32 = 2;

/// Inventories under the names that their tools give them.
const INVENTORIES: [&str; 8] = [
    "nodes.yaml",
    "nodes.yml",
    "nodes.json",
    "instackenv.yaml",
    "instackenv.json",
    "baremetal.yml",
    "baremetal.yaml",
    "baremetal.json",
];

/// The longest name of a lab: it becomes part of others' fields.
const MAX_NAME: usize = 64;

impl Lab {
    /// Reads the lab in `dir`.
    ///
    /// The error tells all that is wrong with it, each with file, line and key.
    pub(crate) fn load(dir: &Path) -> anyhow::Result<Self> {
        finished(read(dir, |reader, table| reader.lab(table))?)
    }

    /// As [`Self::load`], for whoever looks for more that is wrong: the lab as far as it makes sense, and what doesn't.
    pub(crate) fn read(dir: &Path) -> anyhow::Result<(Option<Self>, Problems)> {
        read(dir, |reader, table| reader.lab(table))
    }
}

impl Address {
    /// Reads where the cloud of the lab in `dir` is, and nothing else: no file beside `lab.toml` need be there, but for
    /// the password of this very cloud.
    pub(crate) fn load(dir: &Path) -> anyhow::Result<Self> {
        finished(read(dir, |reader, table| reader.address(table))?)
    }
}

fn finished<M>((meant, problems): (Option<M>, Problems)) -> anyhow::Result<M> {
    problems.check()?;
    meant.context("the lab could not be read")
}

fn read<T: DeserializeOwned, M>(
    dir: &Path,
    mean: impl FnOnce(&mut Reader<'_>, T) -> Option<M>,
) -> anyhow::Result<(Option<M>, Problems)> {
    let dir = std::path::absolute(dir)?;
    let file = dir.join(FILE);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(anyhow!(
                "{} is no lab: it holds no {FILE}; name another with --lab, or begin one with `vbmc lab init {}`",
                dir.display(),
                dir.display()
            ));
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", file.display()));
        }
    };
    let table = toml::from_str(&text).map_err(|error| anyhow!(syntax(&text, &error)))?;
    let mut reader = Reader {
        dir: &dir,
        text: &text,
        variables: Variables::new(Default::default()),
        problems: Problems::default(),
        warnings: Vec::new(),
    };
    let meant = mean(&mut reader, table);
    Ok((meant, reader.problems))
}

/// What turns typed values into meant ones, and remembers what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) dir: &'a Path,
    text: &'a str,
    pub(super) variables: Variables,
    pub(super) problems: Problems,
    pub(super) warnings: Vec<String>,
}

impl Reader<'_> {
    fn lab(&mut self, table: LabTable) -> Option<Lab> {
        self.variables = self.definitions(table.variables);
        let name = self.name(table.name.as_ref())?;
        if let Err(problem) = check_name(&name) {
            let at = table.name.as_ref().map(|name| name.span().start);
            self.problems.add(self.place("name", at), problem);
        }
        let workspace = self.path_or("workspace", table.workspace.as_ref(), "workspace");
        let disks = self.path_or("libvirt.disks", table.libvirt.disks.as_ref(), DEFAULT_DISKS);
        // TripleO's users know it by this name.
        self.variables = self
            .variables
            .clone()
            .with("IMAGES", disks.to_string_lossy());
        let libvirt_uri = self.libvirt_uri(table.libvirt.uri.as_ref());
        let cloud = self.cloud(&table.ironic);
        let images = images::read(self, &table.images, &table.image, &workspace);
        let networks = domains::networks(self);
        let domains = domains::read(self, &table.bmcs, &table.domains);
        let introspection = self.introspection(&table.introspection);
        let results = results::read(self, table.results.directory.as_ref(), &workspace, &images);
        let mut log =
            |key: &str, path: &Option<Text>| path.as_ref().map(|path| self.path(key, path));
        let server_logs = ServerLogs {
            ramdisk: log("results.ramdisk_logs", &table.results.ramdisk_logs),
            conductor: log("results.conductor_log", &table.results.conductor_log),
        };
        Some(Lab {
            dir: self.dir.to_owned(),
            name,
            cloud,
            libvirt_uri,
            images,
            networks,
            domains,
            introspection,
            workspace,
            results,
            server_logs,
            variables: self.variables.clone(),
            warnings: std::mem::take(&mut self.warnings),
        })
    }

    fn address(&mut self, table: AddressTable) -> Option<Address> {
        self.variables = self.definitions(table.variables);
        Some(Address {
            name: self.name(table.name.as_ref())?,
            cloud: self.cloud(&table.ironic),
        })
    }

    fn name(&mut self, typed: Option<&Text>) -> Option<String> {
        match typed {
            Some(name) => self.string("name", name),
            None => Some(self.dir.file_name()?.to_string_lossy().into_owned()),
        }
    }

    fn definitions(
        &mut self,
        table: std::collections::BTreeMap<Text, super::file::Plain>,
    ) -> Variables {
        let mut defined = std::collections::BTreeMap::new();
        for (name, value) in table {
            if is_name(name.get_ref()) {
                defined.insert(name.into_inner(), value.0);
            } else {
                self.wrong(
                    "variables",
                    &name,
                    format!(
                        "\"{}\" cannot be a variable's name: take letters, digits and `_`",
                        name.get_ref()
                    ),
                );
            }
        }
        Variables::new(defined).with("LAB", self.dir.to_string_lossy())
    }

    fn libvirt_uri(&mut self, typed: Option<&Text>) -> String {
        match typed {
            Some(typed) => {
                let uri = self.string("libvirt.uri", typed).unwrap_or_default();
                if let Err(problem) = check_libvirt(&uri) {
                    self.wrong("libvirt.uri", typed, problem);
                }
                uri
            }
            None => std::env::var("LIBVIRT_DEFAULT_URI")
                .ok()
                .filter(|uri| !uri.is_empty())
                .unwrap_or_else(|| DEFAULT_URI.to_owned()),
        }
    }

    fn cloud(&mut self, table: &IronicTable) -> CloudConfig {
        let cloud = table
            .cloud
            .as_ref()
            .and_then(|cloud| self.string("ironic.cloud", cloud));
        let endpoint = table
            .endpoint
            .as_ref()
            .and_then(|url| self.url("ironic.endpoint", url));
        let password = self.secret(
            "ironic",
            table.password.as_ref(),
            table.password_file.as_ref(),
        );
        let username = table
            .username
            .as_ref()
            .and_then(|name| self.string("ironic.username", name));
        if let (Some(cloud), Some(_)) = (&table.cloud, &table.endpoint) {
            self.wrong(
                "ironic.cloud",
                cloud,
                "cloud and endpoint exclude each other: clouds.yaml says where the cloud is",
            );
        }
        let given = table.password.is_some() || table.password_file.is_some();
        if let Some(name) = table.username.as_ref().filter(|_| !given) {
            self.wrong("ironic.username", name, "needs a password_file");
        } else if given && table.username.is_none() {
            self.problems
                .add(FILE, "ironic: a password needs a username");
        }
        if let Some(name) = table.username.as_ref().filter(|_| table.endpoint.is_none()) {
            self.wrong(
                "ironic.username",
                name,
                "needs an endpoint; for a cloud of clouds.yaml, it stands there",
            );
        }
        CloudConfig {
            cloud,
            endpoint,
            login: username.zip(password),
            cacert: table
                .cacert
                .as_ref()
                .map(|path| self.path("ironic.cacert", path)),
            patience: self.seconds("ironic.patience", table.patience.as_ref(), DEFAULT_PATIENCE),
        }
    }

    fn introspection(&mut self, table: &IntrospectionTable) -> IntrospectionConfig {
        IntrospectionConfig {
            inventory: self.inventory(table.inventory.as_ref()),
            clean: table.clean.unwrap_or(false),
            provide: table.provide.unwrap_or(true),
            concurrency: self.positive(
                "introspection.concurrency",
                table.concurrency.as_ref(),
                DEFAULT_CONCURRENCY,
            ),
            timeout: self.seconds(
                "introspection.timeout",
                table.timeout.as_ref(),
                DEFAULT_TIMEOUT,
            ),
            attempts: self.positive(
                "introspection.attempts",
                table.attempts.as_ref(),
                DEFAULT_ATTEMPTS,
            ),
        }
    }

    fn inventory(&mut self, typed: Option<&Text>) -> Option<PathBuf> {
        if let Some(typed) = typed {
            let path = self.path("introspection.inventory", typed);
            if !path.is_file() {
                self.wrong(
                    "introspection.inventory",
                    typed,
                    format!("{} is {}", path.display(), no_file(&path)),
                );
            }
            return Some(path);
        }
        let mut found = INVENTORIES
            .iter()
            .map(|name| self.dir.join(name))
            .filter(|path| path.symlink_metadata().is_ok());
        let first = found.next();
        if let Some(first) = first.as_ref().filter(|path| !path.is_file()) {
            self.problems.add(
                FILE,
                format!(
                    "introspection: {} would be the inventory, but is {}; call it otherwise, or name a file, as in \
                     inventory = \"lab-nodes.yaml\"",
                    name_of(first),
                    no_file(first)
                ),
            );
        }
        if let (Some(first), Some(second)) = (&first, found.next()) {
            self.problems.add(
                FILE,
                format!(
                    "introspection: {} and {} may both be the inventory; name one, as in inventory = \"{}\"",
                    name_of(first),
                    name_of(&second),
                    name_of(first)
                ),
            );
        }
        first
    }

    /// Notes that the value of `key` is wrong.
    pub(super) fn wrong<T>(
        &mut self,
        key: &str,
        value: &Spanned<T>,
        problem: impl std::fmt::Display,
    ) {
        let place = self.place(key, Some(value.span().start));
        self.problems.add(place, problem);
    }

    /// The line that a value stands in.
    pub(super) fn line<T>(&self, value: &Spanned<T>) -> usize {
        line_of(self.text, value.span().start)
    }

    pub(super) fn place(&self, key: &str, at: Option<usize>) -> String {
        match at {
            Some(at) => format!("{FILE}:{}: {key}", line_of(self.text, at)),
            None => format!("{FILE}: {key}"),
        }
    }

    /// A string that isn't empty, with its variables replaced.
    pub(super) fn string(&mut self, key: &str, value: &Text) -> Option<String> {
        let expanded = self.expand(key, value, value.get_ref())?;
        if expanded.is_empty() {
            self.wrong(
                key,
                value,
                "is empty; leave the key out, or give it a value",
            );
            return None;
        }
        Some(expanded)
    }

    /// `text` with its variables replaced, where `value` is where it stands.
    pub(super) fn expand<T>(
        &mut self,
        key: &str,
        value: &Spanned<T>,
        text: &str,
    ) -> Option<String> {
        let place = self.place(key, Some(value.span().start));
        self.problems.ok(place, self.variables.expand(text))
    }

    /// A path; relative ones start at the lab's directory.
    pub(super) fn path(&mut self, key: &str, value: &Text) -> PathBuf {
        match self.string(key, value) {
            Some(path) => self.join(&path),
            None => self.dir.to_owned(),
        }
    }

    /// A path as the lab means it, without `.` in it.
    pub(super) fn join(&self, path: &str) -> PathBuf {
        let path = self.dir.join(path);
        std::path::absolute(&path).unwrap_or(path)
    }

    pub(super) fn path_or(&mut self, key: &str, value: Option<&Text>, default: &str) -> PathBuf {
        match value {
            Some(value) => self.path(key, value),
            None => self.dir.join(default),
        }
    }

    pub(super) fn url(&mut self, key: &str, value: &Text) -> Option<Url> {
        let text = self.string(key, value)?;
        let place = self.place(key, Some(value.span().start));
        self.problems.ok(place, parse_url(&text))
    }

    fn seconds(&mut self, key: &str, value: Option<&Spanned<u64>>, default: Duration) -> Duration {
        Duration::from_secs(self.positive(key, value, default.as_secs()))
    }

    fn positive<T: Copy + PartialEq + From<bool>>(
        &mut self,
        key: &str,
        value: Option<&Spanned<T>>,
        default: T,
    ) -> T {
        let Some(value) = value else { return default };
        if *value.get_ref() == T::from(false) {
            self.wrong(key, value, "must be 1 or more");
        }
        *value.get_ref()
    }
}

/// Whether a lab can be called so: its name goes into fields of libvirt's, Ironic's and Glance's.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let good = name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if good {
        return Ok(());
    }
    Err(format!(
        "\"{name}\" cannot be a lab's name: take up to {MAX_NAME} letters, digits, `.`, `_` and `-`"
    ))
}

fn name_of(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

/// What stands where a file should.
fn no_file(path: &Path) -> &'static str {
    match path.metadata() {
        Ok(there) if there.is_dir() => "a directory",
        Ok(_) => "a pipe or a device, and no file",
        Err(_) if path.is_symlink() => "a link that leads nowhere",
        Err(_) => "not there",
    }
}
