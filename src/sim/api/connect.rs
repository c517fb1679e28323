//! exec and port-forward: what the API server and the kubelet check before they hand the connection over.

use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::super::fault::{Cut, Faults};
use super::super::kinds::Kind;
use super::super::process::Container;
use super::super::stream::{self, Exec, Protocol, Socket, Wanted};
use super::answer::Api;
use super::log;
use super::path::{Query, Target};
use super::respond::{self, Body, TEXT};
use super::status::Failure;

/// Whether a subresource of pods is answered by an upgraded connection.
pub(super) fn is_for(target: &Target) -> bool {
    matches!(target.subresource.as_str(), "exec")
}

/// Checks what is asked for, answers the upgrade and starts the session.
pub(super) fn connect(
    api: &Api,
    url: &str,
    kind: &Kind,
    target: &Target,
    query: &Query,
    request: Request<Incoming>,
) -> Result<Response<Body>, Failure> {
    let pod = api.store.get("Pod", &target.namespace, &target.name);
    let pod = pod.ok_or_else(|| Failure::not_found(kind, &target.name))?;
    exec(api, url, target, query, request, pod)
}

fn exec(
    api: &Api,
    url: &str,
    target: &Target,
    query: &Query,
    request: Request<Incoming>,
    pod: Value,
) -> Result<Response<Body>, Failure> {
    let name = log::container(&pod, &target.name, query.get("container"))?;
    let knock = knock(&pod, &target.name, request.headers())?;
    let wanted = Wanted {
        stdin: query.is_set("stdin"),
        stdout: query.is_set("stdout"),
        // a terminal has one output
        stderr: query.is_set("stderr") && !query.is_set("tty"),
        terminal: query.is_set("tty"),
    };
    if !(wanted.stdin || wanted.stdout || wanted.stderr) {
        return Ok(respond::whole(400, TEXT, "you must specify at least 1 of stdin, stdout, stderr"));
    }
    let known = |protocol: &str| match protocol {
        "v5.channel.k8s.io" => Some(Protocol::V5),
        "v4.channel.k8s.io" => Some(Protocol::V4),
        "channel.k8s.io" => Some(Protocol::V1),
        _ => None,
    };
    let Some((accepted, protocol)) = negotiate(request.headers(), known, Some(Protocol::V1)) else {
        return Ok(no_protocol());
    };
    let runs = Container::status(&pod, &name)["state"]["running"].is_object();
    let refusal = (!runs).then(|| format!("container not found (\"{name}\")"));
    if let (Some(refusal), Protocol::V1 | Protocol::V4) = (&refusal, protocol) {
        return Ok(respond::whole(500, TEXT, refusal.clone()));
    }
    let exec = Exec {
        container: Container { store: api.store.clone(), pod, name },
        command: query.all("command").map(str::to_owned).collect(),
        wanted,
        protocol,
        refusal: refusal.map(|why| format!("unable to upgrade connection: {why}")),
    };
    Ok(upgrade(api, url, &knock, accepted.as_deref(), request, |socket| stream::exec(socket, exec)))
}

/// The key of a client that knocks as WebSocket clients do, on a pod that has a node.
fn knock(pod: &Value, name: &str, headers: &HeaderMap) -> Result<String, Failure> {
    if pod["spec"]["nodeName"].as_str().unwrap_or_default().is_empty() {
        return Err(Failure::bad_request(format!("pod {name} does not have a host assigned")));
    }
    let websocket = text(headers, UPGRADE.as_str()).eq_ignore_ascii_case("websocket");
    let key = text(headers, SEC_WEBSOCKET_KEY.as_str());
    if websocket && !key.is_empty() {
        return Ok(key.to_owned());
    }
    Err(Failure::bad_request("Upgrade request required"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The first protocol the client offers that is known, as it spells it; `unnamed` for who offers none.
fn negotiate<T>(
    headers: &HeaderMap,
    known: impl Fn(&str) -> Option<T>,
    unnamed: Option<T>,
) -> Option<(Option<String>, T)> {
    let offers = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    let mut offers = offers.flat_map(|value| value.split(',')).map(str::trim).peekable();
    if offers.peek().is_none() {
        return unnamed.map(|unnamed| (None, unnamed));
    }
    offers.find_map(|offer| Some((Some(offer.to_owned()), known(offer)?)))
}

/// None of the offered protocols is spoken.
fn no_protocol() -> Response<Body> {
    let mut response = respond::bare(StatusCode::FORBIDDEN);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Answers with 101 and runs `session` on the connection from then on.
fn upgrade<S, F>(
    api: &Api,
    url: &str,
    key: &str,
    protocol: Option<&str>,
    mut request: Request<Incoming>,
    session: S,
) -> Response<Body>
where
    S: FnOnce(Socket) -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let upgraded = hyper::upgrade::on(&mut request);
    let mut response = respond::bare(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    let accept = derive_accept_key(key.as_bytes());
    for (name, value) in [(SEC_WEBSOCKET_ACCEPT, Some(accept.as_str())), (SEC_WEBSOCKET_PROTOCOL, protocol)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    let (faults, url) = (api.faults.clone(), url.to_owned());
    api.sessions.begin(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        under(faults, &url, session(socket)).await;
    });
    response
}

/// Runs a session until it ends or a fault strikes it.
async fn under(faults: Faults, url: &str, session: impl Future<Output = ()>) {
    let mut session = std::pin::pin!(session);
    let (mut changed, mut struck) = (faults.subscribe(), 0);
    loop {
        changed.borrow_and_update();
        match faults.take_cut(url, &mut struck) {
            None => {}
            // kept open, and nothing is said any more until the faults are taken back
            Some(Cut::Silence) => {
                while !faults.is_clear() && changed.changed().await.is_ok() {}
                return;
            }
            Some(Cut::Close | Cut::HalfLine | Cut::Raw(_)) => return,
        }
        tokio::select! {
            () = &mut session => return,
            changed = changed.changed() => if changed.is_err() { return },
        }
    }
}
