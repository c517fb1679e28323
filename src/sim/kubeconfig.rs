//! A kubeconfig for the world's servers.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::tls::Ca;

/// One context of a kubeconfig.
#[derive(Debug, Clone)]
pub struct Context {
    /// Context name; cluster and user are named after it.
    pub name: String,
    /// `https://127.0.0.1:port`.
    pub server: String,
    /// Bearer token.
    pub token: String,
    /// Default namespace.
    pub namespace: String,
}

/// The text of a kubeconfig (JSON, which is YAML too); the first context is the current one.
#[must_use]
pub fn render(ca: &Ca, contexts: &[Context]) -> String {
    let ca = STANDARD.encode(ca.pem());
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "current-context": contexts.first().map(|c| c.name.as_str()).unwrap_or_default(),
        "clusters": contexts.iter().map(|c| json!({
            "name": c.name, "cluster": {"server": c.server, "certificate-authority-data": ca},
        })).collect::<Vec<_>>(),
        "users": contexts.iter().map(|c| json!({"name": c.name, "user": {"token": c.token}})).collect::<Vec<_>>(),
        "contexts": contexts.iter().map(|c| json!({
            "name": c.name, "context": {"cluster": c.name, "user": c.name, "namespace": c.namespace},
        })).collect::<Vec<_>>(),
    });
    format!("{config:#}\n")
}

/// Writes a kubeconfig that only the owner can read, replacing what stood at `path`.
pub fn write(path: &Path, ca: &Ca, contexts: &[Context]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let _ = std::fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(render(ca, contexts).as_bytes())?;
    drop(file);
    std::fs::rename(&beside, path)
}
