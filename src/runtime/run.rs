//! The loop: one task that owns all state. It waits for keys, for news from the sources, for the terminal to have taken
//! the last frame, and for the moment something on screen reads differently; for nothing else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use super::berths::Berths;
use super::choice::Choice;
use super::clipboard::Clipboard;
use super::deeds::Deeds;
use super::errand::{Answer, Errands};
use super::input::{Bytes, Decoder, Reader};
use super::interests::Interests;
use super::k9s::{K9s, K9sError};
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
use crate::app::{Keep, Model, Msg, Request, frame, update};
use crate::config::settings::Settings;
use crate::domain::time::{after, elapsed};
use crate::domain::{Clock, Link, LogNews, Symbol, Timestamp, no_cluster};
use crate::view::Work;
use crate::view::desk::{News, Reach};

/// News alone are drawn at most this often; keys are drawn at once.
const PACE: Duration = Duration::from_millis(100);
/// Deltas applied before keys are looked at again: well under 4 ms worth.
const SLICE: usize = 512;
/// Chunks of log lines taken in before keys are looked at again.
const CHUNKS: usize = 8;
/// A terminal that takes nothing for this long is let go of when the program ends or is suspended.
const PATIENCE: Duration = Duration::from_millis(500);

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

/// When the next frame is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// Nothing changed; at this moment something reads differently by itself.
    Later(Option<Timestamp>),
    /// News came in: not before this moment.
    Paced(Timestamp),
    /// A key was pressed.
    Now,
}

