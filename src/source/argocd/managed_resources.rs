//! What Git wants of every resource beside what there is, as argocd-server compared it.

use serde::Deserialize;
use serde_json::Value;

use super::super::kube::request::escape;
use super::super::kube::{ReadError, project};
use super::server::Server;
use crate::domain::{AppKey, Symbol};

/// The largest answer that is read, in bytes: four states of every resource.
const LARGEST: usize = 256 << 20;

/// One resource from all sides. Argo CD has masked what Secrets hold; everything else is as it was sent, so whoever shows
/// it masks and cleans it.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ManagedResource {
    /// API group; empty for the core group.
    pub group: Symbol,
    /// Kind.
    pub kind: Symbol,
    /// Empty for objects without one.
    pub namespace: Symbol,
    /// Name.
    pub name: Symbol,
    /// What Git wants; `None` for a resource that left Git.
    pub target: Option<Value>,
    /// What there is; `None` for a resource that is to be made.
    pub live: Option<Value>,
    /// What there is, without what is not compared.
    pub normalized_live: Option<Value>,
    /// What there will be after a sync; `None` for a resource that is to be pruned.
    pub predicted_live: Option<Value>,
    /// A hook; the server leaves them out of what it sends.
    pub hook: bool,
    /// Version of the live object; empty when there is none.
    pub resource_version: Symbol,
    /// The server says that a sync changes it; never said of one to be pruned.
    pub modified: bool,
}

impl ManagedResource {
    /// Whether a sync, with pruning, would change it.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.modified || self.normalized_live.is_none() != self.predicted_live.is_none()
    }
}

#[derive(Deserialize)]
struct Answer {
    items: Option<Vec<Item>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Item {
    group: String,
    kind: String,
    namespace: String,
    name: String,
    target_state: String,
    live_state: String,
    normalized_live_state: String,
    predicted_live_state: String,
    hook: bool,
    resource_version: String,
    modified: bool,
}

/// The resources of an Application, in the order the server has them; empty for one that could not be compared.
///
/// # Errors
/// When the Application is not there or may not be read (the server does not tell which), it cannot be compared (in the
/// server's own words), or the server cannot be asked.
pub async fn managed_resources(server: &Server, app: &AppKey) -> Result<Vec<ManagedResource>, ReadError> {
    let path =
        format!("/api/v1/applications/{}/managed-resources?appNamespace={}", escape(&app.name), escape(&app.namespace));
    let what = format!("managed resources of {}", app.name);
    let answer: Answer = server.json(&path, LARGEST, &what).await.map_err(|fault| ReadError::of(fault, &what))?;
    answer.items.unwrap_or_default().iter().map(|item| read(item, &what)).collect()
}

fn read(item: &Item, what: &str) -> Result<ManagedResource, ReadError> {
    let mut texts = project::Texts::default();
    let state = |text: &str| match text {
        "" => Ok(None),
        text => serde_json::from_str::<Option<Value>>(text)
            .map_err(|_| ReadError::Failed { why: format!("{what}: a state came garbled"), hint: None }),
    };
    Ok(ManagedResource {
        group: texts.symbol(&item.group),
        kind: texts.symbol(&item.kind),
        namespace: texts.symbol(&item.namespace),
        name: texts.symbol(&item.name),
        target: state(&item.target_state)?,
        live: state(&item.live_state)?,
        normalized_live: state(&item.normalized_live_state)?,
        predicted_live: state(&item.predicted_live_state)?,
        hook: item.hook,
        resource_version: texts.symbol(&item.resource_version),
        modified: item.modified,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> ManagedResource {
        read(&serde_json::from_str(json).unwrap(), "managed resources of a").unwrap()
    }

    #[test]
    fn a_resource_to_prune_differs_although_nothing_says_so() {
        let prune = of(r#"{"kind":"ConfigMap","name":"old","targetState":"null","liveState":"{}",
            "normalizedLiveState":"{}","predictedLiveState":"null"}"#);
        assert!(prune.differs() && !prune.modified && prune.target.is_none());
        let same = of(r#"{"kind":"ConfigMap","name":"a","targetState":"{}","liveState":"{}",
            "normalizedLiveState":"{}","predictedLiveState":"{}"}"#);
        assert!(!same.differs());
        let create = of(r#"{"kind":"ConfigMap","name":"new","targetState":"{}","liveState":"null",
            "normalizedLiveState":"null","predictedLiveState":"{}","modified":true}"#);
        assert!(create.differs() && create.live.is_none());
    }
}
