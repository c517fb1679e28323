//! What a person wants to be forwarded.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use thiserror::Error;

use super::ports::Mapping;
use super::target::Target;
use crate::domain::AppKey;
use crate::domain::text::clean;

/// Words that ask for no forward.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct WishError(String);

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

    /// What a line asks for, in the words of the command line: ports, and `--bind ADDR`, `--unix PATH`, `--target WHAT`,
    /// `--kubectl`.
    ///
    /// # Errors
    /// The first word that is none of them, and what it could be.
    pub fn read(app: AppKey, line: &str) -> Result<Self, WishError> {
        let mut wish = Self::of(app);
        let (mut words, mut bound) = (line.split_whitespace(), false);
        while let Some(word) = words.next() {
            let (name, given) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let mut value = |what: &str| {
                let value = given.or_else(|| words.next());
                value.ok_or_else(|| WishError(format!("{name} takes {what}")))
            };
            match name {
                "--bind" => {
                    let text = value("an address")?;
                    let wrong = |_| WishError(format!("`{}` is no address; write one like 127.0.0.1", clean(text)));
                    wish.bind = text.parse().map_err(wrong)?;
                    bound = true;
                }
                "--unix" => wish.unix = Some(PathBuf::from(value("a path")?)),
                "--target" => {
                    let target = value("what it leads to, as service/backend")?.parse();
                    wish.target = Some(target.map_err(|error: super::TargetError| WishError(error.to_string()))?);
                }
                "--kubectl" => wish.kubectl = true,
                _ if name.starts_with('-') => {
                    let known = "--bind ADDR, --unix PATH, --target WHAT or --kubectl";
                    return Err(WishError(format!("there is no {}; there is {known}", clean(name))));
                }
                _ => wish.ports.push(word.parse().map_err(|error: super::PortError| WishError(error.to_string()))?),
            }
        }
        if wish.unix.is_some() && bound {
            return Err(WishError("a Unix socket listens on no address: leave --bind out".to_owned()));
        }
        if wish.unix.is_some() && wish.ports.len() > 1 {
            return Err(WishError("a Unix socket leads to one port".to_owned()));
        }
        Ok(wish)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Wish, String> {
        let app = AppKey { source: "cloud".into(), namespace: "argocd".into(), name: "backend-dev".into() };
        Wish::read(app, line).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_is_read_as_the_command_line_is() {
        assert_eq!(read("").unwrap(), Wish::of(read("").unwrap().app));
        let wish = read("9000:http 5432 --bind 0.0.0.0 --target=svc/backend --kubectl").unwrap();
        assert_eq!(wish.title(), "Forward backend-dev service/backend 9000:http 5432 on 0.0.0.0");
        assert!(wish.kubectl);
        assert_eq!(read("--unix /tmp/a.sock").unwrap().unix, Some(PathBuf::from("/tmp/a.sock")));
        for (line, said) in [
            ("--bind", "--bind takes an address"),
            ("--bind here", "`here` is no address"),
            ("--all", "there is no --all; there is --bind ADDR"),
            ("--target backend", "`backend` is nothing a forward leads to"),
            ("a:b:c", "is no port"),
            ("1 2 --unix /x", "a Unix socket leads to one port"),
            ("--unix /x --bind ::1", "a Unix socket listens on no address"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(said), "{line}: {error}");
        }
    }
}
