//! A way to one argocd-server that several readers share: one client, one token, whatever is asked.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderValue, Method, Request, header};
use kube::client::Body;
use kube::{Client, Config};
use serde::de::DeserializeOwned;

use super::super::kube::connect::{CONNECT, certificates};
use super::super::kube::fault::{Fault, Kind};
use super::super::kube::proxy::ProxyEnvironment;
use super::super::kube::request;
use super::address::Address;
use super::answer::Answer;
use super::ask::Ask;
use super::login::keep;
use super::refusal;
use super::token::{Token, TokenRoad};
use super::tunnel::{self, Through};
use crate::domain::text::clean;
use crate::domain::{Clock, Symbol};

/// How much of a refusal is read, in bytes.
const REFUSAL: usize = 64 << 10;
/// The cookie a session is kept in, and renewed through.
const COOKIE: &str = "argocd.token";

/// Which argocd-server, and how to get in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSpec {
    /// The source's name: in rows, in links, on screen.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// Take any certificate.
    pub insecure: bool,
    /// The CA its certificate is checked against, in PEM; the system's where there is none.
    pub ca: Option<PathBuf>,
    /// Where a token can come from, in order.
    pub tokens: Vec<TokenRoad>,
    /// The cluster it is reached in, where the address is a port-forward.
    pub through: Option<Through>,
}

impl ServerSpec {
    /// Where it is, for people.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.through {
            Some(through) => {
                let context = through.cluster.context.as_deref().map_or_else(|| "in-cluster".into(), clean);
                format!("{} in {context}", self.address)
            }
            None => self.address.to_string(),
        }
    }

    /// What `login` is told to get there.
    fn asked(&self) -> String {
        match self.through.as_ref().and_then(|through| through.cluster.context.as_deref()) {
            Some(context) => format!("{} --context {}", self.address, clean(context)),
            None => self.address.to_string(),
        }
    }

    /// Whether nothing is encrypted on the way; what goes through the Kubernetes API always is.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.address.is_plain() && self.through.is_none()
    }
}

/// An argocd-server. Clones share client and token.
#[derive(Clone)]
pub struct Server {
    spec: Arc<ServerSpec>,
    name: Symbol,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    client: Option<Client>,
    /// The client takes any certificate.
    unverified: bool,
    token: Option<Held>,
    /// Tokens the server did not believe since the last time it believed one.
    refused: Vec<Token>,
}

#[derive(Clone)]
struct Held {
    token: Token,
    road: TokenRoad,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("name", &self.name).field("address", &self.spec.address).finish_non_exhaustive()
    }
}

impl Server {
    /// The server `spec` leads to; nothing is connected before something is asked.
    #[must_use]
    pub fn new(spec: ServerSpec, clock: Arc<dyn Clock>) -> Self {
        let name = clean(&spec.name).as_ref().into();
        Self { spec: Arc::new(spec), name, clock, state: Arc::default() }
    }

    /// The source's name, cleaned.
    #[must_use]
    pub fn name(&self) -> &Symbol {
        &self.name
    }

    /// What leads there.
    #[must_use]
    pub fn spec(&self) -> &ServerSpec {
        &self.spec
    }

    /// What time it is.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Nobody waits while it is held: a request that is begun and set aside for a moment must not keep the others out.
    fn state(&self) -> MutexGuard<'_, State> {
        // what a panic leaves is a client and a token, whole or none
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the connections: new ones are made when something is next asked. The token stays, for it may be one the
    /// server renewed; one that is not believed goes by itself.
    pub(super) fn give_up(&self) {
        self.state().client = None;
    }

    /// Whether any certificate is taken: somebody said so, or argocd's own configuration does.
    pub(super) fn is_unverified(&self) -> bool {
        !self.spec.is_plain() && self.state().unverified
    }

    /// Where the token that is held came from.
    pub(super) fn token_road(&self) -> Option<String> {
        self.state().token.as_ref().map(|held| clean(&held.road.to_string()).into_owned())
    }

    fn client(&self, state: &mut State) -> Result<Client, Fault> {
        if let Some(client) = &state.client {
            return Ok(client.clone());
        }
        let (client, unverified) = connect(&self.spec, &self.clock)?;
        state.unverified = unverified;
        Ok(state.client.insert(client).clone())
    }

    fn reach(&self) -> Result<(Client, Held), Fault> {
        let mut state = self.state();
        let client = self.client(&mut state)?;
        let held = if let Some(held) = &state.token {
            held.clone()
        } else {
            let found = find_token(&self.spec, &state.refused)?;
            state.token.insert(found).clone()
        };
        Ok((client, held))
    }

