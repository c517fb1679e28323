//! The first list: a quick look at every name while the full rows come in.

use std::collections::HashSet;

use futures::future::BoxFuture;

use crate::domain::{AppKey, AppRow, Symbol};

/// What the quick look brings: the bytes of a table, or nothing.
pub(super) type QuickLook = BoxFuture<'static, Option<Vec<u8>>>;

/// Keeps sketches from standing where full rows are, and from staying when nothing full came for them.
pub(super) struct FirstList {
    namespace: Symbol,
    quick_look: Option<QuickLook>,
    sketched: Vec<AppKey>,
    full: HashSet<Symbol>,
    /// Full rows so far.
    pub loaded: usize,
    /// Its beginning has been told.
    pub announced: bool,
}

impl FirstList {
    /// A first list with a quick look at `namespace` under way.
    pub fn new(namespace: Symbol, quick_look: QuickLook) -> Self {
        Self {
            namespace,
            quick_look: Some(quick_look),
            sketched: Vec::new(),
            full: HashSet::new(),
            loaded: 0,
            announced: false,
        }
    }

    /// The namespace the quick look looks at.
    pub fn namespace(&self) -> &Symbol {
        &self.namespace
    }

    /// The quick look's table, once. Can be dropped and called again.
    pub async fn quick_look(&mut self) -> Option<Vec<u8>> {
        let Some(quick_look) = &mut self.quick_look else { return std::future::pending().await };
        let table = quick_look.await;
        self.quick_look = None;
        table
    }

    /// Whether a sketch says more than is known; if so, it is remembered.
    pub fn takes(&mut self, sketch: &AppRow) -> bool {
        let is_new = !self.full.contains(&sketch.key.name);
        if is_new {
            self.sketched.push(sketch.key.clone());
        }
        is_new
    }

    /// A full row came.
    pub fn has(&mut self, key: &AppKey) {
        self.loaded += 1;
        if key.namespace == self.namespace {
            self.full.insert(key.name.clone());
        }
    }

    /// An Application went while the list was read.
    pub fn lost(&mut self, key: &AppKey) {
        if key.namespace == self.namespace {
            self.full.remove(&key.name);
        }
    }

    /// The sketches nothing full came for: the quick look reads a cache, which may lag.
    pub fn leftovers(self) -> impl Iterator<Item = AppKey> {
        let full = self.full;
        self.sketched.into_iter().filter(move |key| !full.contains(&key.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(namespace: &str, name: &str) -> AppRow {
        let key = AppKey { source: "s".into(), namespace: namespace.into(), name: name.into() };
        AppRow { key, ..AppRow::default() }
    }

    #[test]
    fn sketches_give_way_to_full_rows() {
        let mut list = FirstList::new("argocd".into(), Box::pin(std::future::pending()));
        list.has(&row("argocd", "early").key);
        list.has(&row("elsewhere", "late").key);
        assert!(!list.takes(&row("argocd", "early")));
        assert!(list.takes(&row("argocd", "late")));
        assert!(list.takes(&row("argocd", "gone")));
        list.has(&row("argocd", "late").key);
        assert_eq!(list.loaded, 3);
        assert_eq!(list.leftovers().map(|k| k.name.to_string()).collect::<Vec<_>>(), ["gone"]);
    }
}
