//! Argo CD's cache, reached as `argocd --core` reaches it: a port-forward to its Redis through the API server. Only what
//! it keeps of one Application is read. The rendered manifests in it hold secrets in clear: they are read when a revision
//! is asked for, and whoever gets them masks them.

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
use super::fault::{Fault, Kind};
use super::forward::{Carried, dial};
use super::request::escape;
use super::resp::{Refusal, Talk};
use crate::domain::text::clean;
use crate::domain::time::after;
use crate::domain::{AppKey, Timestamp};

/// What marks the pods that lead to it, with and without high availability.
const PODS: &str = "app.kubernetes.io/name in (argocd-redis-ha-haproxy,argocd-redis)";
const PORT: u16 = 6379;
/// The Secret with its password.
const SECRET: &str = "argocd-redis";
/// The version of the format this was written for; another one is searched for.
const VERSION: &str = "1.8.3";
/// The largest answer of the API server that is read, in bytes.
const LARGEST: usize = 16 << 20;
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

/// What is looked for.
enum Question<'q> {
    /// The comparison of an Application.
    Comparison(&'q str),
    /// Its manifests at a commit, or at those that begin so.
    Rendered(&'q str, &'q str),
}

/// Keys with what lies under them.
type Found = Vec<(String, Vec<u8>)>;

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
        let found = self.ask(&Question::Comparison(&self.instance(app))).await?;
        let (_, bytes) = found.first().ok_or("Argo CD's cache holds no comparison of it")?;
        let items: Option<Vec<Value>> = decode(bytes).ok_or("what lies in Argo CD's cache cannot be read")?;
        let items = items.unwrap_or_default();
        if items.is_empty() {
            return Err("Argo CD could not compare it: its cache holds an empty comparison".to_owned());
        }
        Ok(items)
    }

    /// The manifests of an Application at these revisions, one a source: commits, or how they begin. Nothing is masked.
    ///
    /// # Errors
    /// In one line, what is not there or which right is missing.
    pub(in crate::source) async fn manifests(&self, app: &AppKey, revisions: &[String]) -> Result<Vec<Value>, String> {
        let instance = self.instance(app);
        let mut all: Vec<(String, Vec<Value>)> = Vec::new();
        for revision in revisions {
            if revision.len() < 7 || !revision.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(format!(
                    "Argo CD's cache knows commits, not names: which one {} is, it does not say",
                    clean(revision)
                ));
            }
            let found = self.ask(&Question::Rendered(&instance, revision)).await?;
            if found.is_empty() {
                return Err(format!("Argo CD's cache holds no manifests of {}", clean(revision)));
            }
            let before = all.len();
            for (key, bytes) in found {
                if all.iter().any(|(known, _)| *known == key) {
                    continue;
                }
                all.push((key, rendered(&bytes)?));
            }
            let is_one = revisions.len() == 1;
            if is_one && all[before..].windows(2).any(|pair| pair[0].1 != pair[1].1) {
                return Err(format!("Argo CD's cache holds several renderings of {}", clean(revision)));
            }
            if is_one {
                all.truncate(1);
            }
        }
        Ok(all.into_iter().flat_map(|(_, manifests)| manifests).collect())
    }

    /// An Application outside of Argo CD's namespace carries its own.
    fn instance(&self, app: &AppKey) -> String {
        let is_at_home = *app.namespace == *self.namespace;
        if is_at_home { app.name.to_string() } else { format!("{}_{}", app.namespace, app.name) }
    }

    async fn ask(&self, question: &Question<'_>) -> Result<Found, String> {
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
            answer = self.answer(known, question) => answer,
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

    async fn answer(&self, known: Option<Line>, question: &Question<'_>) -> Result<(Found, Line), String> {
        if let Some(mut line) = known
            && let Ok(found) = line.ask(question).await
        {
            return Ok((found, line));
        }
        let mut line = self.dial().await?;
        let found = line.ask(question).await?;
        Ok((found, line))
    }

    async fn dial(&self) -> Result<Line, String> {
        let (argo, namespace) = (&self.argo, &self.namespace);
        let pod = pod(argo, namespace).await?;
        let (password, unread) = match password(argo, namespace).await {
            Ok(password) => (password, None),
            Err(why) => (None, Some(why)),
        };
        let upstream = dial(argo, namespace, &pod, PORT).await.map_err(|error| match error {
            super::ChannelError::Denied(_) => format!("may not create pods/portforward in {namespace}"),
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
    async fn ask(&mut self, question: &Question<'_>) -> Result<Found, String> {
        let found = tokio::select! {
            found = look(&mut self.talk, question) => found,
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

async fn look(talk: &mut Talk<DuplexStream>, question: &Question<'_>) -> Result<Found, Refusal> {
    let mut found = Vec::new();
    match question {
        Question::Comparison(instance) => {
            let key = format!("app|managed-resources|{instance}|");
            for ending in [".gz", ""] {
                let whole = format!("{key}{VERSION}{ending}");
                if let Some(value) = talk.get(&whole).await? {
                    return Ok(vec![(whole, value)]);
                }
            }
            // a release may have raised the version, and an installation may have a prefix of its own
            let mut keys = talk.keys(&format!("*{key}*"), ROUNDS).await?;
            keys.sort();
            if let Some(key) = keys.pop()
                && let Some(value) = talk.get(&key).await?
            {
                found.push((key, value));
            }
        }
        Question::Rendered(instance, revision) => {
            // mfst|tracking|app|commit|namespace|hash of the source|other sources|version
            let mut keys = talk.keys(&format!("*mfst|*|{instance}|{revision}*|*"), ROUNDS).await?;
            keys.retain(|key| key.split('|').nth(2) == Some(instance));
            keys.sort();
            for key in keys {
                if let Some(value) = talk.get(&key).await? {
                    found.push((key, value));
                }
            }
        }
    }
    Ok(found)
}

/// The manifests in an entry of rendered ones.
fn rendered(bytes: &[u8]) -> Result<Vec<Value>, String> {
    let garbled = || "what lies in Argo CD's cache cannot be read".to_owned();
    let entry: Value = decode(bytes).ok_or_else(garbled)?;
    let texts = entry.pointer("/manifestResponse/manifests").and_then(Value::as_array);
    let error = entry.get("mostRecentError").and_then(Value::as_str).unwrap_or_default();
    let Some(texts) = texts else {
        return Err(if error.is_empty() { garbled() } else { clean(error).into_owned() });
    };
    let read = |text: &Value| serde_json::from_str(text.as_str()?).ok();
    texts.iter().map(|text| read(text).ok_or_else(garbled)).collect()
}

/// The name of a pod that leads to it.
async fn pod(argo: &Cluster, namespace: &str) -> Result<String, String> {
    let uri = format!("/api/v1/namespaces/{}/pods?labelSelector={}", escape(namespace), escape(PODS));
    let list = fetch(argo, &uri, &format!("list pods in {namespace}")).await?;
    let list = list.ok_or_else(|| format!("there is no namespace {namespace}"))?;
    let pods = list.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let runs = |pod: &&Value| pod.pointer("/status/phase").and_then(Value::as_str) == Some("Running");
    let name = |pod: &Value| Some(pod.pointer("/metadata/name")?.as_str()?.to_owned());
    pods.iter().filter(runs).find_map(name).ok_or_else(|| format!("no pod of Argo CD's Redis runs in {namespace}"))
}

/// Its password; nothing where there is no Secret.
async fn password(argo: &Cluster, namespace: &str) -> Result<Option<String>, String> {
    let uri = format!("/api/v1/namespaces/{}/secrets/{SECRET}", escape(namespace));
    let secret = fetch(argo, &uri, &format!("get secrets/{SECRET} in {namespace}")).await?;
    let encoded = secret.as_ref().and_then(|secret| secret.pointer("/data/auth")?.as_str());
    let decoded = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
    Ok(decoded.and_then(|bytes| String::from_utf8(bytes).ok()))
}

/// Nothing for what is not there; `deed` is what a refusal says we may not do.
async fn fetch(argo: &Cluster, uri: &str, deed: &str) -> Result<Option<Value>, String> {
    match argo.fetch(uri, LARGEST).await {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|_| format!("cannot {deed}: it came garbled")),
        Err(fault) if fault.is_missing() => Ok(None),
        Err(Fault { kind: Kind::Denied, .. }) => Err(format!("may not {deed}")),
        Err(fault) => Err(format!("cannot {deed}: {}", fault.why)),
    }
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
