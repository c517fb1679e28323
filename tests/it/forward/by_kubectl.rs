//! `kubectl port-forward` as a child.

use std::path::Path;

use pilothouse::sim::fault::{Aim, Answer};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::program::Running;
use super::scene::{NAMESPACE, Yard, who_answers};
use crate::wait::until;

/// The processes that are children of `parent`, and theirs.
fn below(parent: u32) -> Vec<i32> {
    let mut found = Vec::new();
    let children = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let id: i32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("stat")).ok()?;
        let rest = stat.rsplit_once(") ")?.1.split(' ').collect::<Vec<_>>();
        (rest.get(1)?.parse() == Ok(parent)).then_some(id)
    });
    for child in children.collect::<Vec<_>>() {
        found.push(child);
        found.extend(below(child.unsigned_abs()));
    }
    found
}

fn lives(id: i32) -> bool {
    // one that has ended and was not waited for lives no more
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    Pid::from_raw(id).is_some_and(|id| test_kill_process(id).is_ok()) && !stat.contains(") Z ")
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_carries_it_when_asked_and_when_websockets_break() {
    let yard = Yard::new();
    yard.pod(1, true);
    let open = yard.open("admin", &[":http"], |wish| wish.kubectl = true).await.unwrap();
    open.until("a pod is known", |session| session.pod.is_some()).await;
    assert_eq!(yard.connections(), [], "no child before somebody connects");
    for _ in 0..2 {
        assert_eq!(who_answers(open.port()).await.as_deref(), Some("backend-1"), "{:?}", open.session().last);
    }
    yard.pod(2, true);
    yard.delete(1);
    open.until("the other pod or none", |session| session.pod.as_ref().is_none_or(|(pod, _)| pod == "backend-2")).await;
    assert_eq!(who_answers(open.port()).await.as_deref(), Some("backend-2"));
    drop(open);
    // a proxy that takes the upgrade away: the server hears an ordinary request
    let open = yard.open("admin", &[":http"], |_| {}).await.unwrap();
    let prefix = format!("/api/v1/namespaces/{NAMESPACE}/pods/backend-2/portforward");
    let words = "unable to upgrade: missing upgrade headers in request";
    let aim = Aim { prefix, times: Some(1), ..Aim::default() };
    yard.server.faults().strike(aim, Answer::refusal(400, "BadRequest", words));
    assert_eq!(who_answers(open.port()).await.as_deref(), Some("backend-2"));
    let session = open.session();
    assert!(session.kubectl, "{session:?}");
    assert!(session.last.as_ref().is_some_and(|last| last.contains("kubectl carries it")), "{session:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_kubectl_outlives_us_however_we_end() {
    let yard = Yard::new();
    yard.pod(1, true);
    let kubeconfig = yard.kubeconfig("admin");
    for signal in [Signal::INT, Signal::KILL] {
        let kubeconfig = kubeconfig.clone();
        let running = tokio::task::spawn_blocking(move || {
            Running::start(&["forward", "backend-dev", ":8000", "--kubectl"], &kubeconfig)
        });
        let running = running.await.unwrap();
        let port = u16::try_from(running.line["localPort"].as_u64().unwrap()).unwrap();
        assert_eq!(below(running.child.id()), [0_i32; 0], "nobody has connected yet");
        assert_eq!(who_answers(port).await.as_deref(), Some("backend-1"));
        let children = below(running.child.id());
        assert!(children.len() >= 2, "kubectl and what keeps it: {children:?}");
        kill_process(Pid::from_child(&running.child), signal).unwrap();
        until(&format!("{signal:?} leaves no child behind"), || !children.iter().any(|child| lives(*child))).await;
    }
}
