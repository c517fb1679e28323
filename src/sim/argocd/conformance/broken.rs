//! Applications that cannot be compared, clusters that cannot be reached, and Applications of Applications.

use super::git::URL;
use super::lab::{Lab, by_hand};
use crate::sim::argocd::{Cluster, Link, Pace};
use crate::sim::write::{DeleteOptions, Writer};
use serde_json::{Value, json};

fn application(name: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut app = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {"project": "predator12",
            "source": {"repoURL": URL, "targetRevision": "main", "path": "helm/charts/frontend",
                "helm": {"valueFiles": ["../../overlays/dev/frontend.yaml"]}},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "predator12-lab"}}});
    change(&mut app);
    app
}

/// What is wrong with an Application.
type Change = fn(&mut Value);

#[test]
fn conformance_broken_specs() {
    let mut lab = Lab::new();
    lab.record(&["bad-path", "bad-revision", "bad-project", "bad-destination", "bad-cluster", "bad-repo"]);
    let broken: [(&str, Change); 6] = [
        ("bad-path", |app| {
            app["spec"]["source"] = json!({"repoURL": URL, "targetRevision": "main", "path": "helm/charts/nothing"});
        }),
        ("bad-revision", |app| app["spec"]["source"]["targetRevision"] = json!("no-such-branch")),
        ("bad-project", |app| app["spec"]["project"] = json!("nowhere")),
        ("bad-destination", |app| app["spec"]["destination"]["namespace"] = json!("kube-system")),
        ("bad-cluster", |app| {
            app["spec"]["destination"] = json!({"name": "no-such-cluster", "namespace": "predator12-lab"});
        }),
        ("bad-repo", |app| {
            app["spec"]["source"]["repoURL"] = json!("http://git.predator12.example/platform/nothing.git");
        }),
    ];
    lab.project(|project| {
        project["spec"]["sourceRepos"].as_array_mut().unwrap().push(json!("http://git.predator12.example/*"));
    });
    for (name, change) in &broken {
        lab.store.put(application(name, change));
    }
    lab.pass(1.2);
    lab.sync("bad-path", |_| {});
    lab.pass(5.0);
    for (name, _) in broken {
        lab.store.delete("Application", "argocd", name);
    }
    lab.pass(1.0);
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/broken-specs.txt"));
}

#[test]
fn conformance_no_cluster() {
    let words = "error getting cluster RESTConfig: unable to get K8s RAW REST config: unable to create K8s REST config: \
                 unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined";
    let mut lab =
        Lab::with(Pace::default(), |store| Cluster { link: Link::NoAccess(words.to_owned()), ..Cluster::local(store) });
    lab.record(&["backend-dev", "frontend-prod"]);
    lab.app("backend", "dev", "main", &super::lab::automated(true));
    lab.app("frontend", "prod", "v1.0.0", &by_hand());
    lab.pass(10.0);
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/no-cluster.txt"));
}

#[test]
fn conformance_unreachable() {
    let words = "failed to get server version: failed to get server version: Get \"https://127.0.0.1:9/version?timeout=32s\": \
                 dial tcp 127.0.0.1:9: connect: connection refused";
    let mut lab = Lab::with(Pace::default(), |_| Cluster {
        name: "gone".to_owned(),
        server: "https://127.0.0.1:9".to_owned(),
        link: Link::Down(words.to_owned()),
    });
    lab.project(|project| project["spec"]["destinations"][0]["server"] = json!("*"));
    lab.record(&["on-gone"]);
    lab.store.put(application("on-gone", |app| app["spec"]["destination"]["server"] = json!("https://127.0.0.1:9")));
    lab.pass(6.0);
    lab.sync("on-gone", |_| {});
    lab.pass(6.0);
    lab.store.delete("Application", "argocd", "on-gone");
    lab.pass(1.0);
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/unreachable.txt"));
}

/// A world with an Application of two Applications, one of which takes over what another left behind.
fn app_of_apps(apps: &[&str], apply: u64) {
    let pace = Pace { apply: std::time::Duration::from_millis(apply), ..Pace::default() };
    let mut lab = Lab::with(pace, Cluster::local);
    lab.stand_in.ready = std::time::Duration::from_millis(900);
    lab.project(|project| {
        let own = json!({"server": "https://kubernetes.default.svc", "namespace": "argocd"});
        project["spec"]["destinations"].as_array_mut().unwrap().push(own);
    });
    let child = |service: &str| {
        let mut app = application(&format!("lab-{service}"), |app| {
            app["metadata"]["finalizers"] = json!(["resources-finalizer.argocd.argoproj.io"]);
            app["spec"]["source"]["path"] = json!(format!("helm/charts/{service}"));
            app["spec"]["source"]["helm"] = json!({"valueFiles": [format!("../../overlays/dev/{service}.yaml")]});
            app["spec"]["syncPolicy"] = json!({"automated": {}, "syncOptions": ["CreateNamespace=true"]});
        });
        app["metadata"]["namespace"] = json!("argocd");
        app
    };
    // what an Application without finalizer left behind
    lab.store.put(application("refused", |app| app["spec"]["syncPolicy"] = json!({"automated": {}})));
    lab.settle();
    lab.store.delete("Application", "argocd", "refused");
    let children = vec![child("dependencies"), child("frontend")];
    lab.git.push("main", |tree| drop(tree.insert("argo/lab".to_owned(), children)));
    lab.record(apps);
    lab.store.put(application("lab", |app| {
        app["metadata"]["finalizers"] = json!(["resources-finalizer.argocd.argoproj.io"]);
        app["spec"]["source"] = json!({"repoURL": URL, "targetRevision": "main", "path": "argo/lab"});
        app["spec"]["destination"]["namespace"] = json!("argocd");
        app["spec"]["syncPolicy"] = json!({"automated": {"prune": true}});
    }));
    lab.pass(3.0);
    // then it is deleted, and how long that takes is told by the pods that end
    lab.conforms_until(include_str!("../../../../tests/fixtures/argocd/conformance/app-of-apps.txt"), 3.2);
}

#[test]
fn conformance_app_of_apps() {
    app_of_apps(&["lab", "lab-dependencies"], 80);
    // here two objects were applied between two looks
    app_of_apps(&["lab-frontend"], 25);
}

#[test]
fn a_deleted_application_takes_its_own_with_it() {
    let mut lab = Lab::new();
    lab.app("backend", "dev", "main", &super::lab::automated(true));
    lab.settle();
    assert!(lab.store.get("Deployment", "predator12-dev", "celery").is_some());
    Writer::new(&lab.store, "kubectl")
        .delete("Application", "argocd", "backend-dev", &DeleteOptions::default())
        .unwrap();
    lab.until("the Application is gone", |lab| lab.get("backend-dev").is_null());
    for kind in ["Deployment", "Service", "ConfigMap", "Secret", "Job"] {
        assert!(lab.store.list(kind, Some("predator12-dev")).is_empty(), "{kind}");
    }
}
