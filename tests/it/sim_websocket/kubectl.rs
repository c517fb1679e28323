//! kubectl comes into pods of the world.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;

use super::scene::{POD, world};
use crate::sim_kubernetes::client::DEADLINE;
use crate::sim_kubernetes::kubectl::Kubectl;

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_runs_commands() {
    let world = world();
    let kubectl = Kubectl::new(&world);
    let run = async |command: &[&str]| {
        let args = [&["exec", POD, "--"], command].concat();
        let output = kubectl.command(&args).output();
        let output = tokio::time::timeout(DEADLINE, output).await.expect("kubectl hangs").unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let tcp = run(&["cat", "/proc/net/tcp"]).await;
    assert!(tcp.1.contains(": 00000000:162E 00000000:0000 0A "), "{tcp:?}");
    assert_eq!(tcp.1.lines().count(), 5, "{tcp:?}");
    let ended = run(&["sh", "-c", "echo $ENVIRONMENT; echo err >&2; exit 3"]).await;
    assert_eq!(ended.0, 3);
    assert_eq!(ended.1, "dev\n");
    assert_eq!(ended.2, "err\ncommand terminated with exit code 3\n");
    let nope = run(&["nope"]).await;
    assert!(nope.2.contains("exec: \"nope\": executable file not found in $PATH: unknown"), "{nope:?}");
    assert_ne!(nope.0, 0);
    assert_eq!(
        run(&["sh", "-c", "nope"]).await,
        (127, String::new(), "sh: nope: not found\ncommand terminated with exit code 127\n".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_passes_standard_input() {
    let world = world();
    let kubectl = Kubectl::new(&world);
    let mut command = kubectl.command(&["exec", "-i", POD, "--", "cat"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let text = "a line of some length\n".repeat(50_000);
    let mut stdin = child.stdin.take().unwrap();
    let sent = text.clone();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { stdin.write_all(sent.as_bytes()).await.unwrap() });
    let output = tokio::time::timeout(DEADLINE, child.wait_with_output()).await.expect("kubectl hangs").unwrap();
    assert!(output.status.success());
    assert!(output.stdout == text.as_bytes(), "{} bytes came back of {}", output.stdout.len(), text.len());
}
