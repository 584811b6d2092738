//! The lab workflow: from a directory that describes a lab to nodes that Ironic has inspected.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`config`] | `lab.toml` and the files beside it, as typed and as meant |
//! | [`inventory`] | the nodes: TripleO's, instackenv's and Bifrost's form, checked |
//! | [`variables`] | `$NAME` in a lab's files |
//! | [`problems`] | what is wrong with a lab's files, told at once |
//! | [`images`], [`networks`], `disks`, [`domains`], [`bmcs`] | the steps of `prepare` |
//! | [`introspect`] | registers, inspects and provides the nodes |
//! | [`clean`] | removes what the lab has made |
//! | [`cloud`] | the lab's cloud, opened |
//! | [`hypervisor`] | calls to libvirt, from async code |
//! | [`interrupt`] | Ctrl-C |
//! | [`lock`] | one run at a time |
//! | [`manifest`] | what this lab has made, kept in its workspace |
//! | [`report`] | what happens during a run, told to whoever shows it |
//! | [`results`] | logs and states, gathered from everywhere |
//! | `vbmcd_log` | vbmcd's log, and why it could not switch a machine |
//! | `whole` | small files that are written as a whole or not at all |
//!
//! What shows a run on a terminal lives in `view`, what speaks to OpenStack in `openstack`.

pub(crate) mod bmcs;
pub(crate) mod clean;
pub(crate) mod cloud;
pub(crate) mod config;
mod disks;
pub(crate) mod domains;
pub(crate) mod hypervisor;
pub(crate) mod images;
pub(crate) mod interrupt;
pub(crate) mod introspect;
pub(crate) mod inventory;
pub(crate) mod lock;
pub(crate) mod manifest;
pub(crate) mod networks;
pub(crate) mod problems;
pub(crate) mod report;
pub(crate) mod results;
#[cfg(test)]
mod testing;
pub(crate) mod variables;
mod vbmcd_log;
mod whole;

use self::config::Lab;
use self::manifest::Manifest;
use self::report::Reporter;

/// What names the lab that made something, in a node's `extra` and among an image's properties.
pub(crate) const MARK: &str = "vbmc_lab";

/// One run of `prepare`, `introspect` or `clean`: what every step of it is given.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) lab: Lab,
    pub(crate) manifest: Manifest,
    pub(crate) report: Reporter,
    /// Say what would change, and change nothing.
    pub(crate) dry_run: bool,
}
