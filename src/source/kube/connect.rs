//! From a context of the kubeconfig to a client.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use http::{HeaderValue, Uri, header};
use kube::config::{AuthInfo, Cluster};
use kube::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::credential::{self, Credential};
use super::fault::{Fault, Kind};
use super::kubeconfig::{Found, IN_CLUSTER, KubeconfigPlace};
use super::proxy::ProxyEnvironment;
use crate::domain::text::{clean, without_credentials};
use crate::domain::{Clock, Timestamp, time};

/// What to read, and how to get there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceSpec {
    /// The source's name: in rows, in links, on screen.
    pub name: String,
    /// The context of the kubeconfig; the current one when none.
    pub context: Option<String>,
    /// Where the kubeconfig is.
    pub kubeconfig: KubeconfigPlace,
    /// The namespace of Argo CD; guessed when none.
    pub argocd_namespace: Option<String>,
    /// Take any certificate.
    pub insecure: bool,
    /// The argocd-server that is asked beside it, for people.
    pub beside: Option<String>,
}

/// How old a token from a file may be: whoever writes the file writes a new one before the old one ends.
const TOKEN_FILE: Duration = Duration::from_mins(1);
/// How long a connection may take to be made.
pub(in crate::source) const CONNECT: Duration = Duration::from_secs(10);

/// A client, and what is known of the place it leads to.
pub(super) struct Connection {
    /// The client. It knows no time-out once it is connected: watches are silent for minutes.
    pub client: Client,
    /// Address of the API server, credentials taken out.
    pub server: String,
    /// The user's name in the kubeconfig.
    pub user: String,
    /// The context's own namespace.
    pub namespace: Option<String>,
    /// What a plugin made.
    pub credential: Option<Credential>,
    /// When its credentials are to be got anew; none for never.
    stale_at: Option<Timestamp>,
}

impl Connection {
    /// Whether its credentials hold for a while longer.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.stale_at.is_none_or(|at| now < at)
    }
}

/// Reads the kubeconfig anew (tokens and CAs change) and makes a client of it. Credentials a plugin made before are
/// used while they are fresh. Nothing is asked of the server yet.
pub(super) async fn connect(
    spec: &SourceSpec,
    known: Option<Credential>,
    clock: &dyn Clock,
) -> Result<Connection, Fault> {
    let Some(found) = Found::load(&spec.kubeconfig)? else { return in_cluster(spec) };
    let context = spec.context.as_deref();
    let chosen = found.choose(context)?;
    let (cluster, mut user) = (&chosen.cluster, chosen.user);
    let unusable = |why: String| Fault::new(Kind::Down, format!("context `{}`: {why}", clean(&chosen.name)));

    let ca = certificate_authority(cluster).map_err(&unusable)?;
    let server = server(cluster, &user).map_err(&unusable)?;
    let mut config = Config::new(server.clone());
    config.root_cert = match &ca {
        Some(pem) => Some(certificates(pem).map_err(&unusable)?),
        None => None,
    };
    config.accept_invalid_certs = spec.insecure || cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.tls_server_name = cluster.tls_server_name.clone().filter(|name| !name.is_empty());
    config.proxy_url = ProxyEnvironment::read().proxy_for(&server, cluster.proxy_url.as_deref()).map_err(&unusable)?;

    if let Some(provider) = user.auth_provider.as_ref().filter(|p| p.name != "oidc") {
        return Err(Fault::new(
            Kind::Auth,
            format!("auth-provider `{}` is no longer part of Kubernetes", clean(&provider.name)),
        )
        .hint("use an exec plugin: `kubectl` of this version refuses it too"));
    }
    let mut stale_at = read_token_file(&mut user)?.then(|| time::after(clock.now(), TOKEN_FILE));
    let credential = match user.exec.take().filter(|_| !has_credentials_of_its_own(&user)) {
        Some(exec) => Some(match known.filter(|c| c.is_fresh(clock.now())) {
            Some(known) => known,
            None => credential::make(&exec, cluster, ca.as_deref(), clock).await?,
        }),
        None => None,
    };
    if let Some(credential) = &credential {
        apply(credential, &mut user);
        stale_at = credential.stale_at();
    }
    if server.scheme_str() == Some("http") {
        // as kubectl: credentials go over TLS only
        user = AuthInfo::default();
    }
    config.auth_info = user;
    Ok(Connection {
        client: client(config)?,
        server: shown(&server),
        user: clean(chosen.context.user.as_deref().unwrap_or_default()).into_owned(),
        namespace: chosen.context.namespace.filter(|n| !n.is_empty()),
        credential,
        stale_at,
    })
}

