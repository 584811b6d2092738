//! A domain's serial console as a tokio stream.
//!
//! Each open console has a connection and a thread of its own, the only ones to make calls on each other: a hypervisor
//! that freezes holds that thread, and neither the async runtime nor anybody else's calls. Two bounded buffers lie
//! between the thread and the reader and writer; a full one holds back the end that fills it.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::{Condvar, Mutex};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use virt::domain::Domain;
use virt::error::{Error, ErrorNumber};

use super::error::host_error;
use super::ffi::stream::{Ready, Stream, Tried};
use super::hypervisor::Shared;
use super::inventory::Uuid;
use super::lane;
use super::line_break::LineBreak;
use super::xml::tree::Element;
use crate::host::{Console, HostError};

/// How much may wait in each direction, in bytes.
const BUFFER: usize = 16 * 1024;

/// How much is received or sent at once.
const CHUNK: usize = 4096;

/// The thread does little, and there may be one for every domain.
const STACK: usize = 128 * 1024;

/// A console that is open. Closed in the background when it is dropped.
#[derive(Debug)]
struct LibvirtConsole {
    pipe: Arc<Pipe>,
    /// Whether a break can be sent.
    breaks: bool,
}

/// What lies between the console's user and its thread.
#[derive(Debug, Default)]
struct Pipe {
    state: Mutex<State>,
    /// Tells the thread that there is something to do.
    work: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// From the machine.
    incoming: VecDeque<u8>,
    /// To the machine.
    outgoing: VecDeque<u8>,
    /// A break that is due behind so many outgoing bytes. Others join it.
    break_after: Option<usize>,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// What libvirt was ready for when it last said so.
    ready: Ready,
    /// The user is gone.
    closed: bool,
    /// The connection is.
    disconnected: bool,
    /// The console is: with what libvirt said, unless it simply ended.
    ended: Option<Result<(), String>>,
}

/// Opens a domain's first console. Blocks.
///
/// # Errors
///
/// [`HostError::WrongState`] for a domain that is off, [`HostError::Unsupported`] for one without a serial device,
/// [`HostError::InUse`] when somebody else has the console open.
pub(super) fn open(shared: &Shared, uuid: Uuid) -> Result<Box<dyn Console>, HostError> {
    let mut link = shared.open().map_err(|error| host_error(&error))?;
    lane::keep_alive(&link);
    let pipe = Arc::new(Pipe::default());
    let told = Arc::clone(&pipe);
    // A stream does not tell that the connection under it is gone.
    link.on_close(Box::new(move || told.state.lock().lost(&told.work)));
    let domain = Domain::lookup_by_uuid_string(link.connect(), &uuid.to_string())
        .map_err(|error| host_error(&error))?;
    let line_break = LineBreak::of(link.connect(), &domain);
    let breaks = line_break.is_some();
    let mut stream = Stream::open(link, &domain).map_err(|error| refusal(&domain, &error))?;
    let told = Arc::clone(&pipe);
    let watched = stream.watch(Box::new(move |ready| {
        let mut state = told.state.lock();
        state.ready.read |= ready.read;
        state.ready.write |= ready.write;
        told.work.notify_one();
    }));
    watched.map_err(|error| host_error(&error))?;
    let served = Arc::clone(&pipe);
    std::thread::Builder::new()
        .name("libvirt-console".into())
        .stack_size(STACK)
        .spawn(move || serve(&served, stream, line_break))
        .map_err(|error| HostError::Failed(format!("no thread for the console: {error}")))?;
    Ok(Box::new(LibvirtConsole { pipe, breaks }))
}

/// Why a console cannot be opened: libvirt has one error for several reasons.
fn refusal(domain: &Domain, error: &Error) -> HostError {
    match error.code() {
        ErrorNumber::InternalError if domain.get_xml_desc(0).is_ok_and(|xml| !has_serial(&xml)) => {
            HostError::Unsupported("the domain has no serial device".to_owned())
        }
        ErrorNumber::OperationFailed => HostError::InUse(format!(
            "{}; somebody else has the console open, as `virsh console` does",
            error.message()
        )),
        _ => host_error(error),
    }
}

fn has_serial(xml: &str) -> bool {
    Element::parse(xml).is_ok_and(|domain| {
        let mut devices = domain
            .child("devices")
            .into_iter()
            .flat_map(|devices| &devices.children);
        devices.any(|device| device.is("serial") || device.is("console"))
    })
}

/// Moves bytes until one of the ends is gone.
fn serve(pipe: &Pipe, mut stream: Stream, line_break: Option<LineBreak>) {
    let result = exchange(pipe, &mut stream, line_break.as_ref());
    let mut state = pipe.state.lock();
    state.ended = Some(result);
    state.wake();
    drop(state);
    // Before the connection.
    drop(line_break);
    drop(stream);
}

