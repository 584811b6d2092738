//! Machines on libvirt.
//!
//! Placeholder: `Hypervisors` implements [`Hosts`](super::Hosts).
