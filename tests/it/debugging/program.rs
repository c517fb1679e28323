//! `pilothouse debug`, as people and scripts call it.

use std::path::Path;

use pilothouse::sim::network::Speaks;
use rustix::process::Signal;
use serde_json::Value;

use super::attach::runs;
use super::client::Editor;
use super::process::{BREAKPOINT, Process};
use crate::forward::program::{Running, command};
use crate::forward::scene::{NAMESPACE, Yard};
use crate::wait::until;

fn read(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn debugpy_is_attached_to_by_the_entry_that_was_written() {
    let yard = Yard::new();
    yard.pod(1, true);
    let process = Process::start();
    runs(&yard, 1, &process);
    let workspace = tempfile::tempdir().unwrap();
    let folder = workspace.path().to_str().unwrap().to_owned();
    let kubeconfig = yard.kubeconfig("admin");
    let arguments = move || {
        let arguments = ["debug", "backend", "--env", "dev", "--workspace", &folder, "-o", "json"];
        Running::start(&arguments, &kubeconfig)
    };
    let mut running = tokio::task::spawn_blocking(arguments).await.unwrap();
    assert_eq!((&running.line["pod"], &running.line["remotePort"]), (&"backend-1".into(), &5678.into()));
    let told = running.next_line();
    let said: Vec<&str> = told["findings"].as_array().unwrap().iter().map(|f| f["said"].as_str().unwrap()).collect();
    assert_eq!(
        said,
        ["listens on 0.0.0.0:5678", "nobody attached", "one replica", "self-heal is on: live edits are undone"]
    );
    assert_eq!(yard.connections(), [], "looking and forwarding dial nothing");
    let file = workspace.path().join(".vscode/launch.json");
    until("launch.json is written", || file.exists()).await;
    let entry = read(&file)["configurations"][0].clone();
    assert_eq!(entry["name"], "Attach: backend (dev)");
    assert_eq!(entry["connect"]["port"], running.line["localPort"]);
    let port = u16::try_from(entry["connect"]["port"].as_u64().unwrap()).unwrap();
    let mut editor = Editor::connect(port).await;
    editor.attach(&process.script, BREAKPOINT).await;
    editor.stopped().await;
    drop(editor);
    let code = tokio::task::spawn_blocking(move || {
        let code = running.signal(Signal::INT);
        let log = crate::acting::sea::audit(running.home.path());
        assert_eq!(log.len(), 2, "{log:?}");
        assert_eq!(log[0], "intent debug dev -");
        code
    });
    assert_eq!(code.await.unwrap(), Some(130));
}

#[tokio::test(flavor = "multi_thread")]
async fn printing_opens_nothing_and_broken_files_stay() {
    let yard = Yard::new();
    yard.pod(1, true);
    let kubeconfig = yard.kubeconfig("admin");
    tokio::task::spawn_blocking(move || {
        let home = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str]| {
            let output = command(arguments, &kubeconfig, home.path())
                .env("SSH_CONNECTION", "203.0.113.9 50000 10.0.0.5 22")
                .current_dir(home.path())
                .output()
                .unwrap();
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            (output.status.code(), text(output.stdout), text(output.stderr))
        };
        let (code, out, _) = run(&["debug", "backend-dev", "--print"]);
        assert_eq!(code, Some(0));
        assert!(out.starts_with("{\n  \"name\": \"Attach: backend (dev)\""), "{out}");
        assert!(out.ends_with("ssh -L 5678:127.0.0.1:5678 ann@10.0.0.5\n"), "{out}");
        let (code, out, _) = run(&["debug", "backend-dev", "--print", "-o", "json", "--port", "5700", "--readonly"]);
        let line: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (code, &line["remotePort"], &line["launch"]["connect"]["port"]),
            (Some(0), &5700.into(), &5700.into())
        );
        assert_eq!(run(&["debug", "backend-dev", "--readonly"]).0, Some(4));
        assert_eq!(run(&["debug", "backend-dev", "--pod", "backend-9"]).0, Some(3));
        let workspace = home.path().join("work");
        std::fs::create_dir_all(workspace.join(".vscode")).unwrap();
        let file = workspace.join(".vscode/launch.json");
        std::fs::write(&file, "{ \"configurations\": [ }").unwrap();
        let (code, _, said) = run(&["debug", "backend-dev", "--workspace", workspace.to_str().unwrap()]);
        assert!(code == Some(2) && said.contains("launch.json: line 1, column 23"), "{said}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "{ \"configurations\": [ }");
        assert!(!home.path().join(".vscode").exists(), "behind SSH nothing is written by itself");
    })
    .await
    .unwrap();
    assert_eq!(yard.connections(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_way_is_said_with_what_to_try() {
    let yard = Yard::new();
    yard.pod(1, true);
    yard.pod(2, true);
    yard.store().network().order(&format!("{NAMESPACE}/backend-*"), 5678, None::<Speaks>);
    let kubeconfig = yard.kubeconfig("admin");
    let start = move || Running::start(&["debug", "backend-dev", "-o", "json"], &kubeconfig);
    let mut running = tokio::task::spawn_blocking(start).await.unwrap();
    let told = running.next_line();
    let said: Vec<String> = told["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| format!("{} {}", f["mark"].as_str().unwrap(), f["said"].as_str().unwrap()))
        .collect();
    assert_eq!(said[0], "bad nothing listens on 5678");
    assert!(said[1].starts_with("warning 2 replicas share the traffic"), "{said:?}");
    assert!(told["findings"][0]["remedy"].as_str().unwrap().contains("debug: true"));
    assert_eq!(told["pods"].as_array().unwrap().len(), 2);
}
