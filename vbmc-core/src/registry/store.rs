//! The files of all BMCs: read, and written so that neither a crash nor a full disk leaves half a BMC.
//!
//! Everything here blocks. Callers make sure that one BMC's file is changed by one of them at a time.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::thread;

use super::ini::Ini;
use super::replace::{replace, sync_dir};
use super::{BmcConfig, BmcName, ConfigError, codec};

/// The file of a BMC inside its directory.
pub(super) const FILE: &str = "config";

/// What directories of ours begin with while they are made or deleted. No BMC's name begins with a dot.
const TEMPORARY_DIR: &str = ".vbmcd-";

/// A file larger than this is no BMC's.
const MAX_FILE: u64 = 1 << 20;

/// The directory of all BMCs.
#[derive(Debug)]
pub struct Registry {
    dir: PathBuf,
}

/// Why a BMC could not be read or written. Names the file and the way out.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// There is no such BMC.
    #[error("No domain with matching name {0} was found")]
    NotFound(BmcName),
    /// There is one already.
    #[error("Domain {0} already exists")]
    Exists(BmcName),
    /// The file was read and makes no BMC.
    #[error("{}: {problem}; correct the file", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: ConfigError,
    },
    /// It could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It could not be written. What was there before is still there.
    #[error("cannot write {}: {source}; nothing was changed{}", path.display(), way_out(source))]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn way_out(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "; make room there and try again"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; let vbmcd's user write there and try again"
        }
        _ => "",
    }
}

/// One of the BMCs that [`Registry::load_all`] found.
pub type Loaded = (BmcName, Result<BmcConfig, RegistryError>);

