//! What a hypervisor can do.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::super::xml::tree::Element;
use super::{Admin, AdminError, DescriptionError};

/// The user and group that QEMU runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Owner {
    /// Whether the bits of a directory's mode let this user through.
    fn may_enter(self, user: u32, group: u32, mode: u32) -> bool {
        let bit = if self.user == user {
            0o100
        } else if self.group == group {
            0o010
        } else {
            0o001
        };
        mode & bit != 0
    }
}

impl Admin {
    /// Whether domains of type `kvm` run there, on the hypervisor's own processor. Otherwise they are `qemu`, emulated.
    ///
    /// # Errors
    ///
    /// When libvirt cannot be asked.
    pub fn has_kvm(&self) -> Result<bool, AdminError> {
        // libvirt believes a /dev/kvm that opens, though guests may hang on it: as where this machine is virtual itself.
        // Its processor then lacks the ability.
        let virtualizes =
            || fs::read_to_string("/proc/cpuinfo").map_or(true, |cpuinfo| can_virtualize(&cpuinfo));
        if self.local && !virtualizes() {
            return Ok(false);
        }
        Ok(offers_kvm(&self.capabilities()?))
    }

    /// The first directory on the way to `path` that the user who runs QEMU may not enter, so that no domain can use the
    /// file. None is known of another machine's files, and access control lists are not looked at.
    ///
    /// # Errors
    ///
    /// When libvirt cannot be asked.
    pub fn closed_directory(&self, path: &Path) -> Result<Option<PathBuf>, AdminError> {
        if !self.local {
            return Ok(None);
        }
        let owner = self.qemu_owner()?.filter(|owner| owner.user != 0);
        let Some(owner) = owner else { return Ok(None) };
        let mut way: Vec<&Path> = path.ancestors().skip(1).collect();
        way.reverse();
        let closed = way.into_iter().find(|directory| {
            fs::metadata(directory)
                .is_ok_and(|meta| !owner.may_enter(meta.uid(), meta.gid(), meta.mode()))
        });
        Ok(closed.map(Path::to_owned))
    }

    /// Who runs QEMU, if libvirt tells.
    pub(super) fn qemu_owner(&self) -> Result<Option<Owner>, AdminError> {
        Ok(owner(&self.capabilities()?))
    }

    fn capabilities(&self) -> Result<Element, AdminError> {
        let xml = self.call(
            || "tell what it can do".to_owned(),
            |connect| connect.get_capabilities(),
        )?;
        Ok(Element::parse(&xml).map_err(DescriptionError::from)?)
    }
}

/// Whether the processors of an x86 machine can run virtual ones. Others do not tell here.
fn can_virtualize(cpuinfo: &str) -> bool {
    cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("flags"))
        .is_none_or(|flags| {
            flags
                .split_whitespace()
                .any(|flag| matches!(flag, "vmx" | "svm"))
        })
}

/// Whether capabilities list KVM for guests of the host's own architecture.
fn offers_kvm(capabilities: &Element) -> bool {
    let host = || {
        let host = capabilities.child("host")?;
        Some(host.child("cpu")?.child("arch")?.text.trim())
    };
    let Some(host) = host() else { return false };
    capabilities
        .children
        .iter()
        .filter(|guest| guest.is("guest"))
        .filter_map(|guest| guest.child("arch"))
        .filter(|arch| arch.attribute("name") == Some(host))
        .flat_map(|arch| &arch.children)
        .any(|domain| domain.is("domain") && domain.attribute("type") == Some("kvm"))
}

/// libvirt's own account of who owns what it hands to QEMU: `+64055:+107`.
fn owner(capabilities: &Element) -> Option<Owner> {
    let models = &capabilities.child("host")?.children;
    let dac = models.iter().filter(|model| model.is("secmodel"));
    let label = dac
        .filter(|model| {
            model
                .child("model")
                .is_some_and(|model| model.text.trim() == "dac")
        })
        .find_map(|model| model.child("baselabel"))?;
    let (user, group) = label.text.trim().split_once(':')?;
    let number = |text: &str| text.strip_prefix('+')?.parse().ok();
    Some(Owner {
        user: number(user)?,
        group: number(group)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capabilities(arch: &str, kind: &str) -> Element {
        Element::parse(&format!(
            "<capabilities><host><cpu><arch>x86_64</arch></cpu>
             <secmodel><model>apparmor</model><baselabel type='kvm'>libvirt-x</baselabel></secmodel>
             <secmodel><model>dac</model><baselabel type='kvm'>+64055:+107</baselabel></secmodel></host>
             <guest><arch name='{arch}'><domain type='qemu'/><domain type='{kind}'/></arch></guest></capabilities>"
        ))
        .unwrap()
    }

    #[test]
    fn kvm_is_for_the_hosts_own_architecture() {
        assert!(offers_kvm(&capabilities("x86_64", "kvm")));
        assert!(!offers_kvm(&capabilities("aarch64", "kvm")));
        assert!(!offers_kvm(&capabilities("x86_64", "qemu")));
    }

    #[test]
    fn a_processor_without_the_ability_is_recognised() {
        assert!(can_virtualize("processor: 0\nflags\t\t: fpu vmx sse\n"));
        assert!(can_virtualize("flags : svm"));
        assert!(!can_virtualize("flags : fpu vmx_not sse"));
        assert!(
            can_virtualize("Features : fp asimd"),
            "no x86: nothing known"
        );
    }

    #[test]
    fn the_bits_that_count_are_those_of_the_user() {
        let qemu = Owner {
            user: 64055,
            group: 107,
        };
        assert!(qemu.may_enter(0, 0, 0o711));
        assert!(!qemu.may_enter(0, 0, 0o700));
        assert!(qemu.may_enter(0, 107, 0o710));
        assert!(!qemu.may_enter(64055, 107, 0o077));
    }

    #[test]
    fn who_runs_qemu_is_read() {
        let expected = Owner {
            user: 64055,
            group: 107,
        };
        assert_eq!(owner(&capabilities("x86_64", "kvm")), Some(expected));
        assert_eq!(owner(&Element::parse("<capabilities/>").unwrap()), None);
    }
}
