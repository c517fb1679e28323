//! The program with nothing but a URL and a token: no kubeconfig at all.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::scene::{SOURCE, Scene};

const PROGRAM: &str = env!("CARGO_BIN_EXE_pilothouse");

struct Here<'a> {
    scene: &'a Scene,
    user: &'static str,
    token: PathBuf,
    ca: PathBuf,
}

impl<'a> Here<'a> {
    fn of(scene: &'a Scene, user: &'static str) -> Self {
        let token = scene.private(&format!("token-{user}"), &scene.token(user));
        Self { scene, user, token, ca: scene.ca() }
    }

    fn bare(&self, args: &[&str]) -> Command {
        let home = self.scene.folder.path();
        let mut command = Command::new(PROGRAM);
        command.args(args).env_clear().env("HOME", home).env("USER", "tester").env("SSL_CERT_FILE", &self.ca);
        command.env("KUBECONFIG", home.join("none")).env("XDG_STATE_HOME", home.join("state"));
        command.env("PILOTHOUSE_LOG_FILE", home.join("log")).stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let url = self.scene.argocd("url");
        let mut command = self.bare(args);
        command.args(["--argocd-server", &url, "-vvv", "--token-file"]).arg(&self.token);
        let told = told(command.output().unwrap());
        let secret = self.scene.token(self.user);
        assert!(!told.1.contains(&secret) && !told.2.contains(&secret), "{told:?}");
        told
    }

    fn json(&self, args: &[&str]) -> Value {
        let (code, out, err) = self.run(args);
        assert_eq!(code, Some(0), "{args:?}: {out} {err}");
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}: {out}"))
    }
}

/// Has the ApplicationSet leave something of its Applications to others.
fn leave_alone(scene: &Scene, pointer: &str) {
    let store = scene.world.store(SOURCE).unwrap();
    let set = store.list("ApplicationSet", Some("argocd"))[0]["metadata"]["name"].as_str().unwrap().to_owned();
    store.update("ApplicationSet", "argocd", &set, |set| {
        set["spec"]["ignoreApplicationDifferences"] = serde_json::json!([{"jsonPointers": [pointer]}]);
    });
}

