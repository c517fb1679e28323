//! What a revision of Git wants, as the repo-server behind argocd-server renders it.

use serde::Deserialize;
use serde_json::Value;

use super::super::kube::ReadError;
use super::super::kube::request::escape;
use super::server::Server;
use super::tree::path;
use crate::domain::AppKey;

/// The largest answer that is read, in bytes.
const LARGEST: usize = 64 << 20;

#[derive(Deserialize)]
struct Answer {
    manifests: Option<Vec<String>>,
}

/// The manifests of an Application at these revisions, one a source; without any at those it follows. Hooks are among
/// them, namespaces are not filled in, and Argo CD has masked what Secrets hold.
///
/// # Errors
/// When the Application is not there or may not be read (the server does not tell which), the revision cannot be rendered
/// (in repo-server's own words), or the server cannot be asked.
pub async fn manifests(server: &Server, app: &AppKey, revisions: &[String]) -> Result<Vec<Value>, ReadError> {
    let mut path = path(app, "manifests");
    match revisions {
        [] => {}
        [one] => path.push_str(&format!("&revision={}", escape(one))),
        several => {
            for (n, revision) in several.iter().enumerate() {
                path.push_str(&format!("&revisions={}&sourcePositions={}", escape(revision), n + 1));
            }
        }
    }
    let what = format!("manifests of {}", app.name);
    let answer: Answer = server.json(&path, LARGEST, &what).await.map_err(|fault| ReadError::of(fault, &what))?;
    let garbled = |_| ReadError::Failed { why: format!("{what}: one came garbled"), hint: None };
    let texts = answer.manifests.unwrap_or_default();
    texts.iter().map(|text| serde_json::from_str(text).map_err(garbled)).collect()
}
