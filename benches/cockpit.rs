//! What the benchmarks of frames share: a cockpit on ten thousand Applications, without a terminal.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use pilothouse::app::{Bindings, Model, Msg, frame, update};
use pilothouse::config::glyph::UNICODE;
use pilothouse::config::keymap::Keymap;
use pilothouse::config::palette::Depth;
use pilothouse::config::theme::Theme;
use pilothouse::domain::Timestamp;
use pilothouse::runtime::painter::Painter;
use pilothouse::store::Apps;
use pilothouse::view::{ScreenId, Work};
use ratatui::layout::Size;

use crate::crowd::START;

/// A model and what its terminal shows.
pub struct Cockpit {
    pub model: Model,
    painter: Painter,
    out: Vec<u8>,
}

impl Cockpit {
    /// A cockpit that has drawn its first frame.
    pub fn new(apps: Apps, home: ScreenId, width: u16, height: u16) -> Self {
        let size = Size { width, height };
        let theme = Theme::bundled("dark", Depth::TrueColor).unwrap_or_default();
        let model = Model::new(apps, home, Bindings(Keymap::bundled()), theme, &UNICODE, size);
        let mut cockpit = Self { model, painter: Painter::new(size), out: Vec::new() };
        cockpit.frame(START);
        cockpit
    }

    /// Lays out, draws and encodes a frame; the bytes it is.
    pub fn frame(&mut self, now: Timestamp) -> usize {
        self.out.clear();
        let (work, model) = (Work::default(), &mut self.model);
        let painted = self.painter.paint(&mut self.out, |buf| frame::draw(model, now, &work, buf));
        painted.map_or(0, |()| self.out.len())
    }

    /// Presses a key.
    pub fn press(&mut self, code: KeyCode) {
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        update::update(&mut self.model, Msg::Input(Event::Key(key)), START);
    }
}
