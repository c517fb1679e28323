//! What the screen remembers, and what its keys do.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::draw;
use super::place::{Anchor, Lines, Placed};
use crate::command::{CommandId, Scope};
use crate::domain::Timestamp;
use crate::store::Interest;
use crate::store::LogStore;
use crate::store::logs::{Excerpt, Filter, Hits, Level, LogQuery, Pattern, STEP, StreamId};
use crate::view::{Ask, Effect, Handled, Lens, ScreenId, Seen, Typing, View};

/// Lines of each container that are asked for where no window of time is.
const TAIL: u32 = 1000;
/// Screens narrower than this show no times unless asked.
const NARROW: u16 = 60;
/// Cells that a cut line moves by.
const SIDESTEP: usize = 20;

/// Which lines are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Window {
    /// The newest ones.
    #[default]
    Tail,
    /// All there are.
    Head,
    /// Those of the last minutes before this moment.
    Minutes(u32, Timestamp),
}

/// A search that jumps to a match as soon as one is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Jump {
    /// To the last one before this line.
    Up(u64),
    /// To the first one from this line on.
    Down(u64),
}

/// The logs of one Application.
#[derive(Debug, Default)]
pub struct Logs {
    pub(super) window: Window,
    /// The first row on screen; nothing follows the newest line.
    pub(super) top: Option<Anchor>,
    /// Behind the last line of a view that is held.
    pub(super) held: Option<u64>,
    pub(super) wrap: bool,
    /// As the person wants it; else by the width.
    pub(super) times: Option<bool>,
    pub(super) raw: bool,
    /// Cells of cut lines that lie to the left of the screen.
    pub(super) left: usize,
    pub(super) level: Option<Level>,
    pub(super) stream: Option<StreamId>,
    pub(super) words: String,
    filter: Filter,
    pub(super) sought: String,
    pub(super) search: Option<Pattern>,
    /// What is wrong with an expression.
    pub(super) wrong: Option<String>,
    hits: Hits,
    pub(super) found: Hits,
    /// The match that was jumped to last.
    pub(super) current: Option<u64>,
    jump: Option<Jump>,
    pub(super) placed: Vec<Placed>,
    pub(super) new: u64,
    pub(super) complete: bool,
    epoch: u64,
    area: Rect,
    gutter: u16,
}

impl Logs {
    /// Lines of the ring that were looked at for filter and search: a work counter for tests.
    #[must_use]
    pub fn scanned(&self) -> u64 {
        self.hits.scanned() + self.found.scanned()
    }

    pub(super) fn shows_times(&self, width: u16) -> bool {
        self.times.unwrap_or(width >= NARROW)
    }

    fn has_status(&self) -> bool {
        self.search.is_some() || self.filter.pattern.is_some() || self.wrong.is_some()
    }

    fn height(&self) -> usize {
        usize::from(self.area.height).saturating_sub(1 + usize::from(self.has_status()))
    }

    fn lines<'a>(&'a self, store: &'a LogStore) -> Lines<'a> {
        Lines {
            store,
            hits: (!self.filter.is_open()).then_some(&self.hits),
            limit: self.held.map_or(store.end(), |held| held.clamp(store.first(), store.end())),
            wrap: self.wrap.then(|| usize::from(self.area.width.saturating_sub(self.gutter)).max(1)),
            raw: self.raw,
        }
    }

    /// The first row on screen.
    fn here(&self) -> Anchor {
        let first = self.placed.first().map(|p| Anchor { line: p.number, row: p.skip });
        self.top.or(first).unwrap_or(Anchor { line: 0, row: 0 })
    }

    fn scroll(&mut self, store: &LogStore, up: bool, by: usize) {
        let (here, lines) = (self.here(), self.lines(store));
        if up {
            self.top = Some(lines.up(here, by));
        } else if self.top.is_some() {
            self.top = Some(lines.down(here, by));
        }
    }

    /// Narrows to what is set; the match that was jumped to may not pass any more.
    fn narrow(&mut self) {
        let since = match self.window {
            Window::Minutes(minutes, until) => until.checked_sub(Duration::from_secs(60 * u64::from(minutes))).ok(),
            Window::Tail | Window::Head => None,
        };
        self.filter = Filter { level: self.level, since, stream: self.stream, ..Filter::default() };
        self.wrong = self.filter.parse_words(&self.words).err();
        self.search = match Pattern::parse(&self.sought) {
            Ok(pattern) => pattern,
            Err(why) => {
                self.wrong = Some(why);
                None
            }
        };
        self.found.set_filter(&Filter { search: self.search.clone(), ..self.filter.clone() });
        self.hits.set_filter(&self.filter);
    }

