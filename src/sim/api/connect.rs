//! attach, exec and port-forward: what the API server and the kubelet check before they hand the connection over.

use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::super::fault::{Cut, Faults};
use super::super::kinds::Kind;
use super::super::process::Container;
use super::super::status::Failure;
use super::super::stream::{self, Exec, Forward, Protocol, Runs, Socket, Wanted};
use super::answer::Api;
use super::log;
use super::path::{Query, Target};
use super::respond::{self, Body, TEXT};

/// Whether a subresource of pods is answered by an upgraded connection.
pub(super) fn is_for(target: &Target) -> bool {
    matches!(target.subresource.as_str(), "attach" | "exec" | "portforward")
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
    match target.subresource.as_str() {
        "portforward" => port_forward(api, url, target, query, request, pod),
        _ => exec(api, url, target, query, request, pod),
    }
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
    placed(&pod, &target.name)?;
    let key = websocket_key(request.headers()).ok_or_else(no_upgrade)?;
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
    let container = Container { store: api.store.clone(), pod, name };
    let runs = match target.subresource.as_str() {
        "attach" if container.spec()["stdin"] == true => Runs::Own,
        "attach" => Runs::Printer,
        _ => Runs::Command(query.all("command").map(str::to_owned).collect()),
    };
    let exec = Exec {
        container,
        runs,
        wanted,
        protocol,
        refusal: refusal.map(|why| format!("unable to upgrade connection: {why}")),
    };
    Ok(upgrade(api, url, (&key, accepted.as_deref()), request, |socket| stream::exec(socket, exec)))
}

/// The ways a port-forward is spoken.
#[derive(Clone, Copy)]
enum Tongue {
    Channels,
    Tunnel,
}

fn port_forward(
    api: &Api,
    url: &str,
    target: &Target,
    query: &Query,
    request: Request<Incoming>,
    pod: Value,
) -> Result<Response<Body>, Failure> {
    placed(&pod, &target.name)?;
    let headers = request.headers();
    let key = websocket_key(headers);
    let spdy = text(headers, UPGRADE.as_str()).eq_ignore_ascii_case("SPDY/3.1");
    if key.is_none() && !spdy {
        return Err(no_upgrade());
    }
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
    if pod["status"]["phase"] != "Running" {
        let why = format!("failed to find sandboxID for pod {}_{}({uid})", target.name, target.namespace);
        return Ok(respond::whole(500, TEXT, why));
    }
    let forward = Forward { store: api.store.clone(), pod };
    let Some(key) = key else {
        let mut response = switching("SPDY/3.1");
        response.headers_mut().insert("x-stream-protocol-version", HeaderValue::from_static("portforward.k8s.io"));
        begin(api, url, request, |upgraded| stream::raw(upgraded, forward));
        return Ok(response);
    };
    let known = |protocol: &str| match protocol {
        "v4.channel.k8s.io" => Some(Tongue::Channels),
        "SPDY/3.1+portforward.k8s.io" => Some(Tongue::Tunnel),
        _ => None,
    };
    let Some((accepted, tongue)) = negotiate(headers, known, Some(Tongue::Channels)) else { return Ok(no_protocol()) };
    let handshake = (key.as_str(), accepted.as_deref());
    Ok(match tongue {
        Tongue::Tunnel => upgrade(api, url, handshake, request, |socket| stream::tunnel(socket, forward)),
        Tongue::Channels => match ports(query) {
            Ok(ports) => upgrade(api, url, handshake, request, |socket| stream::forward(socket, forward, ports)),
            Err(why) => respond::whole(400, TEXT, why),
        },
    })
}

/// The ports of a request over channels, which have a byte to be told apart.
fn ports(query: &Query) -> Result<Vec<u16>, String> {
    let mut ports = Vec::new();
    for text in query.all("ports").flat_map(|value| value.split(',')) {
        match text.parse::<u16>() {
            Ok(0) => return Err(format!("port \"{text}\" must be > 0")),
            Ok(port) => ports.push(port),
            Err(error) => return Err(format!("unable to parse \"{text}\" as a port: {error}")),
        }
    }
    match ports.len() {
        0 => Err("query parameter \"port\" is required".to_owned()),
        1..=127 => Ok(ports),
        many => Err(format!("{many} ports are more than fit into one connection")),
    }
}

/// Refuses a pod that has no node yet.
fn placed(pod: &Value, name: &str) -> Result<(), Failure> {
    if pod["spec"]["nodeName"].as_str().unwrap_or_default().is_empty() {
        return Err(Failure::bad_request(format!("pod {name} does not have a host assigned")));
    }
    Ok(())
}

fn no_upgrade() -> Failure {
    Failure::bad_request("Upgrade request required")
}

/// The key of a client that asks for a WebSocket.
fn websocket_key(headers: &HeaderMap) -> Option<String> {
    let websocket = text(headers, UPGRADE.as_str()).eq_ignore_ascii_case("websocket");
    let key = text(headers, SEC_WEBSOCKET_KEY.as_str());
    (websocket && !key.is_empty()).then(|| key.to_owned())
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

/// Answers with 101 and runs `session` on the connection from then on, as a WebSocket with this key and protocol.
fn upgrade<S, F>(
    api: &Api,
    url: &str,
    (key, protocol): (&str, Option<&str>),
    request: Request<Incoming>,
    session: S,
) -> Response<Body>
where
    S: FnOnce(Socket) -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let mut response = switching("websocket");
    let headers = response.headers_mut();
    let accept = derive_accept_key(key.as_bytes());
    for (name, value) in [(SEC_WEBSOCKET_ACCEPT, Some(accept.as_str())), (SEC_WEBSOCKET_PROTOCOL, protocol)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    begin(api, url, request, |upgraded| async move {
        session(WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await).await;
    });
    response
}

fn switching(protocol: &'static str) -> Response<Body> {
    let mut response = respond::bare(StatusCode::SWITCHING_PROTOCOLS);
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static(protocol));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    response
}

/// Runs `session` on the connection of a request once it has been answered.
fn begin<S, F>(api: &Api, url: &str, mut request: Request<Incoming>, session: S)
where
    S: FnOnce(Upgraded) -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let upgraded = hyper::upgrade::on(&mut request);
    let (faults, url) = (api.faults.clone(), url.to_owned());
    api.sessions.begin(async move {
        if let Ok(upgraded) = upgraded.await {
            under(faults, &url, session(upgraded)).await;
        }
    });
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
            Some(Cut::Close | Cut::HalfLine | Cut::Raw(_) | Cut::Expired) => return,
        }
        tokio::select! {
            () = &mut session => return,
            changed = changed.changed() => if changed.is_err() { return },
        }
    }
}
