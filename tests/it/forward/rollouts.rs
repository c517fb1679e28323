//! Rollout after rollout under somebody who never stops connecting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use super::program::Running;
use super::scene::{Yard, who_is_first_to_answer};
use crate::wait::until;

const ROLLOUTS: u32 = 200;
/// What is counted is counted first after so many: by then everything there is once has been made.
const SETTLED: u32 = 20;

/// Open descriptors, threads, and memory in KiB of a process.
fn weight(id: u32) -> (usize, usize, u64) {
    let count = |folder: &str| std::fs::read_dir(format!("/proc/{id}/{folder}")).unwrap().count();
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    (count("fd"), count("task"), memory.trim().trim_end_matches(" kB").parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_rollouts_lose_no_listener_and_leave_nothing_behind() {
    let yard = Yard::new();
    yard.pod(0, true);
    let kubeconfig = yard.kubeconfig("admin");
    let start = move || Running::start(&["forward", "backend-dev", ":8000"], &kubeconfig);
    let running = tokio::task::spawn_blocking(start).await.unwrap();
    let port = u16::try_from(running.line["localPort"].as_u64().unwrap()).unwrap();
    let (stop, newest) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let (stop, newest) = (Arc::clone(&stop), Arc::clone(&newest));
        clients.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                // one whose pod goes while it answers gets no answer, and comes again
                if let Some(pod) = who_is_first_to_answer(port).await {
                    let number = pod.trim_start_matches("backend-").parse().unwrap();
                    newest.fetch_max(number, Ordering::Relaxed);
                }
            }
        });
    }
    let mut before = (0, 0, 0);
    let mut answered = Vec::new();
    for number in 1..=ROLLOUTS {
        match number % 3 {
            // the old one goes first: for a moment nobody is there
            0 => {
                yard.delete(number - 1);
                yard.pod(number, false);
                yard.pod(number, true);
            }
            1 => {
                yard.pod(number, true);
                yard.delete(number - 1);
            }
            _ => {
                yard.pod(number, false);
                yard.delete(number - 1);
                yard.pod(number, true);
            }
        }
        let ready = Instant::now();
        until("the same port leads to the new pod", || newest.load(Ordering::Relaxed) == number).await;
        answered.push(ready.elapsed());
        if number == SETTLED {
            before = weight(running.child.id());
        }
    }
    stop.store(true, Ordering::Relaxed);
    clients.join_all().await;
    until("every connection to a pod is closed", || yard.connections().iter().all(|one| one.closed.is_some())).await;
    until("no session stays at the server", || yard.server.sessions() == 0).await;
    let after = weight(running.child.id());
    answered.sort();
    let (first, middle, last) = (answered[0], answered[answered.len() / 2], answered[answered.len() - 1]);
    println!("from readiness to an answer on the same port: {first:?} {middle:?} {last:?} (min, median, max)");
    println!("descriptors, threads, KiB: {before:?} after {SETTLED} rollouts, {after:?} after {ROLLOUTS}");
    // two clients are there in the one and not in the other, each with a few connections
    assert!(after.0 <= before.0 + 8, "descriptors: {before:?} {after:?}");
    assert!(after.1 <= before.1 + 2, "threads: {before:?} {after:?}");
    assert!(after.2 <= before.2 + 8 * 1024, "memory: {before:?} {after:?}");
}
