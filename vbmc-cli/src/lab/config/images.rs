//! `[images]` and `[[image]]`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::file::{
    Command, DeployImagesWord, FileEntry, FileTable, ImageTable, ImagesTable, PublishWord, RoleWord,
};
use super::read::{FILE, Reader};
use super::urls::parse_url;
use super::{
    Algorithm, Checksum, ExpectedChecksum, FileConfig, ImageConfig, ImagesConfig, Publish, Role,
    Source,
};

pub(super) fn read(
    reader: &mut Reader<'_>,
    table: &ImagesTable,
    images: &[ImageTable],
    workspace: &Path,
) -> ImagesConfig {
    let directory = match &table.directory {
        Some(path) => reader.path("images.directory", path),
        None => workspace.join("images"),
    };
    let publish = publish(reader, table, !images.is_empty());
    let mut names = BTreeMap::new();
    let mut files = BTreeSet::new();
    let mut meant = Vec::new();
    for typed in images {
        let Some(image) = image(reader, typed) else {
            continue;
        };
        if let Some(first) = names.insert(image.name.clone(), &typed.name) {
            let line = reader.line(first);
            reader.wrong(
                "image.name",
                &typed.name,
                format!("the image of line {line} is called \"{}\" too", image.name),
            );
        }
        for file in [&image.kernel, &image.ramdisk, &image.disk]
            .into_iter()
            .flatten()
        {
            if !files.insert(file.name.clone()) {
                reader.wrong(
                    "image",
                    &typed.name,
                    format!(
                        "a second file is called \"{}\"; give one `file = \"...\"`",
                        file.name
                    ),
                );
            }
        }
        meant.push(image);
    }
    let deploys: Vec<&str> = meant
        .iter()
        .filter(|image| image.role == Role::Deploy)
        .map(|image| image.name.as_str())
        .collect();
    if deploys.len() > 1 {
        reader.problems.add(
            FILE,
            format!(
                "image: nodes boot one image to be inspected, and {} have the role \"deploy\"; make the others \"instance\"",
                deploys.join(" and ")
            ),
        );
    }
    ImagesConfig {
        directory,
        publish,
        in_driver_info: table.deploy_images != Some(DeployImagesWord::Conductor),
        images: meant,
    }
}

fn publish(reader: &mut Reader<'_>, table: &ImagesTable, any: bool) -> Publish {
    let word = table.publish.as_ref().map(|word| *word.get_ref());
    // A key that would go unheeded is a misunderstanding.
    for (key, value, belongs) in [
        ("http_root", &table.http_root, PublishWord::Http),
        ("http_url", &table.http_url, PublishWord::Http),
        ("file_root", &table.file_root, PublishWord::File),
    ] {
        if let Some(value) = value.as_ref().filter(|_| word != Some(belongs)) {
            let word = format!("{belongs:?}").to_lowercase();
            reader.wrong(
                &format!("images.{key}"),
                value,
                format!("counts with publish = \"{word}\" alone"),
            );
        }
    }
    match word {
        Some(PublishWord::Glance) => Publish::Glance,
        Some(PublishWord::None) => Publish::None,
        Some(PublishWord::File) => Publish::File {
            directory: table
                .file_root
                .as_ref()
                .map(|path| reader.path("images.file_root", path)),
        },
        Some(PublishWord::Http) => {
            let (Some(root), Some(url)) = (&table.http_root, &table.http_url) else {
                reader.problems.add(
                    FILE,
                    "images: publish = \"http\" needs http_root, a directory that the conductor's web server shows, and \
                     http_url, under which it does; ironic.conf has both in [deploy]",
                );
                return Publish::None;
            };
            let directory = reader.path("images.http_root", root);
            match reader.url("images.http_url", url) {
                Some(url) => Publish::Http { directory, url },
                None => Publish::None,
            }
        }
        None => {
            if any {
                reader.problems.add(
                    FILE,
                    "images: say how they get to the conductor: publish = \"http\", \"file\", \"glance\" or \"none\"",
                );
            }
            Publish::None
        }
    }
}

fn image(reader: &mut Reader<'_>, table: &ImageTable) -> Option<ImageConfig> {
    let name = reader.string("image.name", &table.name)?;
    if name.contains('/') || name.chars().any(char::is_control) {
        reader.wrong(
            "image.name",
            &table.name,
            "contains a slash or a control character",
        );
    }
    let build = table
        .build
        .as_ref()
        .and_then(|build| command(reader, build));
    let mut file = |key: &str, entry: &Option<Spanned<FileEntry>>| {
        let entry = entry.as_ref()?;
        let file = image_file(reader, key, entry)?;
        if file.source.is_none() && table.build.is_none() {
            reader.wrong(
                key,
                entry,
                format!(
                    "\"{}\" comes from nowhere: give the image a `build` command, or the file a `path` or `url`",
                    file.name
                ),
            );
        }
        Some(file)
    };
    let kernel = file("image.kernel", &table.kernel);
    let ramdisk = file("image.ramdisk", &table.ramdisk);
    let disk = file("image.disk", &table.disk);

    let role = match table.role {
        Some(RoleWord::Deploy) => Role::Deploy,
        Some(RoleWord::Instance) => Role::Instance,
        None if table.disk.is_none() => Role::Deploy,
        None => Role::Instance,
    };
    let complete = match role {
        Role::Deploy => table.kernel.is_some() && table.ramdisk.is_some(),
        Role::Instance => table.disk.is_some(),
    };
    if !complete {
        reader.wrong(
            "image",
            &table.name,
            match role {
                Role::Deploy => "nodes boot it from a kernel and a ramdisk: name both",
                Role::Instance => "what is installed on nodes needs a disk; kernel and ramdisk may stand beside it",
            },
        );
    }
    Some(ImageConfig {
        name,
        role,
        kernel,
        ramdisk,
        disk,
        build,
    })
}