    /// Sends a request; anything but success is a fault. A token that is not believed is read anew, once from each place
    /// there is one: somebody may have logged in since.
    pub(super) async fn send(&self, ask: &Ask) -> Result<Answer, Fault> {
        loop {
            let (client, held) = self.reach()?;
            match self.try_send(client, Some(&held), ask).await {
                Err(fault) if fault.is_unauthorized() => {
                    let mut state = self.state();
                    if state.token.as_ref().is_some_and(|now| now.token == held.token) {
                        state.token = None;
                        state.refused.push(held.token);
                    }
                    let next = match &state.token {
                        Some(_) => continue,
                        None => find_token(&self.spec, &state.refused),
                    };
                    let Ok(next) = next else {
                        // what was refused once is tried again the next time somebody asks
                        state.refused.clear();
                        return Err(fault);
                    };
                    state.token = Some(next);
                }
                Err(fault) => {
                    if fault.is_connection() {
                        self.state().client = None;
                    }
                    return Err(fault);
                }
                Ok(answer) => {
                    self.take_renewed(&answer.headers, &held);
                    return Ok(answer);
                }
            }
        }
    }

    /// A whole answer to somebody the server does not know: no token is sent.
    pub(super) async fn fetch_openly(&self, ask: &Ask, limit: usize) -> Result<Vec<u8>, Fault> {
        let client = {
            let mut state = self.state();
            self.client(&mut state)?
        };
        self.try_send(client, None, ask).await?.whole(limit, &*self.clock).await
    }

