//! The keys of the screen below, then those that work everywhere, then what is called by name: made from the command table
//! and the keymap. What cannot be done now is grey and says why.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::travel::{scrolled, steps};
use super::{Ask, Effect, Handled, Lens, ScreenId, Seen, Typing, View};
use crate::command::hint::with_global;
use crate::command::{CommandId, CommandSpec, Scope, TABLE, When};
use crate::config::theme::Role;
use crate::widget::Pen;

/// The help page.
#[derive(Debug, Default)]
pub struct Help {
    offset: usize,
    lines: Vec<Line>,
    height: usize,
    /// Only lines with all of these words.
    sought: String,
}

#[derive(Debug)]
enum Line {
    Title(String),
    Key { keys: String, help: String, reason: Option<String> },
    Gap,
}

impl View for Help {
    fn id(&self) -> ScreenId {
        ScreenId::Help
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Help]
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, _: &Seen<'_>) -> (Handled, Vec<Effect>) {
        match id {
            CommandId::HelpSearch => return (Handled::Yes, vec![Effect::Ask(Ask::Search, self.sought.clone())]),
            // what was searched for goes first
            CommandId::ViewBack if !self.sought.is_empty() => {
                self.sought.clear();
                self.offset = 0;
            }
            id => match steps(id, self.height) {
                Some(by) => self.offset = scrolled(self.offset, by, self.lines.len(), self.height),
                None => return (Handled::No, Vec::new()),
            },
        }
        (Handled::Yes, Vec::new())
    }

    fn typed(&mut self, _: Ask, text: &str, _: Typing, _: &Seen<'_>) -> Vec<Effect> {
        self.sought = text.trim().to_lowercase();
        self.offset = 0;
        Vec::new()
    }

    fn layout(&mut self, _: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.height = usize::from(area.height);
        self.lines = lines(seen, &self.sought);
        self.offset = self.offset.min(self.lines.len().saturating_sub(self.height));
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        if self.lines.is_empty() {
            let text = format!("no key and no command mentions `{}`", self.sought);
            Pen::new(buf, area, 0, seen.glyphs.ellipsis).skip(1).text(&text, seen.style(Role::Dim));
        }
        for (row, line) in self.lines.iter().skip(self.offset).take(self.height).enumerate() {
            seen.work.row();
            let mut pen = Pen::new(buf, area, row as u16, seen.glyphs.ellipsis);
            match line {
                Line::Title(title) => {
                    pen.skip(1).text(title, seen.style(Role::Title));
                }
                Line::Key { keys, help, reason: None } => {
                    pen.skip(3).cell(keys, 18, seen.style(Role::Key)).text(help, seen.style(Role::Text));
                }
                Line::Key { keys, help, reason: Some(reason) } => {
                    pen.skip(3).cell(keys, 18, seen.style(Role::Dim)).text(help, seen.style(Role::Dim));
                    pen.text(&format!("  ({reason})"), seen.style(Role::Dim));
                }
                Line::Gap => {}
            }
        }
    }
}

fn lines(seen: &Seen<'_>, sought: &str) -> Vec<Line> {
    let sections = seen.keys.help(seen.below);
    let keyed: Vec<CommandId> = sections.iter().flat_map(|section| &section.entries).map(|entry| entry.id).collect();
    let mut lines = Vec::new();
    for section in sections {
        let entries = section.entries.into_iter().map(|entry| (entry.keys, entry.id.spec()));
        add(section.title, entries, seen, sought, &mut lines);
    }
    let scopes = with_global(seen.below);
    let named = |row: &&CommandSpec| {
        let unreached = scopes.contains(&row.scope) && !keyed.contains(&row.id) && !row.words.is_empty();
        row.takes.is_some() || unreached
    };
    let called = TABLE.iter().filter(named).map(|row| (row.usage(), row));
    add("By name".to_owned(), called, seen, sought, &mut lines);
    lines
}

fn add(
    title: String,
    entries: impl Iterator<Item = (String, &'static CommandSpec)>,
    seen: &Seen<'_>,
    sought: &str,
    lines: &mut Vec<Line>,
) {
    let mentions = |text: &str| sought.split_whitespace().all(|word| text.to_lowercase().contains(word));
    // a key for an environment that is not there does nothing
    let entries = entries.filter(|(_, row)| row.when != When::Numbered || row.reason(&seen.situation).is_none());
    let found = entries.filter(|(keys, row)| mentions(&format!("{keys} {} {} {title}", row.help, row.name)));
    let reason = |row: &CommandSpec| row.reason(&seen.situation).filter(|_| row.takes.is_none());
    let found: Vec<Line> =
        found.map(|(keys, row)| Line::Key { keys, help: row.help.to_owned(), reason: reason(row) }).collect();
    if found.is_empty() {
        return;
    }
    if !lines.is_empty() {
        lines.push(Line::Gap);
    }
    lines.push(Line::Title(title));
    lines.extend(found);
}
