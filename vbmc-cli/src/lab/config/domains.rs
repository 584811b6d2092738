//! `domains/`, `networks/`, and what `lab.toml` says of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use vbmc_core::registry::BmcName;

use super::bmcs::Bmcs;
use super::file::{BmcsTable, DomainTable, Text};
use super::read::Reader;
use super::{Description, DiskConfig, DomainConfig};
use crate::lab::variables::{Variables, lines};

const XML: &str = "domain.xml";
const ARGUMENTS: &str = "virt-install.arguments";
const DISKS: &str = "images";

/// `networks/*.xml`.
pub(super) fn networks(reader: &mut Reader<'_>) -> BTreeMap<String, PathBuf> {
    entries(reader, "networks")
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
        .collect()
}

/// `domains/*/`, with `[bmcs]` and `[domains.NAME]`.
pub(super) fn read(
    reader: &mut Reader<'_>,
    bmcs: &BmcsTable,
    tables: &BTreeMap<Text, DomainTable>,
) -> BTreeMap<String, DomainConfig> {
    let directories: BTreeMap<String, PathBuf> = entries(reader, "domains")
        .into_iter()
        .filter(|path| path.is_dir())
        .filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)))
        .collect();
    for name in tables.keys() {
        if !directories.contains_key(name.get_ref()) {
            let there: Vec<&str> = directories.keys().map(String::as_str).collect();
            reader.wrong(
                &format!("domains.{}", name.get_ref()),
                name,
                match &*there {
                    [] => format!(
                        "there is no such domain: describe it in domains/{}/{XML}",
                        name.get_ref()
                    ),
                    there => format!(
                        "there is no such domain in domains/, only {}",
                        there.join(", ")
                    ),
                },
            );
        }
    }
    let mut bmcs = Bmcs::read(reader, bmcs, tables);
    let mut domains = BTreeMap::new();
    for (name, directory) in directories {
        let place = format!("domains/{name}");
        if let Err(error) = BmcName::new(&name) {
            reader.problems.add(&place, error);
        }
        let table = tables.iter().find(|(key, _)| *key.get_ref() == name);
        let description = description(reader, &place, &directory);
        let bmc = bmcs.of(reader, &name, table);
        let table = table.map(|(_, table)| table);
        let disks = disks(reader, &name, &directory, table);
        domains.insert(
            name.clone(),
            DomainConfig {
                name,
                // What is missing has been noted.
                description: description.unwrap_or_else(|| Description::Xml(directory.join(XML))),
                disks,
                autostart: table.and_then(|table| table.autostart).unwrap_or(true),
                uefi: table.and_then(|table| table.uefi).unwrap_or(false),
                bmc,
            },
        );
    }
    domains
}

/// What is in a directory of the lab, sorted; hidden files and editors' leftovers aside. Nothing where it is missing.
fn entries(reader: &mut Reader<'_>, name: &str) -> Vec<PathBuf> {
    let directory = reader.dir.join(name);
    let listing = match std::fs::read_dir(&directory) {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            reader.problems.add(name, error);
            return Vec::new();
        }
    };
    let mut paths: Vec<PathBuf> = listing
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            !name.starts_with('.') && !name.ends_with('~')
        })
        .collect();
    paths.sort();
    paths
}

fn description(reader: &mut Reader<'_>, place: &str, directory: &Path) -> Option<Description> {
    let xml = directory.join(XML);
    let arguments = directory.join(ARGUMENTS);
    match (xml.is_file(), arguments.is_file()) {
        (true, false) => Some(Description::Xml(xml)),
        (false, true) => Some(Description::VirtInstall(arguments)),
        (true, true) => {
            reader.problems.add(
                place,
                format!("{XML} and {ARGUMENTS} exclude each other: keep one"),
            );
            None
        }
        (false, false) => {
            reader
                .problems
                .add(place, format!("needs a {XML}, or a {ARGUMENTS}"));
            None
        }
    }
}

/// The disk images of a domain: the lines of its file `images`, or `disks` in lab.toml.
fn disks(
    reader: &mut Reader<'_>,
    name: &str,
    directory: &Path,
    table: Option<&DomainTable>,
) -> Vec<DiskConfig> {
    let variables = reader.variables.for_domain(name);
    let file = directory.join(DISKS);
    let mut disks = Vec::new();
    if let Some(typed) = table.and_then(|table| table.disks.as_ref()) {
        let key = format!("domains.{name}.disks");
        for line in typed {
            match disk(&variables, reader.dir, line.get_ref()) {
                Ok(disk) => disks.push(disk),
                Err(problem) => reader.wrong(&key, line, problem),
            }
        }
        if let Some(first) = typed.first().filter(|_| file.is_file()) {
            reader.wrong(
                &key,
                first,
                format!("there is domains/{name}/{DISKS} too; keep one"),
            );
        }
        return disks;
    }
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return disks,
        Err(error) => {
            reader
                .problems
                .add(format!("domains/{name}/{DISKS}"), error);
            return disks;
        }
    };
    for (number, line) in lines(&text) {
        let place = format!("domains/{name}/{DISKS}:{number}");
        disks.extend(
            reader
                .problems
                .ok(place, disk(&variables, reader.dir, line)),
        );
    }
    disks
}

/// `PATH=SIZE`.
fn disk(variables: &Variables, dir: &Path, line: &str) -> Result<DiskConfig, String> {
    let (path, size) = line
        .rsplit_once('=')
        .ok_or_else(|| format!("\"{line}\" is not PATH=SIZE, as in $IMAGES/$NAME.qcow2=80G"))?;
    let expand = |text: &str| variables.expand(text).map_err(|error| error.to_string());
    let (path, size) = (expand(path.trim())?, expand(size.trim())?);
    if path.is_empty() {
        return Err(format!("\"{line}\" names no file"));
    }
    if size == "cloud-init" || size.starts_with("base,") {
        return Err(format!(
            "\"{size}\" makes a disk with an operating system on it, which nodes do not need: give a size, as in 80G"
        ));
    }
    Ok(DiskConfig {
        path: dir.join(path),
        size: bytes(&size).ok_or_else(|| {
            format!("\"{size}\" is not a size: bytes, or a number with K, M, G or T behind it, as in 80G")
        })?,
    })
}

/// A size as qemu-img takes it: the suffixes are powers of 1024.
fn bytes(size: &str) -> Option<u64> {
    let split = size
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(size.len());
    let (number, suffix) = size.split_at(split);
    let unit = match suffix.to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1 << 40,
        _ => return None,
    };
    number
        .parse::<u64>()
        .ok()?
        .checked_mul(unit)
        .filter(|&bytes| bytes > 0)
}
