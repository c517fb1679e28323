//! Every verb, by what is there when it has ended, and by what the audit log says of it.

use serde_json::{Value, json};

use super::sea::Sea;

fn intent_and_outcome(verb: &str, environment: &str) -> Vec<String> {
    vec![format!("intent {verb} {environment} -"), format!("outcome {verb} {environment} done")]
}

fn phase(app: &Value) -> &str {
    app["status"]["operationState"]["phase"].as_str().unwrap_or_default()
}

fn history(app: &Value) -> Vec<(i64, String)> {
    let rows = app["status"]["history"].as_array().unwrap().iter();
    rows.map(|row| (row["id"].as_i64().unwrap(), row["revision"].as_str().unwrap_or_default().to_owned())).collect()
}

#[test]
fn verb_sync() {
    let sea = Sea::scenario("quiet");
    let before = history(&sea.app("redis-staging"));
    let report = sea.does(&["sync", "redis-staging", "--confirm", "staging"], 0);
    assert_eq!((&report["outcome"], &report["phase"]), (&json!("done"), &json!("Succeeded")));
    let app = sea.app("redis-staging");
    assert!(app["operation"].is_null() && phase(&app) == "Succeeded", "{app}");
    assert_eq!(history(&app).len(), before.len() + 1);
    assert_eq!(sea.audit(), intent_and_outcome("sync", "staging"));
}

#[test]
fn verb_refresh_and_hard_refresh() {
    let sea = Sea::scenario("quiet");
    for arguments in [&["refresh", "redis-prod"][..], &["refresh", "redis-prod", "--hard"]] {
        let before = sea.app("redis-prod")["status"]["reconciledAt"].clone();
        sea.does(arguments, 0);
        let app = sea.app("redis-prod");
        assert!(app["metadata"]["annotations"]["argocd.argoproj.io/refresh"].is_null(), "{app}");
        assert!(app["status"]["reconciledAt"].as_str() >= before.as_str(), "{before}");
    }
    let twice = [intent_and_outcome("refresh", "prod"), intent_and_outcome("refresh", "prod")].concat();
    assert_eq!(sea.audit(), twice);
}

#[test]
fn verb_terminate() {
    let sea = Sea::scenario("stuck-sync");
    let report = sea.does(&["terminate", "backend-dev", "--confirm", "dev"], 0);
    assert_eq!(report["outcome"], "done");
    let app = sea.app("backend-dev");
    assert!(app["operation"].is_null() && phase(&app) == "Failed", "{}", app["status"]["operationState"]);
    assert_eq!(sea.audit(), intent_and_outcome("terminate", "dev"));
    sea.until("the hook is gone", |sea| {
        (!sea.has("minikube", "Job", "predator12-dev", "backend-migrate")).then_some(())
    });
}

#[test]
fn verb_rollback() {
    let sea = Sea::scenario("quiet");
    let before = sea.app("backend-prod");
    sea.does(&["rollback", "backend-prod", "--confirm", "prod"], 0);
    let app = sea.app("backend-prod");
    let (then, now) = (history(&before), history(&app));
    assert_eq!(now.last().unwrap().1, then[then.len() - 2].1, "{now:?}");
    assert!(now.last().unwrap().0 > then.last().unwrap().0);
    assert_eq!(app["spec"], before["spec"], "the spec goes on following Git");
    assert_eq!(sea.audit(), intent_and_outcome("rollback", "prod"));
}

#[test]
fn verb_rollback_of_what_was_synced_again_goes_to_what_was_something_else() {
    let sea = Sea::scenario("quiet");
    sea.does(&["sync", "backend-prod", "--confirm", "prod"], 0);
    sea.does(&["sync", "backend-prod", "--confirm", "prod"], 0);
    let rows = history(&sea.app("backend-prod"));
    let (current, earlier) = rows.split_last().unwrap();
    assert_eq!(earlier.last().unwrap().1, current.1, "{rows:?}");
    let (id, revision) = earlier.iter().rfind(|row| row.1 != current.1).unwrap();
    let plan = sea.does(&["rollback", "backend-prod", "--plan"], 0);
    let title = plan["plan"]["title"].as_str().unwrap();
    assert_eq!(title, format!("Roll backend-prod back to deployment {id}, {}", &revision[..7]));
}