fn command(reader: &mut Reader<'_>, typed: &Spanned<Command>) -> Option<Vec<String>> {
    let key = "image.build";
    let words = match typed.get_ref() {
        Command::Line(line) => match shell_words::split(line) {
            Ok(words) => words,
            Err(error) => {
                reader.wrong(key, typed, format!("a shell could not read it: {error}"));
                return None;
            }
        },
        Command::Words(words) => words.clone(),
    };
    let mut words = words
        .iter()
        .map(|word| reader.expand(key, typed, word))
        .collect::<Option<Vec<_>>>()?;
    let Some(program) = words.first_mut().filter(|program| !program.is_empty()) else {
        reader.wrong(key, typed, "is empty; leave it out, or give a command");
        return None;
    };
    // A script of the lab's own; it runs in the images directory.
    if program.contains('/') {
        let path = reader.join(program);
        if !path.is_file() {
            reader.wrong(key, typed, format!("{} is no file", path.display()));
        }
        *program = path.to_string_lossy().into_owned();
    }
    Some(words)
}

fn image_file(
    reader: &mut Reader<'_>,
    key: &str,
    typed: &Spanned<FileEntry>,
) -> Option<FileConfig> {
    let (name, source, checksum) = match typed.get_ref() {
        FileEntry::Name(name) => (reader.expand(key, typed, name)?, None, None),
        FileEntry::Table(table) => {
            let source = source(reader, key, typed, table)?;
            let name = match (&table.file, &source) {
                (Some(name), _) => reader.expand(key, typed, name)?,
                (None, Some(source)) => last_segment(source),
                (None, None) => {
                    reader.wrong(key, typed, "needs `file`, `path` or `url`");
                    return None;
                }
            };
            (name, source, checksum(reader, key, typed, table)?)
        }
    };
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        reader.wrong(
            key,
            typed,
            format!("\"{name}\" cannot be a file's name in the images directory; to take one from elsewhere, {{ path = \"...\" }}"),
        );
        return None;
    }
    Some(FileConfig {
        name,
        source,
        checksum,
    })
}

fn source(
    reader: &mut Reader<'_>,
    key: &str,
    typed: &Spanned<FileEntry>,
    table: &FileTable,
) -> Option<Option<Source>> {
    Some(match (&table.path, &table.url) {
        (Some(_), Some(_)) => {
            reader.wrong(key, typed, "path and url exclude each other");
            return None;
        }
        (Some(path), None) => {
            let path = reader.expand(key, typed, path)?;
            Some(Source::Path(reader.join(&path)))
        }
        (None, Some(url)) => {
            let url = reader.expand(key, typed, url)?;
            match parse_url(&url) {
                Ok(url) => Some(Source::Url(url)),
                Err(problem) => {
                    reader.wrong(key, typed, problem);
                    return None;
                }
            }
        }
        (None, None) => None,
    })
}

fn last_segment(source: &Source) -> String {
    match source {
        Source::Path(path) => path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        Source::Url(url) => {
            let path = PathBuf::from(url.path());
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        }
    }
}

fn checksum(
    reader: &mut Reader<'_>,
    key: &str,
    typed: &Spanned<FileEntry>,
    table: &FileTable,
) -> Option<Option<ExpectedChecksum>> {
    let mut found = None;
    for (name, digest, algorithm, digits) in [
        ("md5", &table.md5, Algorithm::Md5, 32),
        ("sha256", &table.sha256, Algorithm::Sha256, 64),
        ("sha512", &table.sha512, Algorithm::Sha512, 128),
    ] {
        let Some(digest) = digest else { continue };
        let digest = reader.expand(key, typed, digest)?.to_ascii_lowercase();
        if digest.len() != digits || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            reader.wrong(key, typed, format!("{name} is {digits} hexadecimal digits"));
            return None;
        }
        if found
            .replace(ExpectedChecksum::Known(Checksum { algorithm, digest }))
            .is_some()
        {
            reader.wrong(key, typed, "one checksum is enough");
        }
    }
    if let Some(url) = &table.checksum_url {
        let url = reader.expand(key, typed, url)?;
        match parse_url(&url) {
            Ok(url) if found.is_none() => found = Some(ExpectedChecksum::Published(url)),
            Ok(_) => reader.wrong(key, typed, "one checksum is enough"),
            Err(problem) => reader.wrong(key, typed, format!("checksum_url: {problem}")),
        }
    }
    Some(found)
}