fn told(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_works_with_a_url_and_a_token_and_no_token_is_shown_anywhere() {
    let scene = Scene::new();
    let here = Here::of(&scene, "admin");
    let apps = here.json(&["get", "apps", "-o", "json"]);
    assert_eq!(apps.as_array().unwrap().len(), 9);
    assert!(apps.as_array().unwrap().iter().all(|app| app["source"] == "127.0.0.1" && app["link"] == "live"));
    let pods = here.json(&["get", "pods", "--env", "dev", "-o", "json"]);
    let runs = |pod: &&Value| pod["app"] == "backend-dev" && pod["phase"] == "Running";
    let backend = pods.as_array().unwrap().iter().find(runs).unwrap_or_else(|| panic!("{pods}"));
    assert!(backend["containers"].as_array().is_some_and(|all| !all.is_empty()));
    let events = here.json(&["get", "events", "--env", "dev", "-o", "json"]);
    assert!(events.as_array().unwrap().iter().any(|event| event["app"] == "backend-dev"), "{events}");
    let (code, logs, err) = here.run(&["logs", "backend-dev", "--tail", "2"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(logs.lines().any(|line| line.starts_with("backend-")), "{logs}");
    for (view, words) in [
        ("board", "backend"),
        ("fleet", "backend-dev"),
        ("app", "Deployment backend"),
        ("events", "argocd-server/predator12-dev"),
        ("logs", "follow"),
        ("why", "backend-dev"),
        ("links", "argocd-server stream, token from"),
        ("resource", "kind: "),
        ("diff", "argocd-server"),
        ("plan", "Sync backend-dev"),
        ("deployments", "Deployments of backend-dev"),
        ("actions", "Compare backend-dev with Git"),
        ("chooser", "backend-dev"),
        ("copy", "backend-dev"),
        ("audit", "Nothing was written"),
        ("sessions", "127.0.0.1"),
        ("complaints", "127.0.0.1"),
        ("help", "sync"),
    ] {
        let (code, frame, err) = here.run(&["snapshot", "--view", view, "--app", "backend-dev"]);
        assert_eq!(code, Some(0), "{view}: {err}");
        assert!(frame.contains(words), "{view}: {frame}");
        assert!(!frame.contains("no route"), "{view}: {frame}");
    }
    let log = std::fs::read_to_string(scene.folder.path().join("log")).unwrap_or_default();
    assert!(!log.contains(&scene.token("admin")), "the log holds the token");
}

#[tokio::test(flavor = "multi_thread")]
async fn deployments_tell_who_wrote_them_and_why() {
    let scene = Scene::new();
    let here = Here::of(&scene, "admin");
    let (code, history, err) = here.run(&["history", "backend-dev"]);
    assert_eq!(code, Some(0), "{err}");
    let stories: Vec<_> =
        history.lines().filter_map(|line| line.split_once("Predator12: ")).map(|both| both.1).collect();
    assert_eq!(stories, ["backend 1.1.0", "backend 1.0.0"], "{history}");
    let (code, frame, err) = here.run(&["snapshot", "--view", "deployments", "--app", "backend-dev"]);
    assert_eq!(code, Some(0), "{err}");
    let compared = frame.lines().find(|line| line.starts_with("!= commit")).unwrap_or_else(|| panic!("{frame}"));
    assert!(compared.contains("Predator12: backend 1.1.0") && compared.ends_with("Predator12: backend 1.0.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_goes_through_argocd_server_and_is_followed_and_noted() {
    let scene = Scene::new();
    let here = Here::of(&scene, "admin");
    let done = here.json(&["sync", "frontend-prod", "--confirm", "prod", "-o", "json"]);
    assert_eq!((&done["outcome"], &done["phase"]), (&"done".into(), &"Succeeded".into()), "{done}");
    let app = scene.world.store(SOURCE).unwrap().get("Application", "argocd", "frontend-prod").unwrap();
    let by = &app["status"]["operationState"]["operation"]["initiatedBy"]["username"];
    assert_eq!(by, "admin", "argocd-server names who its token is of");
    here.json(&["refresh", "frontend-prod", "--hard", "-o", "json"]);
    let (_, audit, _) = here.run(&["audit", "-o", "json"]);
    assert!(audit.contains("\"kube\":\"admin\"") && audit.contains("\"sync\""), "{audit}");
    assert!(!audit.contains(&scene.token("admin")));
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_changed_and_applications_deleted_through_argocd_server() {
    let scene = Scene::new();
    let here = Here::of(&scene, "admin");
    let store = scene.world.store(SOURCE).unwrap();
    // each write to an Application of its own: what is written to differs from Git, and is healed in its own time
    let live = |name: &str| store.get("Deployment", "predator12-staging", name).unwrap();
    let done = here.json(&["scale", "frontend-staging", "--replicas", "3", "--confirm", "staging", "-o", "json"]);
    assert_eq!(done["outcome"], "done", "{done}");
    assert_eq!(live("frontend")["spec"]["replicas"], 3);
    let done = here.json(&["restart", "backend-staging", "--confirm", "staging", "-o", "json"]);
    assert_eq!(done["outcome"], "done", "{done}");
    let restarted = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
    assert!(live("backend").pointer(restarted).is_some());
    // one that no ApplicationSet makes anew
    let mut extra = store.get("Application", "argocd", "frontend-prod").unwrap();
    extra["metadata"] = serde_json::json!({"name": "extra", "namespace": "argocd"});
    extra["spec"]["destination"]["namespace"] = "elsewhere".into();
    store.put(extra);
    let done = here.json(&["delete", "extra", "--cascade", "orphan", "--confirm", "elsewhere", "-o", "json"]);
    assert_eq!(done["outcome"], "done", "{done}");
    assert!(store.get("Application", "argocd", "extra").is_none());
    let ask =
        ["delete", "frontend-prod", "--resource", ":ConfigMap:frontend-config", "--confirm", "prod", "-o", "json"];
    assert_eq!(here.json(&ask)["outcome"], "done");
    let config = store.get("ConfigMap", "predator12-prod", "frontend-config");
    assert!(
        config.is_none_or(|config| config["metadata"]["deletionTimestamp"].is_string()),
        "it goes, dependents first"
    );
    let developer = Here::of(&scene, "developer");
    let (code, _, err) = developer.run(&["restart", "backend-prod", "--confirm", "prod"]);
    assert_eq!(code, Some(4), "{err}");
    assert!(err.contains("refused: permission denied"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_sync_is_switched_off_by_its_field_where_the_version_of_argocd_server_has_it() {
    let scene = Scene::new();
    let here = Here::of(&scene, "admin");
    leave_alone(&scene, "/spec/syncPolicy");
    let automated = || {
        let app = scene.world.store(SOURCE).unwrap().get("Application", "argocd", "backend-dev").unwrap();
        app.pointer("/spec/syncPolicy/automated").cloned()
    };
    let before = automated();
    assert!(before.as_ref().is_some_and(|before| before.get("enabled").is_none()), "{before:?}");
    let (code, plan, err) = here.run(&["autosync", "off", "backend-dev", "--plan"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(plan.contains(r#"\"automated\":{\"enabled\":false}"#), "{plan}");
    here.json(&["autosync", "off", "backend-dev", "--confirm", "dev", "-o", "json"]);
    let mut off = before.clone().unwrap();
    off["enabled"] = false.into();
    assert_eq!(automated(), Some(off));
    here.json(&["autosync", "on", "backend-dev", "--confirm", "dev", "-o", "json"]);
    assert_eq!(automated(), before);
    let plan = here.json(&["rollback", "backend-dev", "--plan", "-o", "json"]);
    let requests = plan["plan"]["requests"].as_array().unwrap().iter();
    let paths: Vec<&str> = requests.map(|request| request["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/api/v1/applications/backend-dev", "/api/v1/applications/backend-dev/rollback"], "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_argocd_server_does_not_allow_is_refused_in_its_words() {
    let scene = Scene::new();
    let here = Here::of(&scene, "developer");
    let (code, _, err) = here.run(&["sync", "frontend-prod", "--confirm", "prod"]);
    assert_eq!(code, Some(4), "{err}");
    assert!(err.contains("permission denied: applications, sync, predator12/frontend-prod"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_keeps_a_token_and_the_next_call_uses_it() {
    let scene = Scene::new();
    let here = Here::of(&scene, "admin");
    let url = scene.argocd("url");
    let log_in = |password: &str| {
        let mut command = here.bare(&["login", &url]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        told(child.wait_with_output().unwrap())
    };
    let none = told(here.bare(&["get", "apps", "--argocd-server", &url]).output().unwrap());
    assert_eq!(none.0, Some(5));
    assert!(none.2.contains("no token for https://127.0.0.1"), "{}", none.2);
    let (code, _, err) = log_in("wrong\n");
    assert_eq!(code, Some(5));
    assert!(err.contains("Invalid username or password"), "{err}");
    let (code, out, err) = log_in(&format!("{}\n", scene.argocd("password")));
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("logged in to https://127.0.0.1"), "{out}");
    let folder = scene.folder.path().join("state/pilothouse/tokens");
    let kept = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let token = std::fs::read_to_string(kept.path()).unwrap();
    assert!(token.len() > 20 && !format!("{out}{err}").contains(&token));
    let (code, out, err) = told(here.bare(&["get", "apps", "--argocd-server", &url]).output().unwrap());
    assert_eq!((code, out.contains("backend-dev")), (Some(0), true), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_context_and_a_server_each_need_goes_the_cheaper_road() {
    let scene = Scene::new();
    let here = Here::of(&scene, "admin");
    let text = format!(
        "[[source]]\nname = \"both\"\ncontext = \"{SOURCE}\"\nserver = \"{}\"\ntoken_file = \"{}\"\n",
        scene.argocd("url"),
        here.token.display(),
    );
    let config = scene.private("both.toml", &text);
    let picture = |view: &str| {
        let mut command = here.bare(&["snapshot", "--view", view, "--app", "backend-dev", "--config"]);
        command.arg(&config).env("KUBECONFIG", scene.world.kubeconfig()).args(["--context", "both"]);
        let (code, out, err) = told(command.output().unwrap());
        assert_eq!(code, Some(0), "{view}: {err}");
        out
    };
    // rows come by the watch of the API server, whatever becomes of argocd-server's stream
    scene.order("fault 503 path /api/v1/stream/applications").await;
    let links = picture("links");
    let road = format!("what no context leads to, through argocd-server {}", scene.argocd("url"));
    assert!(links.contains("live") && links.contains(&road), "{links}");
    // what Git wants, only argocd-server has made already
    let diff = picture("diff");
    assert!(diff.contains("argocd-server"), "{diff}");
    scene.order("stop").await;
    let (app, diff) = (picture("app"), picture("diff"));
    assert!(app.contains("Deployment backend"), "{app}");
    assert!(diff.contains("Redis") || diff.contains("cache"), "{diff}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_through_a_port_forward_is_kept_for_its_context() {
    let scene = Scene::new();
    let here = Here::of(&scene, "admin");
    let through = |args: &[&str]| {
        let mut command = here.bare(args);
        command.args(["--context", SOURCE]).env("KUBECONFIG", scene.world.kubeconfig());
        command
    };
    let mut login = through(&["login", "port-forward"]);
    let mut child = login.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(scene.argocd("password").as_bytes()).unwrap();
    let (code, out, err) = told(child.wait_with_output().unwrap());
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("logged in to port-forward in recorded as admin"), "{out}");
    let mut get = through(&["get", "apps", "-o", "json", "--argocd-server", "port-forward"]);
    let (code, out, err) = told(get.output().unwrap());
    assert_eq!(code, Some(0), "{err}");
    let apps: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(apps.as_array().unwrap().len(), 9);
    assert!(apps.as_array().unwrap().iter().all(|app| app["source"] == "argocd-server@recorded"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_of_the_settings_may_be_a_server() {
    let scene = Scene::new();
    let here = Here::of(&scene, "developer");
    let text = format!(
        "[[source]]\nname = \"web\"\nserver = \"{}\"\ntoken_file = \"{}\"\ncertificate_authority = \"{}\"\n",
        scene.argocd("url"),
        here.token.display(),
        here.ca.display()
    );
    let config = scene.private("config.toml", &text);
    let mut command = here.bare(&["get", "apps", "-o", "json", "--config"]);
    let (code, out, err) = told(command.arg(config).env_remove("SSL_CERT_FILE").output().unwrap());
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("\"source\":\"web\"") || out.contains("\"source\": \"web\""), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_resources_ask_for_themselves_is_told_by_argocd_server() {
    let scene = Scene::new();
    let here = Here::of(&scene, "admin");
    let store = scene.world.store(SOURCE).unwrap();
    store.update("Service", "predator12-dev", "backend", |service| {
        service["metadata"]["annotations"]["helm.sh/resource-policy"] = "keep".into();
    });
    let (code, plan, err) = here.run(&["delete", "backend-dev", "--cascade", "foreground", "--plan"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(plan.contains("1 of ") && plan.contains(" stay:"), "{plan}");
    assert!(!plan.contains("not known"), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forward_needs_a_cluster_and_no_argo_cd_in_it() {
    let scene = Scene::new();
    let here = Here::of(&scene, "admin");
    for verb in ["forward", "debug"] {
        let (code, _, err) = here.run(&[verb, "backend-dev", "--confirm", "dev"]);
        assert_eq!(code, Some(5), "{err}");
        assert!(err.contains("backend-dev is read through argocd-server alone: this needs a kube context"), "{err}");
    }
    // the kubeconfig leads to the cluster it deploys to, and that is all it is asked about
    let config = scene.private("config.toml", "[[destination]]\nname = \"in-cluster\"\ncontext = \"recorded\"\n");
    let url = scene.argocd("url");
    let mut command =
        here.bare(&["forward", "backend-dev", "--confirm", "dev", "--argocd-server", &url, "--token-file"]);
    command.arg(&here.token).env("KUBECONFIG", scene.ready["kubeconfig"].as_str().unwrap());
    command.arg("--config").arg(config).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let opened: Value = serde_json::from_str(&first).unwrap_or_else(|_| panic!("{first}"));
    assert!(opened["pod"].as_str().is_some_and(|pod| pod.starts_with("backend")), "{opened}");
}
