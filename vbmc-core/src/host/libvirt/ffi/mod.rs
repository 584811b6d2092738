//! What the `virt` crate does not wrap, and all unsafe code of this crate.
//!
//! The event loop, callbacks, SASL credentials and calls without a wrapper live here, each behind a safe function;
//! consoles are in `stream`, bulk statistics and what guest agents tell in `stats`. Nothing here decides anything:
//! callbacks hand an [`Event`] to a bounded channel and return, since they run on libvirt's one event loop thread, which
//! every connection of the process shares.

pub(super) mod stats;
pub(super) mod stream;

use std::ffi::{CString, c_char, c_int, c_uint, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use virt::connect::Connect;
use virt::domain::Domain;
use virt::error::Error;
use virt::sys;

use super::inventory::Uuid;
use crate::Secret;
use crate::host::{Happening, PauseReason, StopReason, WatchdogAction};

/// What libvirt tells of its own accord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// A domain was defined, undefined, renamed, started, stopped, paused ...: look at it again. What happened, where
    /// somebody might want to know.
    Changed(Uuid, Option<Happening>),
    /// A guest rebooted inside its running instance.
    Rebooted(Uuid),
    /// Something happened to a domain that changed none of what is known of it.
    Happened(Uuid, Happening),
    /// The connection with this generation is closed.
    Closed(u64),
    /// Somebody wants the supervisor to look at its flags: to stop, or to connect now.
    Wake,
}

/// Where callbacks put events.
#[derive(Debug, Clone)]
pub(super) struct Mailbox {
    events: SyncSender<Event>,
    lost: Arc<AtomicBool>,
}

impl Mailbox {
    /// A mailbox that fills `events`.
    pub(super) fn new(events: SyncSender<Event>) -> Self {
        Self {
            events,
            lost: Arc::default(),
        }
    }

    /// Puts an event in, or notes that one was lost when there is no room. Never blocks.
    pub(super) fn post(&self, event: Event) {
        if self.events.try_send(event).is_err() {
            self.lost.store(true, Ordering::Release);
        }
    }

    /// Whether events were lost since this was last asked.
    pub(super) fn lost_some(&self) -> bool {
        self.lost.swap(false, Ordering::AcqRel)
    }
}

/// Starts libvirt's event loop and silences its error printing, once per process. Must come before any connection.
pub(super) fn start_event_loop() -> Result<(), Error> {
    static STARTED: OnceLock<Result<(), Error>> = OnceLock::new();
    STARTED
        .get_or_init(|| {
            virt::error::clear_error_callback();
            virt::event::event_register_default_impl()?;
            let spawned = std::thread::Builder::new()
                .name("libvirt-events".into())
                .spawn(|| {
                    loop {
                        if let Err(error) = virt::event::event_run_default_impl() {
                            tracing::error!(%error, "libvirt's event loop failed; trying again");
                            std::thread::sleep(Duration::from_millis(100));
                        }
                    }
                });
            spawned.expect("a thread for libvirt's events can be started");
            Ok(())
        })
        .clone()
}

/// An open connection with its callbacks. Closed on drop.
#[derive(Debug)]
pub(super) struct Link {
    connect: Connect,
    callbacks: Vec<c_int>,
    close_callback: bool,
}

impl Link {
    /// Opens a connection. Blocks for as long as the hypervisor keeps silent.
    pub(super) fn open(uri: &str, sasl: Option<&(String, Secret)>) -> Result<Self, Error> {
        start_event_loop()?;
        let connect = match sasl {
            None => Connect::open(Some(uri))?,
            Some(sasl) => open_sasl(uri, sasl)?,
        };
        Ok(Self {
            connect,
            callbacks: Vec::new(),
            close_callback: false,
        })
    }

    /// The connection itself.
    pub(super) fn connect(&self) -> &Connect {
        &self.connect
    }

