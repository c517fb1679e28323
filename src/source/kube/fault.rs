//! What went wrong with a source, in words a person can act on: from an HTTP answer, or down the chain of errors a
//! connection failed with.

use std::error::Error;
use std::io;
use std::time::Duration;

use http::StatusCode;

use super::decode::read;
use super::shape::Failure;
use crate::domain::text::clean;
use crate::source::SourceError;

/// Why a source could not be read, and what that makes of its link.
#[derive(Debug)]
pub(in crate::source) struct Fault {
    /// What kind of trouble it is.
    pub kind: Kind,
    /// In one line, cleaned.
    pub why: String,
    /// What to try.
    pub hint: Option<String>,
    /// How long the server asks us to stay away.
    pub retry_after: Option<Duration>,
    /// The HTTP status it was answered or ended with, if it was.
    pub code: Option<u16>,
    /// The server's own words, cleaned; empty when it was not the server that spoke.
    pub said: String,
}

/// What kind of trouble a [`Fault`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum Kind {
    /// Who we are is not known or not believed.
    Auth,
    /// We are known, and may not.
    Denied,
    /// The resource version is too old: list again.
    Expired,
    /// The server does not do streaming lists: ask for pages.
    NoStreaming,
    /// What came was garbled on the way: ask for it again, at once.
    AskAgain,
    /// Everything else: it may pass.
    Down,
}

impl Fault {
    /// A fault without a hint.
    pub fn new(kind: Kind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into(), hint: None, retry_after: None, code: None, said: String::new() }
    }

    /// The same with a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, with the circumstances after the reason.
    pub fn amid(self, circumstances: &str) -> Self {
        Self { why: format!("{} {circumstances}", self.why), ..self }
    }

    /// The same as an answer to a watch: a version the server cannot read is as good as one that is too old.
    pub fn or_expired(self) -> Self {
        match self.code {
            Some(400 | 422) => Self { kind: Kind::Expired, ..self },
            _ => self,
        }
    }

    /// The server's own words if it spoke (of credentials it says nothing but one word), else ours.
    pub fn words(&self) -> String {
        if self.said.is_empty() || self.kind == Kind::Auth { self.why.clone() } else { self.said.clone() }
    }

    /// The server itself did not believe who we are: what we have may just be too old.
    pub fn is_unauthorized(&self) -> bool {
        self.code == Some(401)
    }

    /// Nobody answered at all: the connection itself may be to blame.
    pub fn is_connection(&self) -> bool {
        self.code.is_none()
    }

    /// The object, or its kind, is not there.
    pub fn is_missing(&self) -> bool {
        self.code == Some(404)
    }

    /// The same for a request about `what` instead of Applications.
    pub fn about(self, what: &str) -> Self {
        match self.code {
            Some(403) => Self { hint: Some(format!("ask for the right to get, list and watch {what}")), ..self },
            Some(404) => Self { why: format!("{what} are not known to this cluster, or gone"), hint: None, ..self },
            _ => self,
        }
    }

    /// What an answer that is not a success means.
    pub fn of_answer(status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let said =
            read::<Failure<'_>>(body).map(|(failure, _)| clean(&failure.message).into_owned()).unwrap_or_default();
        let said = if said.is_empty() { status.to_string() } else { shorten(&said) };
        let words = said.clone();
        let fault = match status {
            StatusCode::UNAUTHORIZED => Self::new(Kind::Auth, "the server does not accept our credentials (401)")
                .hint("log in again, or renew the token in the kubeconfig"),
            StatusCode::FORBIDDEN => Self::new(Kind::Denied, said)
                .hint("ask for the right to list and watch applications.argoproj.io, cluster-wide or in the Argo CD namespace"),
            StatusCode::NOT_FOUND => Self::new(Kind::Down, "no Argo CD Applications in this cluster")
                .hint("applications.argoproj.io is not installed here: is this the context Argo CD runs in?"),
            StatusCode::GONE => Self::new(Kind::Expired, said),
            StatusCode::TOO_MANY_REQUESTS => Self::new(Kind::Down, format!("the server is busy: {said}"))
                .hint("it will be asked again when it wants to be"),
            status => Self::new(Kind::Down, format!("the server answered {}: {said}", status.as_u16())),
        };
        Self { retry_after, code: Some(status.as_u16()), said: words, ..fault }
    }

    /// What an `ERROR` event means; the same codes as over HTTP.
    pub fn of_event(code: i64, message: &str) -> Self {
        let code = u16::try_from(code).ok();
        let fault = match code {
            Some(410) => Self::new(Kind::Expired, message),
            Some(401) => Self::new(Kind::Auth, message),
            Some(403) => Self::new(Kind::Denied, message),
            _ => Self::new(Kind::Down, format!("the server ended the watch: {message}")),
        };
        Self { code, ..fault }
    }

    /// The same as an answer to a streaming list: what a server that does not do them says (as HTTP status, or in an
    /// `ERROR` event where only its store is too old: recorded) becomes [`Kind::NoStreaming`].
    pub fn or_no_streaming(self) -> Self {
        match self.code {
            Some(400 | 405 | 406 | 415 | 422 | 500 | 501) => Self { kind: Kind::NoStreaming, ..self },
            _ => self,
        }
    }

    /// What a failed connection means.
    pub fn of_connection(error: &(dyn Error + 'static)) -> Self {
        let chain = chain(error);
        let first = |find: &dyn Fn(&(dyn Error + 'static)) -> Option<Self>| chain.iter().find_map(|e| find(*e));
        first(&|e| e.downcast_ref::<rustls::Error>().map(of_tls))
            .or_else(|| first(&|e| e.downcast_ref::<io::Error>().and_then(of_io)))
            // the resolver's errors have a private type: its first words are all there is to go by
            .or_else(|| chain.iter().any(|e| e.to_string().starts_with("dns error")).then(unknown_host))
            .unwrap_or_else(|| {
                let innermost = chain.last().map_or_else(|| error.to_string(), ToString::to_string);
                Self::new(Kind::Down, shorten(&clean(&innermost)))
            })
    }
}

impl From<SourceError> for Fault {
    fn from(error: SourceError) -> Self {
        Self { hint: error.hint(), ..Self::new(Kind::Down, error.to_string()) }
    }
}

impl From<kube::Error> for Fault {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Auth(why) => Self::new(Kind::Auth, shorten(&clean(&why.to_string()))),
            error => Self::of_connection(&error),
        }
    }
}

