//! What the lists share: the filter and the selected Application. Changing the list keeps both.

use crate::action::Proposal;
use crate::domain::{AppKey, ObjectName};
use crate::store::Query;
use crate::store::query::QueryError;

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
    /// The resource of it under the cursor of its own screen.
    pub object: Option<ObjectName>,
    /// What the screen of the plan is to show.
    pub proposal: Option<Proposal>,
    /// Logs are those of the containers before their last restart.
    pub previous: bool,
}

impl Lens {
    /// Narrows the lists to `text`.
    pub fn filter(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        (self.query, self.error) = self.query.with_text(text);
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
        if !self.text.trim().is_empty() {
            words.push(format!("/{}", self.text.trim()));
        }
        words
    }
}
