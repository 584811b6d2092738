//! Requests to vbmcd: HTTP and JSON over its unix socket, one connection each. The messages are those of
//! [`vbmc_core::control`].

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep, timeout};
use vbmc_core::config::{ConfigError, ConfigFile};
use vbmc_core::control::{
    BmcChange, BmcCredentials, BmcDetails, BmcSummary, BmcUser, NewBmc, Problem, UserChange,
};

/// Between two tries to connect to a daemon that is still starting.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// After how long the user hears what the wait is for.
const TOLD: Duration = Duration::from_secs(1);

/// Far above a listing of 100,000 BMCs; bounds what a stranger on the socket can make us hold.
const MAX_ANSWER_LEN: usize = 64 << 20;

/// Why a request failed, in whole sentences: no error has a source that it doesn't quote itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error(
        "Failed to connect to the vbmcd server on {}: {cause}. Start it with `vbmcd`, or set control_socket in \
         section [default] of virtualbmc.conf to where it listens",
        socket.display()
    )]
    NotRunning { socket: PathBuf, cause: io::Error },

    #[error(
        "Failed to connect to the vbmcd server on {}: permission denied. Run vbmc as vbmcd's user, or as a member of \
         its control_group",
        socket.display()
    )]
    Denied { socket: PathBuf },

    #[error(
        "Failed to connect to the vbmcd server on {}: no answer within {} ms. It may still do what was asked; to wait \
         longer, set server_response_timeout in section [default] of virtualbmc.conf",
        socket.display(), limit.as_millis()
    )]
    NoAnswer { socket: PathBuf, limit: Duration },

    #[error("vbmcd on {} broke the connection off: {cause}. See its log", socket.display())]
    Broken {
        socket: PathBuf,
        cause: hyper::Error,
    },

    #[error("what answers on {} isn't the vbmcd that this vbmc belongs to: {reason}", socket.display())]
    Foreign { socket: PathBuf, reason: String },

    /// vbmcd understood and refused; the sentence is its own.
    #[error("{0}")]
    Refused(String),
}

/// Where vbmcd is, and how long to wait for it.
#[derive(Debug)]
pub(crate) struct Client {
    socket: PathBuf,
    /// Holds for connecting and for the answer, each.
    limit: Duration,
}

impl Client {
    pub(crate) fn from_config(config: &ConfigFile) -> Result<Self, ConfigError> {
        Ok(Self {
            socket: config.control_socket()?,
            limit: config.server_response_timeout()?,
        })
    }

    pub(crate) async fn bmcs(&self) -> Result<Vec<BmcSummary>, ClientError> {
        let answer = self.ask(Method::GET, "/v1/bmcs", None).await?;
        self.decode(&answer)
    }

    pub(crate) async fn bmc(&self, name: &str) -> Result<BmcDetails, ClientError> {
        let answer = self.ask(Method::GET, &path(name), None).await?;
        self.decode(&answer)
    }

    pub(crate) async fn add(&self, bmc: &NewBmc) -> Result<(), ClientError> {
        self.ask(Method::POST, "/v1/bmcs", Some(encode(bmc)))
            .await
            .map(drop)
    }

    /// Changes what `change` names, at once. What is as it should be stays untouched.
    pub(crate) async fn update(&self, name: &str, change: &BmcChange) -> Result<(), ClientError> {
        self.ask(Method::PATCH, &path(name), Some(encode(change)))
            .await
            .map(drop)
    }

    /// What it takes to log in, whether or not vbmcd shows passwords otherwise.
    pub(crate) async fn credentials(&self, name: &str) -> Result<BmcCredentials, ClientError> {
        let path = format!("{}/credentials", path(name));
        let answer = self.ask(Method::GET, &path, None).await?;
        self.decode(&answer)
    }

    pub(crate) async fn users(&self, name: &str) -> Result<Vec<BmcUser>, ClientError> {
        let path = format!("{}/users", path(name));
        let answer = self.ask(Method::GET, &path, None).await?;
        self.decode(&answer)
    }

    /// Changes a user, or makes one. Returns the user as it is then.
    pub(crate) async fn change_user(
        &self,
        name: &str,
        id: u8,
        change: &UserChange,
    ) -> Result<BmcUser, ClientError> {
        let path = format!("{}/users/{id}", path(name));
        let answer = self.ask(Method::PATCH, &path, Some(encode(change)));
        self.decode(&answer.await?)
    }

