//! `vbmc lab init`: writes `examples/openstack-lab`, which is in this program, with a password of its own.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rand::RngExt as _;
use rand::distr::Alphanumeric;
use zeroize::Zeroizing;

use crate::lab::config::check_name;

/// IPMI 1.5 and many consoles know no longer ones.
const PASSWORD_LEN: usize = 16;

const PASSWORD_FILE: &str = "bmc-password";

const EXAMPLES: &str = "\
Examples:
  vbmc lab init mylab
  vbmc lab init .              in the current directory, beside what is there

Nothing that exists is overwritten. The lab takes the name of its directory.";

/// A file of the example: its name, what it says, and its mode.
macro_rules! example {
    ($($mode:literal $name:literal: $what:literal,)*) => {
        [$((
            $name,
            include_str!(concat!("../../../../examples/openstack-lab/", $name)),
            $mode,
            $what,
        )),*]
    };
}

/// All files of the example, in the order in which a newcomer meets them.
const FILES: [(&str, &str, u32, &str); 6] = example! {
    0o644 "lab.toml": "what belongs to the lab: edit the three lines marked EDIT",
    0o644 "nodes.yaml": "the nodes that Ironic shall know",
    0o644 "domains/openstack-controller/domain.xml": "a virtual machine, which is the first node",
    0o644 "networks/provisioning.xml": "the network that it boots from",
    0o755 "recipes/ironic-python-agent": "makes the ramdisk that nodes boot",
    0o644 ".gitignore": "leaves out what vbmc makes, and the password",
};

/// Write a lab with comments, to be edited
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The directory; made if it isn't there
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    write(&args.dir)?;
    Ok(io::stdout().write_all(next_steps(&args.dir).as_bytes())?)
}

/// Writes the lab, or nothing.
fn write(dir: &Path) -> anyhow::Result<()> {
    let absolute = std::path::absolute(dir)?;
    let name = absolute.file_name().unwrap_or_default().to_string_lossy();
    if let Err(problem) = check_name(&name) {
        bail!("the lab takes the name of its directory: {problem}");
    }
    let names = FILES.iter().map(|(name, ..)| *name).chain([PASSWORD_FILE]);
    let taken: Vec<&str> = names
        .filter(|name| fs::symlink_metadata(dir.join(name)).is_ok())
        .collect();
    match &*taken {
        [] => {}
        ["lab.toml", ..] => bail!("{} is a lab already; nothing was written", dir.display()),
        taken => bail!(
            "{} holds {} already; nothing was written",
            dir.display(),
            taken.join(", ")
        ),
    }
    for (name, text, mode, _) in FILES {
        write_file(&dir.join(name), text, mode)?;
    }
    let password = password();
    write_file(
        &dir.join(PASSWORD_FILE),
        &Zeroizing::new(format!("{}\n", *password)),
        0o600,
    )
}

fn write_file(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(cannot)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .with_context(cannot)?;
    file.write_all(text.as_bytes()).with_context(cannot)
}

fn password() -> Zeroizing<String> {
    let letters = rand::rng().sample_iter(Alphanumeric);
    Zeroizing::new(letters.take(PASSWORD_LEN).map(char::from).collect())
}

fn next_steps(dir: &Path) -> String {
    let mut text = format!("A lab is in {}:\n\n", dir.display());
    for (name, _, _, what) in FILES {
        text.push_str(&format!("  {name:<40} {what}\n"));
    }
    text.push_str(&format!(
        "  {PASSWORD_FILE:<40} the password of the BMCs, made for this lab\n"
    ));
    let dir = shell_words::quote(&dir.to_string_lossy()).into_owned();
    text.push_str(&format!(
        "\nNext:\n\n  \
         cd {dir}\n  \
         grep -n EDIT lab.toml    # the three lines that depend on your Ironic\n  \
         vbmc lab check           # what is wrong with it, if anything\n  \
         vbmc prepare             # makes images, network, disk, virtual machine and BMC\n  \
         vbmc introspect          # until the nodes are available\n"
    ));
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::lab::config::Lab;
    use crate::lab::inventory::Inventory;
    use crate::lab::inventory::domains::planned;

    #[test]
    fn what_it_writes_is_a_lab_in_order() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("my-lab");
        write(&dir).unwrap();
        let lab = Lab::load(&dir).unwrap();
        assert_eq!(lab.name, "my-lab");
        assert_eq!(lab.warnings, Vec::<String>::new());
        assert_eq!(lab.networks.len(), 1);
        let bmc = lab.domains["openstack-controller"].bmc.as_ref().unwrap();
        assert_eq!(bmc.password.reveal().len(), PASSWORD_LEN);
        let inventory = Inventory::load(&lab, &planned(&lab)).unwrap();
        assert_eq!(inventory.nodes[0].label(), "openstack-controller");
        assert_eq!(inventory.warnings, Vec::<String>::new());
        let mode = |name: &str| fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(PASSWORD_FILE), 0o600);
        assert_eq!(mode("recipes/ironic-python-agent") & 0o100, 0o100);
    }

    #[test]
    fn it_marks_three_lines_to_edit() {
        let (_, text, ..) = FILES[0];
        for number in ["EDIT 1", "EDIT 2", "EDIT 3"] {
            assert_eq!(text.matches(number).count(), 1, "{number}");
        }
        assert!(!text.contains("EDIT 4"));
    }

    #[test]
    fn every_lab_has_a_password_of_its_own() {
        assert_ne!(*password(), *password());
    }

    #[test]
    fn it_overwrites_nothing() {
        let dir = tempfile::Builder::new().prefix("lab").tempdir().unwrap();
        fs::write(dir.path().join("nodes.yaml"), "mine").unwrap();
        let error = write(dir.path()).unwrap_err().to_string();
        assert!(
            error.ends_with("holds nodes.yaml already; nothing was written"),
            "{error}"
        );
        assert_eq!(
            fs::read_to_string(dir.path().join("nodes.yaml")).unwrap(),
            "mine"
        );
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        fs::remove_file(dir.path().join("nodes.yaml")).unwrap();
        write(dir.path()).unwrap();
        let error = write(dir.path()).unwrap_err().to_string();
        assert!(
            error.ends_with("is a lab already; nothing was written"),
            "{error}"
        );
    }

    #[test]
    fn a_directory_that_cannot_name_a_lab_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let error = write(&home.path().join("my lab")).unwrap_err().to_string();
        assert!(
            error.contains("\"my lab\" cannot be a lab's name"),
            "{error}"
        );
    }

    #[test]
    fn it_writes_every_file_of_the_example() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/openstack-lab");
        let mut there = BTreeSet::new();
        let mut directories = vec![example.clone()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else {
                    let name = path.strip_prefix(&example).unwrap();
                    there.insert(name.to_str().unwrap().to_owned());
                }
            }
        }
        let written: BTreeSet<String> = FILES.iter().map(|(name, ..)| (*name).to_owned()).collect();
        assert_eq!(there, written);
    }
}