#[test]
fn verb_refresh_says_what_it_found_and_nothing_of_the_last_operation() {
    let sea = Sea::scenario("quiet");
    let report = sea.does(&["refresh", "backend-prod"], 0);
    let app = sea.app("backend-prod");
    let revision = app["status"]["sync"]["revision"].as_str().unwrap();
    assert_eq!(report["message"], format!("Synced at {}, Healthy", &revision[..7]));
    assert!(report["phase"].is_null() && report["revision"] == revision, "{report}");
}

#[test]
fn verb_rollback_of_what_syncs_itself_switches_that_off_first() {
    let sea = Sea::new();
    let before = sea.app("backend-staging");
    let plan = sea.does(&["rollback", "backend-staging", "--plan"], 0);
    let cautions = plan["plan"]["cautions"].to_string();
    for words in
        ["first: Switch auto-sync of backend-staging off", "no hooks run", "nothing is pruned", "read OutOfSync"]
    {
        assert!(cautions.contains(words), "{words}: {cautions}");
    }
    let compared = plan["plan"]["compared"].as_array().unwrap();
    let images = compared.iter().find(|row| row["what"] == "images").unwrap();
    let told = |column: &str| images[column].as_str().unwrap_or_default().to_owned();
    assert!(
        told("now").contains("predator-backend:1.4.2") && told("then").contains("predator-backend:1.4.1"),
        "{images}"
    );
    assert_eq!(plan["plan"]["requests"].as_array().unwrap().len(), 2);
    assert!(sea.audit().is_empty());
    sea.does(&["rollback", "backend-staging", "--confirm", "staging"], 0);
    let app = sea.app("backend-staging");
    let (then, now) = (history(&before), history(&app));
    assert_eq!(now.last().unwrap().1, then[then.len() - 2].1, "{now:?}");
    assert_eq!(app["spec"]["syncPolicy"]["automated"]["enabled"], false, "it stays off");
    assert_eq!(sea.audit(), ["autosync", "rollback"].map(|verb| intent_and_outcome(verb, "staging")).concat());
    // what each deployment ran is told of all of them, the one that came back too
    let rows = sea.does(&["history", "backend-staging"], 0);
    let of = |n: usize| rows[n]["images"].to_string();
    assert!(of(0).contains(":1.4.1") && of(1).contains(":1.4.2") && of(2).contains(":1.4.1"), "{rows}");
}

#[test]
fn verb_rollback_that_cannot_be_is_explained() {
    let sea = Sea::scenario("window");
    let report = sea.does(&["rollback", "backend-prod", "--confirm", "prod"], 4);
    assert!(report["message"].as_str().unwrap().contains("blocked by sync window"), "{report}");
    let report = sea.does(&["rollback", "backend-prod", "--to", "999", "--confirm", "prod"], 3);
    assert!(report["message"].as_str().unwrap().contains("does not have a deployment with id 999"), "{report}");
    assert!(sea.audit().is_empty());
    // what syncs itself is left as it is when the rollback would be held
    let plan = sea.does(&["autosync", "on", "backend-prod", "--plan"], 0);
    assert!(plan["plan"]["cautions"].to_string().contains("once the sync window opens, in "), "{plan}");
    sea.does(&["autosync", "on", "backend-prod", "--confirm", "prod"], 0);
    let report = sea.does(&["rollback", "backend-prod", "--confirm", "prod"], 4);
    assert!(report["message"].as_str().unwrap().contains("blocked by sync window"), "{report}");
    assert_ne!(sea.app("backend-prod")["spec"]["syncPolicy"]["automated"]["enabled"], false);
    assert_eq!(sea.audit(), intent_and_outcome("autosync", "prod"));
    let sea = Sea::scenario("quiet");
    let plan = sea.does(&["rollback", "backend-staging", "--plan"], 0);
    let cautions = plan["plan"]["cautions"].to_string();
    assert!(cautions.contains("puts auto-sync back within moments, and that rolls forward again"), "{cautions}");
    let sea = Sea::scenario("stuck-sync");
    let report = sea.does(&["rollback", "backend-dev", "--confirm", "dev"], 4);
    assert!(report["message"].as_str().unwrap().contains("another operation is already in progress"), "{report}");
    assert!(sea.audit().is_empty(), "auto-sync is left alone when the rollback cannot be");
}

