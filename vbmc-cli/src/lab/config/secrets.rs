//! Passwords in `lab.toml`: in a file of their own, in the environment, or as they are.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use vbmc_core::Secret;

use super::file::Text;
use super::read::Reader;
use crate::password;

impl Reader<'_> {
    /// The password of a table: of `password_file`, or `password`, which may be a `$VARIABLE`.
    pub(super) fn secret(
        &mut self,
        table: &str,
        plain: Option<&Text>,
        file: Option<&Text>,
    ) -> Option<Secret> {
        match (plain, file) {
            (Some(plain), Some(_)) => {
                self.wrong(
                    &format!("{table}.password"),
                    plain,
                    "there is a password_file too; keep one of them",
                );
                None
            }
            (Some(plain), None) => self
                .string(&format!("{table}.password"), plain)
                .map(Secret::new),
            (None, Some(file)) => {
                let key = format!("{table}.password_file");
                let path = self.path(&key, file);
                match password::read(&path) {
                    Ok(secret) => {
                        self.warn_of_readers(&path);
                        Some(secret)
                    }
                    Err(error) => {
                        self.wrong(&key, file, format!("{error:#}"));
                        None
                    }
                }
            }
            (None, None) => None,
        }
    }

    fn warn_of_readers(&mut self, path: &Path) {
        let Ok(metadata) = std::fs::metadata(path) else {
            return;
        };
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            self.warnings.push(format!(
                "others may read the password in {} (mode {mode:o}): chmod 600 {}",
                path.display(),
                path.display()
            ));
        }
    }
}
