//! What a forward does and says through the lives of its pods and servers.

use pilothouse::forward::{State, Target};
use pilothouse::runtime::forwards::OpenError;
use pilothouse::sim::fault::{Aim, Answer};
use pilothouse::sim::network::Speaks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::scene::{DEADLINE, NAMESPACE, Yard, who_answers};
use crate::wait::until;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_dialled_before_somebody_connects_and_speaks() {
    let yard = Yard::new();
    yard.pod(1, true);
    let open = yard.open("admin", &[":5678"], |wish| wish.debug = true).await.unwrap();
    let session = open.until("a pod is known", |session| session.pod.is_some()).await;
    assert_eq!(session.pod, Some(("backend-1".to_owned(), "api".to_owned())));
    assert_eq!(session.state(), State::Listening);
    // whoever only looks whether the port is open does not get through to the pod
    for _ in 0..3 {
        drop(TcpStream::connect(("127.0.0.1", open.port())).await.unwrap());
    }
    open.until("three came and went", |session| session.served == 3 && session.state() == State::Listening).await;
    assert_eq!(yard.connections(), []);
    let mut stream = TcpStream::connect(("127.0.0.1", open.port())).await.unwrap();
    stream
        .write_all(b"Content-Length: 52\r\n\r\n{\"seq\":1,\"type\":\"request\",\"command\":\"initialize\"}   ")
        .await
        .unwrap();
    open.is("connected").await;
    let connections = yard.connections();
    assert_eq!((connections.len(), connections[0].port), (1, 5678));
    let mut head = [0; 15];
    tokio::time::timeout(DEADLINE, stream.read_exact(&mut head)).await.unwrap().unwrap();
    assert_eq!(&head, b"Content-Length:");
    drop(stream);
    let session = open.is("listening").await;
    assert!(session.bytes().0 > 50 && session.bytes().1 > 50, "{:?}", session.bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_are_found_by_service_workload_number_and_name() {
    let yard = Yard::new();
    yard.pod(1, true);
    for (ports, target, what) in [
        (&[][..], None, "service/backend 80"),
        (&[":80"][..], None, "service/backend 80"),
        (&[":web"][..], None, "service/backend web"),
        (&[":8000"][..], None, "deployment/backend 8000"),
        (&[":http"][..], None, "deployment/backend http"),
        (&[":8000"][..], Some(Target::Pod("backend-1".to_owned())), "pod/backend-1 8000"),
    ] {
        let open = yard.open("admin", ports, |wish| wish.target = target).await.unwrap();
        assert_eq!(open.session().leads_to(), what);
        assert_eq!(who_answers(open.port()).await.as_deref(), Some("backend-1"), "{what}");
    }
    let connections = yard.connections();
    assert!(connections.len() == 6 && connections.iter().all(|one| one.port == 8000), "{connections:?}");
    let open = yard.open("admin", &[":8000", ":5678"], |_| {}).await.unwrap();
    assert_eq!(open.session().ports.len(), 2);
    let missing = yard.open("admin", &["grpc"], |_| {}).await.err().unwrap();
    assert_eq!(missing.to_string(), "deployment/backend has no port grpc; it declares 8000 http, 5678 debugpy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_that_is_replaced_is_followed_on_the_same_port() {
    let yard = Yard::new();
    yard.pod(1, true);
    let open = yard.open("admin", &[":http"], |_| {}).await.unwrap();
    let port = open.port();
    assert_eq!(who_answers(port).await.as_deref(), Some("backend-1"));
    // the newer one answers once the first is gone: as long as it lives, it is stayed with
    yard.pod(2, true);
    assert_eq!(who_answers(port).await.as_deref(), Some("backend-1"));
    let mut held = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    held.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    open.is("connected").await;
    yard.delete(1);
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(DEADLINE, held.read_to_end(&mut rest)).await.expect("the connection hangs");
    open.until("the other pod", |session| session.pod.as_ref().is_some_and(|(pod, _)| pod == "backend-2")).await;
    assert_eq!(who_answers(port).await.as_deref(), Some("backend-2"));
    yard.delete(2);
    // somebody who comes when nobody is there is held until somebody is
    let mut waiting = JoinSet::new();
    waiting.spawn(who_answers(port));
    let session = open.is("no ready pod").await;
    assert_eq!((session.state().why(), session.pod), (Some("there is no pod"), None));
    yard.pod(3, false);
    open.until("it says what the pod does", |session| session.state().why() == Some("backend-3 is not ready: Running"))
        .await;
    yard.pod(3, true);
    assert_eq!(waiting.join_next().await.unwrap().unwrap().as_deref(), Some("backend-3"));
    open.is("listening").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_pod_it_says_so_and_listens() {
    let yard = Yard::new();
    let open = yard.open("admin", &[":http"], |_| {}).await.unwrap();
    open.is("no ready pod").await;
    yard.pod(1, true);
    open.is("listening").await;
    assert_eq!(who_answers(open.port()).await.as_deref(), Some("backend-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_told_and_not_left_waiting() {
    let yard = Yard::new();
    yard.pod(1, true);
    // may look, and not forward
    let aim = Aim { prefix: forward_of(1), ..Aim::default() };
    let words = "pods \"backend-1\" is forbidden: User \"viewer\" cannot create resource \"pods/portforward\"";
    let serial = yard.server.faults().strike(aim, Answer::refusal(403, "Forbidden", words));
    let open = yard.open("viewer", &[":http"], |_| {}).await.unwrap();
    assert_eq!(who_answers(open.port()).await, None);
    let session = open.is("denied").await;
    assert_eq!(session.state().why(), Some(words));
    yard.server.faults().take_back(serial);
    assert_eq!(who_answers(open.port()).await.as_deref(), Some("backend-1"));
    open.is("listening").await;
    let refused = yard.open("nobody", &[":http"], |_| {}).await.err().unwrap();
    assert!(matches!(&refused, OpenError::Source(why) if why.contains("forbidden")), "{refused}");
}

fn forward_of(pod: u32) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/pods/backend-{pod}/portforward")
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_restart_and_tokens_that_end_cost_a_moment() {
    let yard = Yard::new();
    yard.pod(1, true);
    let open = yard.open("admin", &[":http"], |_| {}).await.unwrap();
    let port = open.port();
    assert_eq!(who_answers(port).await.as_deref(), Some("backend-1"));
    yard.server.stop().await;
    let mut waiting = JoinSet::new();
    waiting.spawn(who_answers(port));
    open.is("re-dialling").await;
    yard.server.start_again().unwrap();
    assert_eq!(waiting.join_next().await.unwrap().unwrap().as_deref(), Some("backend-1"));
    // the server forgets who we are, once in the middle
    let aim = Aim { prefix: forward_of(1), times: Some(1), ..Aim::default() };
    yard.server.faults().strike(aim, Answer::refusal(401, "Unauthorized", "Unauthorized"));
    assert_eq!(who_answers(port).await.as_deref(), Some("backend-1"));
    for answer in [Answer::Drop, Answer::refusal(503, "ServiceUnavailable", "not now"), Answer::Busy(1)] {
        let aim = Aim { prefix: forward_of(1), times: Some(2), ..Aim::default() };
        yard.server.faults().strike(aim, answer);
        assert_eq!(who_answers(port).await.as_deref(), Some("backend-1"));
    }
    open.is("listening").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_that_does_not_listen_yet_is_tried_for_a_while() {
    let yard = Yard::new();
    yard.pod(1, true);
    let open = yard.open("admin", &[":9999"], |_| {}).await.unwrap();
    assert_eq!(who_answers(open.port()).await, None);
    assert_eq!(open.session().last.as_deref(), Some("nothing listens on port 9999 of the pod"));
    let mut waiting = JoinSet::new();
    waiting.spawn(who_answers(open.port()));
    open.is("re-dialling").await;
    yard.store().network().order(&format!("{NAMESPACE}/backend-*"), 9999, Some(Speaks::Http));
    assert_eq!(waiting.join_next().await.unwrap().unwrap().as_deref(), Some("backend-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_port_gives_way_and_dropping_ends_everything() {
    let yard = Yard::new();
    yard.pod(1, true);
    let mut first = yard.open("admin", &[":http"], |_| {}).await.unwrap();
    let taken = first.port();
    let second = yard.open("admin", &[&format!("{taken}:http")], |_| {}).await.unwrap();
    assert_eq!(second.session().ports[0].instead_of, Some(taken));
    assert!(second.port() > taken);
    let mut held = TcpStream::connect(("127.0.0.1", taken)).await.unwrap();
    held.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    first.is("connected").await;
    first.task.shutdown().await;
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(DEADLINE, held.read_to_end(&mut rest)).await.expect("the connection hangs");
    assert!(TcpStream::connect(("127.0.0.1", taken)).await.is_err(), "nobody listens any more");
    until("the pod's end is closed", || yard.connections().iter().all(|one| one.closed.is_some())).await;
}
