//! From a client's request to the login page, and from there back to the client with a code.

use http::Response;

use super::super::desk::Desk;
use super::super::reply::Body;
use super::answer::{Asked, html, issuer, send_to};
use super::book::Wish;
use super::config::Config;
use super::page;

/// Scopes it knows.
const SCOPES: [&str; 7] =
    ["openid", "email", "groups", "profile", "offline_access", "federated:id", "audience:server:client_id:argo-cd"];

/// Sends a browser to the only connector there is.
pub(super) fn choose(desk: &Desk, config: &Config, query: &str) -> Response<Body> {
    let id = config.connector().map(|connector| connector.id.as_str()).unwrap_or_default();
    send_to(&format!("{}/auth/{id}?{query}", issuer(desk)))
}

/// Takes in a client's request. What is wrong with client or redirect is shown to the person: nobody else can be told.
pub(super) fn begin(desk: &Desk, config: &Config, connector: &str, asked: &Asked) -> Response<Body> {
    let of = |name: &str| asked.query.get(name).to_owned();
    let wish = Wish {
        client: of("client_id"),
        redirect: of("redirect_uri"),
        state: of("state"),
        nonce: of("nonce"),
        scopes: asked.query.get("scope").split_whitespace().map(str::to_owned).collect(),
        challenge: of("code_challenge"),
    };
    let Some(client) = config.client(&wish.client) else {
        return html(404, page::error("Bad Request", &format!("Invalid client_id (\"{}\").", wish.client)));
    };
    if !client.may_return_to(&wish.redirect) {
        let words = format!("Unregistered redirect_uri (\"{}\").", wish.redirect);
        return html(400, page::error("Bad Request", &words));
    }
    let unknown: Vec<&String> = wish.scopes.iter().filter(|scope| !SCOPES.contains(&scope.as_str())).collect();
    let refused = if asked.query.get("response_type") != "code" {
        Some(("unsupported_response_type", format!("Unsupported response type \"{}\"", of("response_type"))))
    } else if !wish.scopes.iter().any(|scope| scope == "openid") {
        Some(("invalid_scope", "Missing required scope(s) [\"openid\"].".to_owned()))
    } else if !unknown.is_empty() {
        Some(("invalid_scope", format!("Unrecognized scope(s) {unknown:?}")))
    } else if !matches!(asked.query.get("code_challenge_method"), "" | "S256") {
        Some(("invalid_request", "Unsupported PKCE challenge method".to_owned()))
    } else {
        None
    };
    if let Some((error, description)) = refused {
        return back(&wish, &[("error", error), ("error_description", &description)]);
    }
    send_to(&format!("{}/auth/{connector}/login?state={}", issuer(desk), desk.dex.begin(wish)))
}

/// Shows the form.
pub(super) fn form(desk: &Desk, config: &Config, connector: &str, asked: &Asked, refused: bool) -> Response<Body> {
    let known = config.connector().filter(|known| known.id == connector);
    match (known, desk.dex.wish(asked.query.get("state"))) {
        (Some(connector), Some(_)) => html(if refused { 401 } else { 200 }, page::login(&connector.name, refused)),
        _ => html(400, page::error("Bad Request", "User session error.")),
    }
}

/// Takes in the form. Who is known goes back to the client with a code; nobody is asked to approve (`skipApprovalScreen`).
pub(super) fn log_in(desk: &Desk, config: &Config, connector: &str, asked: &Asked) -> Response<Body> {
    let Some(member) = desk.dex.member(asked.form.get("login"), asked.form.get("password")) else {
        return form(desk, config, connector, asked, true);
    };
    match desk.dex.grant(asked.query.get("state"), member) {
        Some((code, wish)) => back(&wish, &[("code", &code)]),
        None => html(400, page::error("Bad Request", "User session error.")),
    }
}

fn back(wish: &Wish, words: &[(&str, &str)]) -> Response<Body> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(words).append_pair("state", &wish.state);
    send_to(&format!("{}?{}", wish.redirect, query.finish()))
}
