//! Every answer that is no success: a status and a [`Problem`] in JSON, whatever went wrong.

use std::io::ErrorKind;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use vbmc_core::control::Problem;
use vbmc_core::fleet::FleetError;
use vbmc_core::host::CheckError;
use vbmc_core::registry::{Invalid, NameError, RegistryError};

/// Why a request failed.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    message: String,
}

impl Failure {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let message = self.message;
        (self.status, Json(Problem { message })).into_response()
    }
}

impl From<FleetError> for Failure {
    fn from(error: FleetError) -> Self {
        let status = match &error {
            FleetError::Name(_) | FleetError::Invalid(_) => StatusCode::BAD_REQUEST,
            FleetError::NotFound(_) | FleetError::Check(CheckError::NoDomain { .. }) => {
                StatusCode::NOT_FOUND
            }
            FleetError::Exists(_)
            | FleetError::Broken(_)
            | FleetError::Start { .. }
            | FleetError::Move { .. } => StatusCode::CONFLICT,
            FleetError::Check(CheckError::Connection { .. }) => StatusCode::BAD_GATEWAY,
            FleetError::Disk(RegistryError::Write { source, .. })
                if source.kind() == ErrorKind::StorageFull =>
            {
                StatusCode::INSUFFICIENT_STORAGE
            }
            FleetError::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status.is_server_error() {
            tracing::error!(%error, "a control request failed");
        }
        Self::new(status, error.to_string())
    }
}

impl From<Invalid> for Failure {
    fn from(error: Invalid) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for Failure {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}
