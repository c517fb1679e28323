//! What Argo CD's cache holds of one Application: its comparison, in which Argo CD has masked what Secrets hold. The
//! rendered manifests beside it (`mfst|...`) hold them in clear and are never read.

use std::fmt;
use std::io::Read as _;
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::Value;
use tokio::sync::Mutex;

use super::super::cluster::Cluster;
use super::changes::Changes;
use super::line::Line;
use super::pace::{PAUSE, longer};
use crate::domain::time::after;
use crate::domain::{AppKey, Timestamp};

/// The version of the format this was written for; another one is searched for.
const VERSION: &str = "1.8.3";
/// The largest comparison that is unpacked, in bytes.
const UNPACKED: u64 = 256 << 20;
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Thousands of keys that are looked through for another version.
const ROUNDS: usize = 200;
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

    /// Hears when an Application has been compared anew; nothing is dialled yet.
    #[must_use]
    pub fn changes(&self, app: &AppKey) -> Changes {
        Changes::new(self.argo.clone(), self.namespace.clone(), &key(&self.instance(app)))
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
                let pause = held.failed.as_ref().map_or(PAUSE, |(_, _, pause)| longer(*pause));
                held.failed = Some((why.clone(), after(clock.now(), pause), pause));
                Err(why)
            }
        }
    }

    async fn answer(&self, known: Option<Line>, instance: &str) -> Result<(Option<Vec<u8>>, Line), String> {
        if let Some(mut line) = known
            && let Ok(found) = look(&mut line, instance).await
        {
            return Ok((found, line));
        }
        let mut line = Line::dial(&self.argo, &self.namespace).await?;
        let found = look(&mut line, instance).await?;
        Ok((found, line))
    }
}

/// The comparison of an Application, as it lies there.
async fn look(line: &mut Line, instance: &str) -> Result<Option<Vec<u8>>, String> {
    let key = key(instance);
    for ending in [".gz", ""] {
        if let Some(value) = line.get(&format!("{key}{VERSION}{ending}")).await? {
            return Ok(Some(value));
        }
    }
    // a release may have raised the version, and an installation may have a prefix of its own
    let mut found = line.keys(&format!("*{key}*"), ROUNDS).await?;
    found.sort();
    match found.pop() {
        Some(key) => line.get(&key).await,
        None => Ok(None),
    }
}

/// What the key of a comparison begins with; the version follows.
fn key(instance: &str) -> String {
    format!("app|managed-resources|{instance}|")
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