fn exchange(
    pipe: &Pipe,
    stream: &mut Stream,
    line_break: Option<&LineBreak>,
) -> Result<(), String> {
    let told = |error: Error| error.message().to_owned();
    let mut chunk = [0; CHUNK];
    // Whether libvirt may have more to give, or more room, than it was asked for.
    let (mut readable, mut writable) = (true, true);
    loop {
        let room;
        let sending;
        let breaking;
        {
            let mut state = pipe.state.lock();
            loop {
                let ready = std::mem::take(&mut state.ready);
                readable |= ready.read;
                writable |= ready.write;
                if state.closed {
                    return Ok(());
                }
                // What came before that can still be received.
                if state.disconnected && !readable {
                    return Err("the connection to the hypervisor is gone".to_owned());
                }
                let can_read = readable && state.incoming.len() < BUFFER;
                let can_write = writable && !state.outgoing.is_empty();
                if can_read || can_write || state.break_after == Some(0) {
                    break;
                }
                stream.watch_again(Ready {
                    read: !readable,
                    write: !writable && !state.outgoing.is_empty(),
                });
                pipe.work.wait(&mut state);
            }
            room = BUFFER.saturating_sub(state.incoming.len()).min(CHUNK);
            breaking = state.break_after.take_if(|after| *after == 0).is_some();
            let until = state.break_after.unwrap_or(CHUNK).min(CHUNK);
            sending = if writable {
                state.outgoing.iter().copied().take(until).collect()
            } else {
                Vec::new()
            };
        }
        if let Some(line_break) = line_break.filter(|_| breaking)
            && let Err(error) = line_break.send()
        {
            tracing::warn!(error, "a break could not be sent");
        }
        if readable && room > 0 {
            match stream.receive(&mut chunk[..room]).map_err(told)? {
                Tried::Bytes(0) => return Ok(()),
                Tried::Bytes(count) => {
                    let mut state = pipe.state.lock();
                    state.incoming.extend(&chunk[..count]);
                    wake(&mut state.reader);
                }
                Tried::Later => readable = false,
            }
        }
        if !sending.is_empty() {
            match stream.send(&sending).map_err(told)? {
                Tried::Bytes(count) => {
                    let mut state = pipe.state.lock();
                    state.outgoing.drain(..count);
                    state.break_after = state.break_after.map(|after| after.saturating_sub(count));
                    wake(&mut state.writer);
                }
                Tried::Later => writable = false,
            }
        }
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

impl State {
    /// The connection is gone.
    fn lost(&mut self, work: &Condvar) {
        self.disconnected = true;
        self.ready.read = true;
        work.notify_one();
    }

    fn wake(&mut self) {
        wake(&mut self.reader);
        wake(&mut self.writer);
    }

    /// The end as a reader sees it, once nothing is left.
    fn end(&self) -> Option<io::Result<()>> {
        let ended = self.ended.as_ref()?;
        Some(ended.clone().map_err(io::Error::other))
    }
}

impl AsyncRead for LibvirtConsole {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.pipe.state.lock();
        if state.incoming.is_empty() {
            if let Some(end) = state.end() {
                return Poll::Ready(end);
            }
            state.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        let count = state.incoming.len().min(buffer.remaining());
        let (first, second) = state.incoming.as_slices();
        let from_first = count.min(first.len());
        buffer.put_slice(&first[..from_first]);
        buffer.put_slice(&second[..count - from_first]);
        state.incoming.drain(..count);
        self.pipe.work.notify_one();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LibvirtConsole {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.pipe.state.lock();
        if state.ended.is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = BUFFER.saturating_sub(state.outgoing.len());
        if room == 0 && !bytes.is_empty() {
            state.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        let count = bytes.len().min(room);
        state.outgoing.extend(&bytes[..count]);
        self.pipe.work.notify_one();
        Poll::Ready(Ok(count))
    }

    /// Done when the machine has been given everything.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.pipe.state.lock();
        if state.outgoing.is_empty() {
            return Poll::Ready(Ok(()));
        }
        if state.ended.is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        state.writer = Some(context.waker().clone());
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

impl Console for LibvirtConsole {
    /// Goes behind what was written. That QEMU refused it would be in the log.
    fn send_break(&mut self) -> Result<(), HostError> {
        if !self.breaks {
            return Err(HostError::Unsupported(
                "the hypervisor cannot send a break on this console".to_owned(),
            ));
        }
        let mut state = self.pipe.state.lock();
        let after = state.outgoing.len();
        state.break_after.get_or_insert(after);
        self.pipe.work.notify_one();
        Ok(())
    }
}

impl Drop for LibvirtConsole {
    fn drop(&mut self) {
        self.pipe.state.lock().closed = true;
        self.pipe.work.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_with_a_serial_device_is_told_from_one_without() {
        let domain = |devices| format!("<domain><devices>{devices}</devices></domain>");
        assert!(has_serial(&domain("<disk/><serial type='pty'/>")));
        assert!(has_serial(&domain("<console type='pty'/>")));
        assert!(!has_serial(&domain("<disk/>")));
        assert!(!has_serial("<domain/>"));
    }
}
