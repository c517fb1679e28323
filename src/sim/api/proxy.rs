//! The proxy of services and pods: what they serve over HTTP, at `…/services/NAME:PORT/proxy/…`.

use std::io;

use http::header::{AUTHORIZATION, CONNECTION, HOST};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;

use super::super::kinds::Kind;
use super::super::network::Via;
use super::super::process::{Dialled, dial};
use super::super::status::Failure;
use super::answer::Api;
use super::path::Target;
use super::respond::Body;

/// Whether a request is for what a service or pod serves.
pub(super) fn is_for(kind: &Kind, target: &Target) -> bool {
    let proxied = target.subresource == "proxy" || target.subresource.starts_with("proxy/");
    proxied && matches!(kind.kind, "Service" | "Pod")
}

/// Passes a request on and its answer back.
pub(super) async fn proxy(
    api: &Api,
    url: &str,
    kind: &Kind,
    target: &Target,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Failure> {
    let (name, port) = split(&target.name);
    let object = api.store.get(kind.kind, &target.namespace, name);
    let object = object.ok_or_else(|| Failure::not_found(kind, name))?;
    let (pod, port) = match kind.kind {
        "Service" => endpoint(api, &object, name, port)?,
        _ => (object, number(port).unwrap_or(80)),
    };
    let address = format!("{}:{port}", pod["status"]["podIP"].as_str().unwrap_or_default());
    let unreachable = |why: &str| Failure::unavailable(format!("error trying to reach service: {why}"));
    let refused = || unreachable(&format!("dial tcp {address}: connect: connection refused"));
    let Dialled { stream, served } = dial(&api.store, &pod, port, Via::Proxy).await.ok_or_else(refused)?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| unreachable(&error.to_string()))?;
    api.sessions.begin(async move {
        // either end may be the first to have enough
        let _ = tokio::join!(connection, served);
    });
    *request.uri_mut() = rest(url).parse::<Uri>().map_err(|error| Failure::bad_request(error.to_string()))?;
    let headers = request.headers_mut();
    headers.remove(AUTHORIZATION);
    headers.remove(CONNECTION);
    if let Ok(host) = HeaderValue::from_str(&address) {
        headers.insert(HOST, host);
    }
    let response = sender.send_request(request).await.map_err(|error| unreachable(&error.to_string()))?;
    Ok(response.map(|body| body.map_err(io::Error::other).boxed_unsync()))
}

/// Name and port of `NAME`, `NAME:PORT` and `SCHEME:NAME:PORT`.
fn split(name: &str) -> (&str, &str) {
    match name.split(':').collect::<Vec<_>>()[..] {
        [name, port] | [_, name, port] => (name, port),
        _ => (name, ""),
    }
}

/// What follows `proxy` in a path, query included.
fn rest(url: &str) -> String {
    let rest = url.split_once("/proxy").map_or("", |(_, rest)| rest);
    if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") }
}

fn number(port: &str) -> Option<u16> {
    port.parse().ok()
}

/// A pod behind a service that is ready, and its port.
fn endpoint(api: &Api, service: &Value, name: &str, port: &str) -> Result<(Value, u16), Failure> {
    let ports = service["spec"]["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    let meant = ports.iter().find(|one| match port {
        "" => ports.len() == 1,
        port => one["name"] == port || number(port).is_some_and(|number| one["port"] == number),
    });
    let meant = meant
        .ok_or_else(|| Failure::unavailable(format!("no service port \"{port}\" found for service \"{name}\"")))?;
    let none = || Failure::unavailable(format!("no endpoints available for service \"{name}\""));
    let selector = service["spec"]["selector"].as_object().filter(|selector| !selector.is_empty()).ok_or_else(none)?;
    let namespace = service["metadata"]["namespace"].as_str();
    let mut pods = api.store.list("Pod", namespace);
    pods.retain(|pod| {
        let ready =
            pod["status"]["containerStatuses"].as_array().is_some_and(|all| all.iter().all(|one| one["ready"] == true));
        ready
            && pod["metadata"]["deletionTimestamp"].is_null()
            && selector.iter().all(|(key, value)| &pod["metadata"]["labels"][key] == value)
    });
    if pods.is_empty() {
        return Err(none());
    }
    let pod = pods.swap_remove(fastrand::usize(..pods.len()));
    let port = match &meant["targetPort"] {
        Value::Number(number) => number.as_u64(),
        Value::String(name) => {
            let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
            let mut ports = containers.filter_map(|one| one["ports"].as_array()).flatten();
            ports.find(|port| port["name"] == name.as_str()).and_then(|port| port["containerPort"].as_u64())
        }
        _ => meant["port"].as_u64(),
    };
    let port = port.and_then(|port| u16::try_from(port).ok()).ok_or_else(none)?;
    Ok((pod, port))
}
