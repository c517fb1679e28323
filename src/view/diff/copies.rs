//! What can be copied of a comparison.

use super::lines::Line;
use super::screen::{Diff, say};
use crate::diff::{ignore_entry, unified};
use crate::domain::{Change, Sides};
use crate::view::Effect;

impl Diff {
    /// Copies the run of changes the cursor is in, as lines that go and come.
    pub(super) fn copy(&self) -> Vec<Effect> {
        let (Some(comparison), Some(line)) = (&self.comparison, self.here()) else {
            return say("there is nothing to copy");
        };
        let resource = &comparison.resources[line.resource()];
        let rows = &resource.rows.rows;
        let text = match line {
            Line::Row(_, at, ..) if self.options.is_changed(&rows[at]) => {
                let changed = |at: &usize| self.options.is_changed(&rows[*at]);
                let begin = (0..=at).rev().take_while(changed).last().unwrap_or(at);
                let run = rows[begin..].iter().take_while(|row| self.options.is_changed(row));
                let mut text = format!("# {} {}\n", resource.object.kind, resource.object.name);
                for row in run {
                    match &row.sides {
                        Sides::Changed(desired, live) => text.push_str(&format!("-{live}\n+{desired}\n")),
                        Sides::Desired(line) => text.push_str(&format!("+{line}\n")),
                        Sides::Live(line) => text.push_str(&format!("-{line}\n")),
                        Sides::Same(line) => text.push_str(&format!(" {line}\n")),
                    }
                }
                text
            }
            Line::Head(_) if resource.change != Change::Same => unified(resource),
            _ => return say("the cursor is on no change; { and } go to one"),
        };
        let what = if matches!(line, Line::Head(_)) { "the resource's diff" } else { "the change" };
        vec![Effect::Copy { what: what.to_owned(), text }]
    }

    /// Copies the rule that would ignore the field, where something in the cluster keeps it as it is.
    pub(super) fn silence(&self) -> Vec<Effect> {
        match self.field() {
            Some((resource, field)) if field.is_controlled() => {
                let text = ignore_entry(&resource.object, &field.path);
                vec![Effect::Copy { what: "an ignoreDifferences entry for it".to_owned(), text }]
            }
            Some(_) => say("no controller keeps this field: a rule would hide what people do"),
            None => say("the cursor is on no change; { and } go to one"),
        }
    }
}
