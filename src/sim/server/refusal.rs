//! Refusals, in the two shapes argocd-server has for them.

use serde_json::{Value, json};

use super::super::status::Failure;

/// What kind of refusal: a code of gRPC, which the server speaks inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    Unknown = 2,
    InvalidArgument = 3,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    FailedPrecondition = 9,
    Aborted = 10,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

impl Code {
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Unknown | Self::Internal => 500,
            Self::InvalidArgument | Self::FailedPrecondition => 400,
            Self::NotFound => 404,
            Self::AlreadyExists | Self::Aborted => 409,
            Self::PermissionDenied => 403,
            Self::Unavailable => 503,
            Self::Unauthenticated => 401,
        }
    }
}

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct Refusal {
    /// What kind.
    pub code: Code,
    /// The sentence.
    pub message: String,
}

impl Refusal {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A request that makes no sense.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// A request that makes no sense now.
    pub fn precondition(message: impl Into<String>) -> Self {
        Self::new(Code::FailedPrecondition, message)
    }

    /// Something went wrong behind the server.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self::new(Code::Unknown, message)
    }

    /// Nobody knows who asks.
    pub fn no_session() -> Self {
        Self::new(Code::Unauthenticated, "no session information")
    }

    /// Not allowed, or not there: whoever names no project is not told which.
    pub fn denied() -> Self {
        Self::new(Code::PermissionDenied, "permission denied")
    }

    /// No such object of Argo CD's.
    pub fn not_found(plural: &str, name: &str) -> Self {
        Self::new(Code::NotFound, format!("{plural}.argoproj.io \"{name}\" not found"))
    }

    /// The body of a refused call.
    pub fn body(&self) -> Value {
        json!({"error": self.message, "code": self.code as u8, "message": self.message})
    }

    /// The body of a refused stream.
    pub fn stream_body(&self) -> Value {
        let status = self.code.status();
        let word = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        json!({"error": {"grpc_code": self.code as u8, "http_code": status, "message": self.message,
            "http_status": word.unwrap_or_default()}})
    }
}

/// What the API server says passes through.
impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let code = match failure.code {
            400 | 422 => Code::InvalidArgument,
            401 => Code::Unauthenticated,
            403 => Code::PermissionDenied,
            404 => Code::NotFound,
            409 if failure.reason == "AlreadyExists" => Code::AlreadyExists,
            409 => Code::Aborted,
            503 => Code::Unavailable,
            500 => Code::Internal,
            _ => Code::Unknown,
        };
        Self::new(code, failure.message)
    }
}
