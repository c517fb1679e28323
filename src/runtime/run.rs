//! The loop: one task that owns all state. It waits for keys, for news from the sources, for the terminal to have taken
//! the last frame, and for the moment something on screen reads differently; for nothing else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use super::berths::Berths;
use super::choice::Choice;
use super::clipboard::Clipboard;
use super::deeds::Deeds;
use super::due::{Due, PACE};
use super::errand::{Answer, Errands};
use super::input::{Bytes, Decoder, Reader};
use super::interests::Interests;
use super::k9s::K9s;
use super::logins::Logins;
use super::mailbox::Mailbox;
use super::painter::Painter;
use super::reload::Reload;
use super::remember::Remembered;
use super::save::Saves;
use super::signal::{Signal, Signals};
use super::sources::Sources;
use super::tail::Tail;
use super::terminal::{self, TerminalGuard};
use super::writer::{FrameSender, NotSent, Written};
use crate::app::{Model, Msg, Request, frame, login, update};
use crate::domain::time::{after, elapsed};
use crate::domain::{Clock, Link, LogNews, Timestamp};
use crate::view::Work;
use crate::view::desk::{News, Reach};

/// Deltas applied before keys are looked at again: well under 4 ms worth.
const SLICE: usize = 512;
/// Chunks of log lines taken in before keys are looked at again.
const CHUNKS: usize = 8;
/// Everything the loop owns.
pub struct Cockpit {
    /// The state.
    pub model: Model,
    /// The sources' tasks.
    pub sources: Sources,
    /// The tasks that read what the visible screen shows beyond the rows.
    pub interests: Interests,
    /// The streams of log lines the visible screen asks for.
    pub tail: Tail,
    /// What a person asked to be read.
    pub errands: Errands,
    /// The login that is under way.
    pub logins: Logins,
    /// Plans and writes a person asked for.
    pub deeds: Deeds,
    /// Forwards and debuggers.
    pub berths: Berths,
    /// What was asked last of the rights of whoever looks.
    pub asked: Option<Reach>,
    /// The program that the terminal is lent to.
    pub k9s: K9s,
    /// What was copied.
    pub clipboard: Clipboard,
    /// Settings, keys and looks, read again whenever one of their files is saved.
    pub reload: Reload,
    /// Bytes that go out before the next frame.
    pub ahead: Vec<u8>,
    /// The files that are being written.
    pub saves: Saves,
    /// What the sources have to say.
    pub mailbox: Arc<Mailbox>,
    /// Told when they have something to say.
    pub news: Arc<Notify>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The terminal, ours until this is dropped.
    pub terminal: TerminalGuard,
    /// Keys, as bytes.
    pub reader: Reader,
    /// Where the reader puts them.
    pub bytes: mpsc::Receiver<Bytes>,
    /// Makes events of them.
    pub decoder: Decoder,
    /// Takes frames.
    pub writer: FrameSender,
    /// What themes and keymaps are made from.
    pub choice: Choice,
    /// What is kept for the next start.
    pub remembered: Remembered,
    /// What the system asks of us.
    pub signals: Signals,
}

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The person asked for it.
    Quit,
    /// The terminal is gone.
    Lost,
    /// The system asked for it.
    By(Signal),
}

impl Cockpit {
    /// Runs until it ends.
    pub async fn run(&mut self) -> std::io::Result<Ended> {
        match self.go_round().await {
            // The system sends SIGHUP and SIGCONT together when a terminal goes, and the handler of the second may run
            // first: what is to be taken again then is gone, whatever is known of it so far.
            Err(error) if terminal::is_gone(&error) => Ok(Ended::Lost),
            ended => ended,
        }
    }

