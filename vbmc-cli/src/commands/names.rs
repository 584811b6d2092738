//! What `delete`, `start` and `stop` share: one or more names, each tried, however the others fare.

use std::collections::HashSet;
use std::fmt::Write;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::client::ClientError;

/// The names as typed.
#[derive(Debug, Args)]
pub(crate) struct Names {
    /// The names of the virtual machines
    #[arg(required = true, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    names: Vec<String>,
}

impl Names {
    /// Each name once, in the order typed.
    fn distinct(&self) -> impl Iterator<Item = &str> {
        let mut seen = HashSet::new();
        self.names
            .iter()
            .map(String::as_str)
            .filter(move |name| seen.insert(*name))
    }

    /// Calls `act` with each name. What vbmcd refuses is gathered, one line each; without vbmcd the rest is not tried.
    pub(crate) async fn each(
        &self,
        act: impl AsyncFn(&str) -> Result<(), ClientError>,
    ) -> anyhow::Result<()> {
        let mut refused = String::new();
        for name in self.distinct() {
            match act(name).await {
                Ok(()) => {}
                Err(ClientError::Refused(reason)) => writeln!(refused, "{reason}")?,
                Err(error) if refused.is_empty() => return Err(error.into()),
                Err(error) => {
                    writeln!(refused, "{error}")?;
                    break;
                }
            }
        }
        if refused.is_empty() {
            Ok(())
        } else {
            Err(anyhow::anyhow!("{}", refused.trim_end()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn each(
        names: &[&str],
        answer: impl Fn(&str) -> Result<(), ClientError>,
    ) -> (Vec<String>, Result<(), String>) {
        let names = Names {
            names: names.iter().map(ToString::to_string).collect(),
        };
        let tried = RefCell::new(Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let result = runtime.block_on(names.each(async |name| {
            tried.borrow_mut().push(name.to_owned());
            answer(name)
        }));
        (
            tried.into_inner(),
            result.map_err(|error| error.to_string()),
        )
    }

    #[test]
    fn duplicates_are_ignored() {
        assert_eq!(
            each(&["b", "a", "b"], |_| Ok(())),
            (vec!["b".to_owned(), "a".to_owned()], Ok(()))
        );
    }

    #[test]
    fn every_name_is_tried_and_every_refusal_told() {
        let (tried, result) = each(&["a", "b", "c"], |name| match name {
            "b" => Ok(()),
            _ => Err(ClientError::Refused(format!("no {name}"))),
        });
        assert_eq!(tried, ["a", "b", "c"]);
        assert_eq!(result, Err("no a\nno c".to_owned()));
    }

    #[test]
    fn without_vbmcd_the_rest_is_not_tried() {
        let (tried, result) = each(&["a", "b"], |_| {
            Err(ClientError::Denied {
                socket: "/s".into(),
            })
        });
        assert_eq!(tried, ["a"]);
        assert!(result.unwrap_err().contains("/s: permission denied"));
    }
}
