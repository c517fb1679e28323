//! The tree of an Application, whole, whenever something happened in it.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::super::super::argocd::inspect;
use super::super::desk::Desk;
use super::super::fields::Selection;
use super::super::state::touched::Touched;
use super::super::state::tree::tree;
use super::flow::Source;

/// What one client watches.
pub(in crate::sim::server) struct Tree {
    desk: Arc<Desk>,
    name: String,
    touched: Touched,
    selection: Option<Selection>,
}

impl Tree {
    /// Watches from now on.
    pub fn begin(desk: &Arc<Desk>, name: &str, app: &Value, fields: &str) -> Self {
        let store = inspect::destination(&desk.clusters, app).unwrap_or(&desk.store);
        let touched = Touched::new(store, &desk.namespace);
        Self { desk: Arc::clone(desk), name: name.to_owned(), touched, selection: Selection::parse(fields) }
    }
}

impl Source for Tree {
    async fn next(&mut self) -> Option<Vec<Bytes>> {
        loop {
            if !self.touched.next().await.contains(&self.name) {
                continue;
            }
            let app = self.desk.store.get("Application", &self.desk.namespace, &self.name)?;
            let frame = format!("{{\"result\":{}}}", tree(&self.desk, &app));
            return Some(vec![match &self.selection {
                Some(selection) => selection.of(&frame).into(),
                None => frame.into(),
            }]);
        }
    }
}
