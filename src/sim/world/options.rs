//! What to simulate.

use std::path::PathBuf;

/// What to simulate.
#[derive(Debug, Clone)]
pub struct SimOptions {
    /// A bundled scenario's name or a file; the default scenario when none.
    pub scenario: Option<String>,
    /// So many generated Applications in the first source. The scenario's own are there too only if it was named.
    pub apps: Option<usize>,
    /// Changes of generated Applications per second of the wall's time, spread evenly.
    pub changes_per_second: f64,
    /// What all randomness follows from.
    pub seed: u64,
    /// The first source's port on loopback, the next ones follow; free ports when none or 0.
    pub port: Option<u16>,
    /// Where the kubeconfig goes; into a folder that is removed with the world when none.
    pub kubeconfig: Option<PathBuf>,
    /// How fast the world's clock goes.
    pub speed: f64,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self { scenario: None, apps: None, changes_per_second: 0.0, seed: 12, port: None, kubeconfig: None, speed: 1.0 }
    }
}
