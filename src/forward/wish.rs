//! What a person wants to be forwarded.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::ports::Mapping;
use super::target::Target;
use crate::domain::AppKey;

/// A forward that is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The Application.
    pub app: AppKey,
    /// What of it; none for the service or workload that has the ports.
    pub target: Option<Target>,
    /// Which ports; none for the first it has.
    pub ports: Vec<Mapping>,
    /// Where we listen.
    pub bind: IpAddr,
    /// Listen on a Unix socket instead.
    pub unix: Option<PathBuf>,
    /// `kubectl port-forward` carries it.
    pub kubectl: bool,
    /// It is for a debugger: the pod is not dialled before the client has said something.
    pub debug: bool,
}

impl Wish {
    /// The first port of an Application, for this machine only.
    #[must_use]
    pub fn of(app: AppKey) -> Self {
        Self {
            app,
            target: None,
            ports: Vec::new(),
            bind: Ipv4Addr::LOCALHOST.into(),
            unix: None,
            kubectl: false,
            debug: false,
        }
    }

    /// What it is, in one line.
    #[must_use]
    pub fn title(&self) -> String {
        let verb = if self.debug { "Debug" } else { "Forward" };
        let target = self.target.as_ref().map(|target| format!(" {target}")).unwrap_or_default();
        let ports: Vec<String> = self.ports.iter().map(ToString::to_string).collect();
        let ports = if ports.is_empty() { "first port".to_owned() } else { ports.join(" ") };
        let exposed = if self.bind.is_loopback() { String::new() } else { format!(" on {}", self.bind) };
        format!("{verb} {}{target} {ports}{exposed}", self.app.name)
    }
}
