//! A forward that is kept under a name, for whoever opens it again and again.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::ports::{Mapping, Remote};
use super::session::Session;
use super::target::Target;
use super::wish::Wish;
use crate::domain::{AppKey, Symbol};

/// What is opened, of which service, in which environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The environment.
    pub environment: Symbol,
    /// The service.
    pub service: Symbol,
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
}

impl Profile {
    /// The first port of a service, for this machine only.
    #[must_use]
    pub fn of(environment: Symbol, service: Symbol) -> Self {
        Self {
            name: format!("{service} {environment}"),
            environment,
            service,
            target: None,
            ports: Vec::new(),
            bind: Ipv4Addr::LOCALHOST.into(),
            unix: None,
            kubectl: false,
        }
    }

    /// What it asks for, of an Application of its service and environment.
    #[must_use]
    pub fn wish(&self, app: AppKey) -> Wish {
        Wish {
            target: self.target.clone(),
            ports: self.ports.clone(),
            bind: self.bind,
            unix: self.unix.clone(),
            kubectl: self.kubectl,
            ..Wish::of(app)
        }
    }

    /// What it leads to, as a person would type it: `svc/backend 9000:http`.
    #[must_use]
    pub fn leads_to(&self) -> String {
        let target = self.target.as_ref().map(ToString::to_string);
        let ports = self.ports.iter().map(ToString::to_string);
        let parts: Vec<String> = target.into_iter().chain(ports).collect();
        if parts.is_empty() { "first port".to_owned() } else { parts.join(" ") }
    }

    /// Whether a session is what it asks for.
    #[must_use]
    pub fn is_open(&self, app: &AppKey, session: &Session) -> bool {
        let theirs: Vec<&Remote> = session.ports.iter().map(|port| &port.remote).collect();
        let mine: Vec<&Remote> = self.ports.iter().map(|port| &port.remote).collect();
        let same_ports = mine.is_empty() || mine == theirs;
        let same_target = self.target.as_ref().is_none_or(|target| *target == session.target);
        session.app == *app && !session.debug && same_ports && same_target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_asks_for_what_it_says() {
        let app = AppKey { source: "cloud".into(), namespace: "argocd".into(), name: "backend-dev".into() };
        let plain = Profile::of("dev".into(), "backend".into());
        assert_eq!(plain.wish(app.clone()), Wish::of(app.clone()));
        assert_eq!((plain.name.as_str(), plain.leads_to().as_str()), ("backend dev", "first port"));
        let profile = Profile {
            target: Some("svc/backend".parse().unwrap()),
            ports: vec!["9000:http".parse().unwrap()],
            ..plain
        };
        assert_eq!(profile.leads_to(), "service/backend 9000:http");
        assert_eq!(profile.wish(app).ports, profile.ports);
    }
}
