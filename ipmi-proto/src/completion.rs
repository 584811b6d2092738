//! Completion codes, §5.2.

use core::fmt;

macro_rules! codes {
    ($( $(#[$doc:meta])+ $name:ident = $value:literal, $text:literal; )+) => {
        /// The first byte of every response: what became of the request (§5.2).
        ///
        /// Codes 80h to BEh mean something else for each command: [`CompletionCode::CommandSpecific`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum CompletionCode {
            $( $(#[$doc])+ $name, )+
            /// A command-specific (80h-BEh), device-specific or unknown code.
            CommandSpecific(u8),
        }

        impl From<u8> for CompletionCode {
            fn from(code: u8) -> Self {
                match code {
                    $( $value => Self::$name, )+
                    other => Self::CommandSpecific(other),
                }
            }
        }

        impl From<CompletionCode> for u8 {
            fn from(code: CompletionCode) -> Self {
                match code {
                    $( CompletionCode::$name => $value, )+
                    CompletionCode::CommandSpecific(other) => other,
                }
            }
        }

        impl fmt::Display for CompletionCode {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = match self {
                    $( Self::$name => $text, )+
                    Self::CommandSpecific(_) => "command-specific code",
                };
                write!(f, "{text} ({:02X}h)", u8::from(*self))
            }
        }
    };
}

codes! {
    /// 00h: the command was carried out.
    Ok = 0x00, "command completed normally";
    /// C0h: the host is busy, or did not answer in time. The request may be sent again.
    NodeBusy = 0xC0, "node busy";
    /// C1h: this BMC does not know the command.
    InvalidCommand = 0xC1, "invalid command";
    /// C2h: the command does not exist for this LUN.
    InvalidForLun = 0xC2, "command invalid for given LUN";
    /// C3h: a timeout while the command was processed.
    Timeout = 0xC3, "timeout while processing command";
    /// C4h: no space left.
    OutOfSpace = 0xC4, "out of space";
    /// C5h: the reservation is cancelled or its id is wrong.
    InvalidReservation = 0xC5, "reservation cancelled or invalid reservation id";
    /// C6h: the request data was truncated.
    RequestTruncated = 0xC6, "request data truncated";
    /// C7h: the request data has the wrong length.
    RequestLengthInvalid = 0xC7, "request data length invalid";
    /// C8h: the request data is longer than the field allows.
    RequestLengthExceeded = 0xC8, "request data field length limit exceeded";
    /// C9h: a parameter is out of range.
    ParameterOutOfRange = 0xC9, "parameter out of range";
    /// CAh: the requested number of bytes cannot be returned.
    CannotReturnRequestedLength = 0xCA, "cannot return number of requested data bytes";
    /// CBh: the sensor, record or other thing asked for is not there.
    NotPresent = 0xCB, "requested sensor, data, or record not present";
    /// CCh: a field of the request holds an invalid value.
    InvalidDataField = 0xCC, "invalid data field in request";
    /// CDh: the command is illegal for this sensor or record type.
    IllegalForRecordType = 0xCD, "command illegal for specified sensor or record type";
    /// CEh: no response could be provided.
    NoResponse = 0xCE, "command response could not be provided";
    /// CFh: a duplicated request is not executed again.
    DuplicatedRequest = 0xCF, "cannot execute duplicated request";
    /// D0h: the SDR repository is being updated.
    SdrUpdating = 0xD0, "SDR repository in update mode";
    /// D1h: the device is being updated.
    FirmwareUpdating = 0xD1, "device in firmware update mode";
    /// D2h: the BMC is initialising.
    Initialising = 0xD2, "BMC initialization in progress";
    /// D3h: the destination of the request cannot be reached.
    DestinationUnavailable = 0xD3, "destination unavailable";
    /// D4h: the session's privilege level is too low.
    InsufficientPrivilege = 0xD4, "insufficient privilege level";
    /// D5h: not possible in the present state (a machine that is off cannot be reset).
    NotSupportedInState = 0xD5, "command not supported in present state";
    /// D6h: a part of the command is switched off or unavailable.
    SubFunctionDisabled = 0xD6, "command sub-function disabled or unavailable";
    /// FFh: none of the above fits.
    Unspecified = 0xFF, "unspecified error";
}
