//! Argo CD's cache, reached as `argocd --core` reaches it: a port-forward to its Redis through the API server. Only what
//! it compared of one Application is read: in that Argo CD has masked what Secrets hold. The rendered manifests beside it
//! (`mfst|...`) hold them in clear and are never read.

use std::fmt;
use std::io::Read as _;
use std::pin::Pin;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;
use tokio::io::DuplexStream;
use tokio::sync::Mutex;

use super::cluster::Cluster;
use super::component::{fetch, running_pod};
use super::forward::{Carried, dial};
use super::request::escape;
use super::resp::{Refusal, Talk};
use crate::domain::time::after;
use crate::domain::{AppKey, Timestamp};

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
/// It is not dialled again for this long after it could not be reached, and twice as long every time, up to a limit.
const PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// The cache of one Argo CD. The connection stays for the next question.
pub struct Cache {
    argo: Cluster,
    namespace: String,
    held: Mutex<Held>,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("argo", &self.argo).field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Held {
    line: Option<Line>,
    /// Why it could not be reached, when to try again, and how long that pause is.
    failed: Option<(String, Timestamp, Duration)>,
}

/// A connection, and what carries its bytes as long as somebody waits for an answer.
struct Line {
    talk: Talk<DuplexStream>,
    carried: Pin<Box<dyn Future<Output = Carried> + Send>>,
    /// Why its password could not be read.
    unread: Option<String>,
}

impl Cache {
    /// The cache of the Argo CD in a namespace of a cluster; nothing is dialled yet.
    #[must_use]
    pub fn new(argo: Cluster, namespace: String) -> Self {
        Self { argo, namespace, held: Mutex::default() }
    }

    /// The comparison it holds of an Application.
    ///
    /// # Errors
    /// In one line, what is not there or which right is missing.
    pub(in crate::source) async fn comparison(&self, app: &AppKey) -> Result<Vec<Value>, String> {
        let found = self.ask(&self.instance(app)).await?;
        let bytes = found.ok_or("Argo CD's cache holds no comparison of it")?;
        let items: Option<Vec<Value>> = decode(&bytes).ok_or("what lies in Argo CD's cache cannot be read")?;
        let items = items.unwrap_or_default();
        if items.is_empty() {
            return Err("Argo CD could not compare it: its cache holds an empty comparison".to_owned());
        }
        Ok(items)
    }

    /// An Application outside of Argo CD's namespace carries its own.
    fn instance(&self, app: &AppKey) -> String {
        let is_at_home = *app.namespace == *self.namespace;
        if is_at_home { app.name.to_string() } else { format!("{}_{}", app.namespace, app.name) }
    }

    async fn ask(&self, instance: &str) -> Result<Option<Vec<u8>>, String> {
        let mut held = self.held.lock().await;
        let clock = self.argo.clock();
        if let Some((why, again, _)) = &held.failed
            && clock.now() < *again
        {
            return Err(why.clone());
        }
        // whoever stops waiting leaves half an answer in the line: it is not used again
        let known = held.line.take();
        let answer = tokio::select! {
            answer = self.answer(known, instance) => answer,
            () = clock.sleep(PATIENCE) => Err(format!("Argo CD's Redis did not answer in {} s", PATIENCE.as_secs())),
        };
        match answer {
            Ok((found, line)) => {
                *held = Held { line: Some(line), failed: None };
                Ok(found)
            }
            Err(why) => {
                let pause = held.failed.as_ref().map_or(PAUSE, |(_, _, pause)| (*pause * 2).min(LONGEST_PAUSE));
                held.failed = Some((why.clone(), after(clock.now(), pause), pause));
                Err(why)
            }
        }
    }

    async fn answer(&self, known: Option<Line>, instance: &str) -> Result<(Option<Vec<u8>>, Line), String> {
        if let Some(mut line) = known
            && let Ok(found) = line.ask(instance).await
        {
            return Ok((found, line));
        }
        let mut line = self.dial().await?;
        let found = line.ask(instance).await?;
        Ok((found, line))
    }

    async fn dial(&self) -> Result<Line, String> {
        let (argo, namespace) = (&self.argo, &self.namespace);
        let pod = running_pod(argo, namespace, PODS, "Argo CD's Redis").await?;
        let (password, unread) = match password(argo, namespace).await {
            Ok(password) => (password, None),
            Err(why) => (None, Some(why)),
        };
        let upstream = dial(argo, namespace, &pod, PORT).await.map_err(|error| match error {
            super::ChannelError::Denied(_) => {
                // who asks for one right asks for both at once
                let more = unread.as_ref().map_or_else(String::new, |why| format!("; {why}"));
                format!("may not create pods/portforward in {namespace}{more}")
            }
            error => format!("Redis cannot be reached: {error}"),
        })?;
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let carried = async move {
            let (up, down) = (AtomicU64::new(0), AtomicU64::new(0));
            upstream.carry(theirs, &[], &up, &down).await
        };
        let mut line = Line { talk: Talk::new(ours), carried: Box::pin(carried), unread };
        if let Some(password) = password {
            let talk = &mut line.talk;
            let said = tokio::select! {
                said = talk.authenticate(&password) => said,
                ended = &mut line.carried => Err(broken(ended)),
            };
            said.map_err(|refusal| line.why(refusal))?;
        }
        Ok(line)
    }
}

impl Line {
    async fn ask(&mut self, instance: &str) -> Result<Option<Vec<u8>>, String> {
        let found = tokio::select! {
            found = look(&mut self.talk, instance) => found,
            ended = &mut self.carried => Err(broken(ended)),
        };
        found.map_err(|refusal| self.why(refusal))
    }

    fn why(&self, refusal: Refusal) -> String {
        match (refusal, &self.unread) {
            (Refusal::Password, None) => format!("Redis does not take the password of secrets/{SECRET}"),
            (Refusal::Password, Some(why)) => why.clone(),
            (Refusal::Other(why), _) => why,
        }
    }
}

fn broken(ended: Carried) -> Refusal {
    Refusal::Other(match ended {
        Carried::Broken(why) => format!("the way to Redis broke: {why}"),
        Carried::Left | Carried::Closed => "Redis closed the connection".to_owned(),
    })
}

/// The comparison of an Application, as it lies there.
async fn look(talk: &mut Talk<DuplexStream>, instance: &str) -> Result<Option<Vec<u8>>, Refusal> {
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

/// Its password; nothing where there is no Secret.
async fn password(argo: &Cluster, namespace: &str) -> Result<Option<String>, String> {
    let uri = format!("/api/v1/namespaces/{}/secrets/{SECRET}", escape(namespace));
    let secret = fetch(argo, &uri, &format!("get secrets/{SECRET} in {namespace}")).await?;
    let encoded = secret.as_ref().and_then(|secret| secret.pointer("/data/auth")?.as_str());
    let decoded = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
    Ok(decoded.and_then(|bytes| String::from_utf8(bytes).ok()))
}

/// What lies in the cache, compressed or not.
fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return serde_json::from_slice(bytes).ok();
    }
    let mut text = Vec::new();
    GzDecoder::new(bytes).take(UNPACKED).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}
