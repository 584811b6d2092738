//! Domain descriptions, read and edited. Pure: text in, text out.
//!
//! | Module | What lives there |
//! |---|---|
//! | `tree` | a description as elements that know where in the text they stand |
//! | `edit` | changes to the text that leave everything else as it is, byte for byte |
//! | `order` | boot orders: read, changed and written in either of libvirt's two forms |
//! | `record` | what we keep in a domain's `<metadata>` |
//! | `overrides` | a boot override put into a description and taken out again |
//! | `identity` | who a domain is |

pub(super) mod edit;
pub(super) mod identity;
mod order;
pub(super) mod overrides;
pub(super) mod record;
pub(super) mod tree;

/// Why a description could not be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum XmlError {
    /// It is not the XML of a domain.
    #[error("the domain's description cannot be understood: {0}")]
    Malformed(String),
    /// The domain has no such device to boot from.
    #[error("the domain has no {0} to boot from")]
    NoDevice(&'static str),
}
