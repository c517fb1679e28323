//! Where the clusters of destinations are, as the kubeconfig and the config tell.

use super::kubeconfig::{KubeconfigPlace, contexts};
use crate::domain::{DestinationRule, RouteContext, Routes, Symbol};
use crate::source::SourceError;

/// The routes over every context of the kubeconfig, with the rules of the config. `called` gives the name of the source
/// that is read through a context.
///
/// # Errors
/// As [`contexts`].
pub fn routes(
    place: &KubeconfigPlace,
    rules: Vec<DestinationRule>,
    called: impl Fn(&str) -> Symbol,
) -> Result<Routes, SourceError> {
    let contexts = contexts(place)?.into_iter().map(|context| RouteContext {
        name: called(&context.name),
        server: context.server.into(),
        current: context.current,
    });
    Ok(Routes::new(contexts.collect(), rules))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Destination;

    /// Two clusters with the same namespaces and names: what one source deploys is looked for in its own, unless it says
    /// that it deploys to the other.
    #[test]
    fn each_source_looks_into_its_own_cluster() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        let cluster =
            |name: &str, port: u16| format!("- name: {name}\n  cluster: {{server: 'https://127.0.0.1:{port}'}}\n");
        let context =
            |name: &str| format!("- name: {name}\n  context: {{cluster: {name}, user: u, namespace: argocd}}\n");
        let text = format!(
            "clusters:\n{}{}contexts:\n{}{}current-context: one\n",
            cluster("one", 1001),
            cluster("two", 1002),
            context("one"),
            context("two")
        );
        std::fs::write(&file, text).unwrap();
        let routes = routes(&KubeconfigPlace::Files(vec![file]), Vec::new(), |name| name.into()).unwrap();
        let to = |source: &str, server: &str| {
            let destination = Destination { server: server.into(), name: "".into(), namespace: "dev".into() };
            routes.resolve(&source.into(), &destination).to_string()
        };
        let own = "https://kubernetes.default.svc";
        assert_eq!(to("one", own), "through context one");
        assert_eq!(to("two", own), "through context two");
        assert_eq!(to("one", "https://127.0.0.1:1002"), "through context two");
        assert_eq!(to("one", "https://127.0.0.1:1003"), "no route to https://127.0.0.1:1003");
    }
}
