//! What things are looked at and removed with. Each is reached when the first thing needs it; one that can't be
//! reached is waited for once, and told for each thing.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use tokio::sync::{Mutex, OnceCell};
use tokio::task::spawn_blocking;
use vbmc_core::config::ConfigFile;
use vbmc_core::control::{BmcSummary, Status};
use vbmc_core::host::libvirt::admin::xml::Mark;
use vbmc_core::host::libvirt::admin::{Admin, AdminError};

use super::plan::Thing;
use super::{Found, UNMARKED, nodes};
use crate::client::Client;
use crate::lab::manifest::{InCloud, OnHypervisor};
use crate::lab::report::{Kind, Reporter, Subject};
use crate::lab::{MARK, Run};
use crate::openstack::baremetal::Baremetal;
use crate::openstack::cloud::Choice;
use crate::openstack::error::Error;
use crate::openstack::image::Images;
use crate::openstack::session::Session;
use crate::view::human;

/// Something that was reached, or why not.
type Reached<T> = OnceCell<Result<T, String>>;

pub(super) struct Tools {
    lab: String,
    choice: Choice,
    report: Reporter,
    /// Whether nodes that are in use go too.
    force: bool,
    session: Reached<Session>,
    ironic: Reached<Baremetal>,
    glance: Reached<Option<Images>>,
    daemon: Reached<(Client, Vec<BmcSummary>)>,
    hypervisors: Mutex<BTreeMap<String, Result<Arc<Admin>, String>>>,
    /// Domains that are the lab's by the manifest and by their mark, and go before their disks.
    going: Mutex<BTreeSet<OnHypervisor>>,
}

impl Tools {
    pub(super) fn new(run: &Run, choice: Choice, force: bool) -> Self {
        Self {
            lab: run.lab.name.clone(),
            choice,
            report: run.report.clone(),
            force,
            session: OnceCell::new(),
            ironic: OnceCell::new(),
            glance: OnceCell::new(),
            daemon: OnceCell::new(),
            hypervisors: Mutex::default(),
            going: Mutex::default(),
        }
    }

    /// Looks whether a thing is there and the lab's. Changes nothing.
    pub(super) async fn look(&self, thing: &Thing) -> anyhow::Result<Found> {
        match thing {
            Thing::Node(node) => self.look_at_node(node).await,
            Thing::GlanceImage(image) => self.look_at_image(image).await,
            Thing::File(path) => look_at_file(path),
            Thing::Bmc(name) => self.look_at_bmc(name).await,
            Thing::Domain(domain) => self.look_at_domain(domain).await,
            Thing::Disk(disk) => match self.user_of(disk).await? {
                Some(domain) if !self.going.lock().await.contains(&domain) => {
                    Ok(Found::Foreign("a domain that stays has it"))
                }
                _ => self.on(disk, look_at_disk).await,
            },
            Thing::Network(network) => self.look_at_network(network).await,
        }
    }

    /// Removes a thing that was looked at.
    pub(super) async fn remove(&self, thing: &Thing) -> anyhow::Result<()> {
        match thing {
            Thing::Node(node) => {
                nodes::remove(self.ironic().await?, &node.id, &self.lab, self.force).await
            }
            Thing::GlanceImage(image) => match self.glance().await?.delete(&image.id).await {
                Ok(()) | Err(Error::NotFound(_)) => Ok(()),
                Err(error) => Err(error.into()),
            },
            Thing::File(path) => remove_file(path),
            Thing::Bmc(name) => Ok(self.daemon().await?.0.delete(name).await?),
            Thing::Domain(domain) => {
                let remove = |admin: &Admin, name: &str| {
                    admin.destroy_domain(name)?;
                    Ok(admin.undefine_domain(name)?)
                };
                self.on(domain, remove).await
            }
            Thing::Disk(disk) => match self.user_of(disk).await? {
                Some(domain) => bail!("the domain {} has it", domain.name),
                None => self.on(disk, remove_disk).await,
            },
            Thing::Network(network) => {
                self.on(network, |admin, name| Ok(admin.undefine_network(name)?))
                    .await
            }
        }
    }

    async fn look_at_node(&self, node: &InCloud) -> anyhow::Result<Found> {
        let ironic = self.ironic().await?;
        let found = nodes::look(ironic, &node.id, &self.lab, self.force).await?;
        elsewhere(found, &node.endpoint, ironic.endpoint().as_str())
    }

    async fn look_at_image(&self, image: &InCloud) -> anyhow::Result<Found> {
        let glance = self.glance().await?;
        let found = match glance.image(&image.id).await {
            Err(Error::NotFound(_)) => Found::Gone,
            Err(error) => return Err(error.into()),
            Ok(there) if there.property(MARK) != Some(&self.lab) => Found::Foreign(UNMARKED),
            Ok(there) => Found::There(match there.size {
                Some(size) => format!("{} in Glance", human::bytes(size)),
                None => "in Glance, without data".to_owned(),
            }),
        };
        elsewhere(found, &image.endpoint, glance.endpoint().as_str())
    }

    async fn look_at_bmc(&self, name: &str) -> anyhow::Result<Found> {
        let (_, bmcs) = self.daemon().await?;
        Ok(match bmcs.iter().find(|bmc| bmc.domain_name == name) {
            None => Found::Gone,
            Some(bmc) => {
                let does = match bmc.status {
                    Status::Running => "answers",
                    Status::Down | Status::Error => "stopped,",
                };
                Found::There(format!("{does} on {} port {}", bmc.address, bmc.port))
            }
        })
    }

