//! Ports as a person types them: `8000`, `http`, `9000:8000`, `:8000`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A port of a pod or a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Remote {
    /// By its number.
    Number(u16),
    /// By the name its container or service gives it.
    Name(String),
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// One port of a forward: where we listen, and where that leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Our port; none takes the remote one if that is free, and zero any free one.
    pub local: Option<u16>,
    /// Theirs.
    pub remote: Remote,
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.local {
            Some(0) => write!(f, ":{}", self.remote),
            Some(local) => write!(f, "{local}:{}", self.remote),
            None => write!(f, "{}", self.remote),
        }
    }
}

/// Words that are no port.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no port; write one like 8000, http, 9000:8000, or :8000 for any free local port")]
pub struct PortError(String);

impl FromStr for Mapping {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, PortError> {
        let wrong = || PortError(crate::domain::text::clean(text).into_owned());
        let (local, remote) = match text.split_once(':') {
            Some(("", remote)) => (Some(0), remote),
            Some((local, remote)) => (Some(local.parse().map_err(|_| wrong())?), remote),
            None => (None, text),
        };
        Ok(Self { local, remote: remote.parse().map_err(|()| wrong())? })
    }
}

impl FromStr for Remote {
    type Err = ();

    /// A number from 1, or a name as Kubernetes allows it: up to 15 of `a-z`, `0-9` and `-`, one letter at least.
    fn from_str(text: &str) -> Result<Self, ()> {
        if let Ok(number) = text.parse::<u16>() {
            return if number > 0 { Ok(Self::Number(number)) } else { Err(()) };
        }
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = (1..=15).contains(&text.len())
            && text.bytes().all(is_plain)
            && text.bytes().any(|byte| byte.is_ascii_lowercase());
        if is_name { Ok(Self::Name(text.to_owned())) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_they_are_written() {
        for text in ["8000", "http", "9000:8000", "9000:http", ":8000", ":http"] {
            assert_eq!(text.parse::<Mapping>().unwrap().to_string(), text);
        }
        assert_eq!("0:8000".parse::<Mapping>().unwrap().local, Some(0));
        for text in ["", ":", "0", "70000", "a:b", "8000:", "8000:0", "Http", "1:2:3", "-", "a-very-long-name-indeed"] {
            assert!(text.parse::<Mapping>().is_err(), "{text}");
        }
    }
}
