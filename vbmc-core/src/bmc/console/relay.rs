//! The task that owns the host's console.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, timeout};

use super::pipe::{Out, Pipe};
use super::{Shared, Standing};
use crate::host::{Console, Host, HostError};

/// How much is received at once.
const CHUNK: usize = 2048;

/// How soon a console is tried again that somebody else has, or whose hypervisor is gone: at first, and at most.
const RETRY: Duration = Duration::from_millis(100);
const MAX_RETRY: Duration = Duration::from_secs(8);

/// For how long a console that somebody else has counts as being opened: the last one to have it may just be leaving.
const GRACE: Duration = Duration::from_secs(2);

/// A console that lasted this long had been in order.
const LASTED: Duration = Duration::from_secs(5);

/// Keeps the console open until the task is aborted.
pub(super) async fn run(host: Arc<dyn Host>, shared: Arc<Shared>) {
    let began = Instant::now();
    let mut retry = RETRY;
    loop {
        let error = match host.console().wait().await {
            Ok(mut console) => {
                let opened = Instant::now();
                shared.update(|pipe| pipe.opened());
                let end = carry(&shared, &mut *console).await;
                if opened.elapsed() >= LASTED {
                    retry = RETRY;
                }
                match end {
                    Ok(()) => {
                        // What was typed was meant for the run that is over.
                        shared.pipe.lock().forget_outgoing();
                        HostError::Unavailable("the console has ended".to_owned())
                    }
                    Err(error) => HostError::Unavailable(error.to_string()),
                }
            }
            Err(error) => error,
        };
        // A machine that is off, or has no console, gets one when it is switched on, and the BMC hears of that.
        let hopeless = matches!(error, HostError::WrongState(_) | HostError::Unsupported(_));
        let passing = matches!(error, HostError::Unavailable(_) | HostError::InUse(_));
        let left = GRACE.saturating_sub(began.elapsed());
        let early = passing && !left.is_zero();
        tracing::debug!(%error, "no console at present");
        shared.update(|pipe| {
            if !(early && pipe.standing == Standing::Opening) {
                pipe.standing = Standing::Away(error);
            }
        });
        let started = shared.started.notified();
        if hopeless {
            started.await;
        } else {
            // Once more when the grace is over, so that whoever waits for the console hears why it is not there.
            let wait = if early { retry.min(left) } else { retry };
            let _ = timeout(wait, started).await;
            retry = (retry * 2).min(MAX_RETRY);
        }
    }
}

impl Shared {
    fn update(&self, change: impl FnOnce(&mut Pipe)) {
        let mut pipe = self.pipe.lock();
        change(&mut pipe);
        self.tell(pipe);
    }
}

/// One thing that happened on an open console.
enum Step {
    Read(usize),
    Wrote(usize),
    Woken,
}

/// Moves bytes until the console ends.
async fn carry(shared: &Shared, console: &mut dyn Console) -> io::Result<()> {
    let mut chunk = [0; CHUNK];
    loop {
        let (room, out) = {
            let pipe = shared.pipe.lock();
            (pipe.room_to_receive().min(CHUNK), pipe.next_out())
        };
        if out == Out::Break {
            if let Err(error) = console.send_break() {
                tracing::warn!(%error, "a break that was asked for cannot be sent");
            }
            shared.pipe.lock().break_sent();
            continue;
        }
        match step(shared, console, &mut chunk[..room], &out).await? {
            Step::Read(0) => return Ok(()),
            Step::Read(count) => shared.update(|pipe| pipe.receive(&chunk[..count])),
            Step::Wrote(count) => shared.update(|pipe| pipe.sent(count)),
            Step::Woken => {}
        }
        // A machine that never stops talking must not have this thread for itself.
        consume_budget().await;
    }
}

async fn step(
    shared: &Shared,
    console: &mut dyn Console,
    room: &mut [u8],
    out: &Out,
) -> io::Result<Step> {
    let mut woken = pin!(shared.work.notified());
    poll_fn(|context| {
        if let Out::Bytes(bytes) = out
            && let Poll::Ready(written) = Pin::new(&mut *console).poll_write(context, bytes)
        {
            return Poll::Ready(written.map(Step::Wrote));
        }
        if !room.is_empty() {
            let mut buffer = ReadBuf::new(room);
            if let Poll::Ready(read) = Pin::new(&mut *console).poll_read(context, &mut buffer) {
                return Poll::Ready(read.map(|()| Step::Read(buffer.filled().len())));
            }
        }
        ready!(woken.as_mut().poll(context));
        Poll::Ready(Ok(Step::Woken))
    })
    .await
}
