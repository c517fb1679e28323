//! What goes on: crashes, hand-made changes, deployments.

use super::{duration, optional_duration};
use crate::sim::workload::Behaviour;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::time::Duration;
use toml::Spanned;

/// What some images do in some pods.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Images; `*` stands for anything.
    pub image: String,
    /// `namespace/name` of pods; all of them when absent.
    #[serde(default = "anything")]
    pub pods: String,
    /// The words for it.
    #[serde(deserialize_with = "behaviour")]
    pub behaviour: String,
    /// Lines the container prints when it starts.
    #[serde(default)]
    pub lines: Vec<String>,
}

/// A crash loop.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// The Application.
    pub app: Spanned<String>,
    /// Restarts so far.
    pub restarts: u32,
    /// From the world's start to the next try.
    #[serde(deserialize_with = "duration")]
    pub next: Duration,
}

/// A change by hand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// The Application.
    pub app: Spanned<String>,
    /// The object that was edited, `ConfigMap/backend-config`; the first workload when absent.
    pub object: Option<String>,
    /// What somebody scaled it to.
    pub replicas: Option<u32>,
    /// What else somebody set: values by JSON pointer.
    #[serde(default)]
    pub set: BTreeMap<String, serde_json::Value>,
    /// The field manager's name.
    pub manager: String,
    /// How long before the world's start.
    #[serde(default, deserialize_with = "duration")]
    pub age: Duration,
    /// From the world's start until then, if it comes later.
    #[serde(default, deserialize_with = "optional_duration")]
    pub after: Option<Duration>,
    /// From one time to the next; once when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub every: Option<Duration>,
}

/// A sync that runs when the world starts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Syncing {
    /// The Application.
    pub app: Spanned<String>,
    /// The version it goes to.
    pub version: String,
    /// From the world's start until its workload is ready.
    #[serde(deserialize_with = "duration")]
    pub ready_after: Duration,
}

/// A condition of an Application.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The Application.
    pub app: Spanned<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its words.
    pub message: String,
}

/// A deployment that comes by itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// The Application.
    pub app: Spanned<String>,
    /// From the world's start to the commit.
    #[serde(deserialize_with = "duration")]
    pub after: Duration,
    /// From one commit to the next; once when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub every: Option<Duration>,
    /// From the creation of new pods until they are ready, 6 s when absent.
    #[serde(default = "six_seconds", deserialize_with = "duration")]
    pub rollout: Duration,
    /// Its hooks fail until a commit so much later; they do not when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub hooks_fail_for: Option<Duration>,
}

fn six_seconds() -> Duration {
    Duration::from_secs(6)
}

fn anything() -> String {
    "*".to_owned()
}

fn behaviour<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let words = String::deserialize(from)?;
    Behaviour::default().read(&words).map_err(serde::de::Error::custom)?;
    Ok(words)
}
