//! Changes to a text that leave everything else as it is, byte for byte.

use std::ops::Range;

use super::tree::Element;

/// A document and the changes that are to be made to it. They must not overlap.
#[derive(Debug)]
pub(in crate::host::libvirt) struct Edits<'a> {
    xml: &'a str,
    changes: Vec<(Range<usize>, String)>,
}

impl<'a> Edits<'a> {
    /// No change to `xml` yet.
    pub(in crate::host::libvirt) fn of(xml: &'a str) -> Self {
        Self {
            xml,
            changes: Vec::new(),
        }
    }

    /// Replaces what stands at `at`.
    pub(in crate::host::libvirt) fn replace(&mut self, at: Range<usize>, text: impl Into<String>) {
        self.changes.push((at, text.into()));
    }

    /// Removes `element` and the white space before it.
    pub(in crate::host::libvirt) fn remove(&mut self, element: &Element) {
        let at = element.span();
        let start = at.start - self.space_before(at.start).len();
        self.replace(start..at.end, "");
    }

    /// Puts `text` after `element`, on a line of its own if `element` is on one.
    pub(in crate::host::libvirt) fn insert_after(&mut self, element: &Element, text: &str) {
        let span = element.span();
        let space = self.space_before(span.start);
        self.replace(span.end..span.end, format!("{space}{text}"));
    }

    /// Puts `text` into `element`, before everything else there.
    pub(in crate::host::libvirt) fn insert_first(&mut self, element: &Element, text: &str) {
        if element.is_empty_tag() {
            let tag = &self.xml[element.open.clone()];
            let open = tag.strip_suffix("/>").unwrap_or(tag).trim_end();
            let name = open[1..]
                .split(char::is_whitespace)
                .next()
                .unwrap_or_default();
            self.replace(element.open.clone(), format!("{open}>{text}</{name}>"));
        } else {
            let rest = &self.xml[element.open.end..];
            let space = &rest[..rest.len() - rest.trim_start().len()];
            self.replace(element.open.end..element.open.end, format!("{space}{text}"));
        }
    }

    fn space_before(&self, at: usize) -> &'a str {
        let before = &self.xml[..at];
        &before[before.trim_end().len()..]
    }

    /// The changed text.
    pub(in crate::host::libvirt) fn apply(mut self) -> String {
        // Stable: of two insertions at one place, the first comes first.
        self.changes.sort_by_key(|(at, _)| at.start);
        let mut out = String::with_capacity(self.xml.len() + 512);
        let mut done = 0;
        for (at, text) in self.changes {
            out.push_str(&self.xml[done..at.start]);
            out.push_str(&text);
            done = at.end;
        }
        out.push_str(&self.xml[done..]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(xml: &str, edit: impl FnOnce(&Element, &mut Edits<'_>)) -> String {
        let tree = Element::parse(xml).unwrap();
        let mut edits = Edits::of(xml);
        edit(&tree, &mut edits);
        edits.apply()
    }

    #[test]
    fn insertions_and_removals_undo_each_other() {
        let xml = "<a>\n  <b/>\n  <c x='1'>\n    <d/>\n  </c>\n</a>";
        let after = edited(xml, |a, edits| {
            edits.insert_after(&a.children[0], "<n/>");
            edits.insert_first(&a.children[1], "<m/>");
        });
        assert_eq!(
            after,
            "<a>\n  <b/>\n  <n/>\n  <c x='1'>\n    <m/>\n    <d/>\n  </c>\n</a>"
        );
        let back = edited(&after, |a, edits| {
            edits.remove(&a.children[1]);
            edits.remove(&a.children[2].children[0]);
        });
        assert_eq!(back, xml);
    }

    #[test]
    fn an_empty_tag_is_opened() {
        let after = edited("<a><b x='/' /></a>", |a, edits| {
            edits.insert_first(&a.children[0], "<n/>")
        });
        assert_eq!(after, "<a><b x='/'><n/></b></a>");
    }
}