#[test]
fn verb_sync_says_what_resources_ask_for_themselves() {
    let sea = Sea::scenario("quiet");
    let store = sea.world.store("predator-cloud").unwrap();
    let options = |object: &mut Value, words: &str| {
        object["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] = json!(words);
    };
    store.update("Deployment", "predator12-staging", "backend", |object| options(object, "Replace=true,Delete=false"));
    let rows = |plan: &Value| -> Vec<String> {
        let steps = plan["plan"]["steps"].as_array().unwrap().iter();
        steps.map(|step| format!("{} {} {}", step["change"], step["resource"], step["note"])).collect()
    };
    let plan = sea.does(&["sync", "backend-staging", "--plan"], 0);
    assert!(rows(&plan).iter().any(|row| row.contains("its own options: Replace=true, Delete=false")), "{plan}");
    let plan = sea.does(&["delete", "backend-staging", "--plan"], 0);
    assert!(plan["plan"]["cautions"].to_string().contains("Delete=false keeps them"), "{plan}");
}

#[test]
fn verb_auto_sync_off_and_on_gives_back_exactly_what_was_there() {
    // its ApplicationSet leaves syncPolicy alone
    let sea = Sea::scenario("bad-deploy");
    let before = sea.app("backend-staging")["spec"]["syncPolicy"].clone();
    sea.does(&["autosync", "off", "backend-staging", "--confirm", "staging"], 0);
    assert_eq!(sea.app("backend-staging")["spec"]["syncPolicy"]["automated"]["enabled"], false);
    sea.does(&["autosync", "off", "backend-staging", "--confirm", "staging"], 0);
    sea.does(&["autosync", "on", "backend-staging", "--confirm", "staging"], 0);
    assert_eq!(sea.app("backend-staging")["spec"]["syncPolicy"], before);
    let twice = [intent_and_outcome("autosync", "staging"), intent_and_outcome("autosync", "staging")].concat();
    assert_eq!(sea.audit(), twice, "what is so already is not written");
}

#[test]
fn verb_auto_sync_that_is_put_back_is_no_success() {
    let sea = Sea::scenario("quiet");
    let child = sea.start(None, &["autosync", "off", "backend-dev", "--confirm", "dev", "-o", "json"]);
    // its ApplicationSet does not leave syncPolicy alone
    let done = child.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(6), "{report}");
    let message = report["message"].as_str().unwrap();
    assert!(message.contains("somebody put it back"), "{message}");
    assert!(report["plan"]["cautions"].to_string().contains("puts auto-sync back within moments"), "{report}");
    assert_eq!(sea.audit(), ["intent autosync dev -", "outcome autosync dev reverted"]);
    let outcome = &super::sea::records(sea.home())[1];
    assert!(outcome["message"].as_str().unwrap().contains("somebody put it back"), "{outcome}");
}

const PROD: &str = "predator12-prod";

fn deployment(sea: &Sea, name: &str) -> Value {
    sea.object("predator-cloud", "Deployment", PROD, name)
}

#[test]
fn verb_restart_scale_pause_and_resume() {
    let sea = Sea::scenario("quiet");
    sea.does(&["restart", "frontend-prod", "--confirm", "prod"], 0);
    let annotations = deployment(&sea, "frontend")["spec"]["template"]["metadata"]["annotations"].clone();
    assert!(annotations["kubectl.kubernetes.io/restartedAt"].is_string(), "{annotations}");
    sea.does(&["scale", "frontend-prod", "--replicas", "2", "--confirm", "prod"], 0);
    assert_eq!(deployment(&sea, "frontend")["spec"]["replicas"], 2);
    // a plan made while Argo CD finds that out would be refused as stale
    sea.until("the drift is seen", |sea| {
        (sea.app("frontend-prod")["status"]["sync"]["status"] == "OutOfSync").then_some(())
    });
    sea.does(&["pause", "frontend-prod", "--confirm", "prod"], 0);
    assert_eq!(deployment(&sea, "frontend")["spec"]["paused"], true);
    sea.does(&["resume", "frontend-prod", "--confirm", "prod"], 0);
    assert_ne!(deployment(&sea, "frontend")["spec"]["paused"], true);
    let all = ["restart", "scale", "pause", "resume"].map(|verb| intent_and_outcome(verb, "prod")).concat();
    assert_eq!(sea.audit(), all);
}

