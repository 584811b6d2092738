//! Domains as libvirt has them.

use virt::connect::Connect;
use virt::domain::Domain;
use virt::error::{Error, ErrorNumber};
use virt::sys;

use super::error::DescriptionError;
use super::xml::{DomainOutline, Mark};
use super::{Admin, AdminError, found};

/// What libvirt knows of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainFacts {
    /// With hyphens.
    pub uuid: String,
    /// The description with which it starts next.
    pub xml: String,
    /// Whether it runs.
    pub active: bool,
    /// Whether it starts with the hypervisor.
    pub autostart: bool,
    /// Whether it stays when it stops.
    pub persistent: bool,
    /// The MAC addresses of its network cards in the order of the description: lower case, with colons.
    pub macs: Vec<String>,
    /// The lab that it belongs to.
    pub mark: Option<Mark>,
}

impl DomainFacts {
    fn of(domain: &Domain) -> Result<Self, Error> {
        let persistent = domain.is_persistent()?;
        // Sensitive parts, as the password of a display, stay out.
        let xml = domain.get_xml_desc(sys::VIR_DOMAIN_XML_INACTIVE)?;
        Ok(Self {
            uuid: domain.get_uuid_string()?,
            active: domain.is_active()?,
            // A transient domain has no such thing.
            autostart: persistent && domain.get_autostart()?,
            persistent,
            macs: DomainOutline::read(&xml)
                .map(|outline| outline.macs())
                .unwrap_or_default(),
            mark: Mark::of_domain(&xml),
            xml,
        })
    }
}

impl Admin {
    /// A domain, or none if there is none of that name.
    ///
    /// # Errors
    ///
    /// When libvirt cannot be asked.
    pub fn domain(&self, name: &str) -> Result<Option<DomainFacts>, AdminError> {
        self.call(
            || format!("look for the domain {name:?}"),
            |connect| {
                lookup(connect, name)?
                    .as_ref()
                    .map(DomainFacts::of)
                    .transpose()
            },
        )
    }

    /// The disks of every domain: its name, and the files, devices or volumes behind them, as it runs and as it starts
    /// next.
    ///
    /// # Errors
    ///
    /// When libvirt cannot be asked.
    pub fn disks_of_domains(&self) -> Result<Vec<(String, Vec<String>)>, AdminError> {
        self.call(
            || "list the disks of all domains".to_owned(),
            |connect| {
                let mut all = Vec::new();
                for domain in connect.list_all_domains(0)? {
                    // One that has gone meanwhile has no disks.
                    all.extend(found(disks(&domain), ErrorNumber::NoDomain)?);
                }
                Ok(all)
            },
        )
    }

    /// Defines a domain, or defines the one of the same name and UUID anew.
    ///
    /// # Errors
    ///
    /// What libvirt has against it.
    pub fn define_domain(&self, xml: &str) -> Result<DomainFacts, AdminError> {
        let name = DomainOutline::read(xml)?.name;
        // libvirt takes C strings.
        if xml.contains('\0') {
            return Err(DescriptionError::Malformed("it contains a NUL".into()).into());
        }
        self.call(
            || format!("define the domain {name:?}"),
            |connect| {
                // A slip in the description is refused rather than dropped silently. A libvirt that does not know this flag,
                // as its test driver did not for long, has nothing to check by.
                let defined =
                    Domain::define_xml_flags(connect, xml, sys::VIR_DOMAIN_DEFINE_VALIDATE)
                        .or_else(|error| match error.code() {
                            ErrorNumber::InvalidArg
                            | ErrorNumber::NoSupport
                            | ErrorNumber::ArgumentUnsupported => Domain::define_xml(connect, xml),
                            _ => Err(error),
                        })?;
                DomainFacts::of(&defined)
            },
        )
    }

    /// Sets whether a domain starts with the hypervisor.
    ///
    /// # Errors
    ///
    /// When there is no such domain, or libvirt refuses.
    pub fn set_domain_autostart(&self, name: &str, autostart: bool) -> Result<(), AdminError> {
        self.call(
            || format!("set the autostart of the domain {name:?}"),
            |connect| {
                Domain::lookup_by_name(connect, name)?.set_autostart(autostart)?;
                Ok(())
            },
        )
    }

    /// Switches a domain off at once. One that is off, or not there, is left so.
    ///
    /// # Errors
    ///
    /// When libvirt refuses.
    pub fn destroy_domain(&self, name: &str) -> Result<(), AdminError> {
        self.call(
            || format!("switch the domain {name:?} off"),
            |connect| match lookup(connect, name)? {
                Some(domain) if domain.is_active()? => domain.destroy(),
                _ => Ok(()),
            },
        )
    }

    /// Removes a domain's definition, with its UEFI variables, saved state, and what libvirt knows of its snapshots and
    /// checkpoints. Its disks stay. A domain that runs goes on without a definition.
    ///
    /// # Errors
    ///
    /// When libvirt refuses. That there is no such domain is no error.
    pub fn undefine_domain(&self, name: &str) -> Result<(), AdminError> {
        let thorough = sys::VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
            | sys::VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
            | sys::VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
            | sys::VIR_DOMAIN_UNDEFINE_NVRAM;
        self.call(
            || format!("undefine the domain {name:?}"),
            |connect| {
                let Some(domain) = lookup(connect, name)? else {
                    return Ok(());
                };
                if !domain.is_persistent()? {
                    return Ok(());
                }
                domain
                    .undefine_flags(thorough)
                    .or_else(|error| match error.code() {
                        // A driver that knows no UEFI, as libvirt's test driver.
                        ErrorNumber::InvalidArg | ErrorNumber::ArgumentUnsupported => {
                            domain.undefine()
                        }
                        _ => Err(error),
                    })
            },
        )
    }
}

/// A domain's name, and what is behind its disks.
fn disks(domain: &Domain) -> Result<(String, Vec<String>), Error> {
    let mut sources = Vec::new();
    for flags in [0, sys::VIR_DOMAIN_XML_INACTIVE] {
        let xml = domain.get_xml_desc(flags)?;
        // libvirt's own description: it can be read.
        let disks = DomainOutline::read(&xml).map_or_else(|_| Vec::new(), |outline| outline.disks);
        sources.extend(disks.into_iter().filter_map(|disk| disk.source));
    }
    Ok((domain.get_name()?, sources))
}

fn lookup(connect: &Connect, name: &str) -> Result<Option<Domain>, Error> {
    // Nothing that libvirt knows has such a name, and the wrapper panics on one.
    if name.contains('\0') {
        return Ok(None);
    }
    found(Domain::lookup_by_name(connect, name), ErrorNumber::NoDomain)
}
