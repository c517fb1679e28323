//! From a request to its answer: faults, who asks, may they, what for.

use std::io;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, DATE};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::super::access::{ANONYMOUS, Access, Request as Ask, User};
use super::super::fault::{Answer, Faults};
use super::super::kinds::{self, Kind};
use super::super::rbac;
use super::super::serve::Cluster;
use super::super::status::Failure;
use super::super::store::Store;
use super::super::stream::Sessions;
use super::super::write::Writer;
use super::encode::Encoder;
use super::negotiate::Form;
use super::path::{Query, Target};
use super::respond::{self, Body, TEXT};
use super::{connect, discovery, log, openapi, protobuf, proxy, read, review, scale, watch, write};

/// Bytes of a request's body that are read; real servers stop at 3 MiB too.
const MAX_BODY: usize = 3 << 20;

/// One cluster's API.
#[derive(Debug)]
pub struct Api {
    pub(in crate::sim) name: String,
    pub(in crate::sim) store: Store,
    pub(in crate::sim) faults: Faults,
    pub(super) streaming_lists: bool,
    /// What runs over connections that were upgraded.
    pub(in crate::sim) sessions: Sessions,
    users: Vec<User>,
    nobody: User,
}

impl Api {
    /// The API of a cluster, without faults.
    #[must_use]
    pub fn new(cluster: Cluster) -> Self {
        let Cluster { name, store, users, streaming_lists, port: _, leaf: _ } = cluster;
        let nobody = User::new(ANONYMOUS, "", Access::nothing());
        Self { name, store, faults: Faults::default(), streaming_lists, sessions: Sessions::default(), users, nobody }
    }

    /// Answers one request that came in at `port`; an error breaks the connection.
    pub async fn answer(&self, port: u16, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let path = request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned();
        let latency = self.faults.current_latency();
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let (mut cut, mut slow) = (None, None);
        match self.faults.take_answer(request.method(), &path) {
            Some(Answer::Status(code, body)) => return Ok(respond::ordered(code, body)),
            Some(Answer::Drop) => return Err(io::ErrorKind::ConnectionReset.into()),
            Some(Answer::Silence) => return std::future::pending().await,
            Some(Answer::Busy(after)) => return Ok(respond::busy(after)),
            Some(Answer::Truncated(after)) => cut = Some(after),
            Some(Answer::Slow(rate)) => slow = Some(rate),
            None => {}
        }
        let mut response = self.route(port, &path, request).await.unwrap_or_else(|f| respond::failure(&f));
        if let Ok(id) = HeaderValue::from_str(&format!("{:032x}", fastrand::u128(..))) {
            response.headers_mut().insert("audit-id", id);
        }
        let date = self.store.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if let Ok(date) = HeaderValue::from_str(&date) {
            response.headers_mut().insert(DATE, date);
        }
        Ok(match (cut, slow) {
            (Some(after), _) => response.map(|body| respond::truncated(body, after)),
            (None, Some(rate)) => response.map(|body| respond::slow(body, rate)),
            (None, None) => response,
        })
    }

    async fn route(&self, port: u16, url: &str, request: Request<Incoming>) -> Result<Response<Body>, Failure> {
        let user = self.authenticate(request.headers())?;
        let access = rbac::access(&self.store, &user);
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let query = Query::parse(query);
        let accept = request.headers().get(ACCEPT).and_then(|a| a.to_str().ok()).unwrap_or_default().to_owned();
        let Some(target) = Target::parse(path) else {
            let verb = request.method().as_str().to_ascii_lowercase();
            if user.name == ANONYMOUS && !is_public(path) && !access.allows_path(&verb, path) {
                return Err(Failure::forbidden_path(&user.name, &verb, path));
            }
            return Ok(self.plain(path, &accept, port));
        };
        let verb = verb(request.method(), &target, &query);
        let kind = kinds::by_resource(&target.group, &target.version, &target.plural);
        let kind = kind.filter(|kind| discovery::is_served(&self.store, kind));
        // everyone who is someone may ask about themselves
        let reviewing = verb == "create" && kind.is_some_and(|k| !k.is_stored()) && user.name != ANONYMOUS;
        if !reviewing {
            authorize(&user, &access, verb, &target)?;
        }
        let kind =
            kind.filter(|k| k.namespaced || target.namespace.is_empty()).ok_or_else(Failure::no_such_resource)?;
        let part = target.subresource.split('/').next().unwrap_or_default();
        if !part.is_empty() {
            let part = kind.sub(part).ok_or_else(|| Failure::not_found(kind, &target.name))?;
            if !part.verbs.contains(&verb) {
                return Err(Failure::method_not_allowed());
            }
        }
        match verb {
            _ if proxy::is_for(kind, &target) => proxy::proxy(self, url, kind, &target, request).await,
            "get" | "create" if kind.kind == "Pod" && connect::is_for(&target) => {
                connect::connect(self, url, kind, &target, &query, request)
            }
            "get" if kind.kind == "Pod" && target.subresource == "log" => log::log(self, url, kind, &target, &query),
            "get" if target.subresource == "scale" => scale::get(&self.store, kind, &target, &accept),
            "get" | "list" | "watch" if kind.is_stored() => {
                let encoder = Encoder::new(kind, Form::negotiate(&accept, &query, kind)?);
                match verb {
                    "get" => read::get(&self.store, &target, &encoder),
                    "list" => read::list(&self.store, &target, &query, encoder),
                    _ => watch::watch(self, url, &target, &query, encoder),
                }
            }
            "create" if reviewing => self.review(&user, &access, kind, request).await,
            "create" | "update" | "patch" | "delete" | "deletecollection" if kind.verbs.contains(&verb) => {
                let headers = request.headers().clone();
                let body = body(request).await?;
                let (store, headers, body) = (&self.store, &headers, &body[..]);
                let request = write::Request { store, kind, target: &target, query: &query, headers, body };
                if request.creates(verb) {
                    authorize(&user, &access, "create", &target)?;
                }
                write::answer(verb, &request)
            }
            _ => Err(Failure::method_not_allowed()),
        }
    }

