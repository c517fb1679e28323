//! Where Applications are: clusters and environments.

use serde::Deserialize;
use toml::Spanned;

/// A cluster with an Argo CD.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The context's name.
    pub name: Spanned<String>,
    /// Where Argo CD lives.
    #[serde(default = "argocd")]
    pub argocd_namespace: String,
    /// The version of its kubelets.
    #[serde(default = "kubernetes")]
    pub kubernetes: String,
    /// Names of its nodes.
    #[serde(default)]
    pub nodes: Vec<String>,
}

/// A named group of Applications.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Its name.
    pub name: Spanned<String>,
    /// The source it lives in.
    pub source: Spanned<String>,
    /// The branch it follows.
    pub branch: String,
    /// Replicas of each workload.
    #[serde(default = "one")]
    pub replicas: u32,
    /// Auto-sync, off when absent.
    pub auto_sync: Option<AutoSync>,
}

/// Auto-sync of an environment.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutoSync {
    /// Removes what Git no longer has.
    #[serde(default)]
    pub prune: bool,
    /// Undoes changes by hand.
    #[serde(default)]
    pub self_heal: bool,
}

/// Applications that are made up.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generate {
    /// How many.
    pub apps: usize,
    /// Changes of them in a second of the wall's time.
    #[serde(default)]
    pub changes_per_second: f64,
}

fn argocd() -> String {
    "argocd".to_owned()
}

fn kubernetes() -> String {
    "v1.33.4".to_owned()
}

fn one() -> u32 {
    1
}
