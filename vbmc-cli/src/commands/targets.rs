//! One command for any number of BMCs: some of vbmcd's by their names, or one by its address.
//!
//! They are asked side by side, each in a session of its own, and each is tried whatever becomes of the others. Passwords are
//! read and asked for once.

use std::collections::HashSet;
use std::fmt::Write as _;

use futures_util::{StreamExt as _, stream};

use super::target::{Access, Target, both, of_vbmcd};
use super::usage::WrongUsage;
use crate::client::ClientError;
use crate::ipmi::{Address, Console, Login};

/// How many sessions are open at a time: a few hundred datagrams at most are under way.
const SIDE_BY_SIDE: usize = 64;

/// The BMCs as typed.
#[derive(Debug)]
pub(super) enum Targets {
    One(Target),
    Several {
        names: Vec<String>,
        access: Access,
        /// The last of several names may be a word that is none: how it is said to be wrong then.
        none_of: String,
    },
}

impl Targets {
    /// What words mean: names, and behind them an action, where the last one is among `actions`. With --host, an action
    /// alone.
    pub(super) fn of(
        access: Access,
        mut words: Vec<String>,
        is_action: impl Fn(&str) -> bool,
        actions: &str,
    ) -> anyhow::Result<(Self, Option<String>)> {
        if access.has_host() {
            let action = words.pop();
            return match words.first() {
                Some(name) => Err(both(name)),
                None => Ok((Self::One(access.at_host()), action)),
            };
        }
        let action = match words.last() {
            Some(last) if words.len() > 1 && is_action(last) => words.pop(),
            _ => None,
        };
        let mut seen = HashSet::new();
        words.retain(|name| seen.insert(name.clone()));
        if let [] | [_] = words.as_slice() {
            let (target, _) = access.with_word(words.pop(), None)?;
            return Ok((Self::One(target), action));
        }
        let none_of = match (&action, words.last()) {
            (None, Some(last)) => {
                format!("`{last}` is neither a BMC of vbmcd's nor one of {actions}")
            }
            _ => String::new(),
        };
        let several = Self::Several {
            names: words,
            access,
            none_of,
        };
        Ok((several, action))
    }

    /// Does `act` with each BMC, which is given by the name that it was typed with. Returns what came of those with which
    /// it went well, in the order typed, and an error that tells of the others.
    pub(super) async fn each<T>(
        self,
        act: impl AsyncFn(&str, &mut Console) -> anyhow::Result<T>,
    ) -> anyhow::Result<(Vec<T>, anyhow::Result<()>)> {
        let (names, access, none_of) = match self {
            Self::One(target) => {
                let name = target.to_string();
                let mut console = target.connect().await?;
                let done = act(&name, &mut console).await;
                console.close().await;
                return Ok((vec![done?], Ok(())));
            }
            Self::Several {
                names,
                access,
                none_of,
            } => (names, access, none_of),
        };
        let found = find(names, none_of).await?;
        let limit = access.patience();
        let typed = access.read("each of them")?;
        let all = stream::iter(found).map(async |(name, found)| {
            let done = async {
                let (bmc, login) = found?;
                let mut console = Console::connect(&bmc, &typed.put_on(login), limit).await?;
                let done = act(&name, &mut console).await;
                console.close().await;
                done
            };
            let done: anyhow::Result<T> = done.await;
            (name.clone(), done)
        });
        let all: Vec<_> = all.buffered(SIDE_BY_SIDE).collect().await;
        let (mut done, mut failed) = (Vec::new(), String::new());
        for (name, result) in all {
            match result {
                Ok(result) => done.push(result),
                Err(error) => writeln!(failed, "{name}: {error}")?,
            }
        }
        let failed = match failed.trim_end() {
            "" => Ok(()),
            failed => Err(anyhow::anyhow!("{failed}")),
        };
        Ok((done, failed))
    }
}

type Found = (String, anyhow::Result<(Address, Login)>);

/// Asks vbmcd where they are. Nothing is done to any of them while the last word may have been meant as an action.
async fn find(names: Vec<String>, none_of: String) -> anyhow::Result<Vec<Found>> {
    let found = stream::iter(names).map(async |name| {
        let found = of_vbmcd(&name).await;
        (name, found)
    });
    let found: Vec<Found> = found.buffered(SIDE_BY_SIDE).collect().await;
    if let Some((_, Err(error))) = found.last()
        && let Some(ClientError::Refused(_)) = error.downcast_ref()
        && !none_of.is_empty()
    {
        return Err(WrongUsage::error(none_of));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        words: Vec<String>,
        #[command(flatten)]
        access: Access,
    }

    /// The names, or the address, and the action.
    fn meant(line: &str) -> anyhow::Result<(Vec<String>, Option<String>)> {
        let line = ["x"].into_iter().chain(line.split_whitespace());
        let Line { words, access } = Line::try_parse_from(line)?;
        let is_action = |word: &str| ["on", "off"].contains(&word);
        let (targets, action) = Targets::of(access, words, is_action, "on, off")?;
        let names = match targets {
            Targets::One(target) => vec![target.to_string()],
            Targets::Several { names, .. } => names,
        };
        Ok((names, action))
    }

    #[test]
    fn the_last_of_several_words_may_be_an_action() {
        for (line, names, action) in [
            ("a", &["a"][..], None),
            ("on", &["on"], None),
            ("a on", &["a"], Some("on")),
            ("on on", &["on"], Some("on")),
            ("a b", &["a", "b"], None),
            ("a b a off", &["a", "b"], Some("off")),
            ("a a", &["a"], None),
            ("--host h", &["h"], None),
            ("--host h off", &["h"], Some("off")),
        ] {
            let expected = (
                names.iter().map(ToString::to_string).collect(),
                action.map(str::to_owned),
            );
            assert_eq!(meant(line).unwrap(), expected, "{line}");
        }
        for wrong in ["", "a on --host h", "a b --host h"] {
            assert!(meant(wrong).unwrap_err().is::<WrongUsage>(), "{wrong}");
        }
    }
}
