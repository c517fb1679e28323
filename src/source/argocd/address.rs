//! Where an argocd-server is.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use thiserror::Error;

use crate::domain::text::{clean, without_credentials};

/// What stands in the place of a host where argocd-server is reached by a port-forward, as in argocd's own configuration.
const FORWARDED: &str = "port-forward";

/// The address of an argocd-server: scheme, host, port, and the root path it may be served below.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    uri: Uri,
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// It cannot be read as one.
    #[error("`{0}` is not the URL of an argocd-server")]
    NoUrl(String),
    /// It holds a user or a password.
    #[error("`{0}`: the URL of an argocd-server may not carry a user or a password")]
    Credentials(String),
}

impl Address {
    /// As the HTTP client takes it.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Whether nothing is encrypted on the way.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.uri.scheme_str() == Some("http")
    }

    /// Host and port, the port always there: what argocd's own configuration calls a server.
    #[must_use]
    pub fn authority(&self) -> String {
        let port = self.uri.port_u16().unwrap_or(if self.is_plain() { 80 } else { 443 });
        format!("{}:{port}", self.uri.host().unwrap_or_default().to_ascii_lowercase())
    }

    /// Whether it is no address, but a port-forward to wherever it runs.
    #[must_use]
    pub fn is_forwarded(&self) -> bool {
        self.host() == FORWARDED
    }

    /// The host alone.
    #[must_use]
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }
}

impl FromStr for Address {
    type Err = AddressError;

    /// Reads a URL; without a scheme it is `https`, as for argocd.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let shown = || clean(&without_credentials(text)).into_owned();
        let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let uri: Uri = whole.trim_end_matches('/').parse().map_err(|_| AddressError::NoUrl(shown()))?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(AddressError::Credentials(shown()));
        }
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        if !known || uri.host().is_none_or(str::is_empty) || uri.query().is_some() {
            return Err(AddressError::NoUrl(shown()));
        }
        Ok(Self { uri })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_forwarded() {
            return write!(f, "{FORWARDED}{}", clean(self.uri.path().trim_end_matches('/')));
        }
        f.write_str(&clean(self.uri.to_string().trim_end_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_argocd_reads_it() {
        let of = |text: &str| text.parse::<Address>().map(|a| (a.to_string(), a.authority(), a.is_plain()));
        let is = |shown: &str, authority: &str, plain| Ok((shown.to_owned(), authority.to_owned(), plain));
        assert_eq!(of("Argo.example"), is("https://Argo.example", "argo.example:443", false));
        assert_eq!(of("argo.example:8443/"), is("https://argo.example:8443", "argo.example:8443", false));
        assert_eq!(of("http://10.0.0.1/argo/"), is("http://10.0.0.1/argo", "10.0.0.1:80", true));
        assert_eq!(of("ftp://x"), Err(AddressError::NoUrl("ftp://x".to_owned())));
        assert_eq!(of("port-forward/argo"), is("port-forward/argo", "port-forward:443", false));
        assert!("port-forward".parse::<Address>().unwrap().is_forwarded());
        assert_eq!(of(""), Err(AddressError::NoUrl(String::new())));
        let refused = of("https://me:hunter2@argo.example").unwrap_err();
        assert!(matches!(refused, AddressError::Credentials(_)));
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
}
