//! What this tool wrote: as whom, where, and with what outcome.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::travel::{scrolled, steps};
use super::{Effect, Handled, Lens, ScreenId, Seen, View};
use crate::action::{Half, Record};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::widget::Pen;

/// The audit log, newest first.
#[derive(Debug, Default)]
pub struct Audit {
    offset: usize,
    height: usize,
    count: usize,
}

impl View for Audit {
    fn id(&self) -> ScreenId {
        ScreenId::Audit
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Audit]
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, seen: &Seen<'_>) -> (Handled, Vec<Effect>) {
        match id {
            CommandId::AuditAgain => (Handled::Yes, vec![Effect::Recall]),
            CommandId::AuditAcknowledge => {
                let open: Vec<String> = seen.desk.open().into_iter().map(|record| record.id.clone()).collect();
                let effect = if open.is_empty() {
                    Effect::Say("of every write the end is known".to_owned())
                } else {
                    Effect::Acknowledge(open)
                };
                (Handled::Yes, vec![effect])
            }
            id => match steps(id, self.height) {
                Some(by) => {
                    self.offset = scrolled(self.offset, by, self.count, self.height);
                    (Handled::Yes, Vec::new())
                }
                None => (Handled::No, Vec::new()),
            },
        }
    }

    fn layout(&mut self, _: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.height = usize::from(area.height.saturating_sub(1));
        self.count = seen.desk.under_way.len() + writes(seen).count();
        self.offset = self.offset.min(self.count.saturating_sub(self.height));
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let title = match &seen.desk.records {
            None => format!("What was written is being read{}", seen.glyphs.ellipsis),
            Some(Err(why)) => format!("What was written cannot be read: {why}"),
            Some(Ok(_)) if self.count == 0 => "Nothing was written in the last 31 days".to_owned(),
            Some(Ok(_)) => format!("{} writes in the last 31 days, newest first", writes(seen).count()),
        };
        Pen::new(buf, area, 0, seen.glyphs.ellipsis).skip(1).text(&title, seen.style(Role::Title));
        let going = seen.desk.under_way.values().map(|said| Line::Going(said));
        let lines = going.chain(writes(seen).map(|(intent, outcome)| Line::Written(intent, outcome)));
        for (row, line) in lines.skip(self.offset).take(self.height).enumerate() {
            seen.work.row();
            draw_line(seen, &line, Pen::new(buf, area, row as u16 + 1, seen.glyphs.ellipsis));
        }
    }
}

enum Line<'s> {
    Going(&'s str),
    Written(&'s Record, Option<&'s Record>),
}

/// Every intent with its outcome, newest first.
fn writes<'s>(seen: &Seen<'s>) -> impl Iterator<Item = (&'s Record, Option<&'s Record>)> {
    let records: &'s [Record] = seen.desk.records.as_ref().and_then(|read| read.as_deref().ok()).unwrap_or_default();
    let outcomes: std::collections::HashMap<&str, &Record> =
        records.iter().filter(|r| r.event == Half::Outcome).map(|r| (r.id.as_str(), r)).collect();
    let intents = records.iter().rev().filter(|r| r.event == Half::Intent);
    intents.map(move |intent| (intent, outcomes.get(intent.id.as_str()).copied()))
}

fn draw_line(seen: &Seen<'_>, line: &Line<'_>, mut pen: Pen<'_>) {
    let (intent, outcome) = match line {
        Line::Going(said) => {
            pen.skip(1).text(&format!("under way  {said}"), seen.style(Role::Busy));
            return;
        }
        Line::Written(intent, outcome) => (intent, outcome),
    };
    let word = outcome.and_then(|record| record.outcome.as_deref()).unwrap_or("no outcome");
    let role = match word {
        "done" => Role::Ok,
        "refused" | "acknowledged" => Role::Warn,
        _ => Role::Bad,
    };
    let at = intent.at.strftime("%m-%d %H:%M:%S").to_string();
    pen.skip(1).cell(&at, 15, seen.style(Role::Dim)).cell(word, 13, seen.style(role));
    pen.cell(&intent.environment, 9, seen.style(Role::Environment));
    if pen.room() > 50 {
        let who = intent.who.kube.as_ref().filter(|kube| **kube != intent.who.user);
        let who = who.map_or_else(|| intent.who.user.clone(), |kube| format!("{} as {kube}", intent.who.user));
        pen.cell(&who, 16, seen.style(Role::Dim)).cell(&intent.source, 15, seen.style(Role::Dim));
    }
    let message = outcome.and_then(|record| record.message.as_deref());
    let message = message.map_or_else(String::new, |message| format!(": {message}"));
    pen.text(&intent.title, seen.style(Role::Text)).text(&message, seen.style(Role::Warn));
}
