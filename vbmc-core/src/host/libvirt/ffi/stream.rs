//! Serial consoles as libvirt has them: streams that never block, with a callback that says when to try again.

use std::ffi::{c_char, c_int, c_uint, c_void};

use virt::domain::Domain;
use virt::error::Error;
use virt::sys;

use super::{Link, free_boxed};

/// What a stream can be ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::host::libvirt) struct Ready {
    /// There is something to receive, or the end to notice.
    pub(in crate::host::libvirt) read: bool,
    /// There is room to send.
    pub(in crate::host::libvirt) write: bool,
}

impl Ready {
    fn events(self) -> c_int {
        // Errors and the end come as "readable" too: receiving tells which.
        let mut events = 0;
        if self.read {
            events |= sys::VIR_STREAM_EVENT_READABLE;
            events |= sys::VIR_STREAM_EVENT_ERROR | sys::VIR_STREAM_EVENT_HANGUP;
        }
        if self.write {
            events |= sys::VIR_STREAM_EVENT_WRITABLE;
        }
        events as c_int
    }
}

/// Something that was tried without waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::host::libvirt) enum Tried {
    /// So many bytes; none received is the end.
    Bytes(usize),
    /// Not now.
    Later,
}

/// An open console over a connection of its own. Closed on drop, which may take as long as the hypervisor keeps silent.
#[derive(Debug)]
pub(in crate::host::libvirt) struct Stream {
    raw: sys::virStreamPtr,
    watched: bool,
    /// Closed after the stream.
    _link: Link,
}

// SAFETY: libvirt's streams may be used from any thread; this one is used by one at a time, as it cannot be cloned and
// all calls but `watch_again` (which libvirt locks) need it exclusively.
unsafe impl Send for Stream {}

type OnReady = Box<dyn Fn(Ready) + Send + Sync>;

impl Stream {
    /// Opens the console of a domain, which `link` found.
    ///
    /// # Errors
    ///
    /// What libvirt said.
    pub(in crate::host::libvirt) fn open(link: Link, domain: &Domain) -> Result<Self, Error> {
        // SAFETY: the connection is open.
        let raw = unsafe { sys::virStreamNew(link.connect().as_ptr(), sys::VIR_STREAM_NONBLOCK) };
        if raw.is_null() {
            return Err(Error::last_error());
        }
        let stream = Self {
            raw,
            watched: false,
            _link: link,
        };
        // SAFETY: domain and stream are alive; no name asks for the first console or serial device.
        let code =
            unsafe { sys::virDomainOpenConsole(domain.as_ptr(), std::ptr::null(), stream.raw, 0) };
        if code < 0 {
            return Err(Error::last_error());
        }
        Ok(stream)
    }

    /// Has `on_ready` called, on libvirt's event loop, when the stream is ready for what it was waited for. What it was
    /// ready for is not waited for again until [`watch_again`](Self::watch_again).
    ///
    /// # Errors
    ///
    /// What libvirt said.
    pub(in crate::host::libvirt) fn watch(&mut self, on_ready: OnReady) -> Result<(), Error> {
        let opaque: *mut OnReady = Box::into_raw(Box::new(on_ready));
        let events = Ready {
            read: true,
            write: false,
        }
        .events();
        // SAFETY: the stream is open; `opaque` is what `on_stream` expects, and libvirt frees it through `free_boxed`
        // once the callback cannot run any more.
        let code = unsafe {
            sys::virStreamEventAddCallback(
                self.raw,
                events,
                Some(on_stream),
                opaque.cast(),
                Some(free_boxed::<OnReady>),
            )
        };
        if code < 0 {
            let error = Error::last_error();
            // SAFETY: the registration failed, so that libvirt has not kept the pointer, which came from `into_raw`.
            drop(unsafe { Box::from_raw(opaque) });
            return Err(error);
        }
        self.watched = true;
        Ok(())
    }

    /// Waits for this alone from now on.
    pub(in crate::host::libvirt) fn watch_again(&self, ready: Ready) {
        // SAFETY: the stream is open. It fails only where there is no callback.
        unsafe { sys::virStreamEventUpdateCallback(self.raw, ready.events()) };
    }

    /// Receives what is there.
    ///
    /// # Errors
    ///
    /// What libvirt said; the stream is of no more use.
    pub(in crate::host::libvirt) fn receive(&mut self, buffer: &mut [u8]) -> Result<Tried, Error> {
        // SAFETY: the stream is open, and the buffer has as many bytes as it says.
        let count = unsafe {
            sys::virStreamRecv(self.raw, buffer.as_mut_ptr().cast::<c_char>(), buffer.len())
        };
        tried(count)
    }

    /// Sends as much as there is room for.
    ///
    /// # Errors
    ///
    /// What libvirt said; the stream is of no more use.
    pub(in crate::host::libvirt) fn send(&mut self, bytes: &[u8]) -> Result<Tried, Error> {
        // SAFETY: as above.
        let count =
            unsafe { sys::virStreamSend(self.raw, bytes.as_ptr().cast::<c_char>(), bytes.len()) };
        tried(count)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: the stream is alive until it is freed here, once; aborting one that was never opened fails and does no
        // harm.
        unsafe {
            if self.watched {
                sys::virStreamEventRemoveCallback(self.raw);
            }
            sys::virStreamAbort(self.raw);
            sys::virStreamFree(self.raw);
        }
    }
}

/// What libvirt's non-blocking calls return when they would have to wait.
const WOULD_BLOCK: c_int = -2;

fn tried(count: c_int) -> Result<Tried, Error> {
    match usize::try_from(count) {
        Ok(count) => Ok(Tried::Bytes(count)),
        Err(_) if count == WOULD_BLOCK => Ok(Tried::Later),
        Err(_) => Err(Error::last_error()),
    }
}

unsafe extern "C" fn on_stream(stream: sys::virStreamPtr, events: c_int, opaque: *mut c_void) {
    // SAFETY: libvirt passes what `watch` registered, which lives until `free_boxed`.
    let on_ready = unsafe { &*opaque.cast::<OnReady>() };
    let write = events as c_uint & sys::VIR_STREAM_EVENT_WRITABLE != 0;
    let read = events as c_uint & !sys::VIR_STREAM_EVENT_WRITABLE != 0;
    // Or it would be called again at once, for as long as nobody acts. Whoever acts asks for all it needs.
    // SAFETY: the stream is alive while its callback runs.
    unsafe { sys::virStreamEventUpdateCallback(stream, 0) };
    on_ready(Ready { read, write });
}