    /// Asks for events into `mailbox`, the closing of the connection as [`Event::Closed`] with `generation`.
    ///
    /// # Errors
    ///
    /// Fails when lifecycle events cannot be had. Drivers inside the client library cannot tell of the others or of their
    /// own closing; that is no error.
    pub(super) fn subscribe(&mut self, mailbox: &Mailbox, generation: u64) -> Result<(), Error> {
        // SAFETY: libvirt keeps a callback of another signature under this one type and casts it back according to the
        // event's id. LIFECYCLE calls it with the five arguments of `on_lifecycle`.
        let lifecycle = unsafe {
            std::mem::transmute::<LifecycleCallback, unsafe extern "C" fn(_, _, *mut c_void)>(
                on_lifecycle,
            )
        };
        self.register(sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE, lifecycle, mailbox)?;
        // SAFETY: as above; WATCHDOG calls it with the four arguments of `on_watchdog`.
        let watchdog = unsafe {
            std::mem::transmute::<WatchdogCallback, unsafe extern "C" fn(_, _, *mut c_void)>(
                on_watchdog,
            )
        };
        // SAFETY: as above; IO_ERROR calls it with the six arguments of `on_disk_error`.
        let disk_error = unsafe {
            std::mem::transmute::<DiskErrorCallback, unsafe extern "C" fn(_, _, *mut c_void)>(
                on_disk_error,
            )
        };
        for (event, callback) in [
            (
                sys::VIR_DOMAIN_EVENT_ID_REBOOT,
                on_reboot as unsafe extern "C" fn(_, _, _),
            ),
            (sys::VIR_DOMAIN_EVENT_ID_WATCHDOG, watchdog),
            (sys::VIR_DOMAIN_EVENT_ID_IO_ERROR, disk_error),
        ] {
            if let Err(error) = self.register(event, callback, mailbox) {
                tracing::debug!(event, %error, "this hypervisor does not tell of some events");
            }
        }

        let mailbox = mailbox.clone();
        self.on_close(Box::new(move || mailbox.post(Event::Closed(generation))));
        Ok(())
    }

    /// Has `on_close` called, on libvirt's event loop, when the connection breaks. Drivers inside the client library have
    /// none that could, and never call it.
    pub(super) fn on_close(&mut self, on_close: OnClose) {
        let opaque = Box::into_raw(Box::new(on_close));
        // SAFETY: the connection is open, and `opaque` is what `on_close` and `free_boxed` expect. libvirt frees it
        // through `free_boxed` once the callback cannot run any more.
        let code = unsafe {
            sys::virConnectRegisterCloseCallback(
                self.connect.as_ptr(),
                Some(self::on_close),
                opaque.cast(),
                Some(free_boxed::<OnClose>),
            )
        };
        if code == 0 {
            self.close_callback = true;
        } else {
            // SAFETY: the registration failed, so that libvirt has not kept the pointer, which came from `into_raw`.
            drop(unsafe { Box::from_raw(opaque) });
        }
    }

    fn register(
        &mut self,
        event: sys::virDomainEventID,
        callback: unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void),
        mailbox: &Mailbox,
    ) -> Result<(), Error> {
        let opaque = Box::into_raw(Box::new(mailbox.clone()));
        // SAFETY: the connection is open; a null domain asks for all domains; `callback` has the signature of `event`
        // (seen to by the callers), and takes the boxed mailbox that `free_boxed` frees when libvirt is done with it.
        let id = unsafe {
            sys::virConnectDomainEventRegisterAny(
                self.connect.as_ptr(),
                std::ptr::null_mut(),
                event as c_int,
                Some(callback),
                opaque.cast(),
                Some(free_boxed::<Mailbox>),
            )
        };
        if id < 0 {
            let error = Error::last_error();
            // SAFETY: the registration failed, so that libvirt has not kept the pointer, which came from `into_raw`.
            drop(unsafe { Box::from_raw(opaque) });
            return Err(error);
        }
        self.callbacks.push(id);
        Ok(())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // Each callback holds a reference to the connection, which would stay open for ever.
        for id in self.callbacks.drain(..) {
            // SAFETY: the connection is open until `close` below, and `id` came from registering on it.
            unsafe { sys::virConnectDomainEventDeregisterAny(self.connect.as_ptr(), id) };
        }
        if self.close_callback {
            // SAFETY: the connection is open, and `on_close` is what was registered on it.
            unsafe {
                sys::virConnectUnregisterCloseCallback(self.connect.as_ptr(), Some(on_close))
            };
        }
        if let Err(error) = self.connect.close() {
            tracing::debug!(%error, "closing a connection to libvirt");
        }
    }
}

