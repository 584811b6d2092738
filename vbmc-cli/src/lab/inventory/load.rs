//! From a lab and what is known of its domains to its nodes.

use super::document::{self, Form, Typed};
use super::domains::{self, KnownDomains};
use super::entry::{Entry, Source};
use super::{Inventory, NodeSpec, bifrost, check, tripleo};
use crate::lab::config::Lab;
use crate::lab::problems::Problems;

impl Inventory {
    /// Reads the nodes of a lab, filled in with what libvirt and vbmcd know of its domains.
    ///
    /// The error tells all that is wrong with them, each with node and key.
    pub(crate) fn load(lab: &Lab, known: &KnownDomains) -> anyhow::Result<Self> {
        let mut problems = Problems::default();
        let (file, text, mut nodes) = match &lab.introspection.inventory {
            Some(path) => {
                let name = path
                    .strip_prefix(&lab.dir)
                    .unwrap_or(path)
                    .display()
                    .to_string();
                let (text, document) = document::read(path)?;
                let mut source = Source {
                    file: &name,
                    text: &text,
                    variables: &domains::variables(lab, known),
                    problems: &mut problems,
                };
                let nodes = document::nodes(&name, document, source.problems)
                    .into_iter()
                    .zip(1..)
                    .filter_map(|(typed, number)| node(&mut source, typed, number))
                    .collect();
                (name, text, nodes)
            }
            None => ("domains".to_owned(), String::new(), domains::as_nodes(lab)),
        };
        for node in &mut nodes {
            domains::fill_in(&file, lab, known, node, &mut problems);
        }
        let warnings = check::all((&file, &text), &nodes, &mut problems);
        problems.check()?;
        Ok(Self { nodes, warnings })
    }
}

fn node(source: &mut Source<'_>, typed: Typed, number: usize) -> Option<NodeSpec> {
    let name = typed.keys.get("name").and_then(|name| name.as_str());
    let called = match name.or(typed.key.as_deref()) {
        Some(name) => format!("node {name}"),
        None => format!("node {number}"),
    };
    let entry = Entry::new(source, called, typed.keys);
    match typed.form {
        Form::TripleO => tripleo::node(entry, typed.key),
        Form::Bifrost => bifrost::node(entry, typed.key),
    }
}
