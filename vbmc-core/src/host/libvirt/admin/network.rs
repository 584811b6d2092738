//! Virtual networks as libvirt has them.

use virt::connect::Connect;
use virt::error::{Error, ErrorNumber};
use virt::network::Network;
use virt::sys;

use super::error::DescriptionError;
use super::xml::{Mark, NetworkOutline};
use super::{Admin, AdminError, found};

/// What libvirt knows of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkFacts {
    /// With hyphens.
    pub uuid: String,
    /// The description with which it starts next.
    pub xml: String,
    /// Whether it is up.
    pub active: bool,
    /// Whether it starts with the hypervisor.
    pub autostart: bool,
    /// Whether it stays when it goes down.
    pub persistent: bool,
    /// The lab that it belongs to.
    pub mark: Option<Mark>,
}

impl NetworkFacts {
    fn of(network: &Network) -> Result<Self, Error> {
        let persistent = network.is_persistent()?;
        // The drivers that know of no such difference refuse the flag.
        let xml = network
            .get_xml_desc(sys::VIR_NETWORK_XML_INACTIVE)
            .or_else(|_| network.get_xml_desc(0))?;
        Ok(Self {
            uuid: network.get_uuid_string()?,
            active: network.is_active()?,
            autostart: persistent && network.get_autostart()?,
            persistent,
            mark: Mark::of_network(&xml),
            xml,
        })
    }
}

impl Admin {
    /// A network, or none if there is none of that name.
    ///
    /// # Errors
    ///
    /// When libvirt cannot be asked.
    pub fn network(&self, name: &str) -> Result<Option<NetworkFacts>, AdminError> {
        self.call(
            || format!("look for the network {name:?}"),
            |connect| {
                lookup(connect, name)?
                    .as_ref()
                    .map(NetworkFacts::of)
                    .transpose()
            },
        )
    }

    /// Defines a network. It is down until it is started.
    ///
    /// # Errors
    ///
    /// What libvirt has against it.
    pub fn define_network(&self, xml: &str) -> Result<NetworkFacts, AdminError> {
        let name = NetworkOutline::read(xml)?.name;
        // libvirt takes C strings.
        if xml.contains('\0') {
            return Err(DescriptionError::Malformed("it contains a NUL".into()).into());
        }
        self.call(
            || format!("define the network {name:?}"),
            |connect| NetworkFacts::of(&Network::define_xml(connect, xml)?),
        )
    }

    /// Brings a network up. One that is up is left so.
    ///
    /// # Errors
    ///
    /// When there is no such network, or libvirt fails.
    pub fn start_network(&self, name: &str) -> Result<(), AdminError> {
        self.call(
            || format!("start the network {name:?}"),
            |connect| {
                let network = Network::lookup_by_name(connect, name)?;
                if !network.is_active()? {
                    network.create()?;
                }
                Ok(())
            },
        )
    }

    /// Sets whether a network starts with the hypervisor.
    ///
    /// # Errors
    ///
    /// When there is no such network, or libvirt refuses.
    pub fn set_network_autostart(&self, name: &str, autostart: bool) -> Result<(), AdminError> {
        self.call(
            || format!("set the autostart of the network {name:?}"),
            |connect| {
                Network::lookup_by_name(connect, name)?.set_autostart(autostart)?;
                Ok(())
            },
        )
    }

    /// Takes a network down and removes its definition.
    ///
    /// # Errors
    ///
    /// When libvirt refuses. That there is no such network is no error.
    pub fn undefine_network(&self, name: &str) -> Result<(), AdminError> {
        self.call(
            || format!("remove the network {name:?}"),
            |connect| {
                let Some(network) = lookup(connect, name)? else {
                    return Ok(());
                };
                let persistent = network.is_persistent()?;
                if network.is_active()? {
                    network.destroy()?;
                }
                if persistent {
                    network.undefine()?;
                }
                Ok(())
            },
        )
    }
}

fn lookup(connect: &Connect, name: &str) -> Result<Option<Network>, Error> {
    // Nothing that libvirt knows has such a name, and the wrapper panics on one.
    if name.contains('\0') {
        return Ok(None);
    }
    found(
        Network::lookup_by_name(connect, name),
        ErrorNumber::NoNetwork,
    )
}
