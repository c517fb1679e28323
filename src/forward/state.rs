//! What a forward is doing, and what may happen to it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::ports::Remote;

/// Where we listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Local {
    /// On a port.
    Port(SocketAddr),
    /// On a Unix socket.
    Socket(PathBuf),
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(address) => write!(f, "{address}"),
            Self::Socket(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Local {
    /// Our port; none for a socket.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Port(address) => Some(address.port()),
            Self::Socket(_) => None,
        }
    }
}

/// One port of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Where we listen.
    pub local: Local,
    /// Another local port was asked for, and somebody has it.
    pub instead_of: Option<u16>,
    /// What was asked for on the other side.
    pub remote: Remote,
}

/// What a forward is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// We listen, and nobody is connected.
    Listening,
    /// Somebody is connected to us, and their way to the pod is being made.
    Dialling,
    /// So many connections lead to a pod.
    Connected(usize),
    /// The way to the pod broke, or cannot be made just now; it is tried again.
    Redialling(String),
    /// No pod is ready to answer.
    NoReadyPod(String),
    /// We may not.
    Denied(String),
    /// It is over: we do not listen any more.
    Stopped(String),
}

impl State {
    /// Its word, on screen and for scripts.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Listening => "listening",
            Self::Dialling => "dialling",
            Self::Connected(_) => "connected",
            Self::Redialling(_) => "re-dialling",
            Self::NoReadyPod(_) => "no ready pod",
            Self::Denied(_) => "denied",
            Self::Stopped(_) => "stopped",
        }
    }

    /// What there is to say beyond the word.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Listening | Self::Dialling | Self::Connected(_) => None,
            Self::Redialling(why) | Self::NoReadyPod(why) | Self::Denied(why) | Self::Stopped(why) => Some(why),
        }
    }
}

/// Something happened to a forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody connected to us; connections are told apart by number.
    Accepted(u64),
    /// This pod answers, by this container.
    Found {
        /// The pod.
        pod: String,
        /// Its container.
        container: String,
    },
    /// No pod does.
    NotFound(String),
    /// We may not look.
    Denied(String),
    /// We may not dial: that a pod is there does not mend it.
    Barred(String),
    /// Looking or dialling failed, and is tried again.
    Failed(String),
    /// The way of a connection stands.
    Open(u64),
    /// A connection is over, whoever ended it.
    Closed(u64),
    /// The pod's end of connections broke.
    Lost(String),
    /// We do not listen any more.
    Ended(String),
}
