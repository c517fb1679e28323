//! What a list is narrowed to, and the small language people type it in.
//!
//! ```text
//! backend celery          every word occurs somewhere in the row
//! -staging                the word occurs nowhere
//! env:prod  health:degraded  sync:outofsync  project:core  source:minikube  ns:argocd  name:api
//! trouble:                in any trouble;  trouble:crash  in that one
//! label:team=core         the label has that value;  label:team  it is there
//! image:1.4               an image holds that text
//! age>2d  age<30m         since the last deployment
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::time::elapsed;
use crate::domain::{AppKey, AppRow, Health, Symbol, Sync, Timestamp, TroubleKind};

/// A filter: every part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    terms: Vec<Term>,
    /// Only this environment.
    pub environment: Option<Symbol>,
    /// Only what somebody should look at.
    pub problems: bool,
    /// Only these Applications.
    pub only: Option<Arc<BTreeSet<AppKey>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    negated: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Word(String),
    Text(TextField, String),
    Health(String),
    Sync(String),
    Trouble(String),
    Label(String, Option<String>),
    Age { older: bool, than: Duration },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextField {
    Environment,
    Project,
    Source,
    Namespace,
    Name,
    Service,
    Image,
}

/// Why a filter cannot be understood, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Where the part that is not understood begins, in characters.
    pub at: usize,
    /// What is wrong with it, and what to write.
    pub message: String,
}

/// Keys and what they mean; the first of a meaning is the one that is shown.
const KEYS: [&str; 12] =
    ["env", "health", "sync", "trouble", "label", "image", "age", "name", "service", "project", "source", "ns"];

impl Query {
    /// The same query with the terms of `text`. What is not understood is left out and said.
    #[must_use]
    pub fn with_text(&self, text: &str) -> (Self, Option<QueryError>) {
        let mut error = None;
        let mut terms = Vec::new();
        for (at, word) in words(text) {
            match term(word) {
                Ok(found) => terms.extend(found),
                Err(message) => error = error.or(Some(QueryError { at, message })),
            }
        }
        (Self { terms, ..self.clone() }, error)
    }

    /// Whether nothing is filtered out.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.terms.is_empty() && self.environment.is_none() && !self.problems && self.only.is_none()
    }

    /// When the answer for a row may change by time alone: only ages do.
    #[must_use]
    pub fn depends_on_time(&self) -> bool {
        self.terms.iter().any(|t| matches!(t.test, Test::Age { .. }))
    }

    /// Whether a row passes.
    #[must_use]
    pub fn matches(&self, row: &AppRow, trouble: Option<TroubleKind>, now: Timestamp) -> bool {
        if self.environment.is_some() && row.environment != self.environment {
            return false;
        }
        if self.only.as_ref().is_some_and(|only| !only.contains(&row.key)) {
            return false;
        }
        if self.problems && !is_problem(row, trouble) {
            return false;
        }
        self.terms.iter().all(|term| term.test.holds(row, trouble, now) != term.negated)
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

/// Words with the place they begin at, in characters.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace().map(move |word| {
        let bytes = word.as_ptr() as usize - text.as_ptr() as usize;
        (text[..bytes].chars().count(), word)
    })
}

fn term(word: &str) -> Result<Option<Term>, String> {
    let (negated, word) = match word.strip_prefix('-') {
        Some("") => return Ok(None),
        Some(rest) => (true, rest),
        None => (false, word),
    };
    let lower = word.to_lowercase();
    let test = if let Some(at) = lower.find(['>', '<']).filter(|at| lower[..*at].eq("age")) {
        age(&lower[at..])?
    } else if let Some((key, value)) = lower.split_once(':') {
        keyed(key, value)?
    } else {
        Test::Word(lower)
    };
    Ok(Some(Term { negated, test }))
}

fn keyed(key: &str, value: &str) -> Result<Test, String> {
    let text = |field| Ok(Test::Text(field, value.to_owned()));
    match key {
        "env" | "environment" => text(TextField::Environment),
        "project" => text(TextField::Project),
        "source" | "context" => text(TextField::Source),
        "ns" | "namespace" => text(TextField::Namespace),
        "name" | "app" => text(TextField::Name),
        "service" => text(TextField::Service),
        "image" => text(TextField::Image),
        "trouble" => Ok(Test::Trouble(value.to_owned())),
        "health" => known(value, Health::ALL.map(Health::word), key).map(Test::Health),
        "sync" => known(value, ["Synced", "OutOfSync", "Unknown"], key).map(Test::Sync),
        "label" => Ok(match value.split_once('=') {
            Some((label, value)) => Test::Label(label.to_owned(), Some(value.to_owned())),
            None => Test::Label(value.to_owned(), None),
        }),
        "age" => Err("write age>2d or age<30m".to_owned()),
        _ => Err(unknown(key)),
    }
}

/// What is said of a key that there is not: the one that was most likely meant, else all there are.
fn unknown(key: &str) -> String {
    let near = KEYS.iter().map(|known| (strsim::damerau_levenshtein(key, known), known)).min();
    match near.filter(|(distance, known)| distance * 3 <= known.len() + 2) {
        Some((_, known)) => format!("there is no `{key}:`; did you mean `{known}:`?"),
        None => format!("there is no `{key}:`; there are {}", KEYS.map(|k| format!("{k}:")).join(" ")),
    }
}

/// A value that has to be the beginning of a known word; while it is typed it is one soon enough.
fn known<const N: usize>(value: &str, all: [&str; N], key: &str) -> Result<String, String> {
    if all.iter().any(|word| word.to_lowercase().starts_with(value)) {
        return Ok(value.to_owned());
    }
    Err(format!("{key}: takes {}", all.join(", ")))
}

