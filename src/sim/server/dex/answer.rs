//! Paths below `/api/dex`, which argocd-server passes on as they are: no session, no content type is asked for.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt as _, Collected, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::super::desk::Desk;
use super::super::reply::{self, Body};
use super::super::request::Query;
use super::config::Config;
use super::{authorize, page, redeem};

/// Bytes of a form that are read.
const LONGEST: usize = 64 << 10;
/// Where argocd-server has it.
const PLACE: &str = "/api/dex";

/// A request to Dex.
pub(super) struct Asked {
    /// What stands behind the question mark.
    pub query: Query,
    /// The form it carries.
    pub form: Query,
    /// The user of `Authorization: Basic`, or none.
    pub user: Option<String>,
}

/// Answers what is asked below `/api/dex`; `path` is what comes behind that.
pub(in crate::sim::server) async fn answer(
    desk: &Desk,
    config: &Config,
    path: &str,
    request: Request<Incoming>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, LONGEST).collect().await.map_or_else(|_| Bytes::new(), Collected::to_bytes);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let asked = Asked {
        query: Query::parse(parts.uri.query().unwrap_or_default()),
        form: Query::parse(&text(&body)),
        user: redeem::basic_user(parts.headers.get(header::AUTHORIZATION)),
    };
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match (&parts.method, &segments[..]) {
        (&Method::GET, [".well-known", "openid-configuration"]) => json_reply(200, &configuration(desk)),
        (&Method::GET, ["keys"]) => {
            json_reply(200, &desk.dex.key.as_ref().map(super::key::Key::set).unwrap_or_default())
        }
        (_, ["auth"]) => authorize::choose(desk, config, parts.uri.query().unwrap_or_default()),
        (_, ["auth", connector]) => authorize::begin(desk, config, connector, &asked),
        (&Method::POST, ["auth", connector, "login"]) => authorize::log_in(desk, config, connector, &asked),
        (_, ["auth", connector, "login"]) => authorize::form(desk, config, connector, &asked, false),
        (&Method::POST, ["token"]) => redeem::redeem(desk, config, &asked),
        _ => html(404, page::error("Not Found", "404 page not found")),
    }
}

/// Its own name: what argocd-server calls itself, and the place below.
pub(super) fn issuer(desk: &Desk) -> String {
    format!("{}{PLACE}", desk.setting("url").trim_end_matches('/'))
}

fn configuration(desk: &Desk) -> Value {
    let issuer = issuer(desk);
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/auth"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256", "plain"],
        "scopes_supported": ["openid", "email", "groups", "profile", "offline_access"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "claims_supported": ["iss", "sub", "aud", "iat", "exp", "email", "email_verified", "locale", "name",
            "preferred_username", "at_hash"],
    })
}

/// An answer for programs.
pub(super) fn json_reply(status: u16, value: &Value) -> Response<Body> {
    let mut response = reply::ordered(status, value.to_string());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A page for people.
pub(super) fn html(status: u16, page: String) -> Response<Body> {
    reply::page(status, page)
}

/// Sends a browser elsewhere.
pub(super) fn send_to(location: &str) -> Response<Body> {
    let mut response = html(303, String::new());
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