    async fn go_round(&mut self) -> std::io::Result<Ended> {
        let mut painter = Painter::new(self.model.size);
        let mut due = Due::Now;
        let mut last_frame = Timestamp::MIN;
        // News wait in the mailbox, where the newest wins, until a frame is due: the sources wake this loop ten times a
        // second at the most, however much they have to say.
        let mut news_wait = false;
        loop {
            let now = self.clock.now();
            if due.moment(now).is_some_and(|at| at <= now) && self.writer.is_idle() {
                if news_wait {
                    let deltas = self.mailbox.take(SLICE);
                    self.take(Msg::Data(deltas));
                    news_wait = !self.mailbox.is_empty();
                }
                if !news_wait || due == Due::Now {
                    let wake = self.draw(&mut painter, now)?;
                    last_frame = now;
                    let wake = wake.map(|wait| after(now, wait));
                    due = if news_wait { Due::Paced(after(now, PACE)) } else { Due::Later(wake) };
                }
            }
            let waits_for_writer = !self.writer.is_idle();
            let moment = if waits_for_writer { None } else { due.moment(now) };
            let escape = self.decoder.next_deadline();
            let wake = [moment, escape].into_iter().flatten().min();
            let clock = Arc::clone(&self.clock);
            let sleep = async move {
                match wake {
                    Some(at) => clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let mut events = Vec::new();
            tokio::select! {
                biased;
                signal = self.signals.next() => match signal {
                    Signal::HangUp | Signal::Terminate | Signal::Interrupt => return Ok(Ended::By(signal)),
                    Signal::Resized => {
                        self.resize(&mut painter);
                        due = Due::Now;
                    }
                    Signal::Continued => {
                        self.terminal.enter_again()?;
                        self.resize(&mut painter);
                        due = Due::Now;
                    }
                },
                bytes = self.bytes.recv() => match bytes {
                    Some(Bytes::Read(chunk)) => self.decoder.feed(&chunk, self.clock.now(), &mut events),
                    Some(Bytes::Closed) | None => return Ok(Ended::Lost),
                },
                written = self.writer.done(), if waits_for_writer => {
                    if written == Written::Closed {
                        return Ok(Ended::Lost);
                    }
                }
                told = self.tail.next() => if let Some(told) = told {
                    self.log(told);
                    due.pace(last_frame, now);
                },
                looks = self.reload.next() => if let Some(looks) = looks {
                    if let Some(ended) = self.heed(Msg::Looks(Box::new(looks)), &mut painter).await? {
                        return Ok(ended);
                    }
                    due = Due::Now;
                },
                answer = self.errands.next() => if let Some(Answer { what, text }) = answer {
                    match text {
                        Ok(text) => self.copy(what, &text),
                        Err(why) => self.model.say(format!("{what} was not copied: {why}"), self.clock.now()),
                    }
                    due = Due::Now;
                },
                news = self.logins.next() => if let Some((source, news)) = news {
                    if matches!(news, login::News::In { .. }) {
                        self.let_in(&source);
                    }
                    self.take(Msg::Login(source, news));
                    due = Due::Now;
                },
                said = self.saves.next() => if let Some(said) = said {
                    self.model.say(said, self.clock.now());
                    due = Due::Now;
                },
                news = self.berths.next() => {
                    // bytes that go by are no reason to hurry
                    match news {
                        News::Sessions(_) => due.pace(last_frame, now),
                        _ => due = Due::Now,
                    }
                    self.take(Msg::Desk(news));
                },
                news = self.deeds.next() => if let Some(news) = news {
                    self.take(Msg::Desk(news));
                    due = Due::Now;
                },
                () = self.news.notified(), if !news_wait => {
                    news_wait = true;
                    due.pace(last_frame, now);
                }
                () = sleep => {
                    let now = self.clock.now();
                    self.decoder.flush(now, &mut events);
                    if moment.is_some_and(|at| at <= now) {
                        self.take(Msg::Clock);
                    }
                }
            }
            for event in events {
                due = Due::Now;
                if let Some(ended) = self.heed(Msg::Input(event), &mut painter).await? {
                    return Ok(ended);
                }
            }
        }
    }

    /// Takes a message in; what it asks for is handed back.
    pub(super) fn take(&mut self, msg: Msg) -> Vec<Request> {
        update::update(&mut self.model, msg, self.clock.now())
    }

    /// Draws what changed and hands it to the writer; says how long the screen stays true by itself.
    fn draw(&mut self, painter: &mut Painter, now: Timestamp) -> std::io::Result<Option<Duration>> {
        let work = Work::default();
        let mut out = self.writer.buffer();
        out.extend_from_slice(&self.ahead);
        out.extend_from_slice(self.clipboard.waiting());
        let model = &mut self.model;
        painter.paint(&mut out, |buf| frame::draw(model, now, &work, buf))?;
        match self.writer.try_send(out) {
            Ok(()) => {
                self.ahead.clear();
                self.clipboard.sent();
            }
            // Not reached while the writer is idle; drawn whole next time, so nothing is lost either way.
            Err(NotSent::Busy(_) | NotSent::Closed(_)) => painter.reset(self.model.size),
        }
        self.ask_rights();
        let (query, wanted) = (frame::wanted(&self.model), frame::interests(&self.model, now));
        let Model { apps, logs, .. } = &mut self.model;
        self.tail.want(query, apps, logs, now, |context| self.interests.access.way(context));
        let again = self.interests.want(&wanted, &self.model.apps, now).map(|at| elapsed(now, at));
        let left_out = self.interests.left_out();
        // what was found out while this frame was drawn stands in the next one
        let again = if left_out == self.model.apps.left_out() { again } else { Some(Duration::ZERO) };
        self.model.apps.set_left_out(left_out);
        Ok([work.wake(), again].into_iter().flatten().min())
    }

    /// Asks whether what is selected may be changed, where its source is live and nobody has asked yet: keys are off, with
    /// the reason, before anybody presses them.
    fn ask_rights(&mut self) {
        let desk = &self.model.desk;
        let Some(key) = self.model.lens.selected.clone().filter(|_| !desk.readonly) else { return };
        if *self.model.apps.link(&key.source) != Link::Live {
            self.asked = None;
            return;
        }
        let reach = desk.rights.unknown(&key);
        if reach.is_some() && reach != self.asked {
            self.asked.clone_from(&reach);
            let control = self.interests.access.control(&key.source);
            let row = self.model.apps.find(&key).and_then(|id| self.model.apps.get(id));
            let project = row.map(|row| row.project.clone()).unwrap_or_default();
            if let Some(reach) = reach {
                self.deeds.ask_rights(reach, &project, control);
            }
        }
    }

    /// Takes lines in, with those that have come meanwhile, but not so many that a key would wait.
    fn log(&mut self, told: LogNews) {
        let now = self.clock.now();
        self.tail.take(told, &mut self.model.logs, now);
        for _ in 0..CHUNKS {
            let Some(told) = self.tail.ready() else { break };
            self.tail.take(told, &mut self.model.logs, now);
        }
    }

    pub(super) fn resize(&mut self, painter: &mut Painter) {
        let size = self.terminal.size();
        self.model.size = ratatui::layout::Size::new(size.columns, size.rows);
        painter.reset(self.model.size);
    }
}
