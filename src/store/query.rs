//! What a list is narrowed to.

use crate::domain::{AppRow, Health, Symbol, Sync, TroubleKind};

/// A filter: every part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    words: Vec<String>,
    /// Only this environment.
    pub environment: Option<Symbol>,
    /// Only what somebody should look at.
    pub problems: bool,
}

impl Query {
    /// The same query with other words. Every word must occur in some text of the row, whatever its case.
    #[must_use]
    pub fn with_text(&self, text: &str) -> Self {
        Self { words: text.split_whitespace().map(str::to_lowercase).collect(), ..self.clone() }
    }

    /// Whether nothing is filtered out.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.words.is_empty() && self.environment.is_none() && !self.problems
    }

    /// Whether a row passes.
    #[must_use]
    pub fn matches(&self, row: &AppRow, trouble: Option<TroubleKind>) -> bool {
        if self.environment.is_some() && row.environment != self.environment {
            return false;
        }
        if self.problems && !is_problem(row, trouble) {
            return false;
        }
        self.words.iter().all(|word| has_word(row, trouble, word))
    }
}

/// In trouble, drifted, not healthy, or not comparable. A running operation alone is no problem.
#[must_use]
pub fn is_problem(row: &AppRow, trouble: Option<TroubleKind>) -> bool {
    trouble.is_some()
        || row.sync != Sync::Synced
        || matches!(row.health, Health::Degraded | Health::Missing | Health::Unknown)
        || row.deleting.is_some()
}

fn has_word(row: &AppRow, trouble: Option<TroubleKind>, word: &str) -> bool {
    let environment = row.environment.as_deref().unwrap_or_default();
    let texts = [
        &*row.key.name,
        environment,
        &*row.service,
        &*row.key.source,
        &*row.key.namespace,
        &*row.project,
        row.health.word(),
        row.sync.word(),
        row.version(),
        trouble.map_or("", TroubleKind::short),
    ];
    texts.iter().any(|text| contains(text, word))
}

/// Whether `text` holds `word`, which is lower case already. Names are ASCII nearly always: no copy is made for them.
fn contains(text: &str, word: &str) -> bool {
    if text.is_ascii() {
        let (text, word) = (text.as_bytes(), word.as_bytes());
        return word.is_empty() || text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    }
    text.to_lowercase().contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AppKey;

    fn row(name: &str, environment: &str) -> AppRow {
        AppRow {
            key: AppKey { source: "minikube".into(), namespace: "argocd".into(), name: name.into() },
            environment: Some(environment.into()),
            sync: Sync::Synced,
            health: Health::Healthy,
            ..AppRow::default()
        }
    }

    #[test]
    fn words_are_found_anywhere_in_any_case_and_all_must_be() {
        let row = row("Backend-dev", "dev");
        let passes = |text: &str| Query::default().with_text(text).matches(&row, None);
        assert!(passes("") && passes("back") && passes("BACK mini") && passes("healthy"));
        assert!(!passes("back prod"));
    }

    #[test]
    fn problems_are_what_somebody_should_look_at() {
        let problems = Query { problems: true, ..Query::default() };
        let fine = row("a", "dev");
        assert!(!problems.matches(&fine, None));
        assert!(problems.matches(&fine, Some(TroubleKind::OperationHeld)));
        assert!(problems.matches(&AppRow { sync: Sync::OutOfSync, ..fine.clone() }, None));
        assert!(!problems.matches(&AppRow { health: Health::Progressing, ..fine }, None));
    }
}
