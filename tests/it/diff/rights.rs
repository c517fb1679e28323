//! The rung of Argo CD's cache, for somebody who lacks what it takes: the missing right is said, and the next rung answers.

use std::process::Command;

use pilothouse::sim::store::Store;
use pilothouse::sim::world::{SimOptions, World};
use serde_json::{Value, json};

use super::live::json_of;
use crate::program::screen::PROGRAM;

/// Somebody who may nothing but what roles say.
const SCENARIO: &str = "extends = \"predator12\"\n[[user]]\nname = \"narrow\"\n";

fn allow(store: &Store, name: &str, rules: &Value) {
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": name}, "rules": rules});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": name}, "subjects": [{"kind": "User", "name": "narrow"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}});
    store.put(role);
    store.put(binding);
}

/// What the verb says of the rung, and what the screen shows.
fn told(world: &World, home: &std::path::Path) -> (Value, String) {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(["--context", "predator-cloud"]).args(arguments);
        command.env("KUBECONFIG", world.kubeconfig()).env("LC_ALL", "C.UTF-8");
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env(name, home);
        }
        command.output().unwrap()
    };
    let diff = run(&["diff", "backend-staging", "-o", "json", "--timeout", "60s"]);
    let size = ["--size", "200x40", "--wait", "60s"];
    let frame = run(&[&["snapshot", "--view", "diff", "--app", "backend-staging"][..], &size].concat());
    (json_of(&diff), String::from_utf8(frame.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_that_is_missing_for_argo_cds_cache_is_named() {
    let home = tempfile::tempdir().unwrap();
    let scenario = home.path().join("narrow.toml");
    std::fs::write(&scenario, SCENARIO).unwrap();
    let scenario = Some(scenario.to_str().unwrap().to_owned());
    let world = World::start(SimOptions { scenario, ..SimOptions::default() }).unwrap();
    let store = world.store("predator-cloud").unwrap();
    let read = json!(["get", "list", "watch"]);
    let core = ["pods", "events", "configmaps", "services", "namespaces", "serviceaccounts"];
    let groups = [
        "argoproj.io",
        "apps",
        "batch",
        "networking.k8s.io",
        "autoscaling",
        "apiextensions.k8s.io",
        "monitoring.coreos.com",
        "external-secrets.io",
    ];
    allow(
        store,
        "looks",
        &json!([{"apiGroups": groups, "resources": ["*"], "verbs": read},
        {"apiGroups": [""], "resources": core, "verbs": read}]),
    );
    let secret = "may not get secrets/argocd-redis in argocd";
    let forward = "may not create pods/portforward in argocd";
    let steps = [
        (None, Some(format!("{forward}; {secret}"))),
        (
            Some((
                "forwards",
                json!([{"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["get", "create"]}]),
            )),
            Some(secret.to_owned()),
        ),
        (
            Some((
                "unlocks",
                json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"],
            "resourceNames": ["argocd-redis"]}]),
            )),
            None,
        ),
    ];
    for (right, lacks) in steps {
        if let Some((name, rules)) = right {
            allow(store, name, &rules);
        }
        let (told, frame) = told(&world, home.path());
        let why = told["lacks"].as_array().unwrap().iter().find(|lack| lack["rung"] == "redis");
        assert_eq!(why.and_then(|lack| lack["why"].as_str()), lacks.as_deref(), "{told}");
        assert_eq!(told["rung"], if lacks.is_some() { "drift" } else { "redis" }, "{told}");
        let shown = lacks.as_deref().unwrap_or("Argo CD's cache");
        assert!(frame.contains(shown), "{frame}");
    }
}
