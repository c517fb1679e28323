//! The AppProjects of an argocd-server: only their sync windows are kept. No stream tells of them, so they are asked for.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::kube::fault::Fault;
use super::super::kube::projects::read_project;
use super::ask::Ask;
use super::polled::Polled;
use super::refusal::no_json;
use super::server::Server;
use crate::domain::window::Project;
use crate::domain::{Link, Symbol};
use crate::store::delta::{Delta, LiveDelta, Sink};

/// Windows are changed by people, and rarely.
const AGAIN: Duration = Duration::from_mins(1);
/// The largest answer that is read, in bytes.
const LARGEST: usize = 16 << 20;

/// Reads the AppProjects of a source until it is dropped, as those of `namespace`, where its Argo CD lives. Spawns nothing
/// and never ends: what goes wrong becomes the [`Link`] of the place, and is tried again.
pub async fn watch_projects(server: Server, namespace: Symbol, sink: Arc<dyn Sink>) {
    let clock = server.clock();
    let tell = |change| sink.push(Delta::Live(LiveDelta::Projects(server.name().clone(), namespace.clone(), change)));
    let mut place = Polled::new(AGAIN, clock.now(), tell);
    loop {
        let answer = read(&server).await.map(|projects| (projects, Link::Live));
        clock.sleep(place.take(answer, clock.now())).await;
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

async fn read(server: &Server) -> Result<Vec<Project>, Fault> {
    let bytes = server.fetch(&Ask::get("/api/v1/projects"), LARGEST).await?;
    let text = String::from_utf8_lossy(&bytes);
    let answer: Answer<'_> = serde_json::from_str(&text).map_err(|_| no_json("the list of projects"))?;
    Ok(answer.items.iter().flatten().filter_map(|item| read_project(item.get().as_bytes())).collect())
}
