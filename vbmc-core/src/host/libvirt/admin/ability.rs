//! What a hypervisor can do.

use std::fs;

use super::super::xml::tree::Element;
use super::{Admin, AdminError, DescriptionError};

/// The user and group that QEMU runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) user: u32,
    pub(super) group: u32,
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
    fn who_runs_qemu_is_read() {
        let expected = Owner {
            user: 64055,
            group: 107,
        };
        assert_eq!(owner(&capabilities("x86_64", "kvm")), Some(expected));
        assert_eq!(owner(&Element::parse("<capabilities/>").unwrap()), None);
    }
}