/// The ReplicaSets a Deployment of prod owns.
fn replica_sets(sea: &Sea, owner: &str) -> usize {
    let all = sea.world.store("predator-cloud").unwrap().list("ReplicaSet", Some(PROD));
    all.iter().filter(|set| set["metadata"]["name"].as_str().unwrap().starts_with(&format!("{owner}-"))).count()
}

#[test]
fn verb_delete_a_resource_with_each_propagation() {
    let sea = Sea::scenario("quiet");
    for (app, name, cascade) in [
        ("frontend-prod", "frontend", "foreground"),
        ("celery-prod", "celery", "background"),
        ("backend-prod", "backend", "orphan"),
    ] {
        let uid = deployment(&sea, name)["metadata"]["uid"].clone();
        assert!(replica_sets(&sea, name) > 0);
        let resource = format!("apps:Deployment:{name}");
        sea.does(&["delete", app, "--resource", &resource, "--cascade", cascade, "--confirm", "prod"], 0);
        sea.until(cascade, |sea| {
            let store = sea.world.store("predator-cloud").unwrap();
            let live = store.get("Deployment", PROD, name).filter(|live| live["metadata"]["uid"] == uid);
            let owned = replica_sets(sea, name);
            (live.is_none() && (owned == 0) == (cascade != "orphan")).then_some(())
        });
    }
    let thrice = [(); 3].map(|()| intent_and_outcome("delete-resource", "prod")).concat();
    assert_eq!(sea.audit(), thrice);
}

#[test]
fn verb_delete_an_application_with_each_propagation() {
    let sea = Sea::scenario("quiet");
    for (app, name, cascade) in [
        ("redis-prod", "redis", "foreground"),
        ("postgres-prod", "postgres", "background"),
        ("qdrant-prod", "qdrant", "orphan"),
    ] {
        let uid = sea.app(app)["metadata"]["uid"].clone();
        let live = sea.object("predator-cloud", "StatefulSet", PROD, name)["metadata"]["uid"].clone();
        sea.does(&["delete", app, "--cascade", cascade, "--confirm", "prod"], 0);
        let store = sea.world.store("predator-cloud").unwrap();
        let is_there = |kind: &str, namespace: &str, name: &str, uid: &Value| {
            store.get(kind, namespace, name).is_some_and(|object| object["metadata"]["uid"] == *uid)
        };
        // an ApplicationSet may have made another of the name
        assert!(!is_there("Application", "argocd", app, &uid), "{cascade}");
        sea.until(cascade, |_| (is_there("StatefulSet", PROD, name, &live) == (cascade == "orphan")).then_some(()));
    }
    assert_eq!(sea.audit(), [(); 3].map(|()| intent_and_outcome("delete", "prod")).concat());
}

#[test]
fn verb_sync_of_several_goes_in_waves() {
    let sea = Sea::scenario("quiet");
    let names = ["celery-staging", "postgres-staging", "redis-staging"];
    let before = names.map(|name| history(&sea.app(name)).len());
    let mut screen = crate::program::screen::Screen::at(sea.home(), &["--all-contexts"], sea.kubeconfig(), (140, 40));
    screen.shows(&["21 apps"]);
    screen.keys("v");
    screen.shows(&["application"]);
    screen.keys("/staging -backend -frontend -opensearch -qdrant\r");
    screen.shows_no("backend-staging");
    screen.shows(&["deploys to"]);
    screen.keys("*s");
    screen.shows(&["Sync 3 Applications", "3 of 3 can be done", "[ Cancel ]"]);
    // five, ten, all, one at a time
    screen.keys("www");
    screen.shows(&["1 at a time"]);
    screen.keys("\t");
    screen.shows(&["[ Sync 3 Applications in staging (predator-cloud) ]"]);
    screen.keys("\r");
    sea.until("all are done", |sea| (sea.audit().len() == 6).then_some(()));
    screen.shows(&["all 3 done"]);
    let after = names.map(|name| history(&sea.app(name)).len());
    assert_eq!(after, before.map(|count| count + 1));
    // one ends before the next begins
    assert_eq!(sea.audit(), [(); 3].map(|()| intent_and_outcome("sync", "staging")).concat());
}
