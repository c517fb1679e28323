//! Argo CD's cache, reached as `argocd --core` reaches it: a port-forward to its Redis through the API server. Only what
//! it keeps of one Application is read: the rendered manifests beside it hold secrets in clear.

use std::io::Read as _;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;
use tokio::io::DuplexStream;

use super::cluster::Cluster;
use super::component::{fetch, running_pod};
use super::forward::{Carried, dial};
use super::request::escape;
use super::resp::{Refusal, Talk};
use crate::domain::{AppKey, Pair};
use crate::source::managed;

/// What marks the pods that lead to it, with and without high availability.
const PODS: &str = "app.kubernetes.io/name in (argocd-redis-ha-haproxy,argocd-redis)";
const PORT: u16 = 6379;
/// The Secret with its password.
const SECRET: &str = "argocd-redis";
/// The version of the format this was written for; another one is searched for.
const VERSION: &str = "1.8.3";
/// The largest comparison that is unpacked, in bytes.
const UNPACKED: u64 = 256 << 20;
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Thousands of keys that are looked through for another version.
const ROUNDS: usize = 200;

/// What Argo CD's cache says of an Application; `namespace` is Argo CD's own.
///
/// # Errors
/// In one line, what is not there or which right is missing.
pub(in crate::source) async fn pairs(argo: &Cluster, namespace: &str, app: &AppKey) -> Result<Vec<Pair>, String> {
    tokio::select! {
        read = read(argo, namespace, app) => read,
        () = argo.clock().sleep(PATIENCE) => Err(format!("Argo CD's Redis did not answer in {} s", PATIENCE.as_secs())),
    }
}

async fn read(argo: &Cluster, namespace: &str, app: &AppKey) -> Result<Vec<Pair>, String> {
    let pod = running_pod(argo, namespace, PODS, "Argo CD's Redis").await?;
    let (password, unread) = match password(argo, namespace).await {
        Ok(password) => (password, None),
        Err(why) => (None, Some(why)),
    };
    let upstream = dial(argo, namespace, &pod, PORT).await.map_err(|error| match error {
        super::ChannelError::Denied(_) => format!("may not create pods/portforward in {namespace}"),
        error => format!("Redis cannot be reached: {error}"),
    })?;
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (up, down) = (AtomicU64::new(0), AtomicU64::new(0));
    let carried = upstream.carry(theirs, &[], &up, &down);
    let conversation = converse(ours, namespace, app, password.as_deref());
    let value = tokio::select! {
        value = conversation => value,
        ended = carried => Err(Refusal::Other(match ended {
            Carried::Broken(why) => format!("the way to Redis broke: {why}"),
            Carried::Left | Carried::Closed => "Redis closed the connection".to_owned(),
        })),
    };
    let value = value.map_err(|refusal| match (refusal, unread) {
        (Refusal::Password, None) => format!("Redis does not take the password of secrets/{SECRET}"),
        (Refusal::Password, Some(why)) | (Refusal::Other(why), _) => why,
    })?;
    let bytes = value.ok_or("Argo CD's cache holds no comparison of it")?;
    let items = decode(&bytes).ok_or("what lies in Argo CD's cache cannot be read")?;
    if items.is_empty() {
        return Err("Argo CD could not compare it: its cache holds an empty comparison".to_owned());
    }
    Ok(managed::pairs(&items))
}

/// Its password; nothing where there is no Secret.
async fn password(argo: &Cluster, namespace: &str) -> Result<Option<String>, String> {
    let uri = format!("/api/v1/namespaces/{}/secrets/{SECRET}", escape(namespace));
    let secret = fetch(argo, &uri, &format!("get secrets/{SECRET} in {namespace}")).await?;
    let encoded = secret.as_ref().and_then(|secret| secret.pointer("/data/auth")?.as_str());
    let decoded = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
    Ok(decoded.and_then(|bytes| String::from_utf8(bytes).ok()))
}

async fn converse(
    stream: DuplexStream,
    namespace: &str,
    app: &AppKey,
    password: Option<&str>,
) -> Result<Option<Vec<u8>>, Refusal> {
    let mut talk = Talk::new(stream);
    if let Some(password) = password {
        talk.authenticate(password).await?;
    }
    // an Application outside of Argo CD's namespace carries its own
    let is_at_home = *app.namespace == *namespace;
    let instance = if is_at_home { app.name.to_string() } else { format!("{}_{}", app.namespace, app.name) };
    let key = format!("app|managed-resources|{instance}|");
    for ending in [".gz", ""] {
        if let Some(value) = talk.get(&format!("{key}{VERSION}{ending}")).await? {
            return Ok(Some(value));
        }
    }
    // a release may have raised the version, and an installation may have a prefix of its own
    let mut found = talk.keys(&format!("*{key}*"), ROUNDS).await?;
    found.sort();
    match found.pop() {
        Some(key) => talk.get(&key).await,
        None => Ok(None),
    }
}

/// A comparison out of what lies in the cache, compressed or not.
fn decode(bytes: &[u8]) -> Option<Vec<Value>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return serde_json::from_slice::<Option<Vec<Value>>>(bytes).ok().map(Option::unwrap_or_default);
    }
    let mut text = Vec::new();
    GzDecoder::new(bytes).take(UNPACKED).read_to_end(&mut text).ok()?;
    serde_json::from_slice::<Option<Vec<Value>>>(&text).ok().map(Option::unwrap_or_default)
}
