//! Every rung and every pair over the wire: what differs, with which exit code, and never a secret.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilothouse::sim::world::World;
use serde_json::{Value, json};

use super::live::{fields, json_of, start};
use crate::program::screen::{PATIENCE, PROGRAM, Screen};

/// Plain and in base64; the last two stand in a copy of what was applied last.
const PLANTED: [&str; 7] = ["hunter2", "aHVudGVyMg==", "hunter3", "aHVudGVyMw==", "c3RhbGU0", "stale4", "hunter5"];

/// A home whose settings lead to the argocd-server of every source, as admin.
fn home(world: &World) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let private = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    };
    let kubeconfig = std::fs::read_to_string(world.kubeconfig()).unwrap();
    let data = kubeconfig.split("certificate-authority-data").nth(1).unwrap();
    let data: String = data.trim_start_matches(['"', ':', ' ']).chars().take_while(|c| !"\"\n,".contains(*c)).collect();
    let ca = private("ca.pem", &String::from_utf8(STANDARD.decode(data.trim()).unwrap()).unwrap());
    let ready = world.ready_line();
    let mut settings = String::new();
    for (name, source) in ready["sources"].as_object().unwrap() {
        let argocd = &source["argocd"];
        let token = private(&format!("{name}.token"), argocd["tokens"]["admin"].as_str().unwrap());
        let url = argocd["url"].as_str().unwrap();
        settings.push_str(&format!(
            "[[source]]\ncontext = \"{name}\"\nserver = \"{url}\"\ncertificate_authority = \"{ca}\"\ntoken_file = \"{token}\"\n"
        ));
    }
    private("settings.toml", &settings);
    home
}

/// Runs the program; with `home` through argocd-server, its log written there.
fn run(world: &World, home: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("--all-contexts").args(words).env("KUBECONFIG", world.kubeconfig()).env("HOME", home);
    let settings = home.join("settings.toml");
    if settings.exists() {
        command.arg("--config").arg(settings);
    }
    command.arg("--log-file").arg(home.join("log")).arg("-vvv");
    for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        command.env(name, home);
    }
    command.output().unwrap()
}

