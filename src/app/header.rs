//! The first line: environments with their counts, how many Applications, the links.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::config::theme::Role;
use crate::domain::Health;
use crate::store::EnvironmentCount;
use crate::view::{Lens, Seen, links};
use crate::widget::{Pen, pen};

type Run = (String, Style);

/// Draws the header on the first line of `area`. What does not fit is left out whole, the least telling first:
/// the user's name, the product's, links that are live, counts of what is healthy, environments, and last the names
/// of links in doubt.
pub fn draw(lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
    let line = Rect { height: area.height.min(1), ..area };
    buf.set_style(line.intersection(buf.area), seen.style(Role::Header));
    let links = link_runs(seen, false);
    let quiet_links = link_runs(seen, true);
    let mut named = links.clone();
    named.extend(user(seen));
    let fullest = [vec![product(seen)], environments(seen, true), total(lens, seen), named];
    let full = [vec![product(seen)], environments(seen, true), total(lens, seen), links];
    let shorter = [Vec::new(), environments(seen, true), total(lens, seen), quiet_links.clone()];
    let short = [Vec::new(), environments(seen, false), total(lens, seen), quiet_links.clone()];
    let shorter_still = [Vec::new(), overall(seen), total(lens, seen), quiet_links];
    let shortest = [Vec::new(), overall(seen), total(lens, seen), doubtful(seen)];
    let fits = |parts: &[Vec<Run>; 4]| parts.iter().map(|p| width(p)).sum::<usize>() <= usize::from(area.width);
    let parts = [fullest, full, shorter, short, shorter_still].into_iter().find(fits).unwrap_or(shortest);
    let mut pen = Pen::new(buf, line, 0, seen.glyphs.ellipsis);
    let [name, environments, total, links] = parts;
    let on_the_right = width(&links) as u16;
    for (text, style) in name.into_iter().chain(environments).chain(total) {
        pen.text(&text, seen.style(Role::Header).patch(style));
    }
    pen.skip(pen.room().saturating_sub(on_the_right));
    for (text, style) in links {
        pen.text(&text, seen.style(Role::Header).patch(style));
    }
}

fn width(runs: &[Run]) -> usize {
    runs.iter().map(|(text, _)| pen::width(text)).sum::<usize>() + 1
}

fn product(seen: &Seen<'_>) -> Run {
    (" pilothouse ".to_owned(), seen.style(Role::Title))
}

fn environments(seen: &Seen<'_>, healthy_too: bool) -> Vec<Run> {
    let census = seen.apps.census();
    let mut runs = Vec::new();
    for environment in seen.apps.environments() {
        let Some(count) = census.of(&environment.name) else { continue };
        runs.push((format!(" {} ", seen.environment_name(&environment)), seen.environment_style(&environment)));
        runs.extend(signs(seen, count, healthy_too));
        runs.push((" ".to_owned(), seen.style(Role::Text)));
    }
    runs
}

fn overall(seen: &Seen<'_>) -> Vec<Run> {
    let mut runs = vec![(" ".to_owned(), seen.style(Role::Text))];
    runs.extend(signs(seen, seen.apps.census().total(), false));
    runs
}

/// Counts by sign: trouble, what moves, drift; what is healthy where there is room.
fn signs(seen: &Seen<'_>, count: &EnvironmentCount, healthy_too: bool) -> Vec<Run> {
    let glyphs = seen.glyphs;
    let all = [
        (glyphs.healthy, count.health(Health::Healthy), Role::Ok, healthy_too),
        (glyphs.progressing, count.health(Health::Progressing), Role::Busy, true),
        (glyphs.degraded, count.health(Health::Degraded), Role::Bad, true),
        (glyphs.missing, count.health(Health::Missing), Role::Warn, healthy_too),
        (glyphs.out_of_sync, count.out_of_sync, Role::Warn, true),
        (glyphs.trouble, count.trouble, Role::Bad, true),
    ];
    let shown = all.into_iter().filter(|(_, n, _, wanted)| *n > 0 && *wanted);
    shown.map(|(sign, n, role, _)| (format!("{sign}{n} "), seen.style(role))).collect()
}

fn total(lens: &Lens, seen: &Seen<'_>) -> Vec<Run> {
    let mut runs = vec![(format!("  {} apps", seen.apps.len()), seen.style(Role::Text))];
    if !lens.marks.is_empty() {
        runs.push((format!("  {}{} marked", seen.glyphs.marked, lens.marks.len()), seen.style(Role::Accent)));
    }
    let words = lens.words();
    if !words.is_empty() {
        runs.push((format!("  only {}", words.join(" ")), seen.style(Role::Accent)));
    }
    let left_out = seen.apps.left_out();
    if left_out > 0 {
        // their pods would be too many to read at once: trouble in them is not seen
        runs.push((format!("  {left_out} namespaces not read"), seen.style(Role::Warn)));
    }
    runs
}

/// How many sources may have been overtaken, where there is no room for their names.
fn doubtful(seen: &Seen<'_>) -> Vec<Run> {
    let count = seen.apps.sources().values().filter(|source| source.link.is_doubtful()).count();
    if count == 0 {
        Vec::new()
    } else {
        vec![(format!("{} {count} links ", seen.glyphs.trouble), seen.style(Role::Warn))]
    }
}

/// Who we are, when it is the same everywhere.
fn user(seen: &Seen<'_>) -> Option<Run> {
    let on = seen.apps.sources().values().filter(|s| s.link != crate::domain::Link::Off);
    let mut users = on.map(|s| s.facts.user.as_str()).filter(|u| !u.is_empty());
    let first = users.next()?;
    users.all(|u| u == first).then(|| (format!("   you: {first}"), seen.style(Role::Dim)))
}

fn link_runs(seen: &Seen<'_>, doubtful_only: bool) -> Vec<Run> {
    let mut runs = Vec::new();
    for (name, source) in seen.apps.sources() {
        let quiet = matches!(source.link, crate::domain::Link::Off | crate::domain::Link::Live);
        if (doubtful_only && quiet) || source.link == crate::domain::Link::Off {
            continue;
        }
        if !runs.is_empty() {
            runs.push((format!(" {} ", seen.glyphs.dot), seen.style(Role::Dim)));
        }
        let (words, role) = links::words(seen, &source.link);
        runs.push((format!("{name} "), seen.style(Role::Text)));
        runs.push((words, seen.style(role)));
    }
    runs
}
