//! stdin and stdout on threads of their own: a terminal that somebody has stopped must not stop the session.

use std::io::{self, Write as _};
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;

/// How much is read or written at once, and how many such pieces may wait.
const PIECE: usize = 1024;
const PIECES: usize = 16;

/// What is typed, until the end of stdin. The thread waits for the next key as long as the process lives.
pub(super) fn keys() -> io::Result<mpsc::Receiver<Vec<u8>>> {
    let (sender, keys) = mpsc::channel(PIECES);
    thread::Builder::new().name("keys".into()).spawn(move || {
        let mut buffer = [0; PIECE];
        loop {
            match rustix::io::read(io::stdin(), &mut buffer) {
                Err(rustix::io::Errno::INTR) => {}
                Ok(0) | Err(_) => return,
                Ok(count) => {
                    if sender.blocking_send(buffer[..count].to_vec()).is_err() {
                        return;
                    }
                }
            }
        }
    })?;
    Ok(keys)
}

/// Where the machine's words go.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) pieces: mpsc::Sender<Vec<u8>>,
    writer: JoinHandle<io::Result<()>>,
}

impl Screen {
    pub(super) fn open() -> io::Result<Self> {
        let (pieces, mut to_write) = mpsc::channel::<Vec<u8>>(PIECES);
        let writer = thread::Builder::new()
            .name("screen".into())
            .spawn(move || {
                while let Some(piece) = to_write.blocking_recv() {
                    let mut stdout = io::stdout().lock();
                    stdout.write_all(&piece)?;
                    stdout.flush()?;
                }
                Ok(())
            })?;
        Ok(Self { pieces, writer })
    }

    /// Waits until everything is written.
    pub(super) fn close(self) -> io::Result<()> {
        drop(self.pieces);
        self.writer
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("writing to stdout panicked")))
    }
}
