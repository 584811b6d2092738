//! Disk images, through libvirt's storage pools: on whatever machine the hypervisor is, and with the rights it has.
//!
//! libvirt sees a directory through a pool only. Where no pool covers one, a transient pool does for as long as it is
//! looked at; it leaves nothing behind.

use std::path::Path;

use quick_xml::escape::escape;
use virt::connect::Connect;
use virt::error::{Error, ErrorNumber};
use virt::storage_pool::StoragePool;
use virt::storage_vol::StorageVol;
use virt::sys;

use super::super::xml::tree::Element;
use super::ability::Owner;
use super::{Admin, AdminError, found};

/// How the content of a disk image is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFormat {
    /// QEMU's own: grows as it is written.
    Qcow2,
    /// Byte for byte, with holes.
    Raw,
}

impl DiskFormat {
    /// The format that a file name stands for: raw for `.raw` and `.img`, else qcow2.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("raw" | "img") => Self::Raw,
            _ => Self::Qcow2,
        }
    }

    /// As libvirt and QEMU call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Qcow2 => "qcow2",
            Self::Raw => "raw",
        }
    }
}

/// What libvirt knows of a disk image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeFacts {
    /// The bytes that a domain sees.
    pub capacity: u64,
    /// The bytes that it takes up.
    pub allocation: u64,
    /// `qcow2`, `raw`, or another.
    pub format: String,
}

impl VolumeFacts {
    fn of(volume: &StorageVol) -> Result<Self, Error> {
        let info = volume.get_info()?;
        let xml = volume.get_xml_desc(0)?;
        let format = Element::parse(&xml).ok().and_then(|volume| {
            let format = volume.child("target")?.child("format")?;
            format.attribute("type").map(str::to_owned)
        });
        Ok(Self {
            capacity: info.capacity,
            allocation: info.allocation,
            format: format.unwrap_or_else(|| "raw".to_owned()),
        })
    }
}

/// A directory that libvirt sees for as long as this is there.
#[derive(Debug)]
pub struct Directory<'a> {
    admin: &'a Admin,
    pool: StoragePool,
    /// Whether the pool was down or not there before, and is to be so again.
    borrowed: bool,
}

impl Drop for Directory<'_> {
    fn drop(&mut self) {
        // The handle is used under the lock of its connection, as every other one.
        let _link = self.admin.link.lock();
        if self.borrowed
            && let Err(error) = self.pool.destroy()
        {
            tracing::debug!(%error, "taking a storage pool down");
        }
    }
}

impl Admin {
    /// A disk image, or none if there is no such file.
    ///
    /// # Errors
    ///
    /// [`AdminError::NoStorage`], or why libvirt cannot tell.
    pub fn volume(&self, path: &Path) -> Result<Option<VolumeFacts>, AdminError> {
        let attempt = || format!("look at {}", path.display());
        let Some((directory, name)) = self.existing(path, &attempt)? else {
            return Ok(None);
        };
        self.storage(attempt, |_| {
            let volume = StorageVol::lookup_by_name(&directory.pool, name);
            found(volume, ErrorNumber::NoStorageVolume)?
                .as_ref()
                .map(VolumeFacts::of)
                .transpose()
        })
    }

    /// Makes an empty disk image that QEMU's user may write, and the directory that it is in. Never touches a file that
    /// is there already.
    ///
    /// # Errors
    ///
    /// [`AdminError::NoStorage`], or why it could not be made.
    pub fn create_volume(
        &self,
        path: &Path,
        capacity: u64,
        format: DiskFormat,
    ) -> Result<(), AdminError> {
        let attempt = || format!("make the disk image {}", path.display());
        let (directory, name) = self.parts(path, &attempt)?;
        let directory = self.directory(directory)?;
        let xml = volume_xml(name, capacity, format, self.qemu_owner()?);
        self.storage(attempt, |_| {
            StorageVol::create_xml(&directory.pool, &xml, 0).map(drop)
        })
    }

    /// Deletes a disk image. Whether there was one.
    ///
    /// # Errors
    ///
    /// [`AdminError::NoStorage`], or why it could not be deleted.
    pub fn delete_volume(&self, path: &Path) -> Result<bool, AdminError> {
        let attempt = || format!("delete the disk image {}", path.display());
        let Some((directory, name)) = self.existing(path, &attempt)? else {
            return Ok(false);
        };
        self.storage(attempt, |_| {
            let volume = StorageVol::lookup_by_name(&directory.pool, name);
            match found(volume, ErrorNumber::NoStorageVolume)? {
                Some(volume) => volume.delete(0).map(|()| true),
                None => Ok(false),
            }
        })
    }

