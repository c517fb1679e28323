//! A way to one argocd-server that several readers share: one client, one token, whatever is asked.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};
use http::{HeaderMap, Method, Request, header};
use kube::Client;
use kube::client::Body;
use serde::de::DeserializeOwned;

use super::super::kube::fault::{Fault, Kind};
use super::super::kube::request;
use super::answer::Answer;
use super::ask::Ask;
use super::connect::{about_server, connect};
use super::cookie::renewed;
use super::credentials::{Credentials, keep, keep_token};
use super::refusal;
use super::spec::ServerSpec;
use super::sso::{self, SsoError};
use super::token::{Token, TokenRoad};
use crate::domain::text::clean;
use crate::domain::{Clock, Symbol};

/// How much of a refusal is read, in bytes.
const REFUSAL: usize = 64 << 10;

/// A renewal that is under way: whoever waits for it keeps it going.
type Renewal = Shared<BoxFuture<'static, Result<Token, SsoError>>>;

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
    /// The refresh token is spent by whoever uses it: several who are refused at once renew once.
    renewal: Option<WeakShared<BoxFuture<'static, Result<Token, SsoError>>>>,
}

#[derive(Clone)]
struct Held {
    token: Token,
    road: TokenRoad,
}

impl State {
    /// A renewal that has not ended.
    fn ongoing(&self) -> Option<Renewal> {
        self.renewal.as_ref().and_then(WeakShared::upgrade).filter(|one| one.peek().is_none())
    }
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

    /// Client and token for a request. Whoever comes while a token that was refused is being renewed waits for the new one.
    async fn ready(&self) -> Result<(Client, Held), Fault> {
        match self.reach() {
            Err(fault) if fault.kind == Kind::Auth => {}
            reached => return reached,
        }
        let ongoing = self.state().ongoing();
        match ongoing {
            Some(renewal) => match renewal.await {
                Ok(_) => self.reach(),
                Err(why) => {
                    Err(Fault::new(Kind::Auth, format!("the session could not be renewed: {why}")).hint(why.hint()))
                }
            },
            // it may have ended in between
            None => self.reach(),
        }
    }

    /// Sends a request; anything but success is a fault. A token that is not believed is read anew, once from each place
    /// there is one: somebody may have logged in since. One of single sign-on is renewed.
    pub(super) async fn send(&self, ask: &Ask) -> Result<Answer, Fault> {
        let mut renewed = false;
        loop {
            let (client, held) = self.ready().await?;
            match self.try_send(client, Some(&held.token), ask).await {
                Err(fault) if fault.is_unauthorized() => {
                    if self.disbelieve(&held) {
                        continue;
                    }
                    let may_renew = !std::mem::replace(&mut renewed, true);
                    let unrenewed = if may_renew { self.renew(&held).await.err() } else { None };
                    if self.find_another() {
                        continue;
                    }
                    return Err(match unrenewed {
                        Some(why) => fault.amid(&format!("; it could not be renewed: {why}")).hint(why.hint()),
                        None => fault,
                    });
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

    /// A token was refused; whether there is another one already.
    fn disbelieve(&self, held: &Held) -> bool {
        let mut state = self.state();
        if state.token.as_ref().is_some_and(|now| now.token == held.token) {
            state.token = None;
            state.refused.push(held.token.clone());
        }
        // another program of ours may have renewed what it came from
        if state.token.is_none()
            && let Ok(Some(token)) = held.road.token(&self.spec.address)
            && !state.refused.contains(&token)
        {
            state.token = Some(Held { token, road: held.road.clone() });
        }
        state.token.is_some()
    }

    /// Renews a token single sign-on gave; without a refresh token there is nothing to do.
    async fn renew(&self, held: &Held) -> Result<(), SsoError> {
        let TokenRoad::Saved(path) = &held.road else { return Ok(()) };
        if !sso::is_renewable(path) {
            return Ok(());
        }
        let renewal = self.renewal(path);
        let token = renewal.await?;
        let mut state = self.state();
        if state.token.is_none() && !state.refused.contains(&token) {
            state.token = Some(Held { token, road: held.road.clone() });
        }
        Ok(())
    }

    fn renewal(&self, path: &Path) -> Renewal {
        let mut state = self.state();
        state.ongoing().unwrap_or_else(|| {
            let (server, path) = (self.clone(), path.to_owned());
            let renewal = async move { sso::renew(&server, &path).await }.boxed().shared();
            state.renewal = renewal.downgrade();
            renewal
        })
    }

    /// Whether there is a token to go on with, from wherever one is.
    fn find_another(&self) -> bool {
        let mut state = self.state();
        if state.token.is_none() {
            match find_token(&self.spec, &state.refused) {
                Ok(found) => state.token = Some(found),
                // what was refused once is tried again the next time somebody asks
                Err(_) => state.refused.clear(),
            }
        }
        state.token.is_some()
    }

    /// Has whoever asks from now on use what a login brought, and keeps it where the next start looks for it: there, or
    /// nowhere where a token comes from a file somebody named.
    ///
    /// # Errors
    /// When it cannot be written; until this program ends it holds all the same.
    pub fn adopt(&self, credentials: &Credentials) -> io::Result<Option<PathBuf>> {
        let saved = self.spec.tokens.iter().find_map(|road| match road {
            TokenRoad::Saved(path) => Some(path.clone()),
            _ => None,
        });
        let kept = saved.map(|path| keep(credentials, &path).map(|()| path)).transpose();
        let road = match &kept {
            Ok(Some(path)) => TokenRoad::Saved(path.clone()),
            Ok(None) | Err(_) => TokenRoad::Entered,
        };
        let mut state = self.state();
        state.refused.clear();
        state.token = Some(Held { token: credentials.token.clone(), road });
        kept
    }

    /// A client for requests that carry no token.
    pub(super) fn open_client(&self) -> Result<Client, Fault> {
        let mut state = self.state();
        self.client(&mut state)
    }

    /// A whole answer to somebody the server does not know: no token is sent.
    pub(super) async fn fetch_openly(&self, ask: &Ask, limit: usize) -> Result<Vec<u8>, Fault> {
        self.fetch_as(None, ask, limit).await
    }

    /// A whole answer to whom a token is of, whichever is used otherwise.
    pub(super) async fn fetch_as(&self, token: Option<&Token>, ask: &Ask, limit: usize) -> Result<Vec<u8>, Fault> {
        self.try_send(self.open_client()?, token, ask).await?.whole(limit, &*self.clock).await
    }

    async fn try_send(&self, client: Client, token: Option<&Token>, ask: &Ask) -> Result<Answer, Fault> {
        let unmade = || Fault::new(Kind::Down, "the request cannot be made");
        let mut request =
            Request::builder().method(ask.method.clone()).uri(&ask.path).header(header::ACCEPT, ask.accept);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, token.header().ok_or_else(unmade)?);
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
            && let Err(error) = keep_token(&token, path)
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