type LifecycleCallback =
    unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, c_int, *mut c_void);

type WatchdogCallback =
    unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, *mut c_void);

type DiskErrorCallback = unsafe extern "C" fn(
    sys::virConnectPtr,
    sys::virDomainPtr,
    *const c_char,
    *const c_char,
    c_int,
    *mut c_void,
);

/// What is called when a connection breaks.
pub(super) type OnClose = Box<dyn Fn() + Send + Sync>;

unsafe extern "C" fn on_lifecycle(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    event: c_int,
    detail: c_int,
    opaque: *mut c_void,
) {
    let happening = happening(event as c_uint, detail as c_uint);
    // SAFETY: libvirt passes a live domain and the mailbox that was registered.
    unsafe { post(domain, opaque, |uuid| Event::Changed(uuid, happening)) };
}

unsafe extern "C" fn on_watchdog(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    action: c_int,
    opaque: *mut c_void,
) {
    let action = match action as c_uint {
        sys::VIR_DOMAIN_EVENT_WATCHDOG_RESET => WatchdogAction::Reset,
        sys::VIR_DOMAIN_EVENT_WATCHDOG_POWEROFF | sys::VIR_DOMAIN_EVENT_WATCHDOG_SHUTDOWN => {
            WatchdogAction::PowerOff
        }
        _ => WatchdogAction::Other,
    };
    let event = |uuid| Event::Happened(uuid, Happening::WatchdogExpired(action));
    // SAFETY: as above.
    unsafe { post(domain, opaque, event) };
}

unsafe extern "C" fn on_disk_error(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    _: *const c_char,
    _: *const c_char,
    _: c_int,
    opaque: *mut c_void,
) {
    let event = |uuid| Event::Happened(uuid, Happening::DiskError);
    // SAFETY: as above.
    unsafe { post(domain, opaque, event) };
}

/// What a lifecycle event tells.
fn happening(event: c_uint, detail: c_uint) -> Option<Happening> {
    Some(match event {
        sys::VIR_DOMAIN_EVENT_STARTED => Happening::Started,
        sys::VIR_DOMAIN_EVENT_RESUMED => Happening::Resumed,
        sys::VIR_DOMAIN_EVENT_SHUTDOWN => Happening::ShuttingDown,
        sys::VIR_DOMAIN_EVENT_CRASHED => Happening::Crashed,
        sys::VIR_DOMAIN_EVENT_SUSPENDED => Happening::Paused(match detail {
            sys::VIR_DOMAIN_EVENT_SUSPENDED_PAUSED => PauseReason::Requested,
            sys::VIR_DOMAIN_EVENT_SUSPENDED_IOERROR => PauseReason::DiskError,
            sys::VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG => PauseReason::Watchdog,
            _ => PauseReason::Other,
        }),
        sys::VIR_DOMAIN_EVENT_STOPPED => Happening::Stopped(match detail {
            sys::VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN => StopReason::Shutdown,
            sys::VIR_DOMAIN_EVENT_STOPPED_DESTROYED => StopReason::Destroyed,
            sys::VIR_DOMAIN_EVENT_STOPPED_CRASHED => StopReason::Crashed,
            sys::VIR_DOMAIN_EVENT_STOPPED_MIGRATED | sys::VIR_DOMAIN_EVENT_STOPPED_SAVED => {
                StopReason::Moved
            }
            sys::VIR_DOMAIN_EVENT_STOPPED_FAILED => StopReason::Failed,
            _ => StopReason::Unknown,
        }),
        _ => return None,
    })
}

unsafe extern "C" fn on_reboot(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    opaque: *mut c_void,
) {
    // SAFETY: as above.
    unsafe { post(domain, opaque, Event::Rebooted) };
}

