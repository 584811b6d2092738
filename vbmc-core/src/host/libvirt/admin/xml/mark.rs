//! The lab's mark in `<metadata>`: what carries it was made for that lab, and what doesn't is none of its business.

use quick_xml::escape::escape;

use super::super::super::xml::edit::Edits;
use super::super::super::xml::tree::Element;

/// The namespace of the mark. Its number changes when its meaning does.
const NAMESPACE: &str = "urn:vbmc:lab:1";

const NAME: &str = "lab";

/// The name of the lab that a domain or network was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// The mark of the lab `name`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The lab's name.
    #[must_use]
    pub fn lab(&self) -> &str {
        &self.0
    }

    /// The mark in a domain's description.
    #[must_use]
    pub fn of_domain(xml: &str) -> Option<Self> {
        Self::read(&super::root(xml, "domain").ok()?)
    }

    /// The mark in a network's description.
    #[must_use]
    pub fn of_network(xml: &str) -> Option<Self> {
        Self::read(&super::root(xml, "network").ok()?)
    }

    pub(super) fn read(root: &Element) -> Option<Self> {
        Self::element(root)?
            .attribute("name")
            .map(|name| Self(name.to_owned()))
    }

    fn element(root: &Element) -> Option<&Element> {
        let mut metadata = root.child("metadata")?.children.iter();
        metadata.find(|element| element.is_in(NAMESPACE, NAME))
    }

    /// Puts the mark into a description that has its name, in place of another lab's.
    pub(super) fn put_in(&self, root: &Element, edits: &mut Edits<'_>) {
        let mark = self.to_xml();
        match (Self::element(root), root.child("metadata")) {
            (Some(old), _) => edits.replace(old.span(), mark),
            (None, Some(metadata)) => edits.insert_first(metadata, &mark),
            (None, None) => {
                // Where libvirt's schema wants it, and where it puts it by itself.
                let before = ["title", "uuid", "name"];
                let before = before.iter().find_map(|name| root.child(name));
                if let Some(before) = before {
                    edits.insert_after(before, &format!("<metadata>{mark}</metadata>"));
                }
            }
        }
    }

    fn to_xml(&self) -> String {
        format!(
            "<vbmc:{NAME} xmlns:vbmc='{NAMESPACE}' name='{}'/>",
            escape(&*self.0)
        )
    }
}
