//! `vbmc nodes --watch`: asks for all nodes again and again, and shows what changes.
//!
//! | Module | What lives there |
//! |---|---|
//! | this one | asking, also while nobody answers |
//! | [`board`] | what is known of the nodes, and what has changed |
//! | [`table`] | the board as lines of a terminal |
//! | [`full_screen`] | the terminal: drawing, scrolling, quitting |
//! | [`lines`] | a line for each change, where there is no terminal, and for programs |

mod board;
mod full_screen;
mod lines;
mod table;

use std::time::Duration;

use anyhow::bail;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use self::board::Board;
use super::{FIELDS, Filter, connect, warn_of_nothing};
use crate::openstack::Error;
use crate::openstack::baremetal::{Baremetal, Node};
use crate::openstack::cloud::Choice;
use crate::output::{Format, Output};
use crate::view::can_draw;

/// An answer that takes longer than this is none; the next question may fare better.
const LONGEST: Duration = Duration::from_secs(10);

/// What a question has brought.
#[derive(Debug)]
enum Answer {
    Nodes(Baremetal, Vec<Node>),
    /// None, and why.
    Silence(String),
}

pub(super) async fn run(
    choice: Choice,
    every: Duration,
    filter: Filter,
    output: &Output,
) -> anyhow::Result<()> {
    let json = match output.format() {
        Format::Table => false,
        Format::Json => true,
        Format::Csv | Format::Yaml | Format::Value => {
            bail!(
                "--watch prints a table on a terminal, lines elsewhere, or with -f json an object for each change"
            )
        }
    };
    // A wrong password does not become right by waiting: that is an error, before anything is drawn.
    let first = ask(&choice, None).await?;
    if let Answer::Nodes(baremetal, nodes) = &first {
        warn_of_nothing(baremetal, nodes).await?;
    }
    let (sender, answers) = mpsc::channel(1);
    let asking = keep_asking(choice, every, filter, first, sender);
    let show = async {
        if can_draw() && !json {
            full_screen::run(answers).await
        } else {
            lines::run(answers, json).await
        }
    };
    tokio::select! {
        ended = show => ended,
        () = asking => Ok(()),
    }
}

/// Asks until nobody listens any more.
async fn keep_asking(
    choice: Choice,
    every: Duration,
    filter: Filter,
    first: Answer,
    answers: mpsc::Sender<Answer>,
) {
    let mut answer = first;
    loop {
        let known = match &mut answer {
            Answer::Nodes(baremetal, nodes) => {
                filter.keep(nodes);
                Some(baremetal.clone())
            }
            Answer::Silence(_) => None,
        };
        if answers.send(answer).await.is_err() {
            return;
        }
        sleep(every).await;
        answer = match ask(&choice, known).await {
            Ok(answer) => answer,
            Err(error) => Answer::Silence(error.to_string()),
        };
    }
}

/// Asks once. An error: whom we are, or whom to ask, is not as it should be.
async fn ask(choice: &Choice, known: Option<Baremetal>) -> Result<Answer, Error> {
    let asked = async {
        let baremetal = match known {
            Some(baremetal) => baremetal,
            None => connect(choice).await?,
        };
        let nodes = baremetal.nodes(FIELDS).await?;
        Ok(Answer::Nodes(baremetal, nodes))
    };
    match timeout(LONGEST, asked).await {
        Ok(Err(Error::Unreachable { reason, .. } | Error::Interrupted { reason, .. })) => {
            Ok(Answer::Silence(reason))
        }
        Ok(Err(error @ (Error::Server(_) | Error::NoConductor(_)))) => {
            Ok(Answer::Silence(error.to_string()))
        }
        Ok(answer) => answer,
        Err(_) => Ok(Answer::Silence(format!(
            "none within {} s",
            LONGEST.as_secs()
        ))),
    }
}

impl Board {
    /// Takes an answer in; what has changed by it.
    fn take(&mut self, answer: Answer) -> Vec<board::Change> {
        match answer {
            Answer::Nodes(baremetal, nodes) => {
                let since = |node: &Node| {
                    let age = baremetal.in_state_for(node)?;
                    jiff::Timestamp::now()
                        .checked_sub(jiff::SignedDuration::try_from(age).ok()?)
                        .ok()
                };
                let nodes = nodes.into_iter().map(|node| (since(&node), node)).collect();
                self.answered(jiff::Timestamp::now(), baremetal.endpoint().as_str(), nodes)
            }
            Answer::Silence(why) => {
                self.silent(why);
                Vec::new()
            }
        }
    }
}