    async fn look_at_domain(&self, domain: &OnHypervisor) -> anyhow::Result<Found> {
        let there = self
            .on(domain, |admin, name| Ok(admin.domain(name)?))
            .await?;
        let Some(facts) = there else {
            return Ok(Found::Gone);
        };
        if !self.is_ours(facts.mark.as_ref()) {
            return Ok(Found::Foreign(UNMARKED));
        }
        self.going.lock().await.insert(domain.clone());
        let power = if facts.active { "running" } else { "off" };
        Ok(Found::There(power.to_owned()))
    }

    /// A domain that would lose this disk image, whatever it is called by now and whosoever it is. One that stays, if
    /// there is one.
    async fn user_of(&self, disk: &OnHypervisor) -> anyhow::Result<Option<OnHypervisor>> {
        let domains = self
            .on(disk, |admin, _| Ok(admin.disks_of_domains()?))
            .await?;
        let going = self.going.lock().await;
        let users = domains
            .into_iter()
            .filter(|(_, disks)| {
                disks
                    .iter()
                    .any(|it| Path::new(it) == Path::new(&disk.name))
            })
            .map(|(name, _)| OnHypervisor {
                uri: disk.uri.clone(),
                name,
            });
        Ok(users.min_by_key(|domain| going.contains(domain)))
    }

    async fn look_at_network(&self, network: &OnHypervisor) -> anyhow::Result<Found> {
        let there = self
            .on(network, |admin, name| Ok(admin.network(name)?))
            .await?;
        Ok(match there {
            None => Found::Gone,
            Some(facts) if !self.is_ours(facts.mark.as_ref()) => Found::Foreign(UNMARKED),
            Some(facts) => {
                let state = if facts.active { "up" } else { "down" };
                Found::There(state.to_owned())
            }
        })
    }

    fn is_ours(&self, mark: Option<&Mark>) -> bool {
        mark.is_some_and(|mark| mark.lab() == self.lab)
    }

    async fn session(&self) -> anyhow::Result<&Session> {
        let opening = async || {
            let subject = Subject::new(Kind::Lab, &self.lab);
            let report = self.report.clone();
            Session::open(&self.choice, move |wait| {
                report.note(&subject, wait.to_string());
            })
            .await
            .map_err(|error| error.to_string())
        };
        reached(self.session.get_or_init(opening).await)
    }

    async fn ironic(&self) -> anyhow::Result<&Baremetal> {
        let finding = async || match self.session().await {
            Ok(session) => session.baremetal().await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        reached(self.ironic.get_or_init(finding).await)
    }

    async fn glance(&self) -> anyhow::Result<&Images> {
        let finding = async || match self.session().await {
            Ok(session) => session.images().await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        reached(self.glance.get_or_init(finding).await)?
            .as_ref()
            .context("the cloud has no Glance any more")
    }

    async fn daemon(&self) -> anyhow::Result<&(Client, Vec<BmcSummary>)> {
        let asking = async || {
            let asked = async {
                let client = Client::from_config(&ConfigFile::load()?)?;
                let bmcs = client.bmcs().await?;
                anyhow::Ok((client, bmcs))
            };
            asked.await.map_err(|error| error.to_string())
        };
        reached(self.daemon.get_or_init(asking).await)
    }

    /// Does something on a hypervisor, where it may take as long as it takes.
    async fn on<T: Send + 'static>(
        &self,
        thing: &OnHypervisor,
        act: impl FnOnce(&Admin, &str) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let mut hypervisors = self.hypervisors.lock().await;
        if !hypervisors.contains_key(&thing.uri) {
            let uri = thing.uri.clone();
            let admin = spawn_blocking(move || Admin::open(&uri, None)).await?;
            let admin = admin.map(Arc::new).map_err(|error| error.to_string());
            hypervisors.insert(thing.uri.clone(), admin);
        }
        let admin = Arc::clone(reached(&hypervisors[&thing.uri])?);
        let name = thing.name.clone();
        spawn_blocking(move || act(&admin, &name)).await?
    }
}

fn reached<T>(result: &Result<T, String>) -> anyhow::Result<&T> {
    result.as_ref().map_err(|why| anyhow!("{why}"))
}

/// What isn't found in one cloud may still be in the one where it was made.
fn elsewhere(found: Found, made_at: &str, looked_at: &str) -> anyhow::Result<Found> {
    let same = made_at.trim_end_matches('/') == looked_at.trim_end_matches('/');
    if found == Found::Gone && !same {
        bail!(
            "it was made at {made_at}, and {looked_at} does not have it: name the cloud it is in"
        );
    }
    Ok(found)
}

fn look_at_file(path: &Path) -> anyhow::Result<Found> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Gone),
        Ok(meta) if meta.is_dir() => Ok(Found::Foreign("it is a directory now")),
        meta => Ok(Found::There(human::bytes(meta?.len()))),
    }
}

fn remove_file(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn look_at_disk(admin: &Admin, path: &str) -> anyhow::Result<Found> {
    match admin.volume(Path::new(path)) {
        Ok(None) => Ok(Found::Gone),
        Ok(Some(facts)) => Ok(Found::There(human::bytes(facts.allocation))),
        Err(AdminError::NoStorage { .. }) if admin.is_local() => look_at_file(Path::new(path)),
        Err(error) => Err(error.into()),
    }
}

fn remove_disk(admin: &Admin, path: &str) -> anyhow::Result<()> {
    match admin.delete_volume(Path::new(path)) {
        Err(AdminError::NoStorage { .. }) if admin.is_local() => remove_file(Path::new(path)),
        deleted => deleted.map(drop).map_err(Into::into),
    }
}