    /// Who asks; who they want to be taken for, when they may.
    fn authenticate(&self, headers: &HeaderMap) -> Result<User, Failure> {
        let user = match headers.get(AUTHORIZATION) {
            None => &self.nobody,
            Some(header) => {
                let token = header.to_str().ok().and_then(|h| h.strip_prefix("Bearer "));
                let token = token.ok_or_else(Failure::unauthorized)?;
                let token = self.faults.accept(token.trim()).ok_or_else(Failure::unauthorized)?;
                self.users.iter().find(|u| u.token == token).ok_or_else(Failure::unauthorized)?
            }
        };
        let Some(wanted) = headers.get("impersonate-user").and_then(|name| name.to_str().ok()) else {
            return Ok(user.clone());
        };
        let (verb, resource) = ("impersonate", "users");
        let asked = Ask { verb, group: "", resource, namespace: "", name: wanted };
        if !rbac::access(&self.store, user).allows(asked) {
            let sentence = format!(
                "User \"{}\" cannot {verb} resource \"{resource}\" in API group \"\" at the cluster scope",
                user.name
            );
            return Err(Failure::forbidden("", resource, wanted, &sentence));
        }
        let known = self.users.iter().find(|u| u.name == wanted).cloned();
        let mut other = known.unwrap_or_else(|| User::new(wanted, "", Access::nothing()));
        let groups = headers.get_all("impersonate-group").iter();
        other.groups.extend(groups.filter_map(|group| group.to_str().ok()).map(str::to_owned));
        Ok(other)
    }

    async fn review(
        &self,
        user: &User,
        access: &Access,
        kind: &Kind,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Failure> {
        let manager = write::agent(request.headers());
        let bytes = body(request).await?;
        if kind.kind == "SelfSubjectReview" {
            return Ok(review::own(user));
        }
        let asked = match protobuf::review(&bytes) {
            Some(asked) => asked,
            None => serde_json::from_slice(&bytes).map_err(|e| Failure::undecodable(kind, &e.to_string()))?,
        };
        Ok(match kind.kind {
            "SelfSubjectRulesReview" => review::rules(access, &asked),
            _ => review::access(access, &asked, &Writer::new(&self.store, &manager)),
        })
    }

    /// Everything that is no resource.
    fn plain(&self, path: &str, accept: &str, port: u16) -> Response<Body> {
        match path.trim_end_matches('/') {
            "/version" => respond::json(200, &version()),
            "/healthz" | "/livez" | "/readyz" => respond::whole(200, TEXT, "ok"),
            path => openapi::answer(&self.store, path)
                .or_else(|| discovery::discover(&self.store, path, accept, port))
                .unwrap_or_else(|| respond::whole(404, TEXT, "404 page not found\n")),
        }
    }
}

/// The body of a request.
async fn body(request: Request<Incoming>) -> Result<Bytes, Failure> {
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    Ok(body.map_err(|e| Failure::bad_request(e.to_string()))?.to_bytes())
}

/// The verb that rules speak of.
fn verb(method: &Method, target: &Target, query: &Query) -> &'static str {
    let one = !target.name.is_empty();
    match *method {
        Method::GET | Method::HEAD if target.watch || query.is_set("watch") && !one => "watch",
        Method::GET | Method::HEAD if one => "get",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if one => "delete",
        Method::DELETE => "deletecollection",
        _ => "unknown",
    }
}

fn authorize(user: &User, access: &Access, verb: &str, target: &Target) -> Result<(), Failure> {
    let resource = target.resource();
    let asked = target.request(verb, &resource);
    if access.allows(asked) {
        return Ok(());
    }
    let place = match asked.namespace {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace \"{namespace}\""),
    };
    let sentence = format!(
        "User \"{}\" cannot {verb} resource \"{resource}\" in API group \"{}\" {place}",
        user.name, target.group
    );
    Err(Failure::forbidden(&target.group, &target.plural, &target.name, &sentence))
}

/// Paths that need no credentials.
pub(super) fn is_public(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    matches!(path, "/version") || ["/healthz", "/livez", "/readyz"].iter().any(|p| path.starts_with(p))
}

fn version() -> Value {
    json!({
        "major": "1",
        "minor": "36",
        "emulationMajor": "1",
        "emulationMinor": "36",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35",
        "gitVersion": "v1.36.2",
        "gitCommit": "$Format:%H$",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "go1.26.8",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}