fn against(world: &World, home: &Path, app: &str, pair: &str) -> Value {
    let output = run(world, home, &["diff", app, "--against", pair, "-o", "json", "--timeout", "60s"]);
    assert_eq!(output.status.code(), Some(1), "{pair}: {output:?}");
    json_of(&output)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn argocd_server_answers_for_every_pair() {
    let world = start("drift");
    let home = home(&world);
    let output = run(&world, home.path(), &["diff", "backend-staging", "-o", "json"]);
    let now = json_of(&output);
    assert_eq!((&now["rung"], &now["lacks"], &now["against"]), (&json!("argocd-server"), &json!([]), &Value::Null));
    assert_eq!(fields(&now, "ConfigMap"), [r#""data.LOG_LEVEL" "info" "trace" "kubectl-edit""#]);
    let image = |told: &Value| {
        let images = fields(told, "Deployment").into_iter().filter(|field| field.contains("[api].image"));
        images.collect::<Vec<_>>().join("\n")
    };
    // what runs and a deployment, with who made it so; then two deployments, where nobody did
    let then = against(&world, home.path(), "backend-staging", "history:1");
    assert!(
        image(&then).contains(r#""predator-backend:1.4.1" "predator-backend:1.4.2" "argocd-controller""#),
        "{then}"
    );
    assert!(fields(&then, "Deployment").iter().any(|field| field.contains("spec.replicas")), "{then}");
    let two = against(&world, home.path(), "backend-staging", "history:0..1");
    assert!(image(&two).ends_with(r#""predator-backend:1.4.1" "predator-backend:1.4.0" null"#), "{two}");
    assert_eq!(fields(&two, "ConfigMap"), [""; 0]);
    assert!(two["against"]["live"].as_str().unwrap().starts_with("deployment 0"), "{two}");
    let branches = against(&world, home.path(), "backend-staging", "rev:release/staging..main");
    assert!(image(&branches).contains("1.4.2"), "{branches}");
    assert_eq!(against(&world, home.path(), "backend-staging", "rev:main")["rung"], "argocd-server");
    // what environments have differently as a rule is told apart
    let twin = against(&world, home.path(), "backend-staging", "env:dev");
    let usual: Vec<&str> = twin["usual"].as_array().unwrap().iter().filter_map(|one| one["what"].as_str()).collect();
    for what in ["namespace", "replicas", "image tag"] {
        assert!(usual.contains(&what), "{what}: {twin}");
    }
    assert!(image(&twin).is_empty() && !fields(&twin, "ConfigMap").is_empty(), "{twin}");
    for (pair, code, words) in [
        ("history:9", 3, "has no deployment 9"),
        ("env:nowhere", 3, "no backend in environment `nowhere`"),
        ("env:staging", 2, "in staging itself"),
        ("rev:nowhere", 5, "unable to resolve 'nowhere'"),
        ("rev:a..", 2, "FROM..TO"),
    ] {
        let output = run(&world, home.path(), &["diff", "backend-staging", "--against", pair]);
        assert_eq!(output.status.code(), Some(code), "{pair}: {output:?}");
        assert!(said(&output).contains(words), "{pair}: {output:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_argocd_server_its_cache_answers_for_what_it_has_rendered() {
    let world = start("drift");
    let home = tempfile::tempdir().unwrap();
    let app = world.store("predator-cloud").unwrap().get("Application", "argocd", "backend-staging").unwrap();
    let commit = app["status"]["sync"]["revision"].as_str().unwrap();
    for revision in [&commit[..12], "release/staging"] {
        let told = against(&world, home.path(), "backend-staging", &format!("rev:{revision}"));
        assert_eq!(told["rung"], "redis", "{told}");
        assert_eq!(fields(&told, "ConfigMap"), [r#""data.LOG_LEVEL" "info" "trace" "kubectl-edit""#]);
    }
    assert_eq!(against(&world, home.path(), "backend-staging", "env:dev")["rung"], "redis");
    // deployed days ago: that is nowhere any more, and which way is missing is said
    let output = run(&world, home.path(), &["diff", "backend-staging", "--against", "history:1"]);
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let told = said(&output);
    assert!(told.contains("no argocd-server is set up") && told.contains("cache holds no manifests of"), "{told}");
    // with neither, what runs is compared with what runs
    for source in ["predator-cloud", "minikube"] {
        assert!(world.store(source).unwrap().delete("Secret", "argocd", "argocd-redis"));
    }
    let twin = against(&world, home.path(), "backend-staging", "env:dev");
    assert_eq!((&twin["rung"], &twin["against"]["live"]), (&json!("drift"), &json!("staging runs")), "{twin}");
    let output = run(&world, home.path(), &["diff", "backend-staging", "--against", &format!("rev:{commit}")]);
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert!(said(&output).contains("password"), "{output:?}");
}

/// Puts secrets where people put them: into a Secret, a ConfigMap, variables and URLs, and into the copy of what was
/// applied last.
fn plant(world: &World) {
    let store = world.store("predator-cloud").unwrap();
    let named = |kind: &str| {
        let all = store.list(kind, Some("predator12-staging"));
        let is = |object: &&Value| object["metadata"]["name"].as_str().unwrap().starts_with("backend");
        all.iter().find(is).cloned().unwrap()
    };
    let copy = |object: &mut Value, copy: Value| {
        object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = copy.to_string().into();
    };
    let mut config = named("ConfigMap");
    config["data"]["API_TOKEN"] = "hunter2".into();
    config["data"]["URL"] = "amqp://user:hunter3@broker/x".into();
    config["data"]["app.ini"] = "a = 1\npassword = hunter2\nb = 2\n".into();
    let mut before = config.clone();
    before["data"]["API_TOKEN"] = "stale4".into();
    before["metadata"] = json!({ "name": config["metadata"]["name"], "namespace": "predator12-staging" });
    copy(&mut config, before);
    store.put(config);
    let mut deployment = named("Deployment");
    deployment["spec"]["template"]["spec"]["containers"][0]["env"] = json!([
        { "name": "DB_PASSWORD", "value": "hunter2" }, { "name": "U", "value": "http://a:hunter3@b" }
    ]);
    deployment["spec"]["template"]["spec"]["containers"][0]["args"] = json!(["--api-key=hunter5"]);
    store.put(deployment);
    // a Secret of its own, which Argo CD takes for one of this Application
    let mark =
        json!({ "argocd.argoproj.io/tracking-id": "backend-staging:/Secret:predator12-staging/backend-planted" });
    let mut secret = json!({ "apiVersion": "v1", "kind": "Secret", "data": { "KEY": "aHVudGVyMg==" },
        "metadata": { "name": "backend-planted", "namespace": "predator12-staging", "annotations": mark } });
    let applied = json!({ "apiVersion": "v1", "kind": "Secret", "stringData": { "KEY": "stale4" },
        "data": { "OTHER": "c3RhbGU0" }, "metadata": { "name": "backend-planted" } });
    copy(&mut secret, applied);
    store.put(secret);
}

fn holds_none(what: &str, text: &str) {
    for secret in PLANTED {
        assert!(!text.contains(secret), "{what} holds {secret}:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_planted_secret_is_told_by_any_rung_pair_or_lane() {
    let world = start("drift");
    plant(&world);
    let (through, without) = (home(&world), tempfile::tempdir().unwrap());
    for (rung, home) in [("argocd-server", through.path()), ("redis", without.path()), ("drift", without.path())] {
        if rung == "drift" {
            for source in ["predator-cloud", "minikube"] {
                assert!(world.store(source).unwrap().delete("Secret", "argocd", "argocd-redis"));
            }
        }
        let told = json_of(&run(&world, home, &["diff", "backend-staging", "-o", "json", "--timeout", "60s"]));
        assert_eq!(told["rung"], rung, "{told}");
        assert!(told.to_string().contains("••••"), "something is masked: {told}");
        for pair in ["", "history:1", "history:0..1", "rev:release/staging", "env:dev", "env:prod"] {
            for output in ["json", "unified"] {
                let mut words = vec!["diff", "backend-staging", "-o", output, "--timeout", "60s"];
                if !pair.is_empty() {
                    words.extend(["--against", pair]);
                }
                holds_none(&format!("{rung} {pair} {output}"), &said(&run(&world, home, &words)));
            }
        }
        for view in ["diff", "plan", "app"] {
            let words = ["snapshot", "--view", view, "--app", "backend-staging", "--size", "200x200"];
            holds_none(&format!("{rung} {view}"), &said(&run(&world, home, &words)));
        }
        let plan = run(&world, home, &["sync", "backend-staging", "--plan", "-o", "json"]);
        holds_none(&format!("{rung} plan"), &said(&plan));
        run(&world, home, &["refresh", "backend-staging"]);
        let kept = walk(home);
        assert!(kept.contains("backend-staging"), "log and audit are looked at: {kept}");
        holds_none(&format!("{rung} log and audit"), &kept);
    }
}

/// All that was written below a home, but what this test has put there.
fn walk(folder: &Path) -> String {
    let mut told = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            told.push_str(&walk(&path));
        } else {
            told.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_chooses_what_to_compare_with_and_copies_no_secret() {
    let world = start("drift");
    plant(&world);
    let home = home(&world);
    let settings = home.path().join("settings.toml").display().to_string();
    let arguments = ["--all-contexts", "--config", &settings];
    let mut screen = Screen::at(home.path(), &arguments, world.kubeconfig(), (140, 50));
    screen.shows(&["21 apps", "minikube live", "predator-cloud live"]);
    screen.keys("v/backend-staging");
    screen.shows(&["deploys to"]);
    screen.keys("\rd");
    screen.shows(&["from argocd-server", "LOG_LEVEL: trace", "by kubectl-edit"]);
    for _ in 0..8 {
        screen.keys("y");
        screen.until("a copy", |screen| {
            ["copied the change", "on no change"].iter().any(|said| screen.contents().contains(said))
        });
        // another word of its own, so that the next copy is waited for
        screen.keys("Y");
        screen.until("no copy", |screen| {
            ["no controller", "on no change"].iter().any(|said| screen.contents().contains(said))
        });
        screen.keys("}");
    }
    screen.keys("x");
    screen.shows(&["compare with it", "backend-prod", "deployment 1", "a revision of Git"]);
    screen.keys("j\r");
    screen.shows(&["as a rule: namespace", "Git wants in staging"]);
    screen.keys("x");
    screen.shows(&["compare with it"]);
    screen.keys("G\rmain\r");
    screen.shows(&["revision main", "from argocd-server"]);
    // the plan counts by the same comparison, its lines one key away
    screen.keys("q");
    screen.keys("s");
    screen.shows(&["~2 update", "known      from argocd-server", "Job backend-migrate", "PreSync"]);
    screen.keys("d");
    screen.shows(&["from argocd-server", "Git wants", "by kubectl-edit"]);
    for _ in 0..4 {
        screen.keys("q");
    }
    assert_eq!(screen.exit(PATIENCE), 0);
    let bytes = screen.bytes();
    let written = String::from_utf8_lossy(&bytes);
    let copies: Vec<String> = written
        .split("\x1b]52;c;")
        .skip(1)
        .filter_map(|part| STANDARD.decode(part.split('\x07').next()?).ok())
        .map(|copy| String::from_utf8_lossy(&copy).into_owned())
        .collect();
    assert!(copies.iter().any(|copy| copy.contains("LOG_LEVEL")), "{copies:?}");
    holds_none("a copy", &copies.join("\n"));
    holds_none("the screen", &written);
}
