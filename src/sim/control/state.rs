//! A running world in a few words.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::director::Director;
use crate::sim::time::stamp;

impl Director {
    /// A summary: time, sources, and how many Applications are in which state.
    pub(super) fn state(&self) -> Value {
        let sources: serde_json::Map<String, Value> = self
            .places
            .iter()
            .map(|place| {
                let store = &place.stage.store;
                let mut health: BTreeMap<String, u32> = BTreeMap::new();
                let mut sync: BTreeMap<String, u32> = BTreeMap::new();
                let mut running = Vec::new();
                let apps = store.snapshot("Application", None, None).map(|now| now.objects).unwrap_or_default();
                for app in apps {
                    // not as values: 10,000 of those are more than a gigabyte
                    let brief: Brief = serde_json::from_slice(app.body()).unwrap_or_default();
                    *health.entry(brief.status.health.status).or_default() += 1;
                    *sync.entry(brief.status.sync.status).or_default() += 1;
                    if brief.operation.is_some() {
                        running.push(app.name().to_owned());
                    }
                }
                let facts = json!({
                    "server": place.server.url(),
                    "listening": place.server.is_running(),
                    "apps": store.len("Application"),
                    "pods": store.len("Pod"),
                    "health": health,
                    "sync": sync,
                    "operations": running,
                    "resourceVersion": store.resource_version(),
                    "sessions": place.server.sessions(),
                });
                (place.stage.source.clone(), facts)
            })
            .collect();
        // what a world that leaks would have more and more of
        let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        json!({"now": stamp(self.clock.now()), "tasks": tasks, "git": self.git(), "sources": sources})
    }
}

/// What a summary counts in an Application.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Brief {
    status: BriefStatus,
    operation: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BriefStatus {
    health: Word,
    sync: Word,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Word {
    status: String,
}
