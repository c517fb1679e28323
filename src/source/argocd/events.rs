//! The Events of an Application through argocd-server: it has them of one object at a time, so the objects that tell most
//! are asked about.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::kube::events::read_event;
use super::super::kube::fault::{Fault, Kind};
use super::super::kube::project::Texts;
use super::super::kube::request::escape;
use super::ask::Ask;
use super::polled::Polled;
use super::server::Server;
use super::tree::{Node, path, tree};
use crate::domain::served::served_context;
use crate::domain::{AppKey, Event, Link, Symbol};
use crate::store::delta::{Delta, LiveDelta, Sink};

/// Objects that are asked about at once.
const AT_ONCE: usize = 8;
/// Objects that are asked about, the newest first.
const MOST: usize = 60;
/// Between two rounds of questions.
const AGAIN: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes.
const LARGEST: usize = 8 << 20;
/// Kinds whose Events say why something does not work. Of the others nobody tells.
const TELLING: [&str; 12] = [
    "Pod",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "HorizontalPodAutoscaler",
    "PersistentVolumeClaim",
    "Ingress",
    "Rollout",
    "ExternalSecret",
];

/// Reads the Events about the objects of an Application in a namespace, and those about itself where `own` says so, until
/// it is dropped. Spawns nothing and never ends: what goes wrong becomes the [`Link`] of the place, and is tried again.
pub async fn watch_events(server: Server, app: AppKey, namespace: Symbol, own: bool, sink: Arc<dyn Sink>) {
    let (context, clock) = (served_context(&app), server.clock());
    let tell = |change| sink.push(Delta::Live(LiveDelta::Events(context.clone(), namespace.clone(), change)));
    let (mut texts, mut place) = (Texts::default(), Polled::new(AGAIN, clock.now(), tell));
    loop {
        let answer = read(&server, &app, &namespace, own, &mut texts).await.map(|(events, left_out)| match left_out {
            0 => (events, Link::Live),
            n => (events, Link::Denied { what: format!("the Events of {n} objects are not asked for: too many") }),
        });
        clock.sleep(place.take(answer, clock.now())).await;
    }
}

/// The Events, and how many objects were not asked about.
async fn read(
    server: &Server,
    app: &AppKey,
    namespace: &str,
    own: bool,
    texts: &mut Texts,
) -> Result<(Vec<Event>, usize), Fault> {
    let tree = tree(server, app).await?;
    let mut nodes: Vec<&Node> = Vec::new();
    for node in tree.nodes() {
        if node.namespace == namespace && node.exists() && TELLING.contains(&&*node.kind) {
            nodes.push(node);
        }
    }
    nodes.sort_by(|a, b| b.created_at.cmp(&a.created_at));
    let left_out = nodes.len().saturating_sub(MOST);
    nodes.truncate(MOST);
    let all = path(app, "events");
    let mut asks: Vec<String> = own.then(|| all.clone()).into_iter().collect();
    for node in nodes {
        let (namespace, name, uid) = (escape(&node.namespace), escape(&node.name), escape(&node.uid));
        asks.push(format!("{all}&resourceNamespace={namespace}&resourceName={name}&resourceUID={uid}"));
    }
    let reads = asks.into_iter().map(|ask| {
        let server = server.clone();
        async move { server.fetch(&Ask::get(ask), LARGEST).await }
    });
    let answers: Vec<_> = futures::stream::iter(reads).buffered(AT_ONCE).collect().await;
    let mut events: Vec<Event> = Vec::new();
    for answer in answers {
        match answer {
            Ok(bytes) => take(&bytes, texts, &mut events)?,
            // it went since the tree was made
            Err(fault) if fault.kind == Kind::Down && matches!(fault.code, Some(400 | 404)) => {}
            Err(fault) => return Err(fault),
        }
    }
    events.sort_by(|a, b| a.name.cmp(&b.name));
    events.dedup_by(|a, b| a.name == b.name);
    Ok((events, left_out))
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

fn take(bytes: &[u8], texts: &mut Texts, events: &mut Vec<Event>) -> Result<(), Fault> {
    let text = String::from_utf8_lossy(bytes);
    let answer: Answer<'_> = serde_json::from_str(&text).map_err(|_| super::refusal::no_json("a list of Events"))?;
    events.extend(answer.items.iter().flatten().filter_map(|item| read_event(item.get().as_bytes(), texts)));
    Ok(())
}
