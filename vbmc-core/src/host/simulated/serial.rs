//! The serial port of a machine in memory.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::host::{Console, HostError};

/// A serial port, as the machine has it. Clones are the same port.
#[derive(Debug, Clone, Default)]
pub struct Serial(Arc<Mutex<Line>>);

#[derive(Debug, Default)]
struct Line {
    /// How often the console was opened; whoever opened it before this has lost it.
    opened: u64,
    open: bool,
    said: VecDeque<u8>,
    heard: Vec<u8>,
    breaks: usize,
    reader: Option<Waker>,
}

impl Serial {
    /// The machine says something. Nobody hears it while the console is closed.
    pub fn say(&self, bytes: &[u8]) {
        let mut line = self.0.lock();
        if line.open {
            line.said.extend(bytes);
            line.wake();
        }
    }

    /// All that the machine was told.
    #[must_use]
    pub fn heard(&self) -> Vec<u8> {
        self.0.lock().heard.clone()
    }

    /// How many breaks it was sent.
    #[must_use]
    pub fn breaks(&self) -> usize {
        self.0.lock().breaks
    }

    /// Whether somebody has the console open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.lock().open
    }

    /// Ends the open console, as a machine that is switched off does.
    pub(super) fn end(&self) {
        let mut line = self.0.lock();
        line.open = false;
        line.wake();
    }

    pub(super) fn open(&self) -> Result<Box<dyn Console>, HostError> {
        let mut line = self.0.lock();
        if line.open {
            return Err(HostError::InUse(
                "somebody else has the console open".to_owned(),
            ));
        }
        line.open = true;
        line.opened += 1;
        line.said.clear();
        Ok(Box::new(End {
            line: Arc::clone(&self.0),
            opened: line.opened,
        }))
    }
}

impl Line {
    fn wake(&mut self) {
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
    }
}

/// The console's end.
#[derive(Debug)]
struct End {
    line: Arc<Mutex<Line>>,
    opened: u64,
}

impl End {
    fn is_open(&self, line: &Line) -> bool {
        line.open && line.opened == self.opened
    }
}

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut line = self.line.lock();
        if line.opened != self.opened {
            return Poll::Ready(Ok(()));
        }
        let count = line.said.len().min(buffer.remaining());
        if count == 0 && self.is_open(&line) {
            line.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        let bytes: Vec<u8> = line.said.drain(..count).collect();
        buffer.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut line = self.line.lock();
        if !self.is_open(&line) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        line.heard.extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Console for End {
    fn send_break(&mut self) -> Result<(), HostError> {
        self.line.lock().breaks += 1;
        Ok(())
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut line = self.line.lock();
        if line.opened == self.opened {
            line.open = false;
        }
    }
}
