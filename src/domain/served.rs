//! What stands for a context where argocd-server reads for us.

use super::{AppKey, Symbol};

/// What begins a context that stands for argocd-server.
const SERVED: &str = "argocd-server:";

/// What stands for a context where an Application's objects are read through argocd-server: by Application, for it shows
/// nobody's objects but an Application's.
#[must_use]
pub fn served_context(app: &AppKey) -> Symbol {
    format!("{SERVED}{}:{}/{}", app.source, app.namespace, app.name).into()
}

/// The Application a context of [`served_context`] stands for; `None` for every other context.
#[must_use]
pub fn served_app(context: &str) -> Option<AppKey> {
    let (source, app) = context.strip_prefix(SERVED)?.rsplit_once(':')?;
    let (namespace, name) = app.split_once('/')?;
    Some(AppKey { source: source.into(), namespace: namespace.into(), name: name.into() })
}

/// Why a context leads to no cluster.
#[must_use]
pub fn no_cluster(context: &str) -> String {
    match served_app(context) {
        Some(app) => {
            format!("{} is read through argocd-server alone: this needs a kube context of its cluster", app.name)
        }
        None => format!("the kubeconfig has no context {context}"),
    }
}

/// A context as people read it.
#[must_use]
pub fn shown_context(context: &str) -> &str {
    if served_app(context).is_some() { "argocd-server" } else { context }
}
