//! A client for what the lab workflow asks of OpenStack: Keystone, Ironic, ironic-inspector and Glance.
//!
//! | Module | What lives there |
//! |---|---|
//! | `cloud` | which cloud, and how to log in: `clouds.yaml`, the `OS_*` variables, options |
//! | `session` | requests: tokens and their renewal, timeouts, what is tried again |
//! | `baremetal` | Ironic: nodes, ports, states, inventory; its microversions |
//! | `inspector` | ironic-inspector, for servers that inspect with it |
//! | `image` | Glance |
//! | `error` | what went wrong, as the servers say it |
//!
//! Nothing here knows of labs, libvirt or terminals.
