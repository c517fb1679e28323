//! A port that is open in a pod.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What answers on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// Health endpoints over HTTP.
    Http,
    /// The debug adapter protocol, as debugpy does once a program called `listen`.
    Debugpy {
        /// Whether a client that leaves without a word ruins it for all later ones, as on a plain loopback.
        fragile: bool,
    },
    /// `PING` and `INFO`.
    Redis,
    /// PostgreSQL's start-up: no TLS, then a password is asked for and never right.
    Postgres,
    /// Accepts and never says anything.
    Silent,
    /// Leads to a real process on the machine's loopback.
    To(SocketAddr),
}

impl Speaks {
    /// The words a scenario and `sim ctl listen` use.
    pub const WORDS: [&'static str; 5] = ["http", "debugpy", "redis", "postgres", "silent"];

    /// What a port of this name most likely speaks.
    #[must_use]
    pub fn from_port_name(name: &str) -> Self {
        match name {
            "metrics" | "web" => Self::Http,
            name => Self::from_word(name).unwrap_or(Self::Silent),
        }
    }

    /// What a port that has no name most likely speaks: the usual ports of web servers and of what the world speaks.
    #[must_use]
    pub fn from_port_number(port: u16) -> Self {
        match port {
            80 | 3000 | 8000 | 8080 => Self::Http,
            5432 => Self::Postgres,
            6379 => Self::Redis,
            _ => Self::Silent,
        }
    }

    /// What a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "http" => Self::Http,
            "debugpy" => Self::Debugpy { fragile: false },
            "redis" => Self::Redis,
            "postgres" => Self::Postgres,
            "silent" => Self::Silent,
            _ => return None,
        })
    }
}

/// An open port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The port.
    pub port: u16,
    /// The address it is bound to.
    pub address: IpAddr,
    /// What answers.
    pub speaks: Speaks,
    /// The container whose process listens; empty until it is looked up in a pod.
    pub container: String,
}

impl Listener {
    /// On all addresses.
    #[must_use]
    pub fn everywhere(port: u16, speaks: Speaks) -> Self {
        Self { port, address: Ipv4Addr::UNSPECIFIED.into(), speaks, container: String::new() }
    }

    /// Whether others than the pod itself get through.
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        !self.address.is_loopback()
    }
}
