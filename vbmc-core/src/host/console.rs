//! A machine's serial console.

use tokio::io::{AsyncRead, AsyncWrite};

use super::HostError;

/// A serial console that is open. It reads what the machine writes, and writes what the machine reads; its end says that
/// the machine is off, or that somebody else has taken the console. Dropping it closes it.
pub trait Console: AsyncRead + AsyncWrite + Send + Unpin {
    /// Sends a break.
    ///
    /// # Errors
    ///
    /// [`HostError::Unsupported`] where the hypervisor cannot.
    fn send_break(&mut self) -> Result<(), HostError> {
        Err(HostError::Unsupported(
            "this console has no way to send a break".to_owned(),
        ))
    }
}
