//! From a request to its answer: what goes wrong on order, what is called, who calls, and the call itself.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{DATE, HeaderValue};
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::super::fault::Answer;
use super::applications::{delete, list, manifests, operation, read, revisions, rollback, sync, windows, write};
use super::desk::{Caller, Desk};
use super::dex;
use super::refusal::Refusal;
use super::reply::{self, Body, Reply};
use super::request::Asked;
use super::resources::{actions, events, object};
use super::route::Call;
use super::streams::{self, Wish, send};
use super::{account, clusters, objects, session, settings};

/// Bytes of a request's body that are read.
const LONGEST: usize = 8 << 20;

/// Answers one request; an error breaks the connection.
pub(super) async fn answer(desk: &Arc<Desk>, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let url = request.uri().path_and_query().map_or("/", |url| url.as_str()).to_owned();
    let latency = desk.faults.current_latency();
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let (mut cut, mut slow) = (None, None);
    match desk.faults.take_answer(request.method(), &url) {
        Some(Answer::Status(code, body)) => return Ok(reply::ordered(code, body)),
        Some(Answer::Drop) => return Err(io::ErrorKind::ConnectionReset.into()),
        Some(Answer::Silence) => return std::future::pending().await,
        Some(Answer::Busy(_)) => {
            let words = "too many requests";
            return Ok(reply::ordered(429, json!({"error": words, "code": 8, "message": words}).to_string()));
        }
        Some(Answer::Truncated(after)) => cut = Some(after),
        Some(Answer::Slow(rate)) => slow = Some(rate),
        None => {}
    }
    let mut response = respond(desk, &url, request).await;
    let date = desk.store.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(DATE, date);
    }
    Ok(match (cut, slow) {
        (Some(after), _) => response.map(|body| super::super::api::truncated(body, after)),
        (None, Some(rate)) => response.map(|body| super::super::api::slow(body, rate)),
        (None, None) => response,
    })
}

async fn respond(desk: &Arc<Desk>, url: &str, request: Request<Incoming>) -> Response<Body> {
    let root = desk.root_path();
    let (parts, body) = request.into_parts();
    let path = url.split('?').next().unwrap_or_default();
    if path == format!("{root}/healthz") {
        return reply::text(200, "ok");
    }
    let Some(below) = path.strip_prefix(&root).filter(|below| below.starts_with("/api/")) else {
        return reply::text(404, "404 page not found\n");
    };
    let dex = below.strip_prefix("/api/dex/").and_then(|path| Some((path, dex::Config::read(desk)?)));
    if let Some((path, config)) = dex {
        return dex::answer(desk, &config, path, Request::from_parts(parts, body)).await;
    }
    let typed = parts.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if parts.method != Method::GET && !typed.eq_ignore_ascii_case("application/json") {
        return reply::text(415, "Invalid content type\n");
    }
    let body = match Limited::new(body, LONGEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::new(),
    };
    let asked = Asked::new(parts.method, url, parts.headers, body, &root);
    let gzip = asked.takes_gzip();
    let Some(call) = Call::find(&asked.method, &asked.segments) else { return reply::text(404, "Not Found\n") };
    let caller = desk.authenticate(&asked);
    let renewed = caller.as_ref().ok().and_then(|caller| caller.renewed.clone());
    let answered = match (call.is_open(), caller) {
        (true, caller) => open(desk, call, &asked, caller.ok().as_ref()),
        (false, Err(refusal)) => Err(refusal),
        (false, Ok(caller)) if call.is_stream() => return stream(desk, call, &asked, caller).await,
        (false, Ok(caller)) => closed(desk, call, &asked, &caller).await,
    };
    match answered {
        Ok(answer) => {
            let mut response = reply::reply(answer, gzip);
            if let Some(token) = renewed {
                reply::set_cookie(&mut response, &token);
            }
            response
        }
        Err(refusal) if call.is_stream() => reply::refused_stream(&refusal, gzip),
        Err(refusal) => reply::refused(&refusal, gzip),
    }
}

/// Calls that need no session.
fn open(desk: &Desk, call: Call<'_>, asked: &Asked, caller: Option<&Caller>) -> Result<Reply, Refusal> {
    match call {
        Call::Login => session::create(desk, asked),
        Call::Logout => Ok(session::delete(desk, asked)),
        Call::UserInfo => Ok(session::user_info(desk, asked)),
        Call::Settings => Ok(Reply::Json(settings::settings(desk, caller))),
        _ => Ok(Reply::Json(settings::version(caller))),
    }
}

