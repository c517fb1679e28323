//! What something would make of an Application, by what Git wants in detail: read beside a plan, and told with its rung.

use super::Seen;
use super::detail::Run;
use crate::config::theme::Role;
use crate::domain::{AppKey, Change, Comparison, Rung, Versus};

/// Names of resources that fit into a line.
const NAMED: usize = 4;

/// Where it is known from, or why it is not, or that it is being read.
pub(super) fn source(comparison: Option<&Comparison>, seen: &Seen<'_>) -> (String, Role) {
    match comparison {
        None => (format!("what Git wants in detail is being read{}", seen.glyphs.ellipsis), Role::Dim),
        Some(Comparison { failed: Some(why), .. }) => {
            (format!("what Git wants in detail is not known: {why}"), Role::Warn)
        }
        Some(Comparison { rung: Some(Rung::Drift) | None, .. }) => {
            ("what Git wants in detail is not known: argocd-server or its cache would tell".to_owned(), Role::Warn)
        }
        Some(Comparison { rung: Some(rung), .. }) => (rung.said().to_owned(), Role::Dim),
    }
}

/// What going back to a deployment would make of what runs, in one line.
pub(super) fn line(app: &AppKey, versus: &Versus, seen: &Seen<'_>) -> Vec<Run> {
    let comparison = seen.apps.comparison(app, versus).map(|comparison| &**comparison);
    let Some(known) = comparison.filter(|comparison| comparison.rung.is_some()) else {
        let (words, role) = source(comparison, seen);
        return vec![(format!("   {words}"), role)];
    };
    let (create, update, prune) = known.counts();
    let mut runs = vec![("   against what runs".to_owned(), Role::Dim)];
    for (sign, count, role) in [("+", create, Role::Ok), ("~", update, Role::Warn), ("-", prune, Role::Bad)] {
        runs.push((format!("  {sign}{count}"), if count > 0 { role } else { Role::Dim }));
    }
    let changed = known.resources.iter().filter(|resource| resource.change != Change::Same);
    let mut names: Vec<String> =
        changed.map(|resource| format!("{} {}", resource.object.kind, resource.object.name)).collect();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    runs.push((format!("  {}{more}", names.join(", ")), Role::Text));
    runs.push((format!("  {}", source(comparison, seen).0), Role::Dim));
    runs
}
