//! How the login looks: over the screen, no higher than it has lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation as _;

use super::state::{Field, Login, Stage};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::forward::ssh_line;
use crate::view::{Seen, empty};
use crate::widget::{Panel, Pen};

/// Wider than this, lines are hard to read.
const WIDEST: u16 = 100;
/// Cells before a field.
const LABEL: u16 = 10;

/// A line of the panel.
enum Line {
    Text(String, Role),
    User,
    Password,
}

/// Draws the login over `body`.
pub fn draw(login: &Login, seen: &Seen<'_>, body: Rect, buf: &mut Buffer) {
    let width = body.width.min(WIDEST);
    let lines = lines(login, seen, usize::from(Panel::inside(Rect { width, ..body }).width));
    let height = (lines.len() as u16).saturating_add(2).min(body.height);
    let place = Rect { x: body.x + (body.width - width) / 2, width, height, ..body };
    let inner = Panel { title: "log in", theme: seen.theme, glyphs: seen.glyphs }.draw(place, buf);
    // where there is no room for all of it, the end of it says how it goes on
    let hidden = lines.len().saturating_sub(usize::from(inner.height));
    for (row, line) in lines.into_iter().skip(hidden).enumerate() {
        draw_line(login, seen, &line, (inner, row as u16), buf);
    }
}

fn draw_line(login: &Login, seen: &Seen<'_>, line: &Line, (inner, row): (Rect, u16), buf: &mut Buffer) {
    let field = match line {
        Line::Text(text, role) => {
            Pen::new(buf, inner, row, seen.glyphs.ellipsis).text(text, seen.style(*role));
            return;
        }
        Line::User => Field::User,
        Line::Password => Field::Password,
    };
    let here = login.takes_text() && login.field == field;
    let label = if field == Field::User { "user" } else { "password" };
    let looks = seen.style(if here { Role::Accent } else { Role::Dim });
    Pen::new(buf, inner, row, seen.glyphs.ellipsis).cell(label, LABEL, looks);
    let taken = LABEL.min(inner.width);
    let place = Rect { x: inner.x + taken, y: inner.y + row, width: inner.width - taken, height: 1 };
    let cursor = if here { seen.style(Role::Selection) } else { seen.style(Role::Text) };
    match field {
        Field::User => login.user.draw(place, seen.style(Role::Text), cursor, buf),
        Field::Password => {
            let stars = "*".repeat(login.password.length().min(usize::from(place.width.saturating_sub(1))));
            Pen::new(buf, place, 0, seen.glyphs.ellipsis).text(&stars, seen.style(Role::Text)).text(" ", cursor);
        }
    }
}

/// Lines that are broken to a width.
struct Lines {
    width: usize,
    all: Vec<Line>,
}

impl Lines {
    fn say(&mut self, text: &str, role: Role) {
        self.all.extend(empty::wrap(text, self.width).into_iter().map(|part| Line::Text(part, role)));
    }

    /// A text in lines that are full to their end: put together again, they are the text.
    fn whole(&mut self, text: &str, role: Role) {
        let letters: Vec<&str> = text.graphemes(true).collect();
        self.all.extend(letters.chunks(self.width.max(1)).map(|line| Line::Text(line.concat(), role)));
    }
}

fn lines(login: &Login, seen: &Seen<'_>, width: usize) -> Vec<Line> {
    let mut lines = Lines { width, all: Vec::new() };
    lines.say(&format!("{} ({})", login.place, login.source), Role::Text);
    match &login.stage {
        Stage::Typing => typing(login, seen, &mut lines),
        Stage::Asking => lines.say(&format!("asking argocd-server{}", seen.glyphs.ellipsis), Role::Busy),
        Stage::Opening => lines.say(&format!("asking the identity provider{}", seen.glyphs.ellipsis), Role::Busy),
        Stage::Browser { url, port } => browser(url, *port, seen, &mut lines),
    }
    lines.all
}

fn typing(login: &Login, seen: &Seen<'_>, lines: &mut Lines) {
    match &login.refusal {
        Some(refusal) => {
            lines.say(&refusal.why, Role::Bad);
            if let Some(hint) = &refusal.hint {
                lines.say(&format!("try: {hint}"), Role::Text);
            }
        }
        None => lines.say(login.why.as_deref().unwrap_or_default(), Role::Warn),
    }
    if let Some(sso) = &login.sso {
        let id = if login.by_password { CommandId::LoginBrowser } else { CommandId::LoginAccept };
        lines.say(&format!("{} logs in with {sso}, in a browser", key(seen, id)), Role::Text);
    }
    if login.by_password {
        lines.all.extend([Line::User, Line::Password]);
    }
}

fn browser(url: &str, port: u16, seen: &Seen<'_>, lines: &mut Lines) {
    lines.say("open this address in a browser:", Role::Text);
    lines.whole(url, Role::Accent);
    lines.say("is the browser on another machine? first there:", Role::Text);
    let host = seen.desk.ssh.as_ref();
    lines.say(&ssh_line(host.map_or("user@this-machine", |ssh| &ssh.host), port, None), Role::Accent);
    if host.is_none_or(|ssh| ssh.check) {
        lines.say("(check the host, or set ssh_host)", Role::Dim);
    }
    let [copy, cancel] = [CommandId::LoginCopy, CommandId::LoginCancel].map(|id| key(seen, id));
    let waits = format!("waiting for the browser{}", seen.glyphs.ellipsis);
    lines.say(&format!("{waits} {copy} copies the address, {cancel} gives up"), Role::Busy);
}

fn key(seen: &Seen<'_>, id: CommandId) -> String {
    seen.keys.key(&[Scope::Login], id).unwrap_or_default()
}
