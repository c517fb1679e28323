//! ApplicationSets as they change; what is there at the beginning is not told.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use super::super::super::kinds;
use super::super::desk::{Caller, Desk};
use super::super::objects::{set_name, shown_set};
use super::flow::Source;

/// What one client watches.
pub(in crate::sim::server) struct Sets {
    desk: Arc<Desk>,
    caller: Caller,
    name: String,
    changed: watch::Receiver<u64>,
    at: u64,
}

impl Sets {
    /// Watches from now on; only one set, if it is named.
    pub fn begin(desk: &Arc<Desk>, caller: Caller, name: &str) -> Self {
        let changed = desk.store.subscribe("ApplicationSet");
        let at = desk.store.resource_version();
        Self { desk: Arc::clone(desk), caller, name: name.to_owned(), changed, at }
    }

    fn gather(&mut self) -> Vec<Bytes> {
        self.changed.borrow_and_update();
        let Some(kind) = kinds::by_kind("ApplicationSet") else { return Vec::new() };
        let Ok((changes, complete)) = self.desk.store.changes(kind.kind, self.at, usize::MAX) else {
            self.at = self.desk.store.resource_version();
            return Vec::new();
        };
        self.at = complete;
        let mut frames = Vec::new();
        for change in changes {
            let object = &change.object;
            if !self.name.is_empty() && self.name != object.name() {
                continue;
            }
            if !self.desk.may(&self.caller, "applicationsets", "get", &set_name(&object.value(kind))) {
                continue;
            }
            let word = match (change.deleted, &change.before) {
                (true, _) => "DELETED",
                (false, None) => "ADDED",
                (false, Some(_)) => "MODIFIED",
            };
            let body = shown_set(object.to_value(kind));
            frames.push(format!("{{\"result\":{{\"type\":\"{word}\",\"applicationSet\":{body}}}}}").into());
        }
        frames
    }
}

impl Source for Sets {
    async fn next(&mut self) -> Option<Vec<Bytes>> {
        loop {
            let frames = self.gather();
            if !frames.is_empty() {
                return Some(frames);
            }
            self.changed.changed().await.ok()?;
        }
    }
}
