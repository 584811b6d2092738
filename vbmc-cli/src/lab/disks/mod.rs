//! Disk images for domains: made empty where there is no file yet, and never written over.
//!
//! libvirt makes them, with the rights that it has and on the machine it is on. Where it has no storage driver,
//! `qemu-img` does.

mod qemu_img;

use std::path::Path;

use vbmc_core::host::libvirt::admin::{AdminError, DiskFormat, VolumeFacts};

use super::Run;
use super::config::DiskConfig;
use super::hypervisor::Hypervisor;
use super::report::{Kind, Outcome, Subject};

/// Makes a domain's disk images. Whether all are there now, or would be.
pub(super) async fn prepare(run: &mut Run, hypervisor: &Hypervisor, disks: &[DiskConfig]) -> bool {
    let mut all = true;
    for disk in disks {
        let subject = Subject::new(Kind::Disk, disk.path.display().to_string());
        let (outcome, detail) = match make(run, hypervisor, &subject, disk).await {
            Ok(done) => done,
            Err(error) => (Outcome::Failed, format!("{error:#}")),
        };
        all &= outcome != Outcome::Failed;
        run.report.outcome(&subject, outcome, detail);
    }
    all
}

/// Whether a domain's disk images are all there.
pub(super) async fn exist(hypervisor: &Hypervisor, disks: &[DiskConfig]) -> anyhow::Result<bool> {
    for disk in disks {
        if look(hypervisor, &disk.path).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn make(
    run: &mut Run,
    hypervisor: &Hypervisor,
    subject: &Subject,
    disk: &DiskConfig,
) -> anyhow::Result<(Outcome, String)> {
    let format = DiskFormat::of(&disk.path);
    let what = format!("{} {}", shown(disk.size), format.name());
    if let Some(there) = look(hypervisor, &disk.path).await? {
        let differences = differences(disk, format, &there);
        for difference in &differences {
            run.report.warning(subject, difference);
        }
        let detail = match differences.len() {
            0 => "up to date",
            _ => "differs, and stays so, since it may hold data",
        };
        return Ok((Outcome::Unchanged, detail.to_owned()));
    }
    if run.dry_run {
        return Ok((Outcome::WouldChange, format!("would be made: {what}")));
    }
    let entry = hypervisor.entry(subject.name.clone());
    // First of all: what an interruption leaves behind must be known to be ours.
    run.manifest.change(|made| {
        made.disks.retain(|known| *known != entry);
        made.disks.push(entry.clone());
    })?;
    if let Err(error) = create(hypervisor, disk, format).await {
        if hypervisor.answers().await {
            run.manifest
                .change(|made| made.disks.retain(|known| *known != entry))?;
        }
        return Err(error);
    }
    warn_if_out_of_reach(run, hypervisor, subject, &disk.path).await?;
    Ok((Outcome::Changed, format!("made: {what}")))
}

async fn look(hypervisor: &Hypervisor, path: &Path) -> anyhow::Result<Option<VolumeFacts>> {
    let asked = path.to_owned();
    let known = hypervisor.call(move |admin| admin.volume(&asked)).await;
    match known {
        Err(error) if lacks_storage(hypervisor, &error) => qemu_img::look(path).await,
        known => known,
    }
}

async fn create(
    hypervisor: &Hypervisor,
    disk: &DiskConfig,
    format: DiskFormat,
) -> anyhow::Result<()> {
    let (path, size) = (disk.path.clone(), disk.size);
    let made = hypervisor
        .call(move |admin| admin.create_volume(&path, size, format))
        .await;
    match made {
        Err(error) if lacks_storage(hypervisor, &error) => {
            qemu_img::create(&disk.path, size, format).await
        }
        made => made,
    }
}

/// Whether the file can be made by other means: there is no storage driver, and the hypervisor is this machine.
fn lacks_storage(hypervisor: &Hypervisor, error: &anyhow::Error) -> bool {
    hypervisor.is_local()
        && matches!(
            error.downcast_ref::<AdminError>(),
            Some(AdminError::NoStorage { .. })
        )
}

async fn warn_if_out_of_reach(
    run: &Run,
    hypervisor: &Hypervisor,
    subject: &Subject,
    path: &Path,
) -> anyhow::Result<()> {
    let asked = path.to_owned();
    let closed = hypervisor
        .call(move |admin| admin.closed_directory(&asked))
        .await?;
    if let Some(directory) = closed {
        let directory = directory.display();
        run.report.warning(
            subject,
            format!(
                "QEMU runs as a user that may not enter {directory}, so the domain will not start: \
                 `chmod o+x {directory}`, or set [libvirt] disks in lab.toml to another directory"
            ),
        );
    }
    Ok(())
}

/// A size as it is written in a lab: a whole number of the largest unit that allows one.
fn shown(bytes: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    units
        .iter()
        .find(|(shift, _)| bytes > 0 && bytes.trailing_zeros() >= *shift)
        .map_or_else(
            || format!("{bytes} bytes"),
            |(shift, unit)| format!("{} {unit}", bytes >> shift),
        )
}

fn differences(disk: &DiskConfig, format: DiskFormat, there: &VolumeFacts) -> Vec<String> {
    let mut lines = Vec::new();
    if there.capacity != disk.size {
        lines.push(format!(
            "size: {} as described, {} as it is",
            shown(disk.size),
            shown(there.capacity)
        ));
    }
    if there.format != format.name() {
        lines.push(format!(
            "format: {} by its name, {} as it is",
            format.name(),
            there.format
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_as_they_are_written() {
        assert_eq!(shown(80 << 30), "80 GiB");
        assert_eq!(shown(2048 << 30), "2 TiB");
        assert_eq!(shown(1536 << 20), "1536 MiB");
        assert_eq!(shown(1025), "1025 bytes");
        assert_eq!(shown(0), "0 bytes");
    }

    #[test]
    fn another_size_or_format_is_told() {
        let disk = DiskConfig {
            path: "/d/n.qcow2".into(),
            size: 80 << 30,
        };
        let there = |capacity, format: &str| VolumeFacts {
            capacity,
            allocation: 0,
            format: format.to_owned(),
        };
        let told = |there| differences(&disk, DiskFormat::Qcow2, &there);
        assert_eq!(told(there(80 << 30, "qcow2")), Vec::<String>::new());
        assert_eq!(told(there(10 << 30, "raw")).len(), 2);
    }
}
