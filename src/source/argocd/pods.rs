//! The pods of an Application through argocd-server: its tree tells which there are and when they change, and each is then
//! read as it lives.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::BoxFuture;

use super::super::kube::fault::{Fault, Kind};
use super::super::kube::pace::pause;
use super::super::kube::pods::read_pod;
use super::super::kube::project::Texts;
use super::super::kube::request::escape;
use super::answer::Answer;
use super::ask::Ask;
use super::frames::{Frame, Frames};
use super::objects::manifest;
use super::polled::link_of;
use super::server::Server;
use super::tree::{Node, Tree, tree};
use crate::domain::served::served_context;
use crate::domain::{AppKey, Link, Pod, Symbol, Timestamp, time};
use crate::store::delta::{Delta, LiveDelta, NamespaceDelta, Sink};

/// Pods that are read at once.
const AT_ONCE: usize = 8;
/// A rollout is a burst of trees within a tenth of a second (recorded): one look is enough for all of them.
const BURST: Duration = Duration::from_millis(300);
/// Without a tree for this long the server is asked: its stream says nothing, not even that it stands, before the first.
const LOOK: Duration = Duration::from_secs(20);

/// Reads the pods of an Application in a namespace until it is dropped, and pushes what it learns into the sink. Spawns
/// nothing and never ends: what goes wrong becomes the [`Link`] of the place, and is tried again.
pub async fn watch_pods(server: Server, app: AppKey, namespace: Symbol, sink: Arc<dyn Sink>) {
    let (context, clock) = (served_context(&app), Arc::clone(server.clock()));
    let told_at = clock.now();
    let mut pods = Pods {
        server,
        app,
        context,
        namespace,
        sink,
        known: BTreeMap::new(),
        told: None,
        link: None,
        texts: Texts::default(),
        told_at,
    };
    pods.tell_link(Link::Connecting { loaded: 0 });
    let mut failures = 0;
    loop {
        let Err(fault) = pods.follow(&mut failures).await else { continue };
        failures = failures.saturating_add(1);
        let wait = pause(failures, fault.retry_after);
        let retry_at = time::after(clock.now(), wait);
        let since = pods.told_at;
        pods.tell_link(link_of(fault, retry_at, since));
        clock.sleep(wait).await;
    }
}

struct Pods {
    server: Server,
    app: AppKey,
    context: Symbol,
    namespace: Symbol,
    sink: Arc<dyn Sink>,
    /// By uid: the version that was read, and the pod.
    known: BTreeMap<String, (String, Pod)>,
    told: Option<Vec<Pod>>,
    link: Option<Link>,
    texts: Texts,
    told_at: Timestamp,
}

impl Pods {
    /// From a first tree to the end of a stream of them.
    async fn follow(&mut self, failures: &mut u32) -> Result<(), Fault> {
        let clock = Arc::clone(self.server.clock());
        let (name, namespace) = (escape(&self.app.name), escape(&self.app.namespace));
        let path = format!("/api/v1/stream/applications/{name}/resource-tree?appNamespace={namespace}");
        let server = self.server.clone();
        // the stream first: what changes after the tree was read is in it
        let mut opening: BoxFuture<'_, _> = Box::pin(async move { server.send(&Ask::events(path)).await });
        let (mut body, mut frames, mut latest) = (None, Frames::default(), None::<Tree>);
        let mut due = clock.now();
        loop {
            tokio::select! {
                answer = &mut opening, if body.is_none() => body = Some(answer?),
                chunk = next(&mut body) => {
                    let Some(chunk) = chunk else { return Ok(()) };
                    let mut result = Ok(());
                    frames.feed(&chunk?, |frame| {
                        if let Frame::Json(json) = frame && result.is_ok() {
                            result = read_frame(json, &mut latest);
                        }
                    });
                    result?;
                    if latest.is_some() {
                        due = due.min(time::after(clock.now(), BURST));
                    }
                }
                () = clock.sleep_until(due) => {
                    // boxed, or thirty of these that wait take as much room as if they read
                    let seen = match latest.take() {
                        Some(seen) => seen,
                        None => Box::pin(tree(&self.server, &self.app)).await?,
                    };
                    Box::pin(self.take(&seen)).await?;
                    *failures = 0;
                    due = time::after(clock.now(), LOOK);
                }
            }
        }
    }

