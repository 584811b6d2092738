//! RAKP status codes, table 13-15.

use core::fmt;

macro_rules! statuses {
    ($( $(#[$doc:meta])+ $name:ident = $value:literal, $text:literal; )+) => {
        /// Why a handshake message was refused. A code space of its own: these are not completion codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RakpStatus {
            $( $(#[$doc])+ $name, )+
            /// A code that the specification does not list.
            Other(u8),
        }

        impl From<u8> for RakpStatus {
            fn from(code: u8) -> Self {
                match code {
                    $( $value => Self::$name, )+
                    other => Self::Other(other),
                }
            }
        }

        impl From<RakpStatus> for u8 {
            fn from(status: RakpStatus) -> Self {
                match status {
                    $( RakpStatus::$name => $value, )+
                    RakpStatus::Other(other) => other,
                }
            }
        }

        impl fmt::Display for RakpStatus {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = match self {
                    $( Self::$name => $text, )+
                    Self::Other(_) => "unknown status",
                };
                write!(f, "{text} ({:02X}h)", u8::from(*self))
            }
        }
    };
}

statuses! {
    /// 00h: no error.
    Ok = 0x00, "no errors";
    /// 01h: no slot for another session is free.
    InsufficientResources = 0x01, "insufficient resources to create a session";
    /// 02h: the session id is not one that this BMC gave out.
    InvalidSessionId = 0x02, "invalid session ID";
    /// 03h: the payload type is wrong.
    InvalidPayloadType = 0x03, "invalid payload type";
    /// 04h: the authentication algorithm is not accepted.
    InvalidAuthentication = 0x04, "invalid authentication algorithm";
    /// 05h: the integrity algorithm is not accepted.
    InvalidIntegrity = 0x05, "invalid integrity algorithm";
    /// 06h: no authentication payload matches.
    NoMatchingAuthentication = 0x06, "no matching authentication payload";
    /// 07h: no integrity payload matches.
    NoMatchingIntegrity = 0x07, "no matching integrity payload";
    /// 08h: the session id is not active.
    InactiveSessionId = 0x08, "inactive session ID";
    /// 09h: the role is invalid.
    InvalidRole = 0x09, "invalid role";
    /// 0Ah: the user may not have the role or privilege level that was asked for.
    UnauthorizedRole = 0x0A, "unauthorized role or privilege level requested";
    /// 0Bh: no resources for a session at this role.
    InsufficientResourcesAtRole = 0x0B, "insufficient resources to create a session at the requested role";
    /// 0Ch: the name's length is invalid.
    InvalidNameLength = 0x0C, "invalid name length";
    /// 0Dh: no user of this name may log in.
    UnauthorizedName = 0x0D, "unauthorized name";
    /// 0Eh: the GUID is not accepted.
    UnauthorizedGuid = 0x0E, "unauthorized GUID";
    /// 0Fh: the integrity check value is wrong: in RAKP 3, that is a wrong password.
    InvalidIntegrityCheck = 0x0F, "invalid integrity check value";
    /// 10h: the confidentiality algorithm is not accepted.
    InvalidConfidentiality = 0x10, "invalid confidentiality algorithm";
    /// 11h: no accepted cipher suite has these algorithms.
    NoMatchingCipherSuite = 0x11, "no cipher suite match with proposed security algorithms";
    /// 12h: a parameter is illegal or not recognised.
    IllegalParameter = 0x12, "illegal or unrecognized parameter";
}
