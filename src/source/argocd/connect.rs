//! From a spec to a client that is sent requests.

use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{HeaderValue, Uri, header};
use kube::{Client, Config};

use super::super::kube::connect::{CONNECT, certificates};
use super::super::kube::fault::{Fault, Kind};
use super::super::kube::proxy::ProxyEnvironment;
use super::spec::ServerSpec;
use super::token::TokenRoad;
use super::tunnel;
use crate::domain::Clock;
use crate::domain::text::clean;

/// How certificates are checked.
struct Trust {
    /// The CA they are checked against, in PEM; the system's where there is none.
    ca: Option<Vec<u8>>,
    /// Any certificate is taken.
    any: bool,
}

impl Trust {
    /// What a spec says, or argocd's own configuration where the spec says nothing.
    fn of(spec: &ServerSpec) -> Result<Self, Fault> {
        let local = spec.tokens.iter().find_map(|road| match road {
            TokenRoad::Argocd(config) => config.entry(&spec.address).ok().flatten(),
            _ => None,
        });
        let ca =
            match &spec.ca {
                Some(path) => Some(std::fs::read(path).map_err(|error| {
                    unusable(format!("cannot read certificate_authority {}: {error}", path.display()))
                })?),
                None => local.as_ref().and_then(|entry| entry.ca.clone()),
            };
        Ok(Self { ca, any: spec.insecure || local.is_some_and(|entry| entry.insecure) })
    }
}

/// A client for the server, and whether it takes any certificate. It knows no time-out once it is connected: streams are
/// silent for minutes.
pub(super) fn connect(spec: &ServerSpec, clock: &Arc<dyn Clock>) -> Result<(Client, bool), Fault> {
    let trust = Trust::of(spec)?;
    if let Some(through) = &spec.through {
        let client = tunnel::client(through, spec.address.uri(), trust.ca.as_deref(), clock).map_err(unusable)?;
        return Ok((client, false));
    }
    Ok((client(spec.address.uri(), &trust)?, trust.any))
}

/// A client for the server of another URL: the rules of TLS are those of `spec` where it is the same host, and the
/// system's where it is not.
pub(super) fn elsewhere(spec: &ServerSpec, url: &Uri) -> Result<Client, Fault> {
    let same = spec.through.is_none() && url.host().is_some_and(|host| host.eq_ignore_ascii_case(spec.address.host()));
    let trust = if same { Trust::of(spec)? } else { Trust { ca: None, any: false } };
    let mut parts = url.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static("/"));
    let origin = Uri::from_parts(parts).map_err(|_| unusable(format!("`{}` is no URL", clean(&url.to_string()))))?;
    client(&origin, &trust)
}

fn client(base: &Uri, trust: &Trust) -> Result<Client, Fault> {
    let mut config = Config::new(base.clone());
    config.root_cert = match &trust.ca {
        Some(pem) => Some(certificates(pem).map_err(unusable)?),
        None => None,
    };
    config.accept_invalid_certs = trust.any;
    config.proxy_url = ProxyEnvironment::read().proxy_for(base, None).map_err(unusable)?;
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = None;
    config.write_timeout = None;
    // what may come packed is said for each request
    config.disable_compression = true;
    config.default_retry = false;
    let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    config.headers.push((header::USER_AGENT, HeaderValue::from_static(agent)));
    Client::try_from(config).map_err(|error| unusable(clean(&error.to_string()).into_owned()))
}

fn unusable(why: String) -> Fault {
    Fault::new(Kind::Down, why)
}

/// A connection's fault without hints that speak of a kubeconfig.
pub(super) fn about_server(fault: Fault) -> Fault {
    let ca = "name its CA: certificate_authority of the [[source]], or SSL_CERT_FILE; --insecure takes any certificate";
    about(fault, ca, "check the URL of argocd-server; is a tunnel or VPN needed?")
}

/// The same of an issuer elsewhere, for which the settings name no CA.
pub(super) fn about_issuer(fault: Fault) -> Fault {
    let ca = "its CA has to be one of the system's, or the one SSL_CERT_FILE names";
    about(fault, ca, "this machine has to reach it, not only the browser: is a proxy (HTTPS_PROXY) or VPN needed?")
}

fn about(fault: Fault, ca: &str, otherwise: &str) -> Fault {
    let of_kubeconfig =
        fault.hint.as_ref().is_some_and(|hint| hint.contains("kubeconfig") || hint.contains("API server"));
    if !of_kubeconfig {
        return fault;
    }
    if fault.why.contains("CA we do not know") {
        fault.hint(ca)
    } else if fault.why.contains("another name") {
        fault.hint("use the name the certificate has in the URL")
    } else {
        fault.hint(otherwise)
    }
}
