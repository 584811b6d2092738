//! What went wrong, as the servers say it. Every text is a sentence that names the call; none holds a credential.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::cloud::CloudError;

/// Text of an answer that is no fault we know, such as a proxy's page: this much of it says enough.
const MAX_QUOTED: usize = 200;

/// Why a request did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It isn't clear which cloud is meant, or how to log in to it.
    #[error(transparent)]
    Cloud(#[from] CloudError),

    /// The cloud has no such service.
    #[error("{0}")]
    NoService(String),

    #[error("{0}")]
    NotFound(Answer),

    /// Something else has this name or address.
    #[error("{0}")]
    Exists(Answer),

    /// A conductor works on the node, and did so until patience was over.
    #[error("{0}")]
    Locked(Answer),

    /// Not possible in the state that the thing is in.
    #[error("{0}")]
    BadState(Answer),

    /// No conductor is there for this driver. It may be restarting, or the driver is not enabled.
    #[error("{0}")]
    NoConductor(Answer),

    /// The request is wrong: 400 and the like.
    #[error("{0}")]
    Refused(Answer),

    /// With what to do about it.
    #[error("{0}. {1}")]
    Unauthorized(Answer, String),

    #[error("{0}. The user lacks a role for it, or the token has the wrong scope")]
    Forbidden(Answer),

    /// The server is too old, or newer than we are.
    #[error("{0}")]
    Unsupported(String),

    /// Nobody answers, and the request was not executed.
    #[error("{service} does not answer{}: {reason}. {hint}", tried(*.waited))]
    Unreachable {
        /// `Ironic at http://192.0.2.1:6385`.
        service: String,
        reason: String,
        waited: Duration,
        /// What to look at.
        hint: String,
    },

    /// The request was sent and no answer came: it may have been executed. Read the state before repeating it.
    #[error("{call} was sent to {service}, and it is not known whether it was done: {reason}")]
    Interrupted {
        service: String,
        call: String,
        reason: String,
    },

    /// The server has a fault of its own.
    #[error("{0}. See the server's log")]
    Server(Answer),

    /// What answers isn't what we think it is.
    #[error("what answers {call} isn't {service} as we know it: {reason}")]
    Foreign {
        service: String,
        call: String,
        reason: String,
    },
}

impl Error {
    /// What the server itself said, without who said it and to what.
    pub(crate) fn said(&self) -> Option<&str> {
        match self {
            Self::NotFound(answer)
            | Self::Exists(answer)
            | Self::Locked(answer)
            | Self::BadState(answer)
            | Self::NoConductor(answer)
            | Self::Refused(answer)
            | Self::Unauthorized(answer, _)
            | Self::Forbidden(answer)
            | Self::Server(answer) => Some(&answer.said),
            _ => None,
        }
    }
}

/// A server's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// `Ironic`.
    pub(crate) service: &'static str,
    /// `PUT /v1/nodes/node0/states/provision`.
    pub(crate) call: String,
    pub(crate) status: u16,
    /// What the server says, unpacked.
    pub(crate) said: String,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} answers {} to {}",
            self.service, self.status, self.call
        )?;
        match self.said.trim_end_matches('.') {
            "" => Ok(()),
            said => write!(f, ": {said}"),
        }
    }
}

impl Answer {
    /// Tells kinds apart: by status, and where one status means many things, by the text, for there is nothing else.
    pub(super) fn into_error(self, login_hint: &str) -> Error {
        let said = |part: &str| self.said.contains(part);
        match self.status {
            401 => Error::Unauthorized(self, login_hint.to_owned()),
            403 => Error::Forbidden(self),
            404 | 410 => Error::NotFound(self),
            406 => Error::Unsupported(self.to_string()),
            409 if said("is locked by host") => Error::Locked(self),
            409 if said("already exist") => Error::Exists(self),
            409 => Error::BadState(self),
            400 if said("can not be performed on node") => Error::BadState(self),
            // 400 from Ironic today, 404 from older ones: see `find`.
            400 if said("No conductor service registered") => Error::NoConductor(self),
            // What Ironic answers where it asks for a token of another scope: a fault of its own, but asking again won't help.
            500 if said("requires a scope of") => Error::Forbidden(self),
            500.. => Error::Server(self),
            _ => Error::Refused(self),
        }
    }
}

