//! The services that are spoken to, and what a catalog calls each.

use std::fmt;

/// A service of a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Service {
    Identity,
    Baremetal,
    Introspection,
    Image,
}

impl Service {
    /// All that an endpoint can be given for, by hand or in the catalog.
    pub(super) const WITH_ENDPOINT: [Self; 3] = [Self::Baremetal, Self::Introspection, Self::Image];

    /// What messages call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Identity => "Keystone",
            Self::Baremetal => "Ironic",
            Self::Introspection => "ironic-inspector",
            Self::Image => "Glance",
        }
    }

    /// Its type in a catalog: the official one first, then what older clouds have.
    pub(super) fn types(self) -> &'static [&'static str] {
        match self {
            Self::Identity => &["identity"],
            Self::Baremetal => &["baremetal", "bare-metal"],
            Self::Introspection => &["baremetal-introspection"],
            Self::Image => &["image"],
        }
    }

    /// The setting that names its endpoint by hand.
    pub(super) fn override_key(self) -> &'static str {
        match self {
            Self::Identity => "identity_endpoint_override",
            Self::Baremetal => "baremetal_endpoint_override",
            Self::Introspection => "baremetal_introspection_endpoint_override",
            Self::Image => "image_endpoint_override",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