impl Registry {
    /// Opens the directory, makes it when it is not there, and sweeps away what a crash of ours left.
    ///
    /// # Errors
    ///
    /// When it cannot be made or read.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, RegistryError> {
        let registry = Self { dir: dir.into() };
        registry.make_dir()?;
        for entry in registry.entries()? {
            let name = entry.file_name();
            if name
                .as_encoded_bytes()
                .starts_with(TEMPORARY_DIR.as_bytes())
            {
                let path = entry.path();
                if let Err(error) = fs::remove_dir_all(&path) {
                    tracing::warn!(path = %path.display(), %error, "cannot remove a leftover");
                }
            }
        }
        Ok(registry)
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes the directory if it is not there.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn make_dir(&self) -> Result<(), RegistryError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)
            .map_err(|source| write_error(&self.dir, source))
    }

    /// The directory of a BMC.
    #[must_use]
    pub fn bmc_dir(&self, name: &BmcName) -> PathBuf {
        self.dir.join(name)
    }

    /// The names of all directories that may be BMCs, sorted.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read.
    pub fn names(&self) -> Result<Vec<BmcName>, RegistryError> {
        let mut names: Vec<_> = self
            .entries()?
            .into_iter()
            .filter(|entry| match entry.file_type() {
                Ok(kind) if kind.is_symlink() => entry.path().is_dir(),
                Ok(kind) => kind.is_dir(),
                Err(_) => false,
            })
            .filter_map(|entry| BmcName::new(entry.file_name().to_str()?).ok())
            .collect();
        names.sort();
        Ok(names)
    }

    /// Reads all BMCs, sorted by name, each with its settings or with what is wrong. Directories without a file are
    /// none.
    ///
    /// # Errors
    ///
    /// When the directory itself cannot be read.
    pub fn load_all(&self) -> Result<Vec<Loaded>, RegistryError> {
        let names = self.names()?;
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = names.len().div_ceil(threads).max(1);
        let mut loaded = Vec::with_capacity(names.len());
        thread::scope(|scope| {
            let parts: Vec<_> = names
                .chunks(share)
                .map(|part| scope.spawn(|| self.load_part(part)))
                .collect();
            for part in parts {
                match part.join() {
                    Ok(part) => loaded.extend(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        Ok(loaded)
    }

    fn load_part(&self, names: &[BmcName]) -> Vec<Loaded> {
        names
            .iter()
            .map(|name| (name.clone(), self.load(name)))
            .filter(|(_, result)| !matches!(result, Err(RegistryError::NotFound(_))))
            .collect()
    }

    /// Reads one BMC.
    ///
    /// # Errors
    ///
    /// When it is not there, or its file makes no BMC.
    pub fn load(&self, name: &BmcName) -> Result<BmcConfig, RegistryError> {
        self.read(name).map(|(_, config)| config)
    }

    /// Makes a new BMC: whole, or not at all.
    ///
    /// # Errors
    ///
    /// When there is one of that name, or the disk refused.
    pub fn create(&self, name: &BmcName, config: &BmcConfig) -> Result<(), RegistryError> {
        let dir = self.bmc_dir(name);
        if dir.join(FILE).symlink_metadata().is_ok() {
            return Err(RegistryError::Exists(name.clone()));
        }
        let mut ini = Ini::default();
        codec::encode(config, &mut ini);
        let error = |source| write_error(&dir, source);
        if dir.is_dir() {
            // Without a file it is no BMC yet: somebody was interrupted, or has removed it. What a BMC of that name
            // once kept is none of the new one's.
            self.remove_beside(name).map_err(error)?;
            return replace(&dir.join(FILE), &ini.to_string(), None).map_err(error);
        }
        let temporary = self.temporary_dir().map_err(error)?;
        replace(&temporary.path().join(FILE), &ini.to_string(), None).map_err(error)?;
        match fs::rename(temporary.path(), &dir) {
            Ok(()) => {
                // Nothing is left for it to remove.
                let _: PathBuf = temporary.keep();
                sync_dir(&self.dir).map_err(error)
            }
            Err(source) if source.kind() == io::ErrorKind::DirectoryNotEmpty => {
                Err(RegistryError::Exists(name.clone()))
            }
            Err(source) => Err(error(source)),
        }
    }

    /// Changes one BMC's settings, as they stand in its file now. Lines of the file that stay the same are kept.
    ///
    /// # Errors
    ///
    /// What [`load`](Self::load) says, what `change` says, or that the disk refused; the old file is still there then.
    pub fn update<E: From<RegistryError>>(
        &self,
        name: &BmcName,
        change: impl FnOnce(&mut BmcConfig) -> Result<(), E>,
    ) -> Result<BmcConfig, E> {
        let (mut ini, before) = self.read(name)?;
        let mut config = before.clone();
        change(&mut config)?;
        if config == before {
            return Ok(config);
        }
        let dir = self.bmc_dir(name);
        let path = dir.join(FILE);
        config.check().map_err(|problem| RegistryError::Broken {
            path: path.clone(),
            problem: problem.into(),
        })?;
        codec::encode(&config, &mut ini);
        let owner = fs::metadata(&path)
            .map(|meta| (meta.uid(), meta.gid()))
            .ok();
        replace(&path, &ini.to_string(), owner).map_err(|source| write_error(&path, source))?;
        Ok(config)
    }

    /// Deletes one BMC and its directory: it is gone at once, and is not found half-deleted after a crash.
    ///
    /// # Errors
    ///
    /// When it is not there, or the disk refused.
    pub fn delete(&self, name: &BmcName) -> Result<(), RegistryError> {
        let dir = self.bmc_dir(name);
        let meta = dir
            .symlink_metadata()
            .map_err(|source| match source.kind() {
                io::ErrorKind::NotFound => RegistryError::NotFound(name.clone()),
                _ => write_error(&dir, source),
            })?;
        let error = |source| write_error(&dir, source);
        if meta.is_symlink() {
            return fs::remove_file(&dir).map_err(error);
        }
        let temporary = self.temporary_dir().map_err(error)?;
        fs::rename(&dir, temporary.path()).map_err(error)?;
        sync_dir(&self.dir).map_err(error)?;
        // What cannot be removed is swept away when the daemon starts next.
        if let Err(error) = temporary.close() {
            tracing::warn!(bmc = %name, %error, "cannot remove all of a deleted BMC's files");
        }
        Ok(())
    }

    fn read(&self, name: &BmcName) -> Result<(Ini, BmcConfig), RegistryError> {
        let path = self.bmc_dir(name).join(FILE);
        let text = read_text(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                RegistryError::NotFound(name.clone())
            }
            _ => RegistryError::Read {
                path: path.clone(),
                source,
            },
        })?;
        let broken = |problem| RegistryError::Broken { path, problem };
        match Ini::parse(&text) {
            Ok(ini) => match codec::decode(name, &ini) {
                Ok(config) => Ok((ini, config)),
                Err(problem) => Err(broken(problem)),
            },
            Err(error) => Err(broken(error.into())),
        }
    }

    fn entries(&self) -> Result<Vec<fs::DirEntry>, RegistryError> {
        fs::read_dir(&self.dir)
            .and_then(Iterator::collect)
            .map_err(|source| RegistryError::Read {
                path: self.dir.clone(),
                source,
            })
    }

    fn temporary_dir(&self) -> io::Result<tempfile::TempDir> {
        tempfile::Builder::new()
            .prefix(TEMPORARY_DIR)
            .tempdir_in(&self.dir)
    }
}

fn write_error(path: &Path, source: io::Error) -> RegistryError {
    RegistryError::Write {
        path: path.to_owned(),
        source,
    }
}

fn read_text(path: &Path) -> io::Result<String> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8 text"))
}

pub(super) fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    // Neither a FIFO nor a device may stop the daemon.
    let meta = fs::metadata(path)?;
    if !meta.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    if meta.len() > MAX_FILE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    fs::read(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::replace::temporary;
    use super::*;
    use crate::Secret;

    fn config(name: &str) -> BmcConfig {
        BmcConfig {
            domain_name: name.into(),
            username: "admin".into(),
            password: Secret::new("50%"),
            address: "127.0.0.1".parse().unwrap(),
            port: 6230,
            libvirt_uri: "test:///default".into(),
            libvirt_sasl_username: None,
            libvirt_sasl_password: None,
            active: false,
            cipher_suites: None,
            kg: None,
            v15: Vec::new(),
            console_history: None,
            users: Vec::new(),
        }
    }

    fn registry() -> (tempfile::TempDir, Registry) {
        let dir = tempfile::tempdir().unwrap();
        let registry = Registry::open(dir.path().join("made")).unwrap();
        (dir, registry)
    }

    fn name(name: &str) -> BmcName {
        BmcName::new(name).unwrap()
    }

    #[test]
    fn makes_changes_and_deletes_a_bmc() {
        let (_dir, registry) = registry();
        let a = name("a");
        registry.create(&a, &config("a")).unwrap();
        let file = registry.bmc_dir(&a).join(FILE);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(
            registry.create(&a, &config("a")),
            Err(RegistryError::Exists(_))
        ));
        fs::write(
            &file,
            format!("# mine\n{}", fs::read_to_string(&file).unwrap()),
        )
        .unwrap();
        let changed = registry
            .update(&a, |config| {
                config.active = true;
                Ok::<(), RegistryError>(())
            })
            .unwrap();
        assert!(changed.active);
        assert_eq!(registry.load(&a).unwrap(), changed);
        assert!(fs::read_to_string(&file).unwrap().starts_with("# mine\n"));
        registry.delete(&a).unwrap();
        assert_eq!(fs::read_dir(registry.dir()).unwrap().count(), 0);
        assert!(matches!(
            registry.delete(&a),
            Err(RegistryError::NotFound(_))
        ));
    }

    #[test]
    fn a_broken_file_stops_no_other() {
        let (_dir, registry) = registry();
        for good in ["a", "c"] {
            registry.create(&name(good), &config(good)).unwrap();
        }
        for (bmc, content) in [("b", &b"[VirtualBMC]\nport=x\n"[..]), ("d", b"\xff")] {
            fs::create_dir(registry.dir().join(bmc)).unwrap();
            fs::write(registry.dir().join(bmc).join(FILE), content).unwrap();
        }
        fs::create_dir(registry.dir().join("empty")).unwrap();
        fs::write(registry.dir().join("master.pid"), "1").unwrap();
        let loaded = registry.load_all().unwrap();
        let seen: Vec<_> = loaded
            .iter()
            .map(|(name, result)| (name.as_str(), result.is_ok()))
            .collect();
        assert_eq!(seen, [("a", true), ("b", false), ("c", true), ("d", false)]);
        let error = loaded[1].1.as_ref().unwrap_err().to_string();
        assert!(error.contains("b/config: "), "{error}");
    }

    #[test]
    fn what_a_crash_left_is_no_bmc_and_is_swept_away() {
        let (_dir, registry) = registry();
        let leftover = registry.dir().join(".vbmcd-crash");
        fs::create_dir(&leftover).unwrap();
        fs::write(leftover.join(FILE), "[VirtualBMC]\n").unwrap();
        assert!(registry.load_all().unwrap().is_empty());
        Registry::open(registry.dir()).unwrap();
        assert!(!leftover.exists());

        // Between a save's two steps.
        let a = name("a");
        registry.create(&a, &config("a")).unwrap();
        fs::write(
            temporary(&registry.bmc_dir(&a).join(FILE)).unwrap(),
            "[Virt",
        )
        .unwrap();
        let update = |config: &mut BmcConfig| {
            config.active = true;
            Ok::<(), RegistryError>(())
        };
        registry.update(&a, update).unwrap();
        assert_eq!(fs::read_dir(registry.bmc_dir(&a)).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_without_a_file_becomes_a_bmc() {
        let (_dir, registry) = registry();
        fs::create_dir(registry.dir().join("a")).unwrap();
        registry.create(&name("a"), &config("a")).unwrap();
        assert_eq!(registry.load(&name("a")).unwrap(), config("a"));
    }

    #[test]
    fn a_save_that_fails_leaves_the_old_file() {
        let (_dir, registry) = registry();
        let a = name("a");
        registry.create(&a, &config("a")).unwrap();
        // A directory in the way of the temporary file: works against root too.
        fs::create_dir(temporary(&registry.bmc_dir(&a).join(FILE)).unwrap()).unwrap();
        let error = registry
            .update(&a, |config| {
                config.port = 1;
                Ok::<(), RegistryError>(())
            })
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("a/config") && error.contains("nothing was changed"),
            "{error}"
        );
        assert_eq!(registry.load(&a).unwrap(), config("a"));
    }

    #[test]
    fn a_full_disk_is_named_with_the_way_out() {
        let error = write_error(Path::new("/x"), io::ErrorKind::StorageFull.into()).to_string();
        assert!(error.contains("make room"), "{error}");
    }
}