/// # Safety
///
/// `domain` must be a live domain, and `opaque` a `Box<Mailbox>` that outlives the call.
unsafe fn post(domain: sys::virDomainPtr, opaque: *mut c_void, event: impl FnOnce(Uuid) -> Event) {
    let mut uuid = [0; 16];
    // SAFETY: the domain is live, and the buffer holds VIR_UUID_BUFLEN (16) bytes.
    let code = unsafe { sys::virDomainGetUUID(domain, uuid.as_mut_ptr()) };
    // SAFETY: the caller passes the boxed mailbox; it is only read.
    let mailbox = unsafe { &*opaque.cast::<Mailbox>() };
    if code == 0 {
        mailbox.post(event(Uuid(uuid)));
    }
}

unsafe extern "C" fn on_close(_: sys::virConnectPtr, _: c_int, opaque: *mut c_void) {
    // SAFETY: libvirt passes what was registered, which lives until `free_boxed`.
    let on_close = unsafe { &*opaque.cast::<OnClose>() };
    on_close();
}

unsafe extern "C" fn free_boxed<T>(opaque: *mut c_void) {
    // SAFETY: every registration that names this function passes a pointer from `Box::<T>::into_raw`, and libvirt calls
    // it once.
    drop(unsafe { Box::from_raw(opaque.cast::<T>()) });
}

/// Opens a connection with SASL credentials; `virt`'s own `open_auth` takes a function that can hold none.
fn open_sasl(uri: &str, sasl: &(String, Secret)) -> Result<Connect, Error> {
    let mut kinds = [
        sys::VIR_CRED_AUTHNAME as c_int,
        sys::VIR_CRED_PASSPHRASE as c_int,
    ];
    let mut auth = sys::virConnectAuth {
        credtype: kinds.as_mut_ptr(),
        ncredtype: kinds.len() as c_uint,
        cb: Some(answer_credentials),
        cbdata: std::ptr::from_ref(sasl).cast_mut().cast(),
    };
    // A URI with a NUL in it is a URI that libvirt refuses.
    let uri = CString::new(uri).unwrap_or_default();
    // SAFETY: `uri`, `auth`, `kinds` and `sasl` outlive the call, and libvirt uses none of them after it.
    let connect = unsafe { sys::virConnectOpenAuth(uri.as_ptr(), &mut auth, 0) };
    if connect.is_null() {
        return Err(Error::last_error());
    }
    // SAFETY: a connection that was just opened, and whose one reference is handed over.
    Ok(unsafe { Connect::from_ptr(connect) })
}

unsafe extern "C" fn answer_credentials(
    asked: sys::virConnectCredentialPtr,
    count: c_uint,
    opaque: *mut c_void,
) -> c_int {
    // SAFETY: `open_sasl` passes a reference to this pair, which outlives the call.
    let (user, password) = unsafe { &*opaque.cast::<(String, Secret)>() };
    // SAFETY: libvirt passes `count` credentials to fill in.
    let asked = unsafe { std::slice::from_raw_parts_mut(asked, count as usize) };
    for credential in asked {
        let answer = match credential.type_ as c_uint {
            sys::VIR_CRED_AUTHNAME => user.as_str(),
            sys::VIR_CRED_PASSPHRASE => password.reveal(),
            _ => return -1,
        };
        let Ok(answer) = CString::new(answer) else {
            return -1;
        };
        // SAFETY: the string ends in a NUL. libvirt frees the copy with `free`, which fits `strdup`.
        credential.result = unsafe { nix::libc::strdup(answer.as_ptr()) };
        credential.resultlen = answer.as_bytes().len() as c_uint;
    }
    0
}

/// Sends a non-maskable interrupt.
pub(super) fn inject_nmi(domain: &Domain) -> Result<(), Error> {
    // SAFETY: the domain is live for the length of the call.
    match unsafe { sys::virDomainInjectNMI(domain.as_ptr(), 0) } {
        0 => Ok(()),
        _ => Err(Error::last_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn a_full_mailbox_neither_blocks_nor_forgets_that_it_was_full() {
        let (sender, events) = sync_channel(1);
        let mailbox = Mailbox::new(sender);
        mailbox.post(Event::Closed(1));
        assert!(!mailbox.lost_some());
        mailbox.post(Event::Closed(2));
        assert!(mailbox.lost_some());
        assert!(!mailbox.lost_some(), "told once");
        assert_eq!(events.try_iter().collect::<Vec<_>>(), [Event::Closed(1)]);
    }
}
