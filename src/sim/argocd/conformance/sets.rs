//! ApplicationSets: what they generate, put back, and say of what they cannot.

use super::git::URL;
use super::lab::Lab;
use crate::sim::write::{DeleteOptions, Writer};
use serde_json::{Value, json};

fn set(name: &str, spec: impl FnOnce(&mut Value)) -> Value {
    let mut set = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {"goTemplate": true, "goTemplateOptions": ["missingkey=error"],
            "generators": [{"list": {"elements": [{"env": "a"}]}}],
            "template": {"metadata": {"name": "x-{{.env}}"}, "spec": {"project": "default",
                "source": {"repoURL": URL, "targetRevision": "main", "path": "helm/charts/frontend"},
                "destination": {"server": "https://kubernetes.default.svc", "namespace": "x"}}}}});
    spec(&mut set["spec"]);
    set
}

#[test]
fn conformance_applicationset() {
    let mut lab = Lab::new();
    lab.git.push("main", |tree| {
        let plain = tree["frontend-dev"].clone();
        tree.insert("helm/charts/frontend".to_owned(), plain);
    });
    lab.default_project();
    let lax = json!([{"jsonPointers": ["/spec/source/targetRevision", "/spec/syncPolicy"]}]);
    lab.set(|set| set["spec"]["ignoreApplicationDifferences"] = lax);
    lab.settle();
    for app in ["backend-prod", "dependencies-prod", "frontend-prod"] {
        lab.sync(app, |_| {});
    }
    lab.settle();
    // before the recording two Applications of prod were sent elsewhere, and staging was deployed to
    let head = lab.git.head("v1.0.0");
    lab.git.branch("v1.1.0", &head);
    lab.git.branch("feature/prune", &head);
    lab.git.push("v1.1.0", |tree| super::git::image(tree, "backend-prod", "1.1.0"));
    lab.git.push("feature/prune", |_| {});
    for (app, branch) in [("backend-prod", "v1.1.0"), ("dependencies-prod", "feature/prune")] {
        lab.write(app, |app| app["spec"]["source"]["targetRevision"] = json!(branch));
        lab.refresh(app);
    }
    lab.settle();
    lab.git.push("release/staging", |tree| {
        super::git::object(tree, "frontend-staging", "Deployment", "frontend")["spec"]["replicas"] = json!(4);
    });
    lab.refresh("frontend-staging");
    lab.refresh("frontend-dev");
    lab.settle();
    lab.git.push("main", |_| {});
    let generated = ["g-backend", "g-dependencies", "g-frontend"];
    let edited = ["backend-prod", "dependencies-prod", "frontend-dev"];
    let sets = ["set/predator12", "set/broken-template", "set/duplicate-names", "set/git-generator"];
    lab.record(&[&generated[..], &edited, &sets].concat());
    lab.store.update("ApplicationSet", "argocd", "predator12", |set| {
        set["spec"].as_object_mut().unwrap().remove("ignoreApplicationDifferences");
    });
    lab.pass(5.0);
    let before = lab.get("frontend-dev");
    lab.write("frontend-dev", |app| drop(app["spec"]["syncPolicy"].as_object_mut().unwrap().remove("automated")));
    lab.pass(0.27);
    assert_eq!(lab.get("frontend-dev")["spec"], before["spec"]);
    lab.write("frontend-dev", |app| {
        app["metadata"]["labels"]["note"] = json!("by hand");
        app["metadata"]["labels"]["team"] = json!("other");
        app["metadata"]["annotations"]["note"] = json!("by hand");
    });
    lab.pass(6.0);
    for field in ["labels", "annotations"] {
        assert_eq!(lab.get("frontend-dev")["metadata"][field], before["metadata"][field]);
    }
    lab.store.put(set("broken-template", |spec| {
        spec["template"]["spec"]["destination"]["namespace"] = json!("x-{{.nope}}");
    }));
    lab.store.put(set("duplicate-names", |spec| {
        spec["generators"] = json!([{"list": {"elements": [{"env": "a"}, {"env": "b"}]}}]);
        spec["template"]["metadata"]["name"] = json!("same-name");
    }));
    lab.store.put(set("git-generator", |spec| {
        let folders = json!({"repoURL": URL, "revision": "main", "directories": [{"path": "helm/charts/*"}]});
        spec["generators"] = json!([{"git": folders}]);
        spec["template"]["metadata"]["name"] = json!("g-{{.path.basename}}");
    }));
    lab.pass(12.7);
    assert!(lab.get("same-name").is_null() && lab.get("x-a").is_null());
    for name in ["broken-template", "duplicate-names", "git-generator"] {
        let writer = Writer::new(&lab.store, "kubectl");
        writer.delete("ApplicationSet", "argocd", name, &DeleteOptions::default()).unwrap();
    }
    lab.pass(1.0);
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/applicationset.txt"));
}

type Change = fn(&mut Value);

/// What a set says is wrong with it.
fn error(lab: &Lab, set: &str) -> String {
    let set = lab.store.get("ApplicationSet", "argocd", set).unwrap();
    let all = set["status"]["conditions"].as_array().unwrap();
    let error = all.iter().find(|one| one["type"] == "ErrorOccurred" && one["status"] == "True");
    error.map(|one| format!("{} {}", one["reason"], one["message"]).replace('"', "")).unwrap_or_default()
}