fn in_cluster(spec: &SourceSpec) -> Result<Connection, Fault> {
    if let Some(context) = spec.context.as_deref().filter(|c| *c != IN_CLUSTER) {
        return Err(Fault::new(Kind::Down, format!("no context `{}`: there is no kubeconfig", clean(context)))
            .hint("inside a cluster the only context is `in-cluster`"));
    }
    let mut config = Config::incluster().map_err(|error| {
        Fault::new(Kind::Down, format!("the pod's service account cannot be used: {}", clean(&error.to_string())))
            .hint("is automountServiceAccountToken off?")
    })?;
    config.accept_invalid_certs = spec.insecure;
    let (server, namespace) = (shown(&config.cluster_url), config.default_namespace.clone());
    Ok(Connection {
        client: client(config)?,
        server,
        user: "service account".into(),
        namespace: Some(namespace),
        credential: None,
        // the client reads the pod's token again by itself
        stale_at: None,
    })
}

fn client(mut config: Config) -> Result<Client, Fault> {
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = None;
    config.disable_compression = true;
    // back-off is the session's business, where it can be seen
    config.default_retry = false;
    let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    config.headers.push((header::USER_AGENT, HeaderValue::from_static(agent)));
    Client::try_from(config).map_err(|error| {
        Fault::new(Kind::Auth, format!("the kubeconfig's credentials cannot be used: {}", clean(&error.to_string())))
            .hint("check the files and the data of the user in the kubeconfig")
    })
}

fn has_credentials_of_its_own(user: &AuthInfo) -> bool {
    user.token.is_some() || (user.username.is_some() && user.password.is_some())
}

/// A token file wins over a token, as for kubectl; whether there is one. The client would take it with its line break,
/// which no server accepts.
fn read_token_file(user: &mut AuthInfo) -> Result<bool, Fault> {
    let Some(file) = user.token_file.take().filter(|f| !f.is_empty()) else { return Ok(false) };
    match std::fs::read_to_string(&file) {
        Ok(token) => user.token = Some(token.trim().to_owned().into()),
        Err(_) if user.token.is_some() => {}
        Err(error) => {
            return Err(Fault::new(Kind::Auth, format!("cannot read tokenFile {}: {error}", clean(&file)))
                .hint("check the user in the kubeconfig"));
        }
    }
    Ok(true)
}

fn apply(credential: &Credential, user: &mut AuthInfo) {
    if let Some(token) = &credential.token {
        user.token = Some(token.clone().into());
    }
    if let Some((certificate, key)) = &credential.certificate {
        let encode = |pem: &str| base64::engine::general_purpose::STANDARD.encode(pem);
        user.client_certificate_data = Some(encode(certificate));
        user.client_key_data = Some(encode(key).into());
    }
}

fn certificate_authority(cluster: &Cluster) -> Result<Option<Vec<u8>>, String> {
    if let Some(data) = cluster.certificate_authority_data.as_ref().filter(|d| !d.is_empty()) {
        let pem = base64::engine::general_purpose::STANDARD.decode(data);
        return pem.map(Some).map_err(|_| "certificate-authority-data is not base64".to_owned());
    }
    let Some(file) = cluster.certificate_authority.as_ref().filter(|f| !f.is_empty()) else { return Ok(None) };
    let path = PathBuf::from(file);
    std::fs::read(&path)
        .map(Some)
        .map_err(|error| format!("cannot read certificate-authority {}: {error}", path.display()))
}

/// The certificates of a PEM text.
pub(in crate::source) fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(pem).map(|c| c.map(|der| der.as_ref().to_vec())).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err("certificate-authority holds no certificate in PEM".to_owned()),
    }
}

/// A server without a scheme is `https` as soon as anything about TLS is said, as for kubectl.
fn server(cluster: &Cluster, user: &AuthInfo) -> Result<Uri, String> {
    let server = cluster.server.as_deref().filter(|s| !s.is_empty()).ok_or("its cluster has no server")?;
    let speaks_of_tls = cluster.certificate_authority.is_some()
        || cluster.certificate_authority_data.is_some()
        || cluster.insecure_skip_tls_verify == Some(true)
        || user.client_certificate.is_some()
        || user.client_certificate_data.is_some();
    let whole = match (server.contains("://"), speaks_of_tls) {
        (true, _) => server.to_owned(),
        (false, true) => format!("https://{server}"),
        (false, false) => format!("http://{server}"),
    };
    let refused = || format!("the server `{}` is not a URL", clean(&without_credentials(server)));
    whole.parse::<Uri>().ok().filter(|uri| uri.host().is_some()).ok_or_else(refused)
}

fn shown(server: &Uri) -> String {
    let server = server.to_string();
    clean(without_credentials(&server).trim_end_matches('/')).into_owned()
}