    pub(crate) async fn delete_user(&self, name: &str, id: u8) -> Result<(), ClientError> {
        let path = format!("{}/users/{id}", path(name));
        self.ask(Method::DELETE, &path, None).await.map(drop)
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<(), ClientError> {
        self.ask(Method::DELETE, &path(name), None).await.map(drop)
    }

    pub(crate) async fn start(&self, name: &str) -> Result<(), ClientError> {
        self.ask(Method::POST, &format!("{}/start", path(name)), None)
            .await
            .map(drop)
    }

    pub(crate) async fn stop(&self, name: &str) -> Result<(), ClientError> {
        self.ask(Method::POST, &format!("{}/stop", path(name)), None)
            .await
            .map(drop)
    }

    /// Sends one request and returns the body of a successful answer.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Bytes, ClientError> {
        let stream = self.connect().await?;
        // The path holds the name alone; bodies may hold passwords and are never logged.
        tracing::debug!("{} {method} {path}", self.socket.display());
        let answer = timeout(
            self.limit,
            self.exchange(stream, request(method, path, body)),
        );
        let (status, body) = answer.await.map_err(|_| ClientError::NoAnswer {
            socket: self.socket.clone(),
            limit: self.limit,
        })??;
        tracing::debug!("{} answers {status}", self.socket.display());
        if status.is_success() {
            return Ok(body);
        }
        Err(match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => ClientError::Refused(problem.message),
            Err(_) => self.foreign(format!("it answers {status} to {path}")),
        })
    }

    /// Connects; keeps trying for a daemon that is still starting.
    async fn connect(&self) -> Result<UnixStream, ClientError> {
        let began = Instant::now();
        let deadline = began + self.limit;
        let mut told = false;
        loop {
            let cause = match UnixStream::connect(&self.socket).await {
                Ok(stream) => return Ok(stream),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return Err(ClientError::Denied {
                        socket: self.socket.clone(),
                    });
                }
                Err(error) => error,
            };
            let may_come = matches!(
                cause.kind(),
                // Not bound yet; left over from a dead daemon; its queue is full.
                io::ErrorKind::NotFound
                    | io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::WouldBlock
            );
            if !may_come || Instant::now() >= deadline {
                return Err(ClientError::NotRunning {
                    socket: self.socket.clone(),
                    cause,
                });
            }
            if !told && began.elapsed() >= TOLD {
                told = true;
                tracing::warn!(
                    "waiting for vbmcd, which does not listen on {}",
                    self.socket.display()
                );
            }
            sleep(RETRY_INTERVAL).await;
        }
    }

    async fn exchange(
        &self,
        stream: UnixStream,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), ClientError> {
        let broken = |cause| ClientError::Broken {
            socket: self.socket.clone(),
            cause,
        };
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        // Ends with the runtime at the latest; its errors reach `sender` too.
        tokio::spawn(connection);
        let response: Response<_> = sender.send_request(request).await.map_err(broken)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER_LEN)
            .collect()
            .await;
        let body = body.map_err(|error| self.foreign(error.to_string()))?;
        Ok((status, body.to_bytes()))
    }

    fn decode<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, ClientError> {
        serde_json::from_slice(body).map_err(|error| self.foreign(error.to_string()))
    }

    fn foreign(&self, reason: String) -> ClientError {
        ClientError::Foreign {
            socket: self.socket.clone(),
            reason,
        }
    }
}

/// A name is the user's: whatever it holds must stay one segment of the path.
fn path(name: &str) -> String {
    format!("/v1/bmcs/{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
}

fn encode(message: &impl Serialize) -> Bytes {
    serde_json::to_vec(message)
        .expect("strings and numbers always serialise")
        .into()
}

fn request(method: Method, path: &str, body: Option<Bytes>) -> Request<Full<Bytes>> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "vbmcd");
    let request = match &body {
        Some(_) => request.header(header::CONTENT_TYPE, "application/json"),
        None => request,
    };
    request
        .body(Full::new(body.unwrap_or_default()))
        .expect("method, percent-encoded path and constant headers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_segment_of_the_path() {
        assert_eq!(path("node0"), "/v1/bmcs/node0");
        assert_eq!(path("../a b?é"), "/v1/bmcs/%2E%2E%2Fa%20b%3F%C3%A9");
    }
}
