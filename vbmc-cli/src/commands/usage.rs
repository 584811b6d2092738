//! Wrong usage that clap cannot tell by itself.

/// What was typed does not fit together. Ends vbmc with exit code 2, as clap's own errors do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUsage(String);

impl WrongUsage {
    pub(super) fn error(sentence: impl Into<String>) -> anyhow::Error {
        Self(sentence.into()).into()
    }
}