    /// Reads what changed since the last tree.
    async fn take(&mut self, tree: &Tree) -> Result<(), Fault> {
        let mut uids = HashSet::new();
        let mut reads = Vec::new();
        for node in tree.nodes() {
            let here = node.kind == "Pod" && node.group.is_empty() && node.namespace == *self.namespace;
            if !here || !node.exists() {
                continue;
            }
            uids.insert(node.uid.clone());
            if self.known.get(&node.uid).is_none_or(|(version, _)| *version != node.resource_version) {
                let (server, app, node) = (self.server.clone(), self.app.clone(), node.clone());
                reads.push(async move {
                    let manifest = manifest(&server, &app, &node.query()).await;
                    (node, manifest)
                });
            }
        }
        let read: Vec<(Node, Result<String, Fault>)> = futures::stream::iter(reads).buffered(AT_ONCE).collect().await;
        let mut partial = None;
        for (node, manifest) in read {
            let pod = match manifest {
                Ok(text) => read_pod(&self.context, text.as_bytes(), &mut self.texts),
                // gone since the tree was made
                Err(fault) if fault.code == Some(400) => continue,
                Err(fault) if fault.kind == Kind::Denied => {
                    let pod = sketch(&self.context, &node, &mut self.texts);
                    partial = Some(Fault { why: format!("only the tree tells of pods: {}", fault.why), ..fault });
                    pod
                }
                Err(fault) => return Err(fault),
            };
            if let Some(pod) = pod {
                self.known.insert(node.uid, (node.resource_version, pod));
            }
        }
        self.known.retain(|uid, _| uids.contains(uid));
        let now: Vec<Pod> = self.known.values().map(|(_, pod)| pod.clone()).collect();
        self.told_at = self.server.clock().now();
        if self.told.as_ref() != Some(&now) {
            self.tell(NamespaceDelta::Replace(now.clone()));
            self.told = Some(now);
        }
        match partial {
            // what stands there is all there is to be had: it stays, and says so
            Some(fault) => self.tell_link(Link::Denied { what: fault.why }),
            None => self.tell_link(Link::Live),
        }
        Ok(())
    }

    fn tell(&self, change: NamespaceDelta<Pod>) {
        self.sink.push(Delta::Live(LiveDelta::Pods(self.context.clone(), self.namespace.clone(), change)));
    }

    fn tell_link(&mut self, link: Link) {
        if self.link.as_ref() != Some(&link) {
            self.link = Some(link.clone());
            self.tell(NamespaceDelta::Link(link));
        }
    }
}

async fn next(body: &mut Option<Answer>) -> Option<Result<bytes::Bytes, Fault>> {
    match body {
        Some(body) => body.next().await,
        None => std::future::pending().await,
    }
}

#[derive(serde::Deserialize)]
struct TreeFrame {
    result: Option<Tree>,
    error: Option<serde_json::Value>,
}

fn read_frame(json: &[u8], latest: &mut Option<Tree>) -> Result<(), Fault> {
    let frame: TreeFrame = serde_json::from_slice(json).map_err(|_| super::refusal::no_json("a resource tree"))?;
    if let Some(error) = frame.error {
        return Err(super::refusal::of_frame(&error));
    }
    if frame.result.is_some() {
        *latest = frame.result;
    }
    Ok(())
}

/// What the tree alone tells of a pod: nothing of its containers but how many are ready.
fn sketch(context: &Symbol, node: &Node, texts: &mut Texts) -> Option<Pod> {
    let (ready, total) = node.info("Containers").split_once('/').unwrap_or_default();
    let reason = node.info("Status Reason");
    let phase = ["Pending", "Running", "Succeeded", "Failed"].into_iter().find(|phase| *phase == reason);
    Some(Pod {
        context: context.clone(),
        namespace: texts.symbol(&node.namespace),
        name: texts.some(&node.name)?,
        uid: texts.symbol(&node.uid),
        node: texts.symbol(node.info("Node")),
        phase: texts.symbol(phase.unwrap_or("Unknown")),
        ready: (ready.parse().unwrap_or_default(), total.parse().unwrap_or_default()),
        restarts: node.info("Restart Count").parse().unwrap_or_default(),
        reason: texts.symbol(reason),
        owner: node.parent().map(|parent| (texts.symbol(&parent.kind), texts.symbol(&parent.name))),
        created: node.created_at.parse().ok(),
        ..Pod::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_nobody_may_look_into_is_what_the_tree_tells() {
        let tree: Tree = serde_json::from_str(
            r#"{"nodes":[{"version":"v1","kind":"Pod","namespace":"dev","name":"api-1","uid":"u","resourceVersion":"7",
                "parentRefs":[{"group":"apps","kind":"ReplicaSet","namespace":"dev","name":"api","uid":"r"}],
                "info":[{"name":"Status Reason","value":"CrashLoopBackOff"},{"name":"Node","value":"n1"},
                    {"name":"Containers","value":"0/1"},{"name":"Restart Count","value":"4"}],
                "createdAt":"2026-11-23T06:00:00Z"}]}"#,
        )
        .unwrap();
        let pod = sketch(&"c".into(), &tree.nodes()[0], &mut Texts::default()).unwrap();
        assert_eq!((pod.ready, pod.restarts, &*pod.reason, &*pod.node), ((0, 1), 4, "CrashLoopBackOff", "n1"));
        assert_eq!(pod.owner, Some(("ReplicaSet".into(), "api".into())));
        assert_eq!((&*pod.phase, pod.containers.len(), pod.created.is_some()), ("Unknown", 0, true));
    }
}