/// What the body of a refusal says. Ironic puts JSON inside a string of JSON, Keystone and ironic-inspector an object,
/// proxies send a page.
pub(super) fn said(body: &[u8]) -> String {
    match serde_json::from_slice(body) {
        Ok(value) => unpack(&value).unwrap_or_else(|| quote(&String::from_utf8_lossy(body))),
        Err(_) => quote(&String::from_utf8_lossy(body)),
    }
}

/// Looks for the sentence. Each level takes one wrapping off, so it ends.
fn unpack(value: &Value) -> Option<String> {
    let text = |key: &str| {
        let text = value.get(key)?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    match value.get("error_message") {
        Some(Value::String(inner)) => {
            return match serde_json::from_str::<Value>(inner) {
                Ok(inner) if inner.is_object() => unpack(&inner),
                _ => Some(quote(inner)),
            };
        }
        Some(inner @ Value::Object(_)) => return unpack(inner),
        _ => {}
    }
    if let Some(inner @ Value::Object(_)) = value.get("error") {
        return unpack(inner);
    }
    ["faultstring", "message", "description", "title"]
        .iter()
        .find_map(|key| text(key))
}

/// One line of a page, without its tags.
fn quote(text: &str) -> String {
    let mut plain = String::new();
    let mut in_tag = false;
    for char in text.chars() {
        match char {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                plain.push(' ');
            }
            _ if in_tag => {}
            _ => plain.push(char),
        }
    }
    let words: Vec<_> = plain.split_whitespace().collect();
    words.join(" ").chars().take(MAX_QUOTED).collect()
}

fn tried(waited: Duration) -> String {
    match waited.as_secs() {
        0 => String::new(),
        seconds => format!(", tried for {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_wraps_what_it_says_in_its_own_way() {
        let cases = [
            // Ironic, two ways; ironic-inspector; Keystone; Glance; a proxy.
            (
                r#"{"error_message": "{\"faultcode\": \"Client\", \"faultstring\": \"Node x could not be found.\"}"}"#,
                "Node x could not be found.",
            ),
            (
                r#"{"error_message": "{\"code\": 404, \"title\": \"Not Found\", \"description\": \"\"}"}"#,
                "Not Found",
            ),
            (
                r#"{"error": {"message": "Node x not found"}}"#,
                "Node x not found",
            ),
            (
                r#"{"error": {"code": 401, "message": "Log in.", "title": "Unauthorized"}}"#,
                "Log in.",
            ),
            (
                r#"{"message": "No image<br /> found", "code": "404"}"#,
                "No image<br /> found",
            ),
            (
                "<html><head><title>502</title></head>\n<body>Bad  gateway</body></html>",
                "502 Bad gateway",
            ),
            (r#"{"error_message": "plain"}"#, "plain"),
            ("", ""),
        ];
        for (body, expected) in cases {
            assert_eq!(said(body.as_bytes()), expected, "{body}");
        }
        assert_eq!(said("x".repeat(1000).as_bytes()).len(), MAX_QUOTED);
    }

    #[test]
    fn a_token_of_the_wrong_scope_is_told_from_a_server_that_fails() {
        let answer = |said: &str| Answer {
            service: "Ironic",
            call: "GET /v1/drivers".to_owned(),
            status: 500,
            said: said.to_owned(),
        };
        // As Ironic 39 says it.
        let scope = "\"baremetal:driver:get\": \"(role:reader and system_scope:all)\" requires a scope of ['system'], \
                     request was made with project scope.";
        let error = answer(scope).into_error("");
        assert!(matches!(error, Error::Forbidden(_)), "{error:?}");
        let error = answer("Unknown error").into_error("");
        assert!(matches!(error, Error::Server(_)), "{error:?}");
    }
}
