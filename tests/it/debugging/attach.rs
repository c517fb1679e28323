//! Real debugpy, reached through the world's port-forward.

use pilothouse::forward::State;
use pilothouse::sim::network::Speaks;
use serde_json::json;
use tokio::net::TcpStream;

use super::client::{Editor, number};
use super::process::{BREAKPOINT, Process};
use crate::forward::scene::{NAMESPACE, Yard};

/// The debug port of a pod leads to a real process.
pub fn runs(yard: &Yard, pod: u32, process: &Process) {
    yard.store().network().order(&format!("{NAMESPACE}/backend-{pod}"), 5678, Some(Speaks::To(process.address)));
}

#[tokio::test(flavor = "multi_thread")]
async fn debugpy_stops_tells_goes_on_and_is_found_again_after_a_rollout() {
    let yard = Yard::new();
    yard.pod(1, true);
    let first = Process::start();
    runs(&yard, 1, &first);
    let open = yard.open("admin", &[":5678"], |wish| wish.debug = true).await.unwrap();
    let port = open.port();

    let mut editor = Editor::connect(port).await;
    editor.attach(&first.script, BREAKPOINT).await;
    let (thread, variables) = editor.stopped().await;
    let count = number(&variables, "count");
    assert_eq!(number(&variables, "answer"), count * 2);
    assert_eq!(open.session().state(), State::Connected(1));
    editor.ask("continue", json!({"threadId": thread})).await;
    let (thread, variables) = editor.stopped().await;
    assert_eq!(number(&variables, "count"), count + 1, "it went on, and came around");
    editor.break_on(&first.script, &[]).await;
    editor.ask("continue", json!({"threadId": thread})).await;

    // the pod is replaced under the editor
    yard.pod(2, true);
    let second = Process::start();
    runs(&yard, 2, &second);
    yard.delete(1);
    editor.hung_up().await;
    open.until("the other pod", |session| session.pod.as_ref().is_some_and(|(pod, _)| pod == "backend-2")).await;
    let mut editor = Editor::connect(port).await;
    editor.attach(&second.script, BREAKPOINT).await;
    let (thread, variables) = editor.stopped().await;
    assert_eq!(number(&variables, "answer"), number(&variables, "count") * 2);
    editor.break_on(&second.script, &[]).await;
    editor.ask("continue", json!({"threadId": thread})).await;
    // an editor that is gone without a word comes back to the same process
    drop(editor);
    open.is("listening").await;
    let mut editor = Editor::connect(port).await;
    editor.attach(&second.script, BREAKPOINT).await;
    editor.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn debugpy_is_not_harmed_by_whoever_only_looks_whether_the_port_is_open() {
    let yard = Yard::new();
    yard.pod(1, true);
    let process = Process::start();
    runs(&yard, 1, &process);
    let open = yard.open("admin", &[":5678"], |wish| wish.debug = true).await.unwrap();
    for _ in 0..3 {
        drop(TcpStream::connect(("127.0.0.1", open.port())).await.unwrap());
    }
    open.until("they came and went", |session| session.served == 3 && session.state() == State::Listening).await;
    assert_eq!(yard.connections(), []);
    let mut editor = Editor::connect(open.port()).await;
    editor.attach(&process.script, BREAKPOINT).await;
    editor.stopped().await;
}
