//! Descriptions by the real virt-install: it knows systems, buses and machines, and prints the XML it would define.
//!
//! It is only ever asked to print. Even so it would define a storage pool for every directory that a disk is in, and leave
//! it there: libvirt is given one for as long as it runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::process::Command;
use tokio::time::timeout;
use vbmc_core::host::libvirt::admin::{AdminError, xml};

use crate::lab::hypervisor::{Hypervisor, Virtualization};
use crate::lab::variables::Variables;

const PROGRAM: &str = "virt-install";

/// It answers within a second, unless it fetches an installer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Any of these tells where the system comes from, without which it refuses.
const METHODS: [&str; 12] = [
    "--import",
    "--pxe",
    "--cdrom",
    "-c",
    "--location",
    "-l",
    "--install",
    "--boot",
    "--livecd",
    "--unattended",
    "--cloud-init",
    "--container",
];

/// Whether virt-install can be run; the error says how to get it.
pub(crate) async fn check() -> anyhow::Result<()> {
    let output = command().arg("--version").output().await;
    let ran = output.is_ok_and(|output| output.status.success());
    ensure!(
        ran,
        "{PROGRAM} is needed for domains that have a virt-install.arguments, and cannot be run: `apt install virtinst` \
         (Debian, Ubuntu) or `dnf install virt-install`; or describe them in a domain.xml"
    );
    Ok(())
}

/// The words of a `virt-install.arguments`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arguments(Vec<String>);

impl Arguments {
    pub(super) fn read(file: &Path, variables: &Variables, name: &str) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let arguments = Self(variables.expand_words(file, &text)?);
        let named = arguments.values(&["--name", "-n"]).last();
        ensure!(
            named.is_none_or(|named| named == name),
            "{} names the domain {:?}, and its directory {name:?}: leave --name out",
            file.display(),
            named.unwrap_or_default()
        );
        Ok(arguments)
    }

    /// Makes the arguments fit the hypervisor: the lab runs without KVM too, if slowly. What the operator should know.
    pub(super) fn fit(&mut self, virtualization: Virtualization) -> Option<String> {
        let wanted = self.values(&["--virt-type"]).last();
        let (add, warning) = match (virtualization, wanted) {
            (Virtualization::Emulated, Some("kvm")) => {
                let warning = "wants KVM, which this hypervisor has not: it is emulated in software, which is slow";
                (true, Some(warning.to_owned()))
            }
            // It would believe a /dev/kvm that does not work.
            (Virtualization::Emulated, None) => (true, None),
            _ => (false, None),
        };
        if add {
            self.0.extend(["--virt-type".to_owned(), "qemu".to_owned()]);
        }
        warning
    }

    /// All of it, to look for something in.
    pub(super) fn text(&self) -> String {
        self.0.join(" ")
    }

    /// The values of an option, by any of its names, in their order.
    fn values<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let next = self
            .0
            .iter()
            .skip(1)
            .map(String::as_str)
            .map(Some)
            .chain([None]);
        self.0.iter().zip(next).filter_map(|(word, next)| {
            if names.contains(&word.as_str()) {
                return next;
            }
            let (name, value) = word.split_once('=')?;
            names.contains(&name).then_some(value)
        })
    }

    fn has_any(&self, options: &[&str]) -> bool {
        self.0.iter().any(|word| {
            let option = word.split_once('=').map_or(&**word, |(option, _)| option);
            options.contains(&option)
        })
    }

    /// The libvirt networks that it is plugged into.
    pub(super) fn networks(&self) -> BTreeSet<String> {
        self.values(&["--network", "-w"])
            .flat_map(|network| network.split(','))
            .filter_map(|part| {
                let name = part
                    .strip_prefix("network=")
                    .or_else(|| part.strip_prefix("network:"))?;
                Some(name.to_owned())
            })
            .collect()
    }

    /// The directories that its disks are in.
    fn directories(&self) -> BTreeSet<PathBuf> {
        self.values(&["--disk"])
            .flat_map(|disk| disk.split(','))
            .filter_map(|part| Path::new(part.strip_prefix("path=").unwrap_or(part)).parent())
            .filter(|directory| directory.is_absolute())
            .map(Path::to_owned)
            .collect()
    }

    /// What virt-install is run with. Of an option given twice, the last counts: ours. Where the domain is there, its own
    /// disks and MAC addresses are in use, by itself.
    fn command_line(&self, address: &str, name: &str, exists: bool) -> Vec<String> {
        let mut line = self.0.clone();
        if !self.has_any(&METHODS) {
            // Its disk is empty, and what it boots comes over the network.
            line.push("--import".to_owned());
        }
        let ours = [
            "--connect",
            address,
            "--name",
            name,
            "--noautoconsole",
            "--print-xml",
        ];
        let unchecked = exists.then_some(["--check", "all=off"]);
        line.extend(unchecked.into_iter().flatten().map(str::to_owned));
        line.extend(ours.map(str::to_owned));
        line
    }
}