    /// Lets libvirt see a directory, which is made if it isn't there.
    ///
    /// # Errors
    ///
    /// [`AdminError::NoStorage`], or what libvirt has against it.
    pub fn directory(&self, path: &Path) -> Result<Directory<'_>, AdminError> {
        self.storage(
            || format!("use the directory {}", path.display()),
            |connect| {
                // Only where there is none: building would change the mode of one that is there.
                let build = sys::VIR_STORAGE_POOL_CREATE_WITH_BUILD;
                cover(connect, path, 0).or_else(|error| match error.code() {
                    ErrorNumber::SystemError => cover(connect, path, build),
                    _ => Err(error),
                })
            },
        )
        .map(|pool| self.hold(pool))
    }

    /// The directory and the name of a file; none if there is no such directory.
    fn existing<'p>(
        &self,
        path: &'p Path,
        attempt: &impl Fn() -> String,
    ) -> Result<Option<(Directory<'_>, &'p str)>, AdminError> {
        let (directory, name) = self.parts(path, attempt)?;
        let pool = self.storage(attempt, |connect| match cover(connect, directory, 0) {
            Err(error) if error.code() == ErrorNumber::SystemError => Ok(None),
            covered => covered.map(Some),
        })?;
        Ok(pool.map(|pool| (self.hold(pool), name)))
    }

    fn hold(&self, (pool, borrowed): (StoragePool, bool)) -> Directory<'_> {
        Directory {
            admin: self,
            pool,
            borrowed,
        }
    }

    fn parts<'p>(
        &self,
        path: &'p Path,
        attempt: &impl Fn() -> String,
    ) -> Result<(&'p Path, &'p str), AdminError> {
        // libvirt takes C strings, of text.
        let usable = path.is_absolute() && path.to_str().is_some_and(|text| !text.contains('\0'));
        path.parent()
            .zip(path.file_name().and_then(|name| name.to_str()))
            .filter(|_| usable)
            .ok_or_else(|| AdminError::Refused {
                uri: self.uri.clone(),
                attempt: attempt(),
                reason: "it is not an absolute path of a file".to_owned(),
            })
    }

    fn storage<T>(
        &self,
        attempt: impl FnOnce() -> String,
        act: impl FnOnce(&Connect) -> Result<T, Error>,
    ) -> Result<T, AdminError> {
        act(self.link.lock().connect()).map_err(|error| match error.code() {
            ErrorNumber::NoSupport => AdminError::NoStorage {
                uri: self.uri.clone(),
            },
            _ => self.refused(attempt(), &error),
        })
    }
}

/// The pool of a directory, and whether it was down or not there.
fn cover(
    connect: &Connect,
    directory: &Path,
    flags: sys::virStoragePoolCreateFlags,
) -> Result<(StoragePool, bool), Error> {
    let path = directory.to_string_lossy();
    // libvirt's own lookup finds pools that are up only, and no second pool may have the same directory.
    let known = connect
        .list_all_storage_pools(0)?
        .into_iter()
        .find(|pool| target(pool).is_some_and(|target| Path::new(&target) == directory));
    if let Some(pool) = known {
        let down = !pool.is_active()?;
        if down {
            pool.create(0)?;
        } else {
            // For what others have made since it was last looked at.
            pool.refresh(0)?;
        }
        return Ok((pool, down));
    }
    let xml = format!(
        "<pool type='dir'><name>{}</name><target><path>{}</path></target></pool>",
        escape(pool_name(&path)),
        escape(&*path),
    );
    Ok((StoragePool::create_xml(connect, &xml, flags)?, true))
}

fn target(pool: &StoragePool) -> Option<String> {
    let pool = Element::parse(&pool.get_xml_desc(0).ok()?).ok()?;
    Some(pool.child("target")?.child("path")?.text.trim().to_owned())
}

/// A name that tells whose it is, should it be seen.
fn pool_name(directory: &str) -> String {
    format!("vbmc{}", directory.replace('/', "-"))
}

fn volume_xml(name: &str, capacity: u64, format: DiskFormat, owner: Option<Owner>) -> String {
    let (name, format) = (escape(name), format.name());
    let compat = match format {
        "qcow2" => "<compat>1.1</compat>",
        _ => "",
    };
    // libvirt hands the image over to QEMU's user when a domain starts, unless it is configured not to.
    let owner = owner.map_or(String::new(), |Owner { user, group }| {
        format!("<owner>{user}</owner><group>{group}</group>")
    });
    format!(
        "<volume><name>{name}</name><capacity unit='bytes'>{capacity}</capacity><allocation>0</allocation>\
         <target><format type='{format}'/>{compat}<permissions><mode>0600</mode>{owner}</permissions></target></volume>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_says_the_format() {
        for (path, format) in [
            ("/x/a.qcow2", DiskFormat::Qcow2),
            ("/x/a", DiskFormat::Qcow2),
            ("/x/a.raw", DiskFormat::Raw),
            ("/x/a.qcow2.img", DiskFormat::Raw),
        ] {
            assert_eq!(DiskFormat::of(Path::new(path)), format, "{path}");
        }
    }

    #[test]
    fn a_volume_is_described_with_its_owner() {
        let owner = Owner {
            user: 64055,
            group: 107,
        };
        let xml = volume_xml("a&b.raw", 5 << 30, DiskFormat::Raw, Some(owner));
        let volume = Element::parse(&xml).unwrap();
        assert_eq!(volume.child("name").unwrap().text, "a&b.raw");
        assert_eq!(volume.child("capacity").unwrap().text, "5368709120");
        let target = volume.child("target").unwrap();
        assert!(target.child("compat").is_none());
        let permissions = target.child("permissions").unwrap();
        assert_eq!(permissions.child("owner").unwrap().text, "64055");
    }
}
