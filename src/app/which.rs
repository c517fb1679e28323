//! What may follow the keys that were pressed so far.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Keymap, Scope, When};
use crate::config::keymap::Chord;
use crate::config::theme::Role;
use crate::view::Seen;
use crate::widget::{Panel, Pen, pen};

/// Wider than this nobody reads a line of it at a glance.
const WIDEST: u16 = 60;

/// Draws what may follow `pressed` at the lower right of `body`.
pub fn draw(keymap: &Keymap, scopes: &[Scope], pressed: &[Chord], seen: &Seen<'_>, body: Rect, buf: &mut Buffer) {
    let mut following = keymap.follow(scopes, pressed);
    // a key for an environment that is not there does nothing
    following.retain(|(_, id)| id.spec().when != When::Numbered || id.spec().reason(&seen.situation).is_none());
    let keys = following.iter().map(|(keys, _)| pen::width(keys)).max().unwrap_or(0) as u16;
    let words = following.iter().map(|(_, id)| pen::width(id.spec().help)).max().unwrap_or(0) as u16;
    let width = (keys + words + 6).min(WIDEST).min(body.width);
    let height = (following.len() as u16 + 2).min(body.height);
    let place = Rect { x: body.right() - width, y: body.bottom() - height, width, height };
    let title: Vec<String> = pressed.iter().map(ToString::to_string).collect();
    let inner = Panel { title: &title.join(" "), theme: seen.theme, glyphs: seen.glyphs }.draw(place, buf);
    for (line, (rest, id)) in following.iter().take(inner.height.into()).enumerate() {
        let possible = id.spec().reason(&seen.situation).is_none();
        let role = |role| seen.style(if possible { role } else { Role::Dim });
        let mut pen = Pen::new(buf, inner, line as u16, seen.glyphs.ellipsis);
        pen.skip(1).cell(rest, keys + 2, role(Role::Key)).text(id.spec().help, role(Role::Text));
    }
}
