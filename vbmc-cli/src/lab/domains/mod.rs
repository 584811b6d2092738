//! The lab's domains: `domains/NAME/`, their disk images made and they themselves defined.
//!
//! | Module | What lives there |
//! |---|---|
//! | `mod.rs` | the step: one domain after the other; one that is there is compared and left alone |
//! | `describe` | from the files of a domain to the XML that libvirt gets |
//! | [`plugs`] | the networks that they are plugged into |
//! | `virt_install` | the same by way of the real virt-install |

mod describe;
pub(crate) mod plugs;
#[cfg(test)]
mod tests;
mod virt_install;

use vbmc_core::host::libvirt::admin::DomainFacts;
use vbmc_core::host::libvirt::admin::xml::{DomainOutline, Mark};

use self::describe::Wanted;
use super::config::{Description, DomainConfig, Lab};
use super::hypervisor::{Hypervisor, Virtualization};
use super::report::{Kind, Outcome, Progress, Subject};
use super::{Run, disks};

/// What can be said of the domains' files without making anything. Blocks for as long as they take to read. That one is
/// missing, the lab's own check has told.
pub(crate) fn check(lab: &Lab) -> Vec<(Subject, anyhow::Error)> {
    let domains = lab.domains.values();
    domains
        .filter(|domain| domain.description.file().exists())
        .filter_map(|domain| {
            let error = describe::check(lab, domain).err()?;
            Some((Subject::new(Kind::Domain, &domain.name), error))
        })
        .collect()
}

/// Whether the lab needs the virt-install program.
pub(crate) fn need_virt_install(lab: &Lab) -> bool {
    lab.domains
        .values()
        .any(|domain| matches!(domain.description, Description::VirtInstall(_)))
}

pub(crate) use self::virt_install::check as check_virt_install;

/// Makes the domains that are not there, and their disk images.
pub(crate) async fn prepare(run: &mut Run) -> anyhow::Result<()> {
    if run.lab.domains.is_empty() {
        return Ok(());
    }
    run.report.phase("Domains");
    let hypervisor = Hypervisor::open(&run.lab).await?;
    let virtualization = hypervisor.virtualization().await?;
    for domain in run.lab.domains.clone().into_values() {
        let subject = Subject::new(Kind::Domain, &domain.name);
        let step = Step {
            hypervisor: &hypervisor,
            virtualization,
            subject: &subject,
            domain: &domain,
        };
        let (outcome, detail) = match step.make(run).await {
            Ok(done) => done,
            Err(error) => (Outcome::Failed, format!("{error:#}")),
        };
        run.report.outcome(&subject, outcome, detail);
    }
    Ok(())
}

/// One domain's turn.
struct Step<'a> {
    hypervisor: &'a Hypervisor,
    virtualization: Virtualization,
    subject: &'a Subject,
    domain: &'a DomainConfig,
}

