//! What is deployed.

use super::duration;
use crate::sim::manifest::app::WorkloadKind;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use toml::Spanned;

/// A service: an Application in each environment it was released to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its name.
    pub name: Spanned<String>,
    /// Label `team`.
    pub team: String,
    /// Its chart below `helm/charts`, the name when absent.
    pub chart: Option<String>,
    /// The image without a tag, the name when absent.
    pub image: Option<String>,
    /// A Job before the waves.
    pub pre_sync: Option<String>,
    /// A Job after the waves.
    pub post_sync: Option<String>,
    /// Its `ConfigMap`.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// What runs, where no chart says it.
    #[serde(rename = "workload", default)]
    pub workloads: Vec<Work>,
    /// What was deployed where, newest last.
    #[serde(rename = "release")]
    pub releases: Vec<Release>,
}

/// A workload of a service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Deployment or `StatefulSet`.
    pub kind: WorkloadKind,
    /// The service's name when absent.
    pub name: Option<String>,
    /// The container's name.
    pub container: String,
    /// The container's name when absent.
    pub component: Option<String>,
    /// Container ports by name.
    #[serde(default)]
    pub ports: BTreeMap<String, u16>,
    /// Run by `sh -c`.
    #[serde(default = "wait")]
    pub command: String,
    /// In which a Deployment has to get further, ten minutes when absent.
    #[serde(default = "ten_minutes", deserialize_with = "duration")]
    pub progress_deadline: Duration,
    /// The sync wave.
    #[serde(default)]
    pub wave: i64,
    /// What answers on its ports; when absent, ports whose names say what they speak.
    pub listen: Option<Vec<Listen>>,
}

/// An open port of a workload's pods.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// The port.
    pub port: Spanned<u16>,
    /// What it speaks; or `to`.
    pub speaks: Option<Spanned<String>>,
    /// A real process on the machine's loopback that it leads to.
    pub to: Option<Spanned<SocketAddr>>,
    /// The address it is bound to.
    #[serde(default = "everywhere")]
    pub address: IpAddr,
    /// Where it is open; in all environments when absent.
    pub environments: Option<Vec<Spanned<String>>>,
    /// Of `debugpy`: a client that leaves without a word ruins it.
    #[serde(default)]
    pub fragile: bool,
}

/// A deployment of the past.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Where.
    pub environment: Spanned<String>,
    /// The image tag.
    pub version: String,
    /// How long ago it ended.
    #[serde(deserialize_with = "duration")]
    pub age: Duration,
    /// The commit's message.
    pub commit: Option<String>,
    /// Who asked for it, auto-sync when absent.
    pub by: Option<String>,
}

fn everywhere() -> IpAddr {
    Ipv4Addr::UNSPECIFIED.into()
}

fn ten_minutes() -> Duration {
    Duration::from_mins(10)
}

fn wait() -> String {
    "while true; do sleep 60; done".to_owned()
}
