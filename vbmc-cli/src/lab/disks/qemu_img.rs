//! Disk images without libvirt, by `qemu-img` on this machine.

use std::path::Path;
use std::process::{Output, Stdio};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use tokio::process::Command;
use vbmc_core::host::libvirt::admin::{DiskFormat, VolumeFacts};

#[derive(Deserialize)]
struct Info {
    format: String,
    #[serde(rename = "virtual-size")]
    virtual_size: u64,
    #[serde(rename = "actual-size", default)]
    actual_size: u64,
}

/// What there is at `path`, if anything.
pub(super) async fn look(path: &Path) -> anyhow::Result<Option<VolumeFacts>> {
    if !path
        .try_exists()
        .with_context(|| format!("cannot look at {}", path.display()))?
    {
        return Ok(None);
    }
    // Shared: the image may be in use.
    let output = run(
        &["info", "--force-share", "--output=json", "--"],
        path,
        None,
    )
    .await?;
    let info: Info = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("cannot understand qemu-img on {}", path.display()))?;
    Ok(Some(VolumeFacts {
        capacity: info.virtual_size,
        allocation: info.actual_size,
        format: info.format,
    }))
}

/// Makes an empty image. A file that is there is never replaced, and an interruption leaves nothing half made.
pub(super) async fn create(path: &Path, size: u64, format: DiskFormat) -> anyhow::Result<()> {
    let wrong = || format!("cannot make {}", path.display());
    let directory = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(directory).with_context(wrong)?;
    let file = tempfile::Builder::new()
        .prefix(".vbmc-")
        .tempfile_in(directory)
        .with_context(wrong)?;
    let size = size.to_string();
    let args = ["create", "-q", "-f", format.name(), "--"];
    run(&args, file.path(), Some(&size)).await?;
    file.persist_noclobber(path).with_context(wrong)?;
    Ok(())
}

async fn run(args: &[&str], path: &Path, last: Option<&str>) -> anyhow::Result<Output> {
    let output = Command::new("qemu-img")
        .args(args)
        .arg(path)
        .args(last)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("libvirt has no storage driver here, and qemu-img cannot be run: `apt install qemu-utils`")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{}", said.trim());
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_image_is_made_and_recognised() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/disk.qcow2");
        assert_eq!(look(&path).await.unwrap(), None);
        create(&path, 5 << 20, DiskFormat::Qcow2).await.unwrap();
        let facts = look(&path).await.unwrap().unwrap();
        assert_eq!((facts.capacity, &*facts.format), (5 << 20, "qcow2"));
        create(&path, 1 << 20, DiskFormat::Raw).await.unwrap_err();
        let after = look(&path).await.unwrap().unwrap();
        assert_eq!(after.capacity, 5 << 20, "never replaced");
    }
}