impl Step<'_> {
    async fn make(&self, run: &mut Run) -> anyhow::Result<(Outcome, String)> {
        if !disks::prepare(run, self.hypervisor, &self.domain.disks).await {
            return Ok((
                Outcome::Failed,
                "not defined, since a disk image of it is missing".to_owned(),
            ));
        }
        let name = self.domain.name.clone();
        let there = self
            .hypervisor
            .call(move |admin| admin.domain(&name))
            .await?;
        if let Some(there) = there {
            return self.complete(run, &there).await;
        }
        // virt-install looks at the disk images, which a dry run doesn't make.
        let by_virt_install = matches!(self.domain.description, Description::VirtInstall(_));
        if run.dry_run
            && by_virt_install
            && !disks::exist(self.hypervisor, &self.domain.disks).await?
        {
            return Ok((
                Outcome::WouldChange,
                "would be defined by virt-install, once its disk images are there".to_owned(),
            ));
        }
        let wanted = self.describe(run, false).await?;
        self.define(run, wanted).await
    }

    async fn define(&self, run: &mut Run, wanted: Wanted) -> anyhow::Result<(Outcome, String)> {
        for warning in &wanted.warnings {
            run.report.warning(self.subject, warning);
        }
        let what = self.shown(&wanted.outline);
        if run.dry_run {
            return Ok((Outcome::WouldChange, format!("would be defined: {what}")));
        }
        let entry = self.hypervisor.entry(&self.domain.name);
        // First of all: what an interruption leaves behind must be known to be ours.
        run.manifest.change(|made| {
            made.domains.retain(|known| *known != entry);
            made.domains.push(entry.clone());
        })?;
        let console = wanted.outline.console_log.as_ref();
        let console = console.map_or_else(String::new, |log| {
            format!(", its console is logged to {log}")
        });
        let xml = wanted.xml;
        let defined = self
            .hypervisor
            .call(move |admin| admin.define_domain(&xml))
            .await;
        let made = match defined {
            Ok(made) => made,
            Err(error) => {
                if self.hypervisor.answers().await {
                    run.manifest
                        .change(|made| made.domains.retain(|known| *known != entry))?;
                }
                return Err(error);
            }
        };
        if self.domain.autostart {
            self.set_autostart().await?;
        }
        let macs = match &*made.macs {
            [] => String::new(),
            macs => format!(", MAC {}", macs.join(", ")),
        };
        Ok((Outcome::Changed, format!("defined: {what}{macs}{console}")))
    }

    /// Sees to one that is there: it stays as it is, and what is otherwise than described is told. Only what an
    /// interrupted run left undone is done.
    async fn complete(
        &self,
        run: &mut Run,
        there: &DomainFacts,
    ) -> anyhow::Result<(Outcome, String)> {
        let name = &self.domain.name;
        match there.mark.as_ref().map(Mark::lab) {
            Some(lab) if lab != run.lab.name => {
                return Ok((
                    Outcome::Failed,
                    format!(
                        "belongs to the lab {lab:?}: give the directory domains/{name} another name"
                    ),
                ));
            }
            None => {
                self.compare(run, there).await?;
                return Ok((
                    Outcome::Unchanged,
                    "was here before this lab: left alone, also by `vbmc clean`".to_owned(),
                ));
            }
            Some(_) => {}
        }
        let differences = self.compare(run, there).await?;
        if !run.dry_run {
            let entry = self.hypervisor.entry(name);
            run.manifest.change(|made| {
                if !made.domains.contains(&entry) {
                    made.domains.push(entry);
                }
            })?;
        }
        if self.domain.autostart && !there.autostart && there.persistent {
            let what = "set to start with the hypervisor";
            if run.dry_run {
                return Ok((Outcome::WouldChange, format!("would be {what}")));
            }
            self.set_autostart().await?;
            return Ok((Outcome::Changed, what.to_owned()));
        }
        let detail = match differences {
            Some(0) => "up to date".to_owned(),
            Some(_) => format!(
                "differs from its description and stays so; when it is off, `virsh undefine --nvram {name}`, and the \
                 next run makes it anew"
            ),
            None => "is there".to_owned(),
        };
        Ok((Outcome::Unchanged, detail))
    }

    /// Tells how a domain differs from its description. How many differences there are, if that can be told.
    async fn compare(&self, run: &Run, there: &DomainFacts) -> anyhow::Result<Option<usize>> {
        let wanted = match self.describe(run, true).await {
            Ok(wanted) => wanted,
            // What is there works without its description.
            Err(error) => {
                let warning = format!("cannot be compared with its description: {error:#}");
                run.report.warning(self.subject, warning);
                return Ok(None);
            }
        };
        let here = DomainOutline::read(&there.xml)?;
        let mut differences = wanted.outline.differences(&here);
        if there.autostart && !self.domain.autostart {
            differences.push("autostart: off as described, on as it is".to_owned());
        }
        if !there.persistent {
            differences.push("it is transient: it will be gone when it is switched off".to_owned());
        }
        for difference in &differences {
            run.report.warning(self.subject, difference);
        }
        Ok(Some(differences.len()))
    }

    async fn describe(&self, run: &Run, exists: bool) -> anyhow::Result<Wanted> {
        if matches!(self.domain.description, Description::VirtInstall(_)) {
            let progress = Progress {
                state: "asking virt-install".to_owned(),
                ..Progress::default()
            };
            run.report.progress(self.subject, progress);
        }
        let virtualization = self.virtualization;
        describe::describe(
            &run.lab,
            self.domain,
            self.hypervisor,
            virtualization,
            exists,
        )
        .await
    }

    async fn set_autostart(&self) -> anyhow::Result<()> {
        let name = self.domain.name.clone();
        self.hypervisor
            .call(move |admin| admin.set_domain_autostart(&name, true))
            .await
    }

    fn shown(&self, outline: &DomainOutline) -> String {
        let plural = if outline.vcpus == 1 { "" } else { "s" };
        let firmware = if outline.uefi { "UEFI" } else { "BIOS" };
        let emulated = match &*outline.kind {
            "qemu" => ", emulated in software",
            _ => "",
        };
        format!(
            "{} vCPU{plural}, {} MiB, {firmware}{emulated}",
            outline.vcpus,
            outline.memory >> 20
        )
    }
}