/// The description that virt-install makes of the arguments.
pub(super) async fn print_xml(
    hypervisor: &Hypervisor,
    name: &str,
    arguments: &Arguments,
    exists: bool,
) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Handle::current();
    let line = arguments.command_line(hypervisor.address(), name, exists);
    let directories = arguments.directories();
    let printed = hypervisor
        .call(move |admin| {
            let mut held = Vec::new();
            for directory in &directories {
                match admin.directory(directory) {
                    Ok(directory) => held.push(directory),
                    Err(AdminError::NoStorage { .. }) => break,
                    Err(error) => return Err(error),
                }
            }
            Ok(runtime.block_on(run(&line)))
        })
        .await??;
    let document = xml::document(&printed)
        .with_context(|| format!("{PROGRAM} printed something else than XML"))?;
    Ok(document.to_owned())
}

async fn run(line: &[String]) -> anyhow::Result<String> {
    let output = timeout(PATIENCE, command().args(line).output())
        .await
        .with_context(|| format!("{PROGRAM} did not end within {} s", PATIENCE.as_secs()))?
        .with_context(|| format!("cannot run {PROGRAM}: `apt install virtinst`"))?;
    if !output.status.success() {
        bail!("{}", complaint(&String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn command() -> Command {
    let mut command = Command::new(PROGRAM);
    command
        // An old system's name is no reason to fail: what it decides matters little to a node.
        .env("VIRTINSTALL_OSINFO_DISABLE_REQUIRE", "1")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// What virt-install said, as one line.
fn complaint(stderr: &str) -> String {
    let words: Vec<&str> = stderr
        .split_whitespace()
        .skip_while(|word| *word == "ERROR")
        .collect();
    match &*words {
        [] => format!("{PROGRAM} failed without a word"),
        words => format!("{PROGRAM}: {}", words.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write as _;

    use super::*;

    const SEED: &str = "# CLI arguments for \"virt-install\"

--virt-type kvm
--graphics none
--noautoconsole
--pxe

# eth0 on OpenStack control plane
--network bridge=openstack,model=virtio
--os-type linux
--os-variant centos7.0
--disk \"path=$IMAGES/$NAME.qcow2,device=disk,bus=virtio\"
--vcpus 4
# In MB:
--ram 16000
";

    fn read(text: &str) -> anyhow::Result<Arguments> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let variables = Variables::new(BTreeMap::new())
            .with("IMAGES", "/my images")
            .for_domain("node-0");
        Arguments::read(file.path(), &variables, "node-0")
    }

    #[test]
    fn the_seeds_arguments_are_taken() {
        let arguments = read(SEED).unwrap();
        assert_eq!(
            arguments.directories(),
            BTreeSet::from([PathBuf::from("/my images")])
        );
        let line = arguments.command_line("qemu:///system", "node-0", false);
        assert_eq!(line[..4], ["--virt-type", "kvm", "--graphics", "none"]);
        assert_eq!(
            line[line.len() - 6..],
            [
                "--connect",
                "qemu:///system",
                "--name",
                "node-0",
                "--noautoconsole",
                "--print-xml"
            ]
        );
        assert!(!line.contains(&"--import".to_owned()), "--pxe says it all");
    }

    #[test]
    fn a_hypervisor_without_kvm_emulates() {
        let mut seed = read(SEED).unwrap();
        assert_eq!(seed.fit(Virtualization::Kvm), None);
        let warning = seed.fit(Virtualization::Emulated).unwrap();
        assert!(warning.contains("KVM"), "{warning}");
        assert_eq!(seed.values(&["--virt-type"]).last(), Some("qemu"));

        let mut silent = read("--ram 512").unwrap();
        assert_eq!(silent.fit(Virtualization::Emulated), None);
        assert_eq!(silent.values(&["--virt-type"]).last(), Some("qemu"));
        let mut other = read("--virt-type=test").unwrap();
        assert_eq!(other.fit(Virtualization::Emulated), None);
        assert_eq!(other.0.len(), 1);
    }

    #[test]
    fn a_system_comes_from_somewhere() {
        let line = |text| read(text).unwrap().command_line("u", "n", false);
        assert!(line("--ram 512").contains(&"--import".to_owned()));
        assert!(!line("--boot=uefi").contains(&"--import".to_owned()));
    }

    #[test]
    fn another_name_is_refused() {
        read("--name node-0 --ram 1").unwrap();
        for text in ["--name node-1", "-n node-1", "--name=node-1"] {
            let error = read(text).unwrap_err().to_string();
            assert!(
                error.contains("\"node-1\"") && error.contains("leave --name out"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_complaint_is_one_line() {
        assert_eq!(
            complaint("ERROR    \n--os-variant is required,\n\nbut no value was set.\n"),
            "virt-install: --os-variant is required, but no value was set."
        );
        assert_eq!(complaint(""), "virt-install failed without a word");
    }
}