    fn look_at(&mut self, window: Window) {
        self.window = window;
        self.top = (window == Window::Head).then_some(Anchor { line: 0, row: 0 });
        self.held = None;
        self.narrow();
    }

    fn follow(&mut self) {
        (self.top, self.held) = (None, None);
    }

    /// Goes to a match as soon as there is one; around the end once all lines were looked at.
    fn land(&mut self, store: &LogStore) {
        let Some(jump) = self.jump else { return };
        let first = store.first();
        let found = match jump {
            Jump::Up(from) => self.found.before(from),
            Jump::Down(from) => self.found.at_or_after(from),
        };
        let around = || match jump {
            Jump::Up(_) => self.found.before(u64::MAX),
            Jump::Down(_) => self.found.at_or_after(0),
        };
        let target = found.or_else(|| if self.complete { around() } else { None }).filter(|n| *n >= first);
        if target.is_some() || self.complete {
            self.jump = None;
        }
        let Some(target) = target else { return };
        self.current = Some(target);
        if self.held.is_some_and(|held| target >= held) {
            self.held = Some(store.end());
        }
        let on_screen = self.placed.iter().any(|p| p.number == target && p.skip == 0);
        if on_screen {
            self.top = Some(self.here());
        } else {
            let lines = self.lines(store);
            self.top = Some(lines.up(Anchor { line: target, row: 0 }, self.height() / 3));
        }
    }

    fn next_level(&mut self) {
        self.level = match self.level {
            None => Some(Level::Debug),
            Some(Level::Debug) => Some(Level::Info),
            Some(Level::Info) => Some(Level::Warn),
            Some(Level::Warn) => Some(Level::Error),
            Some(_) => None,
        };
        self.narrow();
    }

    fn next_stream(&mut self, store: &LogStore) {
        let mut ids = store.streams().map(|(id, _)| id);
        self.stream = match self.stream {
            None => ids.next(),
            Some(current) => ids.find(|id| *id > current),
        };
        self.narrow();
    }

    /// Takes one thing away: the search, then the filter, then the view goes.
    fn leave(&mut self) -> Handled {
        if !self.sought.is_empty() {
            self.sought.clear();
            (self.current, self.jump) = (None, None);
        } else if !self.words.is_empty() {
            self.words.clear();
        } else {
            return Handled::No;
        }
        self.narrow();
        Handled::Yes
    }

    /// What passes the filter, to a file that is named after what is shown and when it was saved.
    fn save(&self, lens: &Lens, seen: &Seen<'_>) -> Effect {
        if self.placed.is_empty() && self.complete {
            return Effect::Say("there is no line to save".to_owned());
        }
        let app = lens.selected.as_ref().map_or("logs", |key| key.name.as_str());
        let name = format!("{app}-{}.log", seen.now.strftime("%Y%m%d-%H%M%S"));
        let excerpt = Excerpt::of(seen.logs, &self.filter, self.lines(seen.logs).limit);
        Effect::Save { name, excerpt: Box::new(excerpt) }
    }
}

