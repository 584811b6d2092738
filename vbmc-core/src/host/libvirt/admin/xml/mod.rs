//! Descriptions of a lab's domains and networks, read, completed and compared. Pure: text in, text out.
//!
//! | Module | What lives there |
//! |---|---|
//! | `mark` | the lab's mark in `<metadata>` |
//! | `complete` | what a lab's domain must have, added to a description that lacks it |
//! | `domain` | what matters of a domain, and how two differ |
//! | `network` | what matters of a network, and how two differ |

mod complete;
mod domain;
mod mark;
mod network;

pub use self::complete::{Needs, document};
pub use self::domain::{Disk, DomainOutline, Nic};
pub use self::mark::Mark;
pub use self::network::NetworkOutline;

use super::super::xml::XmlError;
use super::super::xml::tree::Element;
use super::DescriptionError;

impl From<XmlError> for DescriptionError {
    fn from(error: XmlError) -> Self {
        match error {
            XmlError::Malformed(reason) => Self::Malformed(reason),
            XmlError::NoDevice(device) => Self::Missing(device),
        }
    }
}

/// Reads a document whose root is libvirt's element `name`.
fn root(xml: &str, name: &'static str) -> Result<Element, DescriptionError> {
    let root = Element::parse(xml)?;
    if root.is(name) {
        return Ok(root);
    }
    Err(DescriptionError::Other {
        expected: name,
        found: root.name().to_owned(),
    })
}

/// The content of `<name>`.
fn name_of(root: &Element) -> Result<String, DescriptionError> {
    root.child("name")
        .map(|name| name.text.trim().to_owned())
        .filter(|name| !name.is_empty())
        .ok_or(DescriptionError::Missing("name"))
}

/// A line for each kind of thing that `here` has otherwise than `wanted`.
fn difference(what: &str, wanted: &str, here: &str) -> Option<String> {
    (wanted != here).then(|| format!("{what}: {wanted} as described, {here} as it is"))
}