/// An error and all it stems from. An `io::Error` hides the error it wraps from `source()`, so it is opened.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut chain = vec![error];
    let mut next = Some(error);
    while let (Some(error), true) = (next, chain.len() < 32) {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = wrapped.map(|e| e as &(dyn Error + 'static)).or_else(|| error.source());
        chain.extend(next);
    }
    chain
}

fn of_tls(error: &rustls::Error) -> Fault {
    use rustls::CertificateError as Certificate;
    let down = |why: &str, hint: &str| Fault::new(Kind::Down, why).hint(hint);
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            Certificate::Expired | Certificate::ExpiredContext { .. } => {
                down("the server's certificate has expired", "have it renewed; is the clock of this machine right?")
            }
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                down("the server's certificate is not valid yet", "is the clock of this machine right?")
            }
            // a cluster made anew often has a CA of the same name and another key
            Certificate::UnknownIssuer | Certificate::BadSignature => down(
                "the server's certificate is from a CA we do not know",
                "check certificate-authority-data of the cluster in the kubeconfig",
            ),
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => down(
                "the server's certificate is for another name",
                "set tls-server-name of the cluster in the kubeconfig, or use the name the certificate has",
            ),
            other => Fault::new(
                Kind::Down,
                format!("the server's certificate is refused: {}", shorten(&clean(&other.to_string()))),
            ),
        },
        rustls::Error::InvalidMessage(_) => {
            down("the server does not speak TLS", "is the port right, and is it https and not http?")
        }
        rustls::Error::AlertReceived(alert) => {
            let alert = format!("{alert:?}");
            let about_us =
                ["CertificateRequired", "BadCertificate", "CertificateExpired", "CertificateUnknown", "UnknownCA"];
            if about_us.contains(&&*alert) {
                Fault::new(Kind::Auth, format!("the server refuses our client certificate ({alert})"))
                    .hint("renew client-certificate-data of the user in the kubeconfig")
            } else {
                Fault::new(Kind::Down, format!("the server broke off TLS ({alert})"))
            }
        }
        other => Fault::new(Kind::Down, format!("TLS failed: {}", shorten(&clean(&other.to_string())))),
    }
}

fn of_io(error: &io::Error) -> Option<Fault> {
    use io::ErrorKind as Io;
    let down = |why: &str, hint: &str| Some(Fault::new(Kind::Down, why).hint(hint));
    match error.kind() {
        Io::ConnectionRefused => {
            down("connection refused", "is the API server running, and is a tunnel or VPN needed?")
        }
        Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::UnexpectedEof => {
            Some(Fault::new(Kind::Down, "the connection was cut"))
        }
        Io::TimedOut => down("no answer in time", "is a tunnel or VPN needed to reach it?"),
        Io::HostUnreachable | Io::NetworkUnreachable | Io::NetworkDown => {
            down("no route to the server", "is the network up, and is a tunnel or VPN needed?")
        }
        _ if error.get_ref().is_none() && error.raw_os_error().is_none() => {
            error.to_string().contains("lookup address").then(unknown_host)
        }
        _ => None,
    }
}

fn unknown_host() -> Fault {
    Fault::new(Kind::Down, "the server's name is not known to DNS")
        .hint("check the cluster's server in the kubeconfig; is a VPN needed?")
}

/// Room for one line on a screen.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 300;
    let end = text.floor_char_boundary(LONGEST);
    if end < text.len() { format!("{}…", &text[..end]) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_links() {
        let forbidden =
            br#"{"kind":"Status","message":"applications.argoproj.io is forbidden: User \"dev\" cannot list"}"#;
        let fault = Fault::of_answer(StatusCode::FORBIDDEN, None, forbidden);
        assert_eq!(
            (fault.kind, &*fault.why),
            (Kind::Denied, "applications.argoproj.io is forbidden: User \"dev\" cannot list")
        );
        assert_eq!(Fault::of_answer(StatusCode::UNAUTHORIZED, None, b"").kind, Kind::Auth);
        let missing = Fault::of_answer(StatusCode::NOT_FOUND, None, b"404 page not found\n");
        assert_eq!(missing.why, "no Argo CD Applications in this cluster");
        let html = Fault::of_answer(StatusCode::BAD_GATEWAY, None, b"<html>\x1b[2J");
        assert_eq!(html.why, "the server answered 502: 502 Bad Gateway");
        let busy = Fault::of_answer(StatusCode::TOO_MANY_REQUESTS, Some(Duration::from_secs(7)), b"");
        assert_eq!(busy.retry_after, Some(Duration::from_secs(7)));
        assert_eq!(Fault::of_event(410, "too old").kind, Kind::Expired);
    }

    #[test]
    fn errors_are_found_however_deep_they_are_wrapped() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls));
        assert!(Fault::of_connection(&wrapped).why.contains("CA we do not know"));
        let refused = io::Error::other(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(Fault::of_connection(&refused).why, "connection refused");
        let other = io::Error::other("strange\u{1b}[31m thing");
        assert_eq!(Fault::of_connection(&other).why, "strange thing");
    }
}