impl View for Logs {
    fn id(&self) -> ScreenId {
        ScreenId::Logs
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Logs]
    }

    fn command(&mut self, id: CommandId, lens: &mut Lens, seen: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let page = self.height().max(2);
        let store = seen.logs;
        match id {
            CommandId::CursorDown => self.scroll(store, false, 1),
            CommandId::CursorUp => self.scroll(store, true, 1),
            CommandId::HalfPageDown => self.scroll(store, false, page / 2),
            CommandId::HalfPageUp => self.scroll(store, true, page / 2),
            CommandId::PageDown => self.scroll(store, false, page - 1),
            CommandId::PageUp => self.scroll(store, true, page - 1),
            CommandId::CursorTop => self.top = Some(Anchor { line: 0, row: 0 }),
            CommandId::CursorBottom => self.follow(),
            CommandId::LogsFollow => match self.top {
                None => self.top = Some(self.here()),
                Some(_) => self.follow(),
            },
            CommandId::LogsPause => self.held = if self.held.is_some() { None } else { Some(store.end()) },
            CommandId::LogsTail => self.look_at(Window::Tail),
            CommandId::LogsHead => self.look_at(Window::Head),
            CommandId::LogsMinutes1 => self.look_at(Window::Minutes(1, seen.now)),
            CommandId::LogsMinutes5 => self.look_at(Window::Minutes(5, seen.now)),
            CommandId::LogsMinutes15 => self.look_at(Window::Minutes(15, seen.now)),
            CommandId::LogsMinutes30 => self.look_at(Window::Minutes(30, seen.now)),
            CommandId::LogsMinutes60 => self.look_at(Window::Minutes(60, seen.now)),
            CommandId::LogsTimestamps => self.times = Some(!self.shows_times(self.area.width)),
            CommandId::LogsWrap => (self.wrap, self.left) = (!self.wrap, 0),
            CommandId::LogsRaw => self.raw = !self.raw,
            CommandId::LogsLeft => self.left = self.left.saturating_sub(SIDESTEP),
            CommandId::LogsRight => self.left += if self.wrap { 0 } else { SIDESTEP },
            CommandId::LogsLevel => self.next_level(),
            CommandId::LogsStream => self.next_stream(store),
            CommandId::LogsPrevious => lens.previous = !lens.previous,
            CommandId::LogsSave => return (Handled::Yes, vec![self.save(lens, seen)]),
            CommandId::LogsSearch => return (Handled::Yes, vec![Effect::Ask(Ask::Search, self.sought.clone())]),
            CommandId::LogsFilter => return (Handled::Yes, vec![Effect::Ask(Ask::Filter, self.words.clone())]),
            CommandId::LogsNext | CommandId::LogsPrior if self.search.is_none() => {
                return (Handled::Yes, vec![Effect::Say("nothing is searched for".to_owned())]);
            }
            CommandId::LogsNext => {
                self.jump = Some(Jump::Down(self.current.map_or(self.here().line, |n| n + 1)));
            }
            CommandId::LogsPrior => {
                let last = self.placed.last().map_or(u64::MAX, |p| p.number + 1);
                self.jump = Some(Jump::Up(self.current.unwrap_or(last)));
            }
            CommandId::ViewBack => return (self.leave(), Vec::new()),
            _ => return (Handled::No, Vec::new()),
        }
        (Handled::Yes, Vec::new())
    }

    fn typed(&mut self, what: Ask, text: &str, typing: Typing, _: &Seen<'_>) -> Vec<Effect> {
        match what {
            Ask::Search => text.clone_into(&mut self.sought),
            Ask::Filter => text.clone_into(&mut self.words),
            // nobody asks for them here
            Ask::Phrase | Ask::Number | Ask::Revision | Ask::Ports | Ask::Yes => return Vec::new(),
        }
        self.narrow();
        if what == Ask::Search {
            self.current = None;
            // The nearest match is the newest one above the end of the screen.
            let last = self.placed.last().map_or(u64::MAX, |p| p.number + 1);
            let seeks = typing == Typing::Accepted && self.search.is_some();
            self.jump = seeks.then_some(Jump::Up(last));
        }
        Vec::new()
    }

    fn interests(&self, lens: &Lens, _: &Seen<'_>) -> Vec<Interest> {
        let pods = lens.selected.iter().cloned().map(Interest::Pods);
        // which resources are hooks
        pods.chain(lens.selected.iter().filter(|_| lens.hooks).cloned().map(Interest::Resources)).collect()
    }

    fn wanted(&self, lens: &Lens) -> Option<LogQuery> {
        let (since, tail) = match self.window {
            Window::Tail => (None, Some(TAIL)),
            Window::Head => (None, None),
            Window::Minutes(..) => (self.filter.since, None),
        };
        Some(LogQuery { app: lens.selected.clone()?, hooks: lens.hooks, previous: lens.previous, since, tail })
    }

    fn layout(&mut self, _: &mut Lens, seen: &Seen<'_>, area: Rect) {
        let store = seen.logs;
        if self.epoch != store.epoch() {
            self.epoch = store.epoch();
            (self.current, self.held, self.stream) = (None, None, None);
            self.top = self.top.map(|_| Anchor { line: 0, row: 0 });
            self.narrow();
        }
        self.area = area;
        self.gutter = draw::gutter(self, store, area.width);
        self.complete = true;
        if !self.filter.is_open() {
            self.complete &= self.hits.step(store, STEP);
        }
        if self.search.is_some() {
            self.complete &= self.found.step(store, STEP);
        }
        if !self.complete {
            seen.wake_in(Duration::from_millis(1));
        }
        self.land(store);
        let lines = self.lines(store);
        let placed = match self.top {
            None => lines.last(self.height()),
            Some(top) => lines.from(top, self.height()),
        };
        self.new = lines.behind_limit();
        self.placed = placed;
        if self.top.is_some() {
            // Held inside of what there is, so that the next step moves what is seen.
            self.top = self.placed.first().map(|p| Anchor { line: p.number, row: p.skip }).or(self.top);
        }
    }

    fn draw(&self, lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        draw::screen(self, lens, seen, area, buf);
    }
}