fn age(comparison: &str) -> Result<Test, String> {
    let older = comparison.starts_with('>');
    let wanted = || "write age>2d, age<30m, age>12h or age<90s".to_owned();
    let value = &comparison[1..];
    let unit = value.chars().last().ok_or_else(wanted)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wanted()),
    };
    let count: u64 = value[..value.len() - 1].parse().map_err(|_| wanted())?;
    let than = Duration::from_secs(count.checked_mul(seconds).ok_or_else(wanted)?);
    Ok(Test::Age { older, than })
}

impl Test {
    fn holds(&self, row: &AppRow, trouble: Option<TroubleKind>, now: Timestamp) -> bool {
        match self {
            Self::Word(word) => has_word(row, trouble, word),
            Self::Text(field, value) => field.holds(row, value),
            Self::Health(value) => begins(row.health.word(), value),
            Self::Sync(value) => begins(row.sync.word(), value),
            Self::Trouble(value) => trouble.is_some_and(|t| contains(t.short(), value) || contains(t.word(), value)),
            Self::Label(key, value) => row.labels.iter().any(|(k, v)| {
                k.eq_ignore_ascii_case(key) && value.as_ref().is_none_or(|value| v.eq_ignore_ascii_case(value))
            }),
            Self::Age { older, than } => row.age_since().is_some_and(|at| (elapsed(at, now) > *than) == *older),
        }
    }
}

impl TextField {
    fn holds(self, row: &AppRow, value: &str) -> bool {
        match self {
            Self::Environment => contains(row.environment.as_deref().unwrap_or_default(), value),
            Self::Project => contains(&row.project, value),
            Self::Source => contains(&row.key.source, value),
            Self::Namespace => contains(&row.key.namespace, value) || contains(&row.destination.namespace, value),
            Self::Name => contains(&row.key.name, value),
            Self::Service => contains(&row.service, value),
            Self::Image => row.images.iter().any(|image| contains(image, value)),
        }
    }
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

fn begins(text: &str, value: &str) -> bool {
    text.get(..value.len()).is_some_and(|start| start.eq_ignore_ascii_case(value))
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
    use crate::domain::Deployment;
    use proptest::prelude::*;

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn row(name: &str, environment: &str) -> AppRow {
        AppRow {
            key: AppKey { source: "minikube".into(), namespace: "argocd".into(), name: name.into() },
            environment: Some(environment.into()),
            sync: Sync::Synced,
            health: Health::Healthy,
            labels: [("team".into(), "core".into())].into(),
            images: ["registry/backend:1.4.2".into()].into(),
            deployed: Some(Box::new(Deployment {
                id: 1,
                revision: "main".into(),
                at: "2026-11-20T12:00:00Z".parse().unwrap(),
                by: None,
            })),
            ..AppRow::default()
        }
    }

    fn passes(text: &str, row: &AppRow, trouble: Option<TroubleKind>) -> bool {
        let (query, error) = Query::default().with_text(text);
        assert_eq!(error, None, "{text}");
        query.matches(row, trouble, now())
    }

    #[test]
    fn every_part_of_the_language_narrows_as_it_reads() {
        let row = row("Backend-dev", "dev");
        let yes = [
            "",
            "back",
            "BACK mini",
            "healthy",
            "-prod",
            "env:dev",
            "env:",
            "health:heal",
            "sync:synced",
            "-sync:out",
            "label:team=core",
            "label:team",
            "-label:tier",
            "image:1.4",
            "age>2d",
            "age<4d",
            "-age<1d",
            "-",
            "ns:argocd",
            "name:backend env:dev -prod",
        ];
        for text in yes {
            assert!(passes(text, &row, None), "{text}");
        }
        for text in
            ["back prod", "-back", "env:prod", "health:deg", "label:team=ops", "image:1.5", "age>3d", "trouble:"]
        {
            assert!(!passes(text, &row, None), "{text}");
        }
        assert!(passes("trouble:crash", &row, Some(TroubleKind::CrashLoop)));
        assert!(passes("trouble:", &row, Some(TroubleKind::Degraded)));
    }

    #[test]
    fn what_is_not_understood_is_said_where_it_stands_and_the_rest_applies() {
        let (query, error) = Query::default().with_text("prod healht:x age>2y");
        let error = error.unwrap();
        assert_eq!(error.at, 5);
        assert!(error.message.contains("`healht:`") && error.message.contains("health:"), "{}", error.message);
        assert!(!query.matches(&row("a", "dev"), None, now()) && query.matches(&row("a", "prod"), None, now()));
    }

    #[test]
    fn problems_are_what_somebody_should_look_at() {
        let problems = Query { problems: true, ..Query::default() };
        let fine = row("a", "dev");
        let shown = |row: &AppRow, trouble| problems.matches(row, trouble, now());
        assert!(!shown(&fine, None));
        assert!(shown(&fine, Some(TroubleKind::OperationHeld)));
        assert!(shown(&AppRow { sync: Sync::OutOfSync, ..fine.clone() }, None));
        assert!(!shown(&AppRow { health: Health::Progressing, ..fine }, None));
    }

    proptest! {
        #[test]
        fn any_text_is_understood_or_explained(text: String, keyed in "(env|health|age|label|-)?[:<>=a-z0-9é ]{0,12}") {
            let text = format!("{text} {keyed}");
            let (query, error) = Query::default().with_text(&text);
            _ = query.matches(&row("a", "dev"), None, now());
            if let Some(error) = error {
                prop_assert!(error.at < text.chars().count());
            }
        }
    }
}
