//! A cockpit with one Application and lines of two pods.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use pilothouse::app::{Bindings, Model, Msg, Request, frame, update};
use pilothouse::command::Keymap;
use pilothouse::config::glyph::UNICODE;
use pilothouse::config::palette::Depth;
use pilothouse::config::theme::Theme;
use pilothouse::domain::time::after;
use pilothouse::domain::{AppKey, AppRow, Classifier, Timestamp};
use pilothouse::store::logs::{StreamId, StreamState};
use pilothouse::store::{Apps, Delta};
use pilothouse::view::{ScreenId, Work};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Rect, Size};
use unicode_width::UnicodeWidthStr as _;

/// 14:02:00 UTC.
pub fn at(seconds: u64) -> Timestamp {
    after(Timestamp::from_second(1_768_226_520).unwrap(), Duration::from_secs(seconds))
}

pub struct Cockpit {
    pub model: Model,
    pub now: Timestamp,
    pub streams: [StreamId; 2],
    pub requests: Vec<Request>,
    size: (u16, u16),
}

impl Cockpit {
    /// The logs of `backend`, opened from the Fleet, without a line.
    pub fn empty(width: u16, height: u16) -> Self {
        let mut apps = Apps::new(Arc::new(Classifier::default()));
        let row = AppRow {
            key: AppKey { source: "cloud".into(), namespace: "argocd".into(), name: "backend-dev".into() },
            environment: Some("dev".into()),
            service: "backend".into(),
            ..AppRow::default()
        };
        apps.apply(Delta::Upsert(Box::new(row)), at(0));
        let theme = Theme::bundled("dark", Depth::TrueColor).unwrap();
        let keys = Bindings(Keymap::bundled());
        let size = Size { width, height };
        let mut model = Model::new(apps, ScreenId::Fleet, keys, theme, &UNICODE, size);
        let streams = [model.logs.stream("backend-7cf7-9fdf8", "api"), model.logs.stream("backend-7cf7-cf488", "api")];
        let mut cockpit = Self { model, now: at(3600), streams, requests: Vec::new(), size: (width, height) };
        cockpit.frame();
        cockpit.press("l");
        cockpit
    }

    /// The same, with what a morning brings.
    pub fn new(width: u16, height: u16) -> Self {
        let mut cockpit = Self::empty(width, height);
        let lines = [
            (0, 11, "INFO:     10.88.0.1:51234 - \"GET /health HTTP/1.1\" 200 OK"),
            (1, 12, "ERROR:    sqlalchemy.exc.ProgrammingError: column runs.id does not exist"),
            (1, 12, "Traceback (most recent call last):"),
            (1, 12, "  File \"/app/predator/api/runs.py\", line 214, in list_runs"),
            (
                0,
                14,
                r#"{"level":"warn","msg":"slow query","took_ms":1834,"query":"select * from runs where owner = 7"}"#,
            ),
            (0, 15, "\u{1b}[32mstarted\u{1b}[0m worker \u{1b}[1;31m3\u{1b}[0m of \u{1b}]0;evil\u{7}4\u{1b}[2J"),
            (
                0,
                16,
                "DEBUG: cache miss for column \u{65e5}\u{672c}\u{8a9e} in a line that is longer than a narrow terminal is wide, so that it is cut or wrapped there",
            ),
        ];
        let logs = &mut cockpit.model.logs;
        for (stream, second, text) in lines {
            logs.push(cockpit.streams[stream], at(second), text, cockpit.now);
        }
        logs.mark(at(13), None, "sync 3f22a38 started by auto-sync", cockpit.now);
        logs.mark(at(19), Some(cockpit.streams[1]), "restarted (exit 1)", cockpit.now);
        for n in 20..50 {
            let text = format!("INFO:     10.88.0.1:51234 - \"GET /runs/{n} HTTP/1.1\" 200 OK");
            logs.push(cockpit.streams[n % 2], at(n as u64), &text, cockpit.now);
        }
        logs.set_state(cockpit.streams[1], StreamState::Ended);
        logs.settle_all();
        cockpit
    }

    pub fn press(&mut self, key: &str) {
        let (code, modifiers) = match key {
            "enter" => (KeyCode::Enter, KeyModifiers::NONE),
            "esc" => (KeyCode::Esc, KeyModifiers::NONE),
            "tab" => (KeyCode::Tab, KeyModifiers::NONE),
            "space" => (KeyCode::Char(' '), KeyModifiers::NONE),
            "left" => (KeyCode::Left, KeyModifiers::NONE),
            "right" => (KeyCode::Right, KeyModifiers::NONE),
            "ctrl-s" => (KeyCode::Char('s'), KeyModifiers::CONTROL),
            key => (KeyCode::Char(key.chars().next().unwrap()), KeyModifiers::NONE),
        };
        let event = Msg::Input(Event::Key(KeyEvent::new(code, modifiers)));
        self.requests.extend(update::update(&mut self.model, event, self.now));
        self.frame();
    }

    /// Presses keys that are one character each.
    pub fn type_in(&mut self, text: &str) {
        for c in text.chars() {
            self.press(&c.to_string());
        }
    }

    pub fn draw(&mut self, work: &Work) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        frame::draw(&mut self.model, self.now, work, &mut buf);
        buf
    }

    pub fn frame(&mut self) -> String {
        let buf = self.draw(&Work::default());
        buf.content.chunks(usize::from(self.size.0)).map(line).collect()
    }
}

/// The text of a row; the cell behind a wide character is not there.
fn line(row: &[Cell]) -> String {
    let mut line = String::new();
    let mut covered = 0;
    for cell in row {
        if covered == 0 {
            line.push_str(cell.symbol());
            covered = cell.symbol().width();
        }
        covered = covered.saturating_sub(1);
    }
    format!("{}\n", line.trim_end())
}
