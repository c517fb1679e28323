//! What the lists share: the filter and the selected Application. Changing the list keeps both.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::action::Proposal;
use crate::domain::{AppKey, ObjectName, Versus};
use crate::store::query::QueryError;
use crate::store::{Query, Sort};

/// The shared part of Board, Fleet and what opens from them.
#[derive(Clone, Debug, Default)]
pub struct Lens {
    /// What the lists are narrowed to.
    pub query: Query,
    /// The words of the filter as typed.
    pub text: String,
    /// What of the filter is not understood.
    pub error: Option<QueryError>,
    /// The selected Application.
    pub selected: Option<AppKey>,
    /// What was marked, to be done something with together.
    pub marks: BTreeSet<AppKey>,
    /// How the Fleet is sorted.
    pub sort: Sort,
    /// A resource that the screen of the Application is to go to: its kind and its name.
    pub resource: Option<(String, String)>,
    /// The resource of it under the cursor of its own screen.
    pub object: Option<ObjectName>,
    /// What the diff is to compare, where it is not what Git wants now with what runs.
    pub versus: Option<Versus>,
    /// What the screen of the plan is to show.
    pub proposal: Option<Proposal>,
    /// Logs are those of the hooks of the operation alone.
    pub hooks: bool,
    /// Logs are those of the containers before their last restart.
    pub previous: bool,
}

impl Lens {
    /// Narrows the lists to `text`.
    pub fn filter(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        (self.query, self.error) = self.query.with_text(text);
    }

    /// Marks Applications, or takes their marks away when all of them are marked.
    pub fn mark(&mut self, keys: &[AppKey]) {
        if keys.iter().all(|key| self.marks.contains(key)) {
            self.marks.retain(|key| !keys.contains(key));
        } else {
            self.marks.extend(keys.iter().cloned());
        }
        self.show_marked(self.query.only.is_some());
    }

    /// Forgets the marks of Applications that are gone, or all of them.
    pub fn keep_marks(&mut self, keep: impl Fn(&AppKey) -> bool) {
        let before = self.marks.len();
        self.marks.retain(keep);
        if self.marks.len() < before {
            self.show_marked(self.query.only.is_some());
        }
    }

    /// Shows only what is marked, or whatever is not filtered out; without marks there is nothing to narrow to.
    pub fn show_marked(&mut self, only: bool) {
        self.query.only = (only && !self.marks.is_empty()).then(|| Arc::new(self.marks.clone()));
    }

    /// Says what the lists are narrowed to, for titles and empty states; nothing when they are not.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(environment) = &self.query.environment {
            words.push(environment.to_string());
        }
        if self.query.problems {
            words.push("problems".to_owned());
        }
        if self.query.only.is_some() {
            words.push("marked".to_owned());
        }
        if !self.text.trim().is_empty() {
            words.push(format!("/{}", self.text.trim()));
        }
        words
    }
}
