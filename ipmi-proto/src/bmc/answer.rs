//! What the driver answers a request with.

use alloc::vec::Vec;
use core::net::SocketAddr;

use super::replies::Ticket;
use crate::CompletionCode;
use crate::message::Header;
use crate::wire::Encode;

/// A response, encoded: the completion code, and the data of a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub(super) completion: CompletionCode,
    pub(super) data: Vec<u8>,
}

impl Answer {
    /// The answer that says what became of the request.
    #[must_use]
    pub fn of(result: Result<impl Encode, CompletionCode>) -> Self {
        match result {
            Ok(response) => {
                let mut data = Vec::new();
                response.encode(&mut data);
                Self {
                    completion: CompletionCode::Ok,
                    data,
                }
            }
            Err(completion) => Self {
                completion,
                data: Vec::new(),
            },
        }
    }

    /// What became of the request.
    #[must_use]
    pub const fn completion(&self) -> CompletionCode {
        self.completion
    }

    /// The data behind the completion code.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

/// Which request an [`Answer`] belongs to. Comes with the request, goes with the answer.
#[derive(Debug)]
pub struct Token {
    pub(super) header: Header,
    pub(super) origin: Origin,
}

/// The way back to the console.
#[derive(Debug)]
pub(super) enum Origin {
    /// In the session with this id.
    Session { id: u32, ticket: Ticket },
    /// Outside a session, in the header format that the request came in.
    Sessionless { peer: SocketAddr, format: Format },
}

/// A session header format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    V15,
    V20,
}
