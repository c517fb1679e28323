//! Applications that cannot be compared, clusters that cannot be reached, and Applications of Applications.

use super::git::URL;
use super::lab::{Lab, NINE};
use crate::sim::argocd::{Cluster, Link, Pace};
use crate::sim::store::Store;
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
    lab.default_project();
    let broken: [(&str, Change); 7] = [
        ("bad-path", |app| {
            app["spec"]["source"] = json!({"repoURL": URL, "targetRevision": "main", "path": "helm/charts/nothing"});
        }),
        ("bad-revision", |app| app["spec"]["source"]["targetRevision"] = json!("no-such-branch")),
        ("bad-project", |app| app["spec"]["project"] = json!("nowhere")),
        ("bad-destination", |app| app["spec"]["destination"]["namespace"] = json!("kube-system")),
        ("bad-cluster", |app| {
            app["spec"]["destination"] = json!({"name": "no-such-cluster", "namespace": "predator12-lab"});
        }),
        ("bad-values", |app| app["spec"]["source"]["helm"]["valueFiles"] = json!(["missing.yaml"])),
        ("bad-repo", |app| {
            app["spec"]["source"]["repoURL"] = json!("http://git.predator12.example/platform/nothing.git");
        }),
    ];
    let names: Vec<&str> = broken.iter().map(|(name, _)| *name).chain(["refused"]).collect();
    lab.record(&names);
    lab.project(|project| {
        project["spec"]["sourceRepos"].as_array_mut().unwrap().push(json!("http://git.predator12.example/platform/*"));
    });
    for (name, change) in &broken {
        lab.store.put(application(name, change));
    }
    lab.pass(1.2);
    lab.sync("bad-path", |_| {});
    lab.pass(5.0);
    lab.git.push("main", |tree| {
        let mut all = tree["frontend-dev"].clone();
        all.push(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "broken"},
            "spec": {"ports": [{"port": 99999, "targetPort": 99999}], "selector": {"app": "x"}}}));
        tree.insert("helm/charts/frontend".to_owned(), all);
    });
    lab.store.put(application("refused", |app| {
        app["spec"]["project"] = json!("default");
        app["spec"]["source"].as_object_mut().unwrap().remove("helm");
    }));
    lab.until("refused is compared", |lab| lab.get("refused")["status"]["sync"]["status"] == "OutOfSync");
    lab.apply_in(40);
    lab.sync("refused", |_| {});
    lab.until("the sync is over", |lab| lab.get("refused")["operation"].is_null());
    lab.pass(0.25);
    for name in names {
        lab.store.delete("Application", "argocd", name);
    }
    lab.pass(1.0);
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/broken-specs.txt"));
}

#[test]
fn conformance_no_cluster() {
    let words = "error getting cluster RESTConfig: unable to get K8s RAW REST config: unable to create K8s REST config: \
                 unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined";
    let none = |store: &Store| vec![Cluster { link: Link::NoAccess(words.to_owned()), ..Cluster::local(store) }];
    let mut lab = Lab::with(Pace::default(), none);
    lab.record(&NINE);
    lab.set(|_| {});
    lab.pass(10.0);
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/no-cluster.txt"));
}

#[test]
fn conformance_unreachable() {
    let failed = "failed to get server version: failed to get server version:";
    let down = |name: &str, server: &str, words: &str| Cluster {
        name: name.to_owned(),
        server: server.to_owned(),
        link: Link::Down(format!("{failed} {words}")),
    };
    let gone = "Get \"https://127.0.0.1:9/version?timeout=32s\": dial tcp 127.0.0.1:9: connect: connection refused";
    let denied = "the server has asked for the client to provide credentials";
    let clusters = vec![down("gone", "https://127.0.0.1:9", gone), down("denied", "https://127.0.0.1:6443", denied)];
    let mut lab = Lab::with(Pace::default(), |_| clusters);
    lab.project(|project| project["spec"]["destinations"][0]["server"] = json!("*"));
    lab.record(&["on-gone", "on-denied"]);
    for (name, server) in [("on-gone", "https://127.0.0.1:9"), ("on-denied", "https://127.0.0.1:6443")] {
        lab.store.put(application(name, |app| app["spec"]["destination"]["server"] = json!(server)));
    }
    lab.pass(6.0);
    lab.sync("on-gone", |_| {});
    lab.pass(6.0);
    for name in ["on-gone", "on-denied"] {
        lab.store.delete("Application", "argocd", name);
    }
    lab.pass(1.0);
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/unreachable.txt"));
}

/// A world with an Application of two Applications, one of which takes over what another left behind.
fn app_of_apps(apps: &[&str], apply: u64, notice_end: u64) {
    let mut lab = Lab::new();
    lab.apply_in(apply);
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
    lab.pass(2.9);
    let writer = Writer::new(&lab.store, "kubectl");
    writer.delete("Application", "argocd", "lab", &DeleteOptions::default()).unwrap();
    lab.pass(1.5);
    lab.notice_in(notice_end);
    lab.until("it is gone", |lab| lab.get("lab").is_null());
    lab.pass(1.0);
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/app-of-apps.txt"));
}

#[test]
fn conformance_app_of_apps() {
    // the two below it went in one moment, and not as here one a step of the garbage collector after the other
    app_of_apps(&["lab"], 80, 100);
    app_of_apps(&["lab-dependencies"], 80, 35);
    // here two objects were applied between two looks
    app_of_apps(&["lab-frontend"], 25, 35);
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