impl Due {
    fn moment(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Later(at) => at,
            Self::Paced(at) => Some(at),
            Self::Now => Some(now),
        }
    }
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
                    let paced = after(last_frame, PACE);
                    if due.moment(now).is_none_or(|at| at > paced) {
                        due = Due::Paced(paced);
                    }
                },
                looks = self.reload.next() => if let Some(looks) = looks {
                    let requests = self.take(Msg::Looks(Box::new(looks)));
                    for request in requests {
                        if let Request::Settings(settings) = request {
                            self.take_hold(*settings);
                        }
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
                said = self.saves.next() => if let Some(said) = said {
                    self.model.say(said, self.clock.now());
                    due = Due::Now;
                },
                news = self.berths.next() => {
                    // bytes that go by are no reason to hurry
                    let paced = after(last_frame, PACE);
                    due = if matches!(news, News::Sessions(_)) && due.moment(now).is_none_or(|at| at > paced) {
                        Due::Paced(paced)
                    } else {
                        Due::Now
                    };
                    self.take(Msg::Desk(news));
                },
                news = self.deeds.next() => if let Some(news) = news {
                    self.take(Msg::Desk(news));
                    due = Due::Now;
                },
                () = self.news.notified(), if !news_wait => {
                    news_wait = true;
                    let paced = after(last_frame, PACE);
                    if due.moment(now).is_none_or(|at| at > paced) {
                        due = Due::Paced(paced);
                    }
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
                for request in self.take(Msg::Input(event)) {
                    match request {
                        Request::Quit => return Ok(Ended::Quit),
                        Request::Suspend => {
                            self.suspend().await?;
                            self.resize(&mut painter);
                        }
                        Request::K9s { source, namespace, readonly } => {
                            if let Some(signal) = self.lend_to_k9s(&source, &namespace, readonly).await? {
                                return Ok(Ended::By(signal));
                            }
                            self.resize(&mut painter);
                        }
                        Request::Redraw => painter.reset(self.model.size),
                        Request::Theme(name) => {
                            let said = self.choice.theme(&name, &mut self.model);
                            self.model.say(said, self.clock.now());
                        }
                        Request::Keymap(name) => {
                            let said = self.choice.keymap(&name, &mut self.model);
                            self.model.say(said, self.clock.now());
                        }
                        Request::Keep(what) => {
                            // a line that is forgotten is no loss worth a word after every command
                            let matters = !matches!(what, Keep::Line(_));
                            if let Err(error) = self.remembered.keep(&what)
                                && matters
                            {
                                self.model.say(error.to_string(), self.clock.now());
                            }
                        }
                        Request::Settings(settings) => self.take_hold(*settings),
                        Request::Copy { what, text } => self.copy(what, &text),
                        Request::CopyObject { context, object } => match self.interests.way(&context) {
                            Some(way) => self.errands.read(way, object),
                            None => {
                                self.model.say(no_cluster(&context), self.clock.now());
                            }
                        },
                        Request::Save { name, excerpt } => self.saves.begin(&name, *excerpt),
                        Request::Plan(proposal) => {
                            let Self { deeds, interests, model, .. } = self;
                            deeds.plan(proposal, &model.apps, interests);
                        }
                        Request::Act(order) => {
                            let Self { deeds, interests, model, .. } = self;
                            let news = deeds.act(*order, &model.apps, interests);
                            self.take(Msg::Desk(news));
                        }
                        Request::AtOnce(proposal) => {
                            let Self { deeds, interests, model, .. } = self;
                            let news = deeds.at_once(proposal, &model.apps, interests);
                            self.take(Msg::Desk(news));
                        }
                        Request::Forward(wish, confirmed) => {
                            let Self { berths, interests, model, .. } = self;
                            let said = berths.forward(*wish, confirmed, &model.apps, interests);
                            if let Some(news) = said {
                                self.take(Msg::Desk(news));
                            }
                        }
                        Request::Debug(app, confirmed) => {
                            let Self { berths, interests, model, .. } = self;
                            let said = berths.debug(app, confirmed, &model.apps, interests);
                            if let Some(news) = said {
                                self.take(Msg::Desk(news));
                            }
                        }
                        Request::StopSession(id) => {
                            let news = self.berths.stop(id);
                            self.take(Msg::Desk(news));
                        }
                        Request::Launch { entry, agreed } => {
                            let news = self.berths.launch(&entry, agreed);
                            self.take(Msg::Desk(news));
                        }
                        Request::Recall => self.deeds.recall(),
                        Request::Acknowledge(ids) => self.deeds.acknowledge(ids),
                        Request::Answer { number, back } => self.deeds.answer(number, back),
                        Request::Toggle(source) => {
                            self.model.desk.rights.forget(&source);
                            self.sources.toggle(&source);
                        }
                        Request::Reconnect(source) => {
                            for source in source.iter().cloned().chain(self.model.apps.sources().keys().cloned()) {
                                self.model.desk.rights.forget(&source);
                            }
                            self.sources.reconnect(source.as_ref());
                            self.interests.reconnect();
                        }
                    }
                }
            }
        }
    }

    fn take(&mut self, msg: Msg) -> Vec<Request> {
        update::update(&mut self.model, msg, self.clock.now())
    }

    /// Has settings that were saved take hold. Other environments sort every Application anew, so the sources are read
    /// from their beginning; their order, colours and protection count at once.
    fn take_hold(&mut self, settings: Settings) {
        self.ahead.extend_from_slice(self.terminal.mouse(settings.mouse));
        self.decoder.hold_escape(settings.escape);
        self.k9s.readonly = settings.readonly;
        self.berths.check_out(settings.git_checkout.clone());
        if settings.readonly {
            self.model.desk.readonly = true;
            self.deeds.forbid(settings.origin("readonly"));
            self.berths.forbid(settings.origin("readonly"));
        }
        if settings.environments != self.choice.settings.environments {
            let classifier = Arc::new(settings.classifier());
            self.model.apps.classify_by(Arc::clone(&classifier));
            self.sources.classify_by(classifier);
        }
        self.choice.settings = settings;
        self.choice.announce(&mut self.model);
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
        self.tail.want(query, apps, logs, now, |context| self.interests.way(context));
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
            let control = self.interests.control(&key.source);
            let row = self.model.apps.find(&key).and_then(|id| self.model.apps.get(id));
            let project = row.map(|row| row.project.clone()).unwrap_or_default();
            if let Some(reach) = reach {
                self.deeds.ask_rights(reach, &project, control);
            }
        }
    }

    /// Has text go out with the next frame, which is due.
    fn copy(&mut self, what: String, text: &str) {
        let said = self.clipboard.put(what, text);
        self.model.say(said.unwrap_or_else(|error| error.to_string()), self.clock.now());
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

    fn resize(&mut self, painter: &mut Painter) {
        let size = self.terminal.size();
        self.model.size = ratatui::layout::Size::new(size.columns, size.rows);
        painter.reset(self.model.size);
    }

    /// Lends the terminal to k9s until it ends. What the sources tell meanwhile waits in the mailbox. Says which signal
    /// ends the program.
    async fn lend_to_k9s(
        &mut self,
        source: &Symbol,
        namespace: &str,
        readonly: bool,
    ) -> std::io::Result<Option<Signal>> {
        let Some(spec) = self.sources.spec(source) else {
            self.model.say(no_cluster(source), self.clock.now());
            return Ok(None);
        };
        self.reader.pause();
        self.writer.drain(PATIENCE).await;
        self.terminal.leave();
        let ended = match self.k9s.start(spec, namespace, readonly) {
            Err(error) => Err(error),
            Ok(mut child) => loop {
                tokio::select! {
                    status = child.wait() => break match status {
                        Ok(status) if status.success() => Ok(()),
                        Ok(status) => Err(K9sError::Failed(status)),
                        Err(error) => Err(K9sError::Refused(error)),
                    },
                    // an interrupt is k9s's, and the size is asked for afterwards
                    signal = self.signals.next() => if matches!(signal, Signal::HangUp | Signal::Terminate) {
                        return Ok(Some(signal));
                    },
                }
            },
        };
        self.terminal.enter_again()?;
        self.reader.resume();
        if let Err(error) = ended {
            self.model.say(error.to_string(), self.clock.now());
        }
        Ok(None)
    }

    /// Hands the terminal back to the shell until the person returns.
    async fn suspend(&mut self) -> std::io::Result<()> {
        self.reader.pause();
        self.writer.drain(PATIENCE).await;
        self.terminal.suspend()?;
        self.reader.resume();
        Ok(())
    }
}
