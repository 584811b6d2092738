//! What reaches a BMC's task beside datagrams.

use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use tokio::sync::{mpsc, oneshot};

use super::Settings;
use super::behaviour::Done;
use super::net::Socket;
use crate::host::{BoxFuture, Change, HostError};

/// One message. Boxed in the channel, since tokio sets aside room for 32 messages per channel, and there may be
/// 10,000 channels.
pub(super) enum Message {
    /// The settings changed.
    Update(Settings),
    /// Bind another address, and go on where the BMC is.
    Bind(SocketAddr, oneshot::Sender<io::Result<Socket>>),
    /// Go on at another address, with these settings; say so when the old one is free.
    Move(Socket, Settings, oneshot::Sender<()>),
    /// Stop; say so when the socket is closed.
    Stop(oneshot::Sender<()>),
    /// A call to the host or the store has ended.
    Done(Done),
    /// Something happened to the machine.
    Happened(Change),
    /// There is something new on the machine's console.
    Console,
}

/// The sending end.
#[derive(Debug, Clone)]
pub(super) struct Mailbox(mpsc::UnboundedSender<Box<Message>>);

/// The receiving end.
pub(super) type Inbox = mpsc::UnboundedReceiver<Box<Message>>;

/// A mailbox. Unbounded, since what is in it is bounded elsewhere: one call of each kind is in flight at a time, a
/// machine changes no faster than its hypervisor switches it, and the rest comes from our own program.
pub(super) fn mailbox() -> (Mailbox, Inbox) {
    let (sender, inbox) = mpsc::unbounded_channel();
    (Mailbox(sender), inbox)
}

impl Mailbox {
    /// Sends `message`; a task that has ended does not miss it.
    pub(super) fn send(&self, message: Message) {
        let _ = self.0.send(Box::new(message));
    }

    /// Whether the task has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Runs a call to its end, whatever becomes of the BMC meanwhile, and sends what it brought. A panic in it is an
    /// error of that call.
    pub(super) fn run<T: 'static>(
        &self,
        call: BoxFuture<Result<T, HostError>>,
        done: fn(Result<T, HostError>) -> Done,
    ) {
        let mailbox = self.clone();
        tokio::spawn(async move {
            let result = AssertUnwindSafe(call).catch_unwind().await;
            let result = result
                .unwrap_or_else(|_| Err(HostError::Failed("the call ended in a panic".to_owned())));
            mailbox.send(Message::Done(done(result)));
        });
    }
}
