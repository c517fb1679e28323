//! Why an action was not done.

use std::net::SocketAddr;

/// An action could not be asked for, or was refused.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody says which world is meant.
    #[error(
        "no simulated world is known; start one with `pilothouse sim`, or name it with --control or PILOTHOUSE_CONTROL"
    )]
    Unknown,
    /// The words do not name a world.
    #[error("`{0}` does not name a world; it should look like http://127.0.0.1:PORT/?token=...")]
    NotAControl(String),
    /// The world does not answer.
    #[error("the world at {address} does not answer: {reason}; is it still running?")]
    Unreachable {
        /// Where it should be.
        address: SocketAddr,
        /// Why.
        reason: String,
    },
    /// The world said no.
    #[error("{0}")]
    Refused(String),
    /// A file of this user could not be written, or the endpoint not opened.
    #[error("cannot use {what}: {error}")]
    Io {
        /// What.
        what: String,
        /// Why.
        error: std::io::Error,
    },
}
