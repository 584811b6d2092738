//! libvirt's errors as ours: the one place that decides what an error means to a client.

use virt::error::{Error, ErrorDomain, ErrorNumber};

use crate::host::HostError;

/// What a libvirt error means for whoever asked.
pub(super) fn host_error(error: &Error) -> HostError {
    let message = error.message().to_owned();
    match error.code() {
        ErrorNumber::NoDomain => HostError::NotFound(message),
        ErrorNumber::OperationInvalid => HostError::WrongState(message),
        ErrorNumber::NoSupport
        | ErrorNumber::ArgumentUnsupported
        | ErrorNumber::ConfigUnsupported
        | ErrorNumber::OperationUnsupported => HostError::Unsupported(message),
        ErrorNumber::OperationDenied
        | ErrorNumber::AccessDenied
        | ErrorNumber::AuthFailed
        | ErrorNumber::AuthCancelled
        | ErrorNumber::AuthUnavailable => HostError::Denied(message),
        ErrorNumber::Rpc
        | ErrorNumber::NoConnect
        | ErrorNumber::InvalidConn
        // Another job holds the domain.
        | ErrorNumber::OperationTimeout
        | ErrorNumber::ResourceBusy => HostError::Unavailable(message),
        // Errors made by the client's own end of a connection: it is broken. What the server found wrong keeps the
        // domain of the driver that found it.
        _ if matches!(error.domain(), ErrorDomain::Rpc | ErrorDomain::Remote) => HostError::Unavailable(message),
        _ => HostError::Failed(message),
    }
}
