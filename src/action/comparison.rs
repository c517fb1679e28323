//! What is there now and what an earlier deployment had, side by side.

use super::application::Application;
use super::entry::Entry;
use super::past::Past;
use crate::domain::app::short_revision;

/// Something that an earlier deployment can have otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// `revision`, `images`, or the name of a parameter.
    pub what: String,
    /// As it is now.
    pub now: String,
    /// As it was then; nothing where nobody noted it.
    pub then: Option<String>,
}

impl Compared {
    /// Whether it was otherwise, for all that is known.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.then.as_ref().is_some_and(|then| *then != self.now)
    }

    /// How it was, in words.
    #[must_use]
    pub fn told(&self) -> &str {
        self.then.as_deref().unwrap_or("not noted anywhere")
    }
}

/// Revisions, images and parameters of what is there now and of a deployment, one a line.
#[must_use]
pub fn compare(app: &Application, entry: &Entry, past: &Past) -> Vec<Compared> {
    let none = || "-".to_owned();
    let here = app.history().last().map(Entry::all_revisions).unwrap_or_default();
    let there = entry.all_revisions();
    let count = here.len().max(there.len());
    let of = |all: &[String], n: usize| all.get(n).map_or_else(none, |revision| short_revision(revision).to_owned());
    let label = |n: usize| if count > 1 { format!("{} revision", n + 1) } else { "revision".to_owned() };
    let mut rows: Vec<Compared> =
        (0..count).map(|n| Compared { what: label(n), now: of(&here, n), then: Some(of(&there, n)) }).collect();
    let newest = app.history();
    let story = |entry: Option<&Entry>| entry.map(|entry| past.story(entry)).unwrap_or_default();
    let (now, then) = (story(newest.last()), story(Some(entry)));
    if !(now.is_empty() && then.is_empty()) {
        rows.push(Compared { what: "commit".to_owned(), now, then: Some(then).filter(|then| !then.is_empty()) });
    }
    let then = past.images(entry);
    rows.push(Compared {
        what: "images".to_owned(),
        now: listed(app.images()),
        then: Some(listed(then)).filter(|then| !then.is_empty()),
    });
    let (now, then) = (app.parameters(), entry.parameters());
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in now.iter().chain(&then) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let find = |all: &[(String, String)], name: &str| {
        all.iter().find(|(known, _)| known == name).map_or_else(none, |(_, value)| value.clone())
    };
    let parameter =
        |name: &String| Compared { what: name.clone(), now: find(&now, name), then: Some(find(&then, name)) };
    rows.extend(names.into_iter().map(parameter));
    rows
}

fn listed(mut images: Vec<String>) -> String {
    images.sort();
    images.dedup();
    images.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn several_sources_are_told_one_by_one() {
        let sources = |tag: &str| {
            json!([{"repoURL": "r", "targetRevision": "main", "helm": {"parameters": [{"name": "image.tag", "value": tag}]}},
                {"repoURL": "v", "path": "values"}])
        };
        let row = |id: i64, tag: &str, revision: &str| json!({"id": id, "revisions": [revision, "same"], "sources": sources(tag)});
        let app = Application::new(json!({
            "spec": {"sources": sources("2")},
            "status": {"summary": {"images": ["web:2"]}, "history": [row(1, "1", "a"), row(2, "2", "b")]},
        }));
        let rows = compare(&app, &app.history()[0], &Past::default());
        let differ: Vec<(&str, &str, &str)> =
            rows.iter().filter(|row| row.differs()).map(|row| (&*row.what, &*row.now, row.told())).collect();
        assert_eq!(differ, [("1 revision", "b", "a"), ("images", "web:2", "1"), ("1 image.tag", "2", "1")]);
        assert!(rows.iter().any(|row| row.what == "2 path" && !row.differs()));
    }

    #[test]
    fn what_nobody_noted_is_no_difference() {
        let row = json!({"id": 1, "revision": "a", "source": {"repoURL": "r"}});
        let app = Application::new(json!({"status": {"summary": {"images": ["web:2"]}, "history": [row]}}));
        let rows = compare(&app, &app.history()[0], &Past::default());
        let images = rows.iter().find(|row| row.what == "images").unwrap();
        assert!(!images.differs() && images.told() == "not noted anywhere");
    }
}
