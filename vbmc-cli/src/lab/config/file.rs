//! `lab.toml` as it is typed: its tables and keys. What they mean, [`super::read`] says.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use toml::Spanned;

/// A string, and where it stands.
pub(super) type Text = Spanned<String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LabTable {
    pub(super) name: Option<Text>,
    pub(super) workspace: Option<Text>,
    #[serde(default)]
    pub(super) ironic: IronicTable,
    #[serde(default)]
    pub(super) libvirt: LibvirtTable,
    #[serde(default)]
    pub(super) bmcs: BmcsTable,
    #[serde(default)]
    pub(super) images: ImagesTable,
    #[serde(default)]
    pub(super) image: Vec<ImageTable>,
    #[serde(default)]
    pub(super) domains: BTreeMap<Text, DomainTable>,
    #[serde(default)]
    pub(super) introspection: IntrospectionTable,
    #[serde(default)]
    pub(super) results: ResultsTable,
    #[serde(default)]
    pub(super) variables: BTreeMap<Text, Plain>,
}

/// What of it says where the cloud is. The rest may be anything.
#[derive(Debug, Deserialize)]
pub(super) struct AddressTable {
    pub(super) name: Option<Text>,
    #[serde(default)]
    pub(super) ironic: IronicTable,
    #[serde(default)]
    pub(super) variables: BTreeMap<Text, Plain>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IronicTable {
    pub(super) cloud: Option<Text>,
    pub(super) endpoint: Option<Text>,
    pub(super) username: Option<Text>,
    pub(super) password: Option<Text>,
    pub(super) password_file: Option<Text>,
    pub(super) cacert: Option<Text>,
    pub(super) patience: Option<Spanned<u64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LibvirtTable {
    pub(super) uri: Option<Text>,
    pub(super) disks: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BmcsTable {
    pub(super) listen: Option<Text>,
    pub(super) address: Option<Text>,
    pub(super) username: Option<Text>,
    pub(super) password: Option<Text>,
    pub(super) password_file: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImagesTable {
    pub(super) directory: Option<Text>,
    pub(super) publish: Option<Spanned<PublishWord>>,
    pub(super) http_root: Option<Text>,
    pub(super) http_url: Option<Text>,
    pub(super) file_root: Option<Text>,
    pub(super) deploy_images: Option<DeployImagesWord>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PublishWord {
    Glance,
    Http,
    File,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DeployImagesWord {
    DriverInfo,
    Conductor,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImageTable {
    pub(super) name: Text,
    pub(super) role: Option<RoleWord>,
    pub(super) build: Option<Spanned<Command>>,
    pub(super) kernel: Option<Spanned<FileEntry>>,
    pub(super) ramdisk: Option<Spanned<FileEntry>>,
    pub(super) disk: Option<Spanned<FileEntry>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RoleWord {
    Deploy,
    Instance,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileTable {
    pub(super) file: Option<String>,
    pub(super) path: Option<String>,
    pub(super) url: Option<String>,
    pub(super) md5: Option<String>,
    pub(super) sha256: Option<String>,
    pub(super) sha512: Option<String>,
    pub(super) checksum_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DomainTable {
    pub(super) port: Option<Spanned<u16>>,
    pub(super) autostart: Option<bool>,
    pub(super) uefi: Option<bool>,
    pub(super) disks: Option<Vec<Text>>,
    pub(super) bmc: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntrospectionTable {
    pub(super) inventory: Option<Text>,
    pub(super) clean: Option<bool>,
    pub(super) provide: Option<bool>,
    pub(super) concurrency: Option<Spanned<usize>>,
    pub(super) timeout: Option<Spanned<u64>>,
    pub(super) attempts: Option<Spanned<u32>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResultsTable {
    pub(super) directory: Option<Text>,
    pub(super) ramdisk_logs: Option<Text>,
    pub(super) conductor_log: Option<Text>,
}

/// A file of an image: its name alone, or a table.
#[derive(Debug)]
pub(super) enum FileEntry {
    Name(String),
    Table(FileTable),
}

impl<'de> Deserialize<'de> for FileEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;

        impl<'de> Visitor<'de> for Entry {
            type Value = FileEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a file's name, or a table such as { path = \"...\" } or { url = \"...\", sha256 = \"...\" }")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<FileEntry, E> {
                Ok(FileEntry::Name(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FileEntry, A::Error> {
                FileTable::deserialize(MapAccessDeserializer::new(map)).map(FileEntry::Table)
            }
        }

        deserializer.deserialize_any(Entry)
    }
}

/// A command: one string as a shell splits it, or its words.
#[derive(Debug)]
pub(super) enum Command {
    Line(String),
    Words(Vec<String>),
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Line;

        impl<'de> Visitor<'de> for Line {
            type Value = Command;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a command: a string, or an array of its words")
            }

            fn visit_str<E: de::Error>(self, line: &str) -> Result<Command, E> {
                Ok(Command::Line(line.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Command, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = seq.next_element()? {
                    words.push(word);
                }
                Ok(Command::Words(words))
            }
        }

        deserializer.deserialize_any(Line)
    }
}

/// A variable's value: a string, or a number as it is printed.
#[derive(Debug)]
pub(super) struct Plain(pub(super) String);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;

        impl Visitor<'_> for Value {
            type Value = Plain;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an integer")
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Plain, E> {
                Ok(Plain(value.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Plain, E> {
                Ok(Plain(value.to_string()))
            }
        }

        deserializer.deserialize_any(Value)
    }
}
