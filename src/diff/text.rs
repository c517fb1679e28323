//! A comparison as text: for scripts, pipes and the clipboard.

use crate::domain::{Change, Compared, Comparison, ObjectName, Row, Sides, Symbol};

/// Lines shown around a change.
const AROUND: usize = 3;

/// The lines of one object as a unified diff from what runs to what is wanted: with a head of its own.
#[must_use]
pub fn unified(resource: &Compared) -> String {
    let name = named(&resource.object);
    let (from, to) = match resource.change {
        Change::Create => ("/dev/null".to_owned(), format!("desired/{name}")),
        Change::Prune => (format!("live/{name}"), "/dev/null".to_owned()),
        Change::Update | Change::Same => (format!("live/{name}"), format!("desired/{name}")),
    };
    let mut out = format!("--- {from}\n+++ {to}\n");
    let rows = &resource.rows.rows;
    let is_changed = |row: &Row| !matches!(row.sides, Sides::Same(_));
    let mut at = 0;
    while let Some(first) = rows.iter().skip(at).position(is_changed).map(|n| n + at) {
        let begin = first.saturating_sub(AROUND).max(at);
        let mut last = first;
        while let Some(next) = rows.iter().skip(last + 1).take(2 * AROUND).position(is_changed) {
            last += next + 1;
        }
        let end = (last + 1 + AROUND).min(rows.len());
        hunk(rows, begin, end, &mut out);
        at = end;
    }
    out
}

/// The lines `begin..end` as a hunk with its head.
fn hunk(rows: &[Row], begin: usize, end: usize, out: &mut String) {
    let lines = |rows: &[Row]| {
        rows.iter().fold((0, 0), |(live, desired), row| match row.sides {
            Sides::Same(_) | Sides::Changed(..) => (live + 1, desired + 1),
            Sides::Desired(_) => (live, desired + 1),
            Sides::Live(_) => (live + 1, desired),
        })
    };
    let (before, within) = (lines(&rows[..begin]), lines(&rows[begin..end]));
    let from = |before: usize, count: usize| if count == 0 { before } else { before + 1 };
    out.push_str(&format!(
        "@@ -{},{} +{},{} @@\n",
        from(before.0, within.0),
        within.0,
        from(before.1, within.1),
        within.1
    ));
    // all that goes of a run of changes stands before all that comes, as everywhere
    let (mut goes, mut comes) = (String::new(), String::new());
    for row in &rows[begin..end] {
        match &row.sides {
            Sides::Same(line) => {
                out.push_str(&std::mem::take(&mut goes));
                out.push_str(&std::mem::take(&mut comes));
                out.push_str(&format!(" {line}\n"));
            }
            Sides::Changed(desired, live) => {
                goes.push_str(&format!("-{live}\n"));
                comes.push_str(&format!("+{desired}\n"));
            }
            Sides::Desired(line) => comes.push_str(&format!("+{line}\n")),
            Sides::Live(line) => goes.push_str(&format!("-{line}\n")),
        }
    }
    out.push_str(&goes);
    out.push_str(&comes);
}

/// One line an object that differs, and one of all.
#[must_use]
pub fn stat(comparison: &Comparison) -> String {
    let mut out = String::new();
    for resource in comparison.resources.iter().filter(|resource| resource.change != Change::Same) {
        let (plus, minus) = resource.counts;
        out.push_str(&format!("{} {}  +{plus} -{minus}\n", resource.change.sign(), named(&resource.object)));
    }
    for usual in &comparison.usual {
        out.push_str(&format!(
            "= {}  {} -> {} ({} fields)\n",
            usual.what,
            usual.live,
            usual.desired,
            usual.fields.len()
        ));
    }
    let (create, update, prune) = comparison.counts();
    let differ = create + update + prune;
    out.push_str(&format!(
        "{differ} of {} differ: {create} to create, {update} to update, {prune} to prune\n",
        comparison.resources.len()
    ));
    out
}

/// `apps/Deployment/namespace/name`, the parts that are not there left out.
fn named(object: &ObjectName) -> String {
    let parts = [&object.group, &object.kind, &object.namespace, &object.name];
    parts.into_iter().filter(|part| !part.is_empty()).map(Symbol::as_str).collect::<Vec<_>>().join("/")
}
