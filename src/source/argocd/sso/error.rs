//! Why single sign-on did not work, and what to try.

use thiserror::Error;

use super::super::super::kube::ReadError;
use super::super::super::kube::fault::Fault;
use crate::domain::text::clean;

/// More words of an issuer than this are not shown, in bytes.
const WORDS: usize = 300;

/// Why a login or a renewal failed. Texts of an issuer in it are cleaned.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(in crate::source::argocd) enum SsoError {
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    NoRandom,
    /// Somebody else listens there.
    #[error("port {port} of this machine is taken")]
    PortTaken {
        /// Which.
        port: u16,
        /// It is Dex that is to send the browser there.
        dex: bool,
    },
    /// The port cannot be opened.
    #[error("cannot listen on port {port} of this machine: {why}")]
    NoPort {
        /// Which.
        port: u16,
        /// Why.
        why: String,
    },
    /// The settings do not say where the issuer is, or not with a URL.
    #[error("`{0}` is not the URL of an issuer")]
    NoIssuer(String),
    /// Tokens would go over the network in clear.
    #[error("{0} is not encrypted")]
    Plain(String),
    /// The issuer cannot be asked.
    #[error("the issuer cannot be asked for {what}: {why}")]
    Unreachable {
        /// For what.
        what: &'static str,
        /// Why.
        why: String,
        /// What to try, if anything is known.
        hint: Option<String>,
    },
    /// It says something that is none of the protocol.
    #[error("the issuer's answer to {what} cannot be read: {why}")]
    Garbled {
        /// What was asked.
        what: &'static str,
        /// What was found instead.
        why: String,
    },
    /// Another issuer answers than the one the settings name.
    #[error("the settings name the issuer {wanted}, but {found} answers")]
    OtherIssuer {
        /// The one of the settings.
        wanted: String,
        /// The one that answers.
        found: String,
    },
    /// It has no authorization code flow.
    #[error("the issuer offers no authorization code flow")]
    NoCodeFlow,
    /// The issuer said no.
    #[error("the issuer refused: {error}{}", described(.description))]
    Refused {
        /// The protocol's word.
        error: String,
        /// Its own, may be empty.
        description: String,
    },
    /// The browser came back from another login.
    #[error("the browser brought the answer to another login")]
    OtherState,
    /// The id_token is not for this login.
    #[error("the issuer's token is for another login (its nonce is not ours)")]
    OtherNonce,
    /// The id_token is for another client.
    #[error("the issuer's token is for {found}, not for {wanted}")]
    OtherAudience {
        /// We.
        wanted: String,
        /// Who it is for.
        found: String,
    },
    /// The id_token is of somebody else than before.
    #[error("the issuer renewed the token of somebody else")]
    OtherSubject,
    /// argocd-server cannot be asked whom it takes us for.
    #[error("argocd-server cannot be asked who we are: {why}")]
    Unasked {
        /// Why.
        why: String,
        /// What to try, if anything is known.
        hint: Option<String>,
    },
    /// argocd-server takes no such tokens.
    #[error("argocd-server does not accept the token of {0}")]
    NotBelieved(String),
    /// Nobody came back.
    #[error("nobody logged in within {0} minutes")]
    Late(u64),
    /// There is no refresh token.
    #[error("there is no refresh token")]
    NothingToRenew,
    /// The issuer wants a person again.
    #[error("the issuer no longer takes the refresh token")]
    Spent,
    /// What came cannot be kept.
    #[error("the new token cannot be kept: {0}")]
    Unkept(String),
}

fn described(description: &str) -> String {
    if description.is_empty() { String::new() } else { format!(" ({description})") }
}

/// An issuer's words, fit to be shown: none that repeat one of `secrets`.
pub(super) fn words(text: &str, secrets: &[&str]) -> String {
    let text = clean(text);
    if secrets.iter().any(|secret| text.contains(secret)) {
        return "it repeats what is secret".to_owned();
    }
    text[..text.floor_char_boundary(WORDS)].trim().to_owned()
}

impl SsoError {
    /// What a connection's trouble means; `what` was asked for.
    pub(super) fn unreachable(what: &'static str, fault: Fault) -> Self {
        Self::Unreachable { what, why: fault.why, hint: fault.hint }
    }

    /// What to try.
    pub(in crate::source::argocd) fn hint(&self) -> String {
        match self {
            Self::NoRandom => "is /dev/urandom there?".to_owned(),
            Self::PortTaken { port, dex: true } => format!(
                "another login may be waiting: `ss -ltnp sport = :{port}` names it. Argo CD's Dex sends browsers to 8085 alone"
            ),
            Self::PortTaken { .. } | Self::NoPort { .. } => {
                "--sso-port takes another one that the provider knows as http://localhost:PORT/auth/callback".to_owned()
            }
            Self::NoIssuer(_) => "it is made of `url` or `oidc.config` in argocd-cm".to_owned(),
            Self::Plain(_) => "its tokens could be read on the way: have it served with TLS".to_owned(),
            Self::Unreachable { hint, .. } => hint.clone().unwrap_or_else(|| {
                "this machine has to reach it, not only the browser: is a proxy (HTTPS_PROXY) or VPN needed?".to_owned()
            }),
            Self::Unasked { hint, .. } => hint.clone().unwrap_or_else(again),
            Self::Garbled { .. } => "is there a login page before it? the issuer's own log says more".to_owned(),
            Self::OtherIssuer { .. } => {
                "`url` and `issuer` in argocd-cm have to be the issuer's own name, to the last slash".to_owned()
            }
            Self::NoCodeFlow => "a token from elsewhere works too: --token-file, or ARGOCD_AUTH_TOKEN".to_owned(),
            Self::Refused { error, .. } => refused(error).to_owned(),
            Self::OtherState => "open the URL this login printed: one of an earlier login is of no use".to_owned(),
            Self::OtherNonce => "log in again; if it stays so, something between alters the answers".to_owned(),
            Self::OtherAudience { .. } => "check clientID and cliClientID of oidc.config in argocd-cm".to_owned(),
            Self::OtherSubject | Self::NothingToRenew | Self::Spent => again(),
            Self::NotBelieved(_) => {
                "do issuer and allowedAudiences of argocd-cm fit? are the clocks of both right?".to_owned()
            }
            Self::Late(_) => "log in again; over SSH, port 8085 of your own machine has to lead here".to_owned(),
            Self::Unkept(_) => "check the folder for state: disk full, or another owner?".to_owned(),
        }
    }
}

fn again() -> String {
    "log in again: pilothouse login URL --sso".to_owned()
}

/// What the errors of RFC 6749 and OpenID Connect are mostly about.
fn refused(error: &str) -> &'static str {
    match error {
        "access_denied" => "ask whoever runs the provider for access to Argo CD",
        "invalid_client" | "unauthorized_client" => {
            "the provider has to know the command line as a public client (cliClientID of oidc.config)"
        }
        "invalid_grant" => "log in again: pilothouse login URL --sso",
        "invalid_scope" => "check requestedScopes of oidc.config in argocd-cm",
        "invalid_request" => "does the provider know http://localhost:8085/auth/callback as a redirect?",
        "server_error" | "temporarily_unavailable" => "try again in a moment; the provider's own log says more",
        _ => "the provider's own log says more",
    }
}

impl From<SsoError> for ReadError {
    fn from(error: SsoError) -> Self {
        Self::Failed { why: error.to_string(), hint: Some(error.hint()) }
    }
}
