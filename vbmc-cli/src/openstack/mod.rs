//! A client for what the lab workflow asks of OpenStack: Keystone, Ironic, ironic-inspector and Glance.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`cloud`] | which cloud, and how to log in: `clouds.yaml`, the `OS_*` variables, options |
//! | [`session`] | requests: tokens and their renewal, timeouts, what is tried again |
//! | [`baremetal`] | Ironic: nodes, ports, states, inventory; its microversions |
//! | [`inspector`] | ironic-inspector, for servers that inspect with it |
//! | [`image`] | Glance |
//! | [`service`] | the services, and what a catalog calls each |
//! | [`error`] | what went wrong, as the servers say it |
//!
//! Nothing here knows of labs, libvirt or terminals.

pub(crate) mod baremetal;
pub(crate) mod cloud;
pub(crate) mod error;
pub(crate) mod image;
pub(crate) mod inspector;
pub(crate) mod service;
pub(crate) mod session;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use self::error::Error;
pub(crate) use self::session::Session;
