//! What an Argo CD calls the clusters it deploys to: it keeps one Secret a cluster.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::cluster::Cluster;
use super::fault::{Fault, Kind};
use super::objects::ReadError;
use super::request::escape;
use crate::domain::text::clean;
use crate::domain::{ClusterNames, Symbol};

/// What Argo CD marks the Secrets of clusters with.
const LABEL: &str = "argocd.argoproj.io/secret-type=cluster";
/// The largest list that is read, in bytes: a Secret has a few kilobytes, and nobody registers thousands.
const LARGEST: usize = 16 << 20;

/// The names and servers of the clusters. The credentials beside them are passed over as they are read.
///
/// # Errors
/// When the Secrets may not be read, or the cluster cannot be asked.
pub async fn cluster_names(cluster: &Cluster, namespace: &str) -> Result<ClusterNames, ReadError> {
    let uri = format!("/api/v1/namespaces/{}/secrets?labelSelector={}", escape(namespace), escape(LABEL));
    let what = format!("the names of clusters in namespace {namespace}");
    let bytes = cluster.fetch(&uri, LARGEST).await.map_err(|fault| ReadError::of(fault, &what))?;
    decode(&bytes).map_err(|fault| ReadError::of(fault, &what))
}

#[derive(Deserialize)]
struct Secrets {
    items: Option<Vec<Secret>>,
}

#[derive(Deserialize)]
struct Secret {
    data: Option<Data>,
}

/// Everything else in it is a credential.
#[derive(Deserialize)]
struct Data {
    name: Option<String>,
    server: Option<String>,
}

fn decode(bytes: &[u8]) -> Result<ClusterNames, Fault> {
    // the words of a decoding error could hold an excerpt
    let list: Secrets = serde_json::from_slice(bytes).map_err(|_| Fault::new(Kind::Down, "the list came garbled"))?;
    let data = list.items.unwrap_or_default().into_iter().filter_map(|secret| secret.data);
    Ok(ClusterNames::new(data.filter_map(|data| Some((text(&data.name?)?, text(&data.server?)?)))))
}

fn text(encoded: &str) -> Option<Symbol> {
    let bytes = STANDARD.decode(encoded).ok()?;
    Some(clean(std::str::from_utf8(&bytes).ok()?.trim()).as_ref().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_servers_are_kept_and_nothing_else() {
        let encode = |text: &str| STANDARD.encode(text);
        let list = serde_json::json!({ "kind": "SecretList", "items": [
            { "data": { "name": encode("far\u{1b}[31m-away"), "server": encode("https://spoke.example"),
                "config": encode("{\"bearerToken\":\"hunter2\"}") } },
            { "data": { "name": encode("no server") } },
            { "data": { "name": "!", "server": "!" } },
            { "data": null },
        ] });
        let names = decode(list.to_string().as_bytes()).unwrap();
        assert_eq!(names, ClusterNames::new([("far-away".into(), "https://spoke.example".into())]));
        assert!(!format!("{names:?}").contains("hunter2"));
        assert!(decode(b"hunter2").is_err_and(|fault| !fault.why.contains("hunter2")));
    }
}
