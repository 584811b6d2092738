//! What a console tells its owner.

use alloc::vec::Vec;
use core::fmt;

use super::{Error, RequestError, ResponseError, SolError};
use crate::command::{Command, NetFn};
use crate::crypto::CipherSuite;
use crate::wire::{Decode as _, DecodeError};
use crate::{CompletionCode, Privilege};

/// Names a request of one [`Console`](super::Console).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(super) u64);

/// What [`Console::poll_event`](super::Console::poll_event) hands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The session is open at its privilege level; requests are being sent.
    Established(Session),
    /// A request has come to its end. Every request does, once.
    Response {
        /// Which one.
        id: RequestId,
        /// What the BMC answered, whatever its completion code; or why there is no answer.
        result: Result<Response, RequestError>,
    },
    /// The serial line is open: [`Console::sol_mut`](super::Console::sol_mut) is there.
    SolActivated {
        /// The UDP port to which the BMC wants the line's packets sent. Where it is not the one that this session uses,
        /// close the session and open another to that port.
        port: u16,
    },
    /// There will be no serial line.
    SolFailed(SolError),
    /// Something came in on the serial line: bytes to read, or an event of the port.
    Sol,
    /// The serial line is closed: as [`Console::deactivate_sol`](super::Console::deactivate_sol) asked, or because
    /// the BMC deactivated it. In the latter case, what came before can still be read.
    SolDeactivated,
    /// There is no session, or no longer. The last event but for the requests that end with it.
    Failed(Error),
    /// The session ended as [`Console::close`](super::Console::close) asked. The last event.
    Closed,
}

/// What the two ends agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// What protects it.
    pub suite: CipherSuite,
    /// What it may do.
    pub privilege: Privilege,
    /// The BMC's GUID, as it came in RAKP 2.
    pub guid: [u8; 16],
}

/// An answer of the BMC's.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The command's group.
    pub netfn: NetFn,
    /// The command's number within the group.
    pub command: u8,
    /// What became of the request.
    pub completion: CompletionCode,
    /// The bytes behind the completion code.
    pub data: Vec<u8>,
}

impl Response {
    /// The response as command `C` has it. Bytes after its end are left out.
    ///
    /// # Errors
    ///
    /// [`ResponseError::Refused`] for any other completion code than 00h.
    pub fn decode<C: Command>(&self) -> Result<C::Response, ResponseError> {
        let name = C::NAME;
        if (self.netfn, self.command) != (C::NETFN, C::CODE) {
            return Err(ResponseError::OtherCommand { name });
        }
        if self.completion != CompletionCode::Ok {
            let code = self.completion;
            return Err(ResponseError::Refused { name, code });
        }
        let mut data = self.data.as_slice();
        loop {
            match (C::Response::decode(data), data.split_last()) {
                // Some BMCs answer with more than there is to say.
                (Err(DecodeError::Trailing), Some((_, rest))) => data = rest,
                (decoded, _) => {
                    return decoded.map_err(|error| ResponseError::Malformed { name, error });
                }
            }
        }
    }
}

impl fmt::Debug for Response {
    /// Without the data, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("netfn", &self.netfn)
            .field("command", &self.command)
            .field("completion", &self.completion)
            .field("data", &format_args!("{} bytes", self.data.len()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::app::{CloseSession, GetDeviceId};
    use crate::command::chassis::ChassisControl;

    #[test]
    fn a_response_is_decoded_as_its_own_command_only() {
        let mut response = Response {
            netfn: NetFn::CHASSIS,
            command: ChassisControl::CODE,
            completion: CompletionCode::Ok,
            data: Vec::new(),
        };
        assert_eq!(response.decode::<ChassisControl>(), Ok(()));
        assert!(matches!(
            response.decode::<GetDeviceId>(),
            Err(ResponseError::OtherCommand { .. })
        ));
        assert!(matches!(
            response.decode::<CloseSession>(),
            Err(ResponseError::OtherCommand { .. })
        ));
        // As ipmi_sim answers some commands.
        response.data.push(1);
        assert_eq!(response.decode::<ChassisControl>(), Ok(()));
        response.completion = CompletionCode::NodeBusy;
        let (name, code) = (ChassisControl::NAME, CompletionCode::NodeBusy);
        assert_eq!(
            response.decode::<ChassisControl>(),
            Err(ResponseError::Refused { name, code })
        );
    }
}
