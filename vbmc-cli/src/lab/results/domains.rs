//! What there is of the domains: libvirt's log, the serial console's, the description, and vbmcd's log.

use std::env;
use std::path::{Path, PathBuf};

use vbmc_core::host::libvirt::admin::Admin;
use vbmc_core::host::libvirt::admin::xml::DomainOutline;

use super::folder::Folder;
use crate::lab::vbmcd_log::{VbmcdLog, names};

/// Where libvirt keeps QEMU's logs, of the system's daemon.
const SYSTEM_LOGS: &str = "/var/log/libvirt/qemu";

/// The same below `$XDG_CACHE_HOME`, of a user's own daemon.
const SESSION_LOGS: &str = "libvirt/qemu/log";

/// Gathers it. Blocking.
pub(super) fn gather(uri: &str, domains: &[String], folder: &mut Folder) {
    if domains.is_empty() {
        return;
    }
    match Admin::open(uri, None) {
        Ok(admin) => {
            for name in domains {
                of_libvirt(&admin, name, folder);
            }
        }
        Err(error) => folder.miss(error.to_string()),
    }
    of_vbmcd(domains, folder);
}

fn of_libvirt(admin: &Admin, name: &str, folder: &mut Folder) {
    let to = Path::new("domains").join(name);
    // The logs of another machine are not here.
    if admin.is_local() {
        let log = logs(admin.uri(), &format!("{name}.log"));
        folder.copy_log(&log, to.join("qemu.log"));
    }
    match admin.domain(name) {
        Ok(Some(facts)) => {
            let outline = DomainOutline::read(&facts.xml).ok();
            if let Some(console) = outline.and_then(|outline| outline.console_log)
                && admin.is_local()
            {
                folder.copy_log(Path::new(&console), to.join("console.log"));
            }
            // Without display passwords: libvirt leaves them out unless it is asked for them.
            folder.write(to.join("domain.xml"), facts.xml);
        }
        Ok(None) => {}
        Err(error) => folder.miss(error.to_string()),
    }
}

/// Where a log of QEMU's is. A user's own daemon keeps them in the user's cache; root's own is the system's.
fn logs(uri: &str, log: &str) -> PathBuf {
    let of_system = Path::new(SYSTEM_LOGS).join(log);
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cache")));
    match cache.map(|cache| cache.join(SESSION_LOGS).join(log)) {
        Some(of_session) if uri.contains("/session") && of_session.exists() => of_session,
        _ => of_system,
    }
}

/// vbmcd's lines about each domain.
fn of_vbmcd(domains: &[String], folder: &mut Folder) {
    let log = VbmcdLog::whole().map_err(|error| error.to_string());
    let log = match log.and_then(|log| log.read()) {
        Ok(log) => log,
        Err(why) => return folder.miss(why),
    };
    for name in domains {
        let lines: String = log
            .lines()
            .filter(|line| names(line, name))
            .flat_map(|line| [line, "\n"])
            .collect();
        if !lines.is_empty() {
            folder.write(Path::new("domains").join(name).join("vbmcd.log"), lines);
        }
    }
}
