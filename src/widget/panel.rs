//! A framed part of the screen that lies over the rest.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Pen;
use crate::config::theme::{Glyphs, Role, Theme};

/// A frame with a title.
#[derive(Clone, Copy, Debug)]
pub struct Panel<'a> {
    /// What it is called.
    pub title: &'a str,
    /// Looks by role.
    pub theme: &'a Theme,
    /// Signs.
    pub glyphs: &'static Glyphs,
}

impl Panel<'_> {
    /// Wipes `place`, draws the frame, and returns what is inside. Too small a place is wiped and has no frame.
    pub fn draw(&self, place: Rect, buf: &mut Buffer) -> Rect {
        let place = place.intersection(buf.area);
        for position in place.positions() {
            buf[position].reset();
        }
        buf.set_style(place, self.theme.style(Role::Text));
        let inside = Self::inside(place);
        if inside == place {
            return place;
        }
        let (last_x, last_y) = (place.right() - 1, place.bottom() - 1);
        let corners = self.glyphs.corners;
        for position in place.positions() {
            let across = position.y == place.y || position.y == last_y;
            let along = position.x == place.x || position.x == last_x;
            let sign = match (across, along) {
                (false, false) => continue,
                (true, false) => self.glyphs.horizontal,
                (false, true) => self.glyphs.vertical,
                (true, true) => corners[2 * usize::from(position.y == last_y) + usize::from(position.x == last_x)],
            };
            buf[position].set_symbol(sign).set_style(self.theme.style(Role::Border));
        }
        let top = Rect { x: place.x + 2, width: place.width - 4, height: 1, ..place };
        let title = format!(" {} ", self.title);
        Pen::new(buf, top, 0, self.glyphs.ellipsis).text(&title, self.theme.style(Role::Title));
        inside
    }

    /// What is inside the frame of a panel at `place`: all of it where there is no room for a frame.
    #[must_use]
    pub fn inside(place: Rect) -> Rect {
        if place.width < 8 || place.height < 3 {
            return place;
        }
        Rect { x: place.x + 1, y: place.y + 1, width: place.width - 2, height: place.height - 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_covers_what_lies_below_and_stays_in_its_place() {
        let theme = Theme::default();
        let glyphs = Glyphs::for_locale([Some("C.UTF-8")]);
        let panel = Panel { title: "keys", theme: &theme, glyphs };
        for (width, height) in (0..14).flat_map(|w| (0..6).map(move |h| (w, h))) {
            let place = Rect::new(2, 1, width, height);
            let mut buf = Buffer::filled(Rect::new(0, 0, 12, 5), ratatui::buffer::Cell::new("~"));
            let inner = panel.draw(place, &mut buf);
            assert!(place.intersection(buf.area).union(inner) == place.intersection(buf.area) || inner.is_empty());
            for position in buf.area.positions() {
                assert_eq!(buf[position].symbol() == "~", !place.contains(position), "{position} of {place}");
            }
        }
    }
}