#[test]
fn a_policy_says_what_a_set_may_do() {
    // the policy; whether an edit is put back; whether what is no longer generated goes
    for (policy, updates, deletes) in [
        ("sync", true, true),
        ("create-update", true, false),
        ("create-delete", false, true),
        ("create-only", false, false),
    ] {
        let mut lab = Lab::new();
        lab.default_project();
        let two = json!([{"list": {"elements": [{"env": "a"}, {"env": "b"}]}}]);
        lab.store.put(set("s", |spec| {
            spec["generators"] = two;
            spec["syncPolicy"] = json!({"applicationsSync": policy});
        }));
        lab.pass(5.0);
        lab.write("x-a", |app| app["spec"]["source"]["targetRevision"] = json!("elsewhere"));
        lab.pass(5.0);
        let revision = lab.get("x-a")["spec"]["source"]["targetRevision"].clone();
        assert_eq!(revision == "main", updates, "{policy}");
        lab.store.update("ApplicationSet", "argocd", "s", |set| {
            set["spec"]["generators"][0]["list"]["elements"] = json!([{"env": "a"}]);
        });
        lab.pass(5.0);
        assert_eq!(lab.get("x-b").is_null(), deletes, "{policy}");
        // whatever the policy, one that somebody deleted is made again
        Writer::new(&lab.store, "kubectl").delete("Application", "argocd", "x-a", &DeleteOptions::default()).unwrap();
        lab.pass(5.0);
        assert_eq!(lab.get("x-a")["spec"]["source"]["targetRevision"], "main", "{policy}");
        let events = lab.store.list("Event", Some("argocd"));
        let deleted = events.iter().any(|event| event["message"] == "Deleted Application \"x-b\"");
        assert_eq!(deleted, deletes, "{policy}");
    }
}

#[test]
fn what_cannot_be_generated_is_said_and_harms_nothing() {
    let mut lab = Lab::new();
    lab.default_project();
    lab.store.put(set("s", |_| {}));
    lab.pass(1.0);
    assert_eq!(error(&lab, "s"), "");
    let cases: [(Change, &str); 4] = [
        (
            |spec| spec["generators"] = json!([{"matrix": {"generators": []}}]),
            "ApplicationGenerationFromParamsError found less than two generators, Matrix support only two",
        ),
        (
            |spec| spec["templatePatch"] = json!("{{ .no }}"),
            "RenderTemplateParamsError error replacing values in \
            templatePatch: failed to execute go template {{ .no }}: template: base:1:3: executing \\base\\ at <.no>: map has \
            no entry for key \\no\\",
        ),
        (
            |spec| spec["template"]["spec"]["project"] = json!("nowhere"),
            "ApplicationValidationError application references project nowhere which does not exist",
        ),
        (
            |spec| spec["template"]["spec"]["destination"] = json!({"name": "moon", "namespace": "x"}),
            "ApplicationValidationError application destination spec is invalid: there are no clusters with this name: moon",
        ),
    ];
    for (change, words) in cases {
        let wanted = set("s", change);
        lab.store.update("ApplicationSet", "argocd", "s", |set| set["spec"] = wanted["spec"].clone());
        lab.pass(1.0);
        assert_eq!(error(&lab, "s"), words);
        assert_eq!(lab.get("x-a")["spec"]["project"], "default", "{words}");
    }
}

#[test]
fn resources_outlive_a_set_that_preserves_them() {
    let mut lab = Lab::new();
    lab.git.push("main", |tree| {
        let plain = tree["frontend-dev"].clone();
        tree.insert("helm/charts/frontend".to_owned(), plain);
    });
    lab.default_project();
    lab.store.put(set("s", |spec| {
        spec["syncPolicy"] = json!({"preserveResourcesOnDeletion": true});
        spec["template"]["spec"]["destination"]["namespace"] = json!("predator12-lab");
        spec["template"]["spec"]["syncPolicy"] = json!({"automated": {}});
    }));
    lab.settle();
    assert!(lab.store.get("Deployment", "predator12-lab", "frontend").is_some());
    Writer::new(&lab.store, "kubectl").delete("ApplicationSet", "argocd", "s", &DeleteOptions::default()).unwrap();
    lab.pass(10.0);
    assert!(lab.get("x-a").is_null());
    assert!(lab.store.get("Deployment", "predator12-lab", "frontend").is_some());
}

#[test]
fn a_set_that_may_not_delete_lets_its_applications_go() {
    let mut lab = Lab::new();
    lab.default_project();
    let mut lasting = set("s", |spec| spec["syncPolicy"] = json!({"applicationsSync": "create-update"}));
    lasting["metadata"]["finalizers"] = json!(["resources-finalizer.argocd.argoproj.io"]);
    lab.store.put(lasting);
    lab.pass(2.0);
    Writer::new(&lab.store, "kubectl").delete("ApplicationSet", "argocd", "s", &DeleteOptions::default()).unwrap();
    lab.pass(2.0);
    assert!(lab.store.get("ApplicationSet", "argocd", "s").is_none());
    assert_eq!(lab.get("x-a")["metadata"]["ownerReferences"].as_array().map_or(0, Vec::len), 0);
    assert_eq!(lab.get("x-a")["metadata"]["name"], "x-a");
}
