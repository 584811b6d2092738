//! From the files of a domain to the XML that libvirt gets.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use vbmc_core::host::libvirt::admin::xml::{DomainOutline, Mark, Needs};

use super::virt_install;
use crate::lab::config::{Description, DomainConfig, Lab};
use crate::lab::hypervisor::{Hypervisor, Virtualization};
use crate::lab::variables::Variables;

/// A domain as the lab describes it.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) xml: String,
    /// With the MAC addresses that the description names, not those that a program made up.
    pub(super) outline: DomainOutline,
    /// What the operator should know before it is defined.
    pub(super) warnings: Vec<String>,
}

/// What can be said without a hypervisor: the file is there, its variables are defined, and it is a domain's.
pub(super) fn check(lab: &Lab, domain: &DomainConfig) -> anyhow::Result<()> {
    // Whichever it will be: only that it is defined counts here.
    let variables = Virtualization::Emulated.define(lab.variables.for_domain(&domain.name));
    match &domain.description {
        Description::Xml(file) => {
            let xml = expand(file, &variables)?;
            complete(lab, domain, None, &xml).with_context(|| wrong(file))?;
        }
        Description::VirtInstall(file) => {
            virt_install::Arguments::read(file, &variables, &domain.name)?;
        }
    }
    Ok(())
}

/// The libvirt networks that a description plugs a domain into. None of one that [`check`] finds wrong.
pub(super) fn networks(lab: &Lab, domain: &DomainConfig) -> BTreeSet<String> {
    let variables = Virtualization::Emulated.define(lab.variables.for_domain(&domain.name));
    match &domain.description {
        Description::Xml(file) => {
            let outline = expand(file, &variables)
                .and_then(|xml| complete(lab, domain, None, &xml))
                .and_then(|xml| Ok(DomainOutline::read(&xml)?));
            let nics = outline.map(|outline| outline.nics).unwrap_or_default();
            nics.iter()
                .filter_map(|nic| Some(nic.plugged_into.strip_prefix("network ")?.to_owned()))
                .collect()
        }
        Description::VirtInstall(file) => {
            let arguments = virt_install::Arguments::read(file, &variables, &domain.name);
            arguments
                .map(|arguments| arguments.networks())
                .unwrap_or_default()
        }
    }
}

/// The domain as it should be. `exists`: it is there, to be compared.
pub(super) async fn describe(
    lab: &Lab,
    domain: &DomainConfig,
    hypervisor: &Hypervisor,
    virtualization: Virtualization,
    exists: bool,
) -> anyhow::Result<Wanted> {
    let variables = virtualization.define(lab.variables.for_domain(&domain.name));
    let mut warnings = Vec::new();
    let (file, given, named) = match &domain.description {
        Description::Xml(file) => {
            let xml = expand(file, &variables)?;
            (file, xml.clone(), xml)
        }
        Description::VirtInstall(file) => {
            let mut arguments = virt_install::Arguments::read(file, &variables, &domain.name)?;
            warnings.extend(arguments.fit(virtualization));
            let xml = virt_install::print_xml(hypervisor, &domain.name, &arguments, exists)
                .await
                .with_context(|| wrong(file))?;
            (file, xml, arguments.text())
        }
    };
    let log = hypervisor.console_log(&domain.name);
    let xml = complete(lab, domain, log.as_deref(), &given).with_context(|| wrong(file))?;
    let mut outline = DomainOutline::read(&xml).with_context(|| wrong(file))?;
    forget_made_up_macs(&mut outline, &named);
    if outline.nics.is_empty() {
        warnings.push("it has no network card, so Ironic cannot boot it".to_owned());
    }
    if virtualization == Virtualization::Emulated && outline.kind == "kvm" {
        warnings.push(format!(
            "this hypervisor has no KVM: write <domain type='$VIRT_TYPE'> in {}, which is kvm only where that works",
            file.display()
        ));
    }
    Ok(Wanted {
        xml,
        outline,
        warnings,
    })
}

fn expand(file: &Path, variables: &Variables) -> anyhow::Result<String> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    variables.expand_xml(file, &text)
}

fn complete(
    lab: &Lab,
    domain: &DomainConfig,
    log: Option<&Path>,
    xml: &str,
) -> anyhow::Result<String> {
    let needs = Needs {
        name: &domain.name,
        mark: &Mark::new(&lab.name),
        uefi: domain.uefi,
        console_log: log.and_then(Path::to_str),
    };
    Ok(needs.complete(xml)?)
}

fn wrong(file: &Path) -> String {
    format!("cannot use {}", file.display())
}

/// virt-install makes a MAC up each time; one that the operator did not write says nothing of what is wanted.
fn forget_made_up_macs(outline: &mut DomainOutline, named: &str) {
    let named = named.to_ascii_lowercase();
    for nic in &mut outline.nics {
        nic.mac.take_if(|mac| !named.contains(&**mac));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_macs_that_were_written_count() {
        let xml = "<domain type='qemu'><name>n</name><devices>
            <interface type='user'><mac address='52:54:00:AA:00:01'/></interface>
            <interface type='user'><mac address='52:54:00:bb:00:02'/></interface></devices></domain>";
        let mut outline = DomainOutline::read(xml).unwrap();
        forget_made_up_macs(
            &mut outline,
            "--network user,mac=52:54:00:AA:00:01 --network user",
        );
        assert_eq!(outline.macs(), ["52:54:00:aa:00:01"]);
        assert_eq!(outline.nics.len(), 2);
    }
}
