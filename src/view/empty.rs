//! What a list says when it has nothing to show: why, and what to do next.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Lens, Seen};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::Link;
use crate::widget::Pen;

/// Draws the empty state.
pub fn draw(lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
    let (what, next) = words(lens, seen);
    let mut line = 1;
    for (text, role) in std::iter::once((what, Role::Text)).chain(next.into_iter().map(|n| (n, Role::Dim))) {
        for part in wrap(&text, usize::from(area.width.saturating_sub(4))) {
            Pen::new(buf, area, line, seen.glyphs.ellipsis).skip(2).text(&part, seen.style(role));
            line += 1;
        }
    }
}

fn words(lens: &Lens, seen: &Seen<'_>) -> (String, Vec<String>) {
    if !seen.apps.is_empty() && !lens.query.is_everything() {
        let why = lens.words().join(", ");
        return (
            format!("No Application matches: {why}"),
            vec!["esc clears the filter, 0 shows every environment".into()],
        );
    }
    let sources = seen.apps.sources();
    if sources.is_empty() {
        let next = "Point KUBECONFIG or --context at a cluster with Argo CD, or look around with: pilothouse demo";
        return ("No source of Applications is known.".into(), vec![next.into()]);
    }
    let connecting = sources.iter().find_map(|(name, s)| match s.link {
        Link::Connecting { loaded } => Some((name, loaded)),
        _ => None,
    });
    if let Some((name, loaded)) = connecting {
        return (format!("Reading Applications from {name}{} {loaded} so far", seen.glyphs.ellipsis), Vec::new());
    }
    let failing = sources.iter().find(|(_, s)| s.link.is_doubtful());
    if let Some((name, source)) = failing {
        let why = match &source.link {
            Link::Denied { what } => what.clone(),
            Link::Auth { why } | Link::Down { why, .. } => why.clone(),
            _ => "no data for a while".to_owned(),
        };
        let key = seen.keys.key(&[Scope::List], CommandId::SourceLogin).filter(|_| source.wants_login());
        let mut next: Vec<String> = key.map(|key| format!("{key} logs in")).into_iter().collect();
        next.extend(source.facts.hint.clone());
        next.push("o shows every source".to_owned());
        return (format!("{name}: {}: {why}", source.link.word()), next);
    }
    if sources.values().all(|s| s.link == Link::Off) {
        return ("Every source is off.".into(), vec!["o lists them, enter turns one on".into()]);
    }
    let next = "Create one, or check with o that this is the Argo CD you meant";
    ("There is no Application yet.".into(), vec![next.into()])
}

/// Breaks text at spaces into lines of at most `width` characters; a longer word is left to be cut by the pen.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if crate::widget::pen::width(line) + 1 + crate::widget::pen::width(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