    async fn try_send(&self, client: Client, held: Option<&Held>, ask: &Ask) -> Result<Answer, Fault> {
        let unmade = || Fault::new(Kind::Down, "the request cannot be made");
        let mut request =
            Request::builder().method(ask.method.clone()).uri(&ask.path).header(header::ACCEPT, ask.accept);
        if let Some(held) = held {
            request = request.header(header::AUTHORIZATION, held.token.header().ok_or_else(unmade)?);
        }
        if ask.takes_packed() {
            request = request.header(header::ACCEPT_ENCODING, Answer::ACCEPTED);
        }
        if ask.method != Method::GET {
            // whatever it carries: anything else is answered 415 (recorded)
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = ask.body.clone().map_or_else(Body::empty, Body::from);
        let request = request.body(body).map_err(|_| unmade())?;
        let late = async {
            match ask.patience {
                Some(patience) => {
                    self.clock.sleep(patience).await;
                    patience
                }
                None => std::future::pending().await,
            }
        };
        let response = tokio::select! {
            response = client.send(request) => response.map_err(|error| about_server(error.into()))?,
            patience = late => return Err(request::no_answer(patience)),
        };
        let (status, answer) = (response.status(), Answer::of(response));
        if status.is_success() {
            return Ok(answer);
        }
        let headers = answer.headers.clone();
        let body = answer.whole(REFUSAL, &*self.clock).await.unwrap_or_default();
        Err(refusal::of_answer(status, &headers, &body))
    }

    /// A session that is about to end is given a new token with an answer.
    fn take_renewed(&self, headers: &HeaderMap, used: &Held) {
        let Some(token) = renewed(headers).filter(|token| *token != used.token) else { return };
        let mut state = self.state();
        if state.token.as_ref().is_none_or(|held| held.token != used.token) {
            return;
        }
        if let TokenRoad::Saved(path) = &used.road
            && let Err(error) = keep(&token, path)
        {
            // it holds until this program ends
            tracing::warn!(%error, "a renewed token could not be kept");
        }
        state.token = Some(Held { token, road: used.road.clone() });
    }

    /// A whole answer of at the most `limit` bytes.
    pub(super) async fn fetch(&self, ask: &Ask, limit: usize) -> Result<Vec<u8>, Fault> {
        self.send(ask).await?.whole(limit, &*self.clock).await
    }

    /// A whole answer, read as JSON. `what` names it where it cannot be read.
    pub(super) async fn json<T: DeserializeOwned>(&self, path: &str, limit: usize, what: &str) -> Result<T, Fault> {
        let bytes = self.fetch(&Ask::get(path), limit).await?;
        // what the parser says may quote what it read
        serde_json::from_slice(&bytes).map_err(|_| refusal::no_json(what))
    }
}

/// A client for the server, and whether it takes any certificate. It knows no time-out once it is connected: streams are silent for minutes.
fn connect(spec: &ServerSpec, clock: &Arc<dyn Clock>) -> Result<(Client, bool), Fault> {
    let unusable = |why: String| Fault::new(Kind::Down, why);
    let local = spec.tokens.iter().find_map(|road| match road {
        TokenRoad::Argocd(config) => config.entry(&spec.address).ok().flatten(),
        _ => None,
    });
    let pem = match &spec.ca {
        Some(path) => Some(
            std::fs::read(path)
                .map_err(|error| unusable(format!("cannot read certificate_authority {}: {error}", path.display())))?,
        ),
        None => local.as_ref().and_then(|entry| entry.ca.clone()),
    };
    if let Some(through) = &spec.through {
        let client = tunnel::client(through, spec.address.uri(), pem.as_deref(), clock).map_err(unusable)?;
        return Ok((client, false));
    }
    let mut config = Config::new(spec.address.uri().clone());
    config.root_cert = match pem {
        Some(pem) => Some(certificates(&pem).map_err(unusable)?),
        None => None,
    };
    config.accept_invalid_certs = spec.insecure || local.is_some_and(|entry| entry.insecure);
    config.proxy_url = ProxyEnvironment::read().proxy_for(spec.address.uri(), None).map_err(unusable)?;
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = None;
    config.write_timeout = None;
    // what may come packed is said for each request
    config.disable_compression = true;
    config.default_retry = false;
    let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    config.headers.push((header::USER_AGENT, HeaderValue::from_static(agent)));
    let unverified = config.accept_invalid_certs;
    let client = Client::try_from(config).map_err(|error| unusable(clean(&error.to_string()).into_owned()))?;
    Ok((client, unverified))
}

/// The first token that was not refused. What is wrong with one place is told only when no other has a token.
fn find_token(spec: &ServerSpec, refused: &[Token]) -> Result<Held, Fault> {
    let mut wrong = None;
    for road in &spec.tokens {
        match road.token(&spec.address) {
            Ok(Some(token)) if !refused.contains(&token) => return Ok(Held { token, road: road.clone() }),
            Ok(_) => {}
            Err(fault) => drop(wrong.get_or_insert(fault)),
        }
    }
    Err(wrong.unwrap_or_else(|| {
        Fault::new(Kind::Auth, format!("no token for {}", spec.place()))
            .hint(format!("pilothouse login {}, --token-file FILE, ARGOCD_AUTH_TOKEN, or argocd login", spec.asked()))
    }))
}

/// The token of a `Set-Cookie`, put together again where it came in pieces (`argocd.token=2:…`, `argocd.token-1=…`).
fn renewed(headers: &HeaderMap) -> Option<Token> {
    let cookies = headers.get_all(header::SET_COOKIE);
    let pairs: Vec<(&str, &str)> =
        cookies.iter().filter_map(|cookie| cookie.to_str().ok()?.split(';').next()?.trim().split_once('=')).collect();
    let of = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let first = of(COOKIE)?;
    match first.split_once(':').and_then(|(count, head)| Some((count.parse::<usize>().ok()?, head))) {
        Some((count, head)) => {
            let mut whole = head.to_owned();
            for at in 1..count.min(pairs.len()) {
                whole.push_str(of(&format!("{COOKIE}-{at}"))?);
            }
            Token::new(&whole)
        }
        None => Token::new(first),
    }
}

/// A connection's fault without hints that speak of a kubeconfig.
fn about_server(fault: Fault) -> Fault {
    let of_kubeconfig =
        fault.hint.as_ref().is_some_and(|hint| hint.contains("kubeconfig") || hint.contains("API server"));
    if !of_kubeconfig {
        return fault;
    }
    let hint = if fault.why.contains("CA we do not know") {
        "name its CA: certificate_authority of the [[source]], or SSL_CERT_FILE; --insecure takes any certificate"
    } else if fault.why.contains("another name") {
        "use the name the certificate has in the URL"
    } else {
        "check the URL of argocd-server; is a tunnel or VPN needed?"
    };
    fault.hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(all: &[&str]) -> Option<Token> {
        let mut headers = HeaderMap::new();
        for cookie in all {
            headers.append(header::SET_COOKIE, cookie.parse().unwrap());
        }
        renewed(&headers)
    }

    #[test]
    fn a_renewed_token_may_come_in_pieces() {
        assert_eq!(cookies(&["argocd.token=abc; path=/; Secure"]), Token::new("abc"));
        assert_eq!(cookies(&["argocd.token=2:ab; path=/", "argocd.token-1=cd; path=/"]), Token::new("abcd"));
        assert_eq!(cookies(&["argocd.token=2:ab; path=/"]), Token::new("ab"));
        assert_eq!(cookies(&["argocd.token=; path=/"]), None);
        assert_eq!(cookies(&["other=abc"]), None);
    }
}
