//! A description as elements that know where in the text they stand.

use std::ops::Range;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::XmlError;

/// How deep elements may be nested. libvirt's own are less than ten deep.
const DEPTH: usize = 128;

/// An element and what is inside.
#[derive(Debug)]
pub(in crate::host::libvirt) struct Element {
    /// The name without a prefix.
    name: String,
    /// The namespace, if the element is in one. libvirt's own elements are in none.
    namespace: Option<String>,
    attributes: Vec<Attribute>,
    /// Elements directly inside.
    pub(in crate::host::libvirt) children: Vec<Element>,
    /// Text directly inside, entities resolved.
    pub(in crate::host::libvirt) text: String,
    /// Where the start tag stands.
    pub(in crate::host::libvirt) open: Range<usize>,
    /// Where the end tag stands; an empty element's is its start tag.
    pub(in crate::host::libvirt) close: Range<usize>,
}

/// An attribute and where its value stands, without the quotes.
#[derive(Debug)]
struct Attribute {
    name: String,
    value: String,
    at: Range<usize>,
}

impl Element {
    /// Reads a document.
    pub(in crate::host::libvirt) fn parse(xml: &str) -> Result<Self, XmlError> {
        let mut reader = NsReader::from_str(xml);
        let mut open: Vec<Self> = Vec::new();
        let mut at = 0;
        loop {
            let (namespace, event) = reader.read_resolved_event().map_err(malformed)?;
            let namespace = match namespace {
                ResolveResult::Bound(namespace) => Some(namespace.0.to_owned()),
                ResolveResult::Unbound | ResolveResult::Unknown(_) => None,
            };
            let end = usize::try_from(reader.buffer_position()).map_err(malformed)?;
            let here = at..end;
            at = end;
            let ended = match event {
                Event::Start(start) if open.len() < DEPTH => {
                    open.push(Self::new(xml, &start, namespace, here)?);
                    continue;
                }
                Event::Start(_) => return Err(malformed("elements are nested too deep")),
                Event::Empty(start) => Some(Self::new(xml, &start, namespace, here)?),
                Event::End(_) => open.pop().map(|element| Self {
                    close: here,
                    ..element
                }),
                Event::Text(text) => {
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text.xml10_content());
                    }
                    continue;
                }
                Event::CData(text) => {
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text.xml10_content());
                    }
                    continue;
                }
                Event::GeneralRef(reference) => {
                    if let Some(element) = open.last_mut() {
                        let escaped = format!("&{};", reference.xml10_content());
                        element
                            .text
                            .push_str(&quick_xml::escape::unescape(&escaped).map_err(malformed)?);
                    }
                    continue;
                }
                Event::Eof => return Err(malformed("it ends too early")),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => continue,
            };
            match (ended, open.last_mut()) {
                (Some(element), Some(parent)) => parent.children.push(element),
                (Some(root), None) => return Ok(root),
                (None, _) => return Err(malformed("an element ends that never began")),
            }
        }
    }

    fn new(
        xml: &str,
        start: &BytesStart<'_>,
        namespace: Option<String>,
        open: Range<usize>,
    ) -> Result<Self, XmlError> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(malformed)?;
            // The value is borrowed from the document, so that its address tells where it stands.
            let from = (attribute.value.as_ptr() as usize).wrapping_sub(xml.as_ptr() as usize);
            let at = from..from.wrapping_add(attribute.value.len());
            if xml.get(at.clone()) != Some(&*attribute.value) {
                return Err(malformed("an attribute that is not where it should be"));
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(malformed)?
                .into_owned();
            attributes.push(Attribute {
                name: attribute.key.0.to_owned(),
                value,
                at,
            });
        }
        Ok(Self {
            name: start.local_name().as_ref().to_owned(),
            namespace,
            attributes,
            children: Vec::new(),
            text: String::new(),
            close: open.clone(),
            open,
        })
    }

    /// Whether this is libvirt's own element `name`.
    pub(in crate::host::libvirt) fn is(&self, name: &str) -> bool {
        self.name == name && self.namespace.is_none()
    }

    /// Whether this is the element `name` of `namespace`.
    pub(in crate::host::libvirt) fn is_in(&self, namespace: &str, name: &str) -> bool {
        self.name == name && self.namespace.as_deref() == Some(namespace)
    }

    /// The name without a prefix.
    pub(in crate::host::libvirt) fn name(&self) -> &str {
        &self.name
    }

    /// The first of libvirt's elements `name` inside.
    pub(in crate::host::libvirt) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(name))
    }

    /// An attribute's value.
    pub(in crate::host::libvirt) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .map(|attribute| &*attribute.value)
    }

    /// Where an attribute's value stands.
    pub(in crate::host::libvirt) fn attribute_at(&self, name: &str) -> Option<Range<usize>> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .map(|attribute| attribute.at.clone())
    }

    /// Whether the element is one tag (`<a/>`).
    pub(in crate::host::libvirt) fn is_empty_tag(&self) -> bool {
        self.open == self.close
    }

    /// Where the whole element stands.
    pub(in crate::host::libvirt) fn span(&self) -> Range<usize> {
        self.open.start..self.close.end
    }
}

fn malformed(reason: impl ToString) -> XmlError {
    XmlError::Malformed(reason.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_know_where_they_stand() {
        let xml = "<?xml version='1.0'?>\n<!-- a --><domain type=\"te&lt;st\"><os><boot dev = 'hd' /></os></domain>\n";
        let domain = Element::parse(xml).unwrap();
        assert!(domain.is("domain"));
        assert_eq!(domain.attribute("type"), Some("te<st"));
        let boot = domain.child("os").unwrap().child("boot").unwrap();
        assert_eq!(&xml[boot.span()], "<boot dev = 'hd' />");
        assert_eq!(&xml[boot.attribute_at("dev").unwrap()], "hd");
        assert!(boot.is_empty_tag());
        assert_eq!(&xml[domain.child("os").unwrap().close.clone()], "</os>");
    }

    #[test]
    fn text_is_put_together() {
        let domain =
            Element::parse("<domain><name>a<!-- b -->&amp;<![CDATA[<c>]]>&#65;</name></domain>")
                .unwrap();
        assert_eq!(domain.child("name").unwrap().text, "a&<c>A");
    }

    #[test]
    fn namespaces_are_told_apart() {
        let domain =
            Element::parse("<domain xmlns:q='urn:q'><q:os/><os xmlns='urn:x'/></domain>").unwrap();
        assert!(domain.child("os").is_none());
        assert!(domain.children[0].is_in("urn:q", "os"));
        assert!(domain.children[1].is_in("urn:x", "os"));
    }

    #[test]
    fn what_is_no_xml_is_an_error() {
        for xml in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "</a>",
            "<a b=c/>",
            "<a>&nosuch;</a>",
            &"<a>".repeat(1000),
        ] {
            assert!(
                matches!(Element::parse(xml), Err(XmlError::Malformed(_))),
                "{xml:?}"
            );
        }
    }
}