async fn closed(desk: &Desk, call: Call<'_>, asked: &Asked, caller: &Caller) -> Result<Reply, Refusal> {
    match call {
        Call::Accounts => Ok(account::list(desk, caller)),
        Call::Account(name) => account::get(desk, caller, name),
        Call::CreateToken(name) => account::create_token(desk, caller, asked, name),
        Call::DeleteToken(name, id) => account::delete_token(desk, caller, name, id),
        Call::Password => account::update_password(desk, caller, asked),
        Call::CanI(resource, action) => {
            let object = asked.segments.get(6..).unwrap_or_default().join("/");
            account::can_i(desk, caller, (resource, action, &object))
        }
        Call::Applications => list::list(desk, caller, asked),
        Call::CreateApplication => write::create(desk, caller, asked),
        Call::Application(name) => read::get(desk, caller, asked, name).await,
        Call::UpdateApplication(name) => write::update(desk, caller, asked, name),
        Call::UpdateSpec(name) => write::update_spec(desk, caller, asked, name),
        Call::PatchApplication(name) => write::patch(desk, caller, asked, name),
        Call::DeleteApplication(name) => delete::delete(desk, caller, asked, name),
        Call::Sync(name) => sync::sync(desk, caller, asked, name),
        Call::Rollback(name) => rollback::rollback(desk, caller, asked, name),
        Call::Terminate(name) => operation::terminate(desk, caller, asked, name),
        Call::ManagedResources(name) => read::managed_resources(desk, caller, asked, name),
        Call::ResourceTree(name) => read::resource_tree(desk, caller, asked, name),
        Call::Resource(name) => object::get(desk, caller, asked, name),
        Call::PatchResource(name) => object::patch(desk, caller, asked, name),
        Call::DeleteResource(name) => object::delete(desk, caller, asked, name),
        Call::Actions(name) => actions::list(desk, caller, asked, name),
        Call::RunAction(name) => actions::run(desk, caller, asked, name),
        Call::RunNamedAction(name) => actions::run_named_in_query(desk, caller, asked, name),
        Call::Events(name) => events::events(desk, caller, asked, name),
        Call::Manifests(name) => manifests::manifests(desk, caller, asked, name),
        Call::Revision(name, revision) => revisions::metadata(desk, caller, asked, (name, revision)),
        Call::Windows(name) => windows::windows(desk, caller, asked, name),
        Call::Links(name) => desk.app(caller, "get", asked, name).map(|_| Reply::Json(json!({}))),
        Call::Sets => objects::sets(desk, caller, asked),
        Call::Set(name) => objects::set(desk, caller, name),
        Call::SetTree(name) => objects::set_tree(desk, caller, name),
        Call::Projects => Ok(objects::projects(desk, caller, asked)),
        Call::Project(name) => objects::project(desk, caller, name),
        Call::DetailedProject(name) => objects::project_detailed(desk, caller, name),
        Call::ProjectWindows(name) => objects::project_windows(desk, caller, name),
        Call::Clusters => Ok(clusters::list(desk, caller, asked)),
        Call::Cluster(id) => clusters::get(desk, caller, asked, id),
        Call::NotificationServices => Ok(notifications(desk, "service.", 1)),
        Call::NotificationTriggers => Ok(notifications(desk, "trigger.", 0)),
        Call::NotificationTemplates => Ok(notifications(desk, "template.", 0)),
        _ => Ok(objects::none()),
    }
}

/// What argocd-notifications-cm has of one sort, by name; of a service's key the name is the second word.
fn notifications(desk: &Desk, prefix: &str, word: usize) -> Reply {
    let map = desk.store.get("ConfigMap", &desk.namespace, "argocd-notifications-cm").unwrap_or_default();
    let keys = map["data"].as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    let names = keys.filter_map(|key| key.strip_prefix(prefix)).map(|rest| {
        let name = rest.splitn(word + 1, '.').last().unwrap_or(rest);
        json!({"name": name})
    });
    let items: Vec<Value> = names.collect();
    Reply::Json(if items.is_empty() { json!({}) } else { json!({"items": items}) })
}

async fn stream(desk: &Arc<Desk>, call: Call<'_>, asked: &Asked, caller: Caller) -> Response<Body> {
    let (events, gzip) = (asked.wants_events(), asked.takes_gzip());
    let wish = Wish { path: asked.path.clone(), events, gzip };
    let refused = |refusal: &Refusal| reply::refused_stream(refusal, gzip);
    match call {
        Call::WatchTree(name) => match desk.app(&caller, "get", asked, name) {
            Ok(app) => {
                let source = streams::tree::Tree::begin(desk, name, &app, asked.query.get("fields"));
                send(source, &desk.faults, wish).await
            }
            Err(refusal) => refused(&refusal),
        },
        Call::WatchSets => {
            let source = streams::sets::Sets::begin(desk, caller, asked.query.get("name"));
            send(source, &desk.faults, wish).await
        }
        Call::Logs(name, pod) => match streams::logs::Logs::begin(desk, &caller, asked, (name, pod)) {
            Ok(Some(source)) => send(source, &desk.faults, wish).await,
            Ok(None) => reply::empty_stream(events, gzip),
            Err(refusal) => refused(&refusal),
        },
        _ => match streams::applications::Applications::begin(desk, caller, asked) {
            Ok(source) => send(source, &desk.faults, wish).await,
            Err(refusal) => refused(&refusal),
        },
    }
}
