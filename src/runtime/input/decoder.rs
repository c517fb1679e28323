//! From bytes to events, one byte at a time, so that it does not matter how a network cuts them.

use std::time::Duration;

use crossterm::event::{Event, KeyModifiers};

use super::sequence;
use crate::domain::text;
use crate::domain::time::{Timestamp, after, elapsed};

/// How long an unfinished sequence or reply may pause before it is given up. A person who pressed alt-[ waits this long.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long the bytes of a tail may be apart. Faster than a person types two keys, slower than most links.
const TAIL_GAP: Duration = Duration::from_millis(100);
/// The longest control sequence that is remembered; the rest of a longer one is swallowed.
const LONGEST: usize = 64;
const PASTE_START: &[u8] = b"200";
const PASTE_END: &[u8] = b"\x1b[201~";

/// Turns what a terminal sends into events. Pure: it reads no clock and no terminal.
///
/// A lone ESC is not a key yet: it may be the beginning of an arrow key of which a slow link has delivered one byte.
/// It becomes Esc when [`Decoder::flush`] is called after [`Decoder::next_deadline`], and if the tail of the arrow key
/// comes after that, it is swallowed: at the worst an arrow key is an Esc, never a command.
#[derive(Debug)]
pub struct Decoder {
    escape: Duration,
    state: State,
    /// ESC came before what is being read: it is held together with alt.
    alt: bool,
    /// Bytes of the sequence, the character or the paste that is being read.
    held: Vec<u8>,
    /// When the last byte came, while something is held.
    since: Timestamp,
    /// Until when `[` or `O` may be the tail of a sequence whose ESC was given out as Esc.
    tail_until: Option<Timestamp>,
    cut: usize,
}

/// Where in a sequence the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ground,
    /// ESC.
    Escape,
    /// ESC ESC.
    EscapeTwice,
    /// ESC [ and what follows.
    Csi,
    /// ESC [ [: the Linux console's function keys.
    LinuxFunction,
    /// ESC O, with the digit for what is held.
    Ss3(Option<u8>),
    /// ESC [ M: so many bytes of an old mouse report are still to come.
    OldMouse(u8),
    /// A reply: OSC, DCS or APC (terminals send no other strings), opened by the byte given, closed by BEL or ST.
    Reply(u8),
    /// ESC inside a reply.
    ReplyEscape(u8),
    /// `[` or `O` soon after an Esc that was given out.
    Tail(u8),
    /// Inside a paste, with so many bytes of its end seen.
    Paste(usize),
}

impl Decoder {
    /// The most bytes of one paste that are kept.
    pub const PASTE_LIMIT: usize = 1 << 20;

    /// A decoder that holds a lone ESC for `escape` (30 ms is enough for most links).
    #[must_use]
    pub fn new(escape: Duration) -> Self {
        Self {
            escape,
            state: State::Ground,
            alt: false,
            held: Vec::new(),
            since: Timestamp::UNIX_EPOCH,
            tail_until: None,
            cut: 0,
        }
    }

    /// Holds a lone ESC for another time from now on.
    pub fn hold_escape(&mut self, escape: Duration) {
        self.escape = escape;
    }

    /// Reads `bytes`, which arrived at `now`, and appends the events they complete.
    ///
    /// A paste is one [`Event::Paste`], cleaned of everything that steers a terminal, its line breaks as `\n`.
    pub fn feed(&mut self, bytes: &[u8], now: Timestamp, events: &mut Vec<Event>) {
        for &byte in bytes {
            self.byte(byte, now, events);
        }
        self.since = now;
    }

    /// When [`Decoder::flush`] has something to do, if no byte comes before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        Some(after(self.since, self.patience()?))
    }

    /// Gives up what has been held until its deadline: a lone ESC becomes the key Esc.
    pub fn flush(&mut self, now: Timestamp, events: &mut Vec<Event>) {
        // a wall clock that was set back must not hold a key for an hour
        let due = self.patience().is_some_and(|p| elapsed(self.since, now) >= p || now < self.since);
        if due {
            self.give_up(now, events);
        }
    }

    /// How many bytes of pastes were cut off since this was last asked.
    pub fn take_cut(&mut self) -> usize {
        std::mem::take(&mut self.cut)
    }

    fn patience(&self) -> Option<Duration> {
        match self.state {
            State::Escape | State::EscapeTwice => Some(self.escape),
            State::Tail(_) => Some(TAIL_GAP),
            // `ESC [` alone may be alt-[; with more in it, it is a sequence, and what completes it is no key of its own
            State::Csi if self.held.is_empty() => Some(PATIENCE),
            State::Ss3(_) | State::OldMouse(_) | State::Reply(_) | State::ReplyEscape(_) => Some(PATIENCE),
            State::Ground | State::Csi | State::LinuxFunction | State::Paste(_) => None,
        }
    }

    fn give_up(&mut self, now: Timestamp, events: &mut Vec<Event>) {
        let esc = Event::Key(sequence::control(0x1b));
        let alt = |byte: u8| {
            let mut key = sequence::character(char::from(byte));
            key.modifiers |= KeyModifiers::ALT;
            Event::Key(key)
        };
        match self.state {
            State::Escape => {
                events.push(esc);
                self.tail_until = Some(after(now, PATIENCE));
            }
            State::EscapeTwice => {
                events.extend([esc.clone(), esc]);
                self.tail_until = Some(after(now, PATIENCE));
            }
            State::Csi => events.push(alt(b'[')),
            State::Ss3(None) => events.push(alt(b'O')),
            State::Reply(opened_by) if self.held.is_empty() => events.push(alt(opened_by)),
            State::Tail(byte) => {
                events.push(Event::Key(sequence::character(char::from(byte))));
                events.extend(self.held.drain(..).map(|b| Event::Key(sequence::character(char::from(b)))));
            }
            _ => {}
        }
        self.ground();
    }

    fn ground(&mut self) {
        self.state = State::Ground;
        self.alt = false;
        self.held.clear();
    }

    fn byte(&mut self, byte: u8, now: Timestamp, events: &mut Vec<Event>) {
        match self.state {
            State::Ground => self.first(byte, now, events),
            State::Escape => self.second(byte, now, events),
            State::EscapeTwice => match byte {
                // rxvt sends alt and an arrow key as ESC before the sequence
                b'[' | b'O' => {
                    self.state = State::Escape;
                    self.second(byte, now, events);
                    self.alt = true;
                }
                0x1b => events.push(Event::Key(sequence::control(0x1b))),
                _ => {
                    events.push(Event::Key(sequence::control(0x1b)));
                    self.state = State::Escape;
                    self.second(byte, now, events);
                }
            },
            State::Csi => self.csi(byte, now, events),
            State::LinuxFunction => match byte {
                0x20..=0x7e => self.complete(sequence::linux(byte), events),
                _ => self.restart(byte, now, events),
            },
            State::Ss3(held) => match byte {
                b'1'..=b'9' if held.is_none() => self.state = State::Ss3(Some(byte)),
                0x20..=0x7e => self.complete(sequence::ss3(held, byte), events),
                _ => self.restart(byte, now, events),
            },
            State::OldMouse(1) => self.ground(),
            State::OldMouse(left) => self.state = State::OldMouse(left - 1),
            State::Reply(opened_by) => match byte {
                0x07 | 0x18 | 0x1a => self.ground(),
                0x1b => self.state = State::ReplyEscape(opened_by),
                _ if self.held.is_empty() => self.held.push(byte),
                _ => {}
            },
            State::ReplyEscape(_) if byte == b'\\' => self.ground(),
            State::ReplyEscape(_) => {
                self.ground();
                self.state = State::Escape;
                self.byte(byte, now, events);
            }
            State::Tail(opened_by) => self.tail(opened_by, byte, now, events),
            State::Paste(matched) => self.paste(matched, byte, events),
        }
    }

    /// A byte outside sequences.
    fn first(&mut self, byte: u8, now: Timestamp, events: &mut Vec<Event>) {
        if !self.held.is_empty() {
            if matches!(byte, 0x80..=0xbf) {
                self.held.push(byte);
                self.wide(events);
                return;
            }
            // a character that was cut off by something else: nothing to show for it
            self.ground();
        }
        let tail_until = self.tail_until.take();
        match byte {
            0x1b => self.state = State::Escape,
            b'[' | b'O' if !self.alt && tail_until.is_some_and(|until| now < until) => self.state = State::Tail(byte),
            0xc2..=0xf4 => self.held.push(byte),
            0x80.. => self.alt = false,
            0x00..=0x1f | 0x7f => self.complete(Some(Event::Key(sequence::control(byte))), events),
            _ => self.complete(Some(Event::Key(sequence::character(char::from(byte)))), events),
        }
    }

    /// Another byte of a character of several has come.
    fn wide(&mut self, events: &mut Vec<Event>) {
        match std::str::from_utf8(&self.held) {
            Ok(text) => {
                let c = text.chars().next().filter(|c| !c.is_control());
                self.complete(c.map(|c| Event::Key(sequence::character(c))), events);
            }
            Err(error) if error.error_len().is_some() => self.ground(),
            Err(_) => {}
        }
    }

    /// The byte after ESC.
    fn second(&mut self, byte: u8, now: Timestamp, events: &mut Vec<Event>) {
        match byte {
            b'[' => self.state = State::Csi,
            b'O' => self.state = State::Ss3(None),
            b']' | b'P' | b'_' => self.state = State::Reply(byte),
            0x1b => self.state = State::EscapeTwice,
            _ => {
                self.ground();
                self.alt = true;
                self.first(byte, now, events);
            }
        }
    }

    fn csi(&mut self, byte: u8, now: Timestamp, events: &mut Vec<Event>) {
        match byte {
            b'[' if self.held.is_empty() => self.state = State::LinuxFunction,
            b'M' if self.held.is_empty() => self.state = State::OldMouse(3),
            // rxvt ends `ESC [ 5 $` (shift) with what is a byte in the middle for everybody else
            b'$' if !self.held.is_empty() && self.held.iter().all(u8::is_ascii_digit) => {
                self.complete(sequence::csi(&self.held, byte), events);
            }
            0x20..=0x3f => {
                if self.held.len() < LONGEST {
                    self.held.push(byte);
                }
            }
            b'~' if self.held == PASTE_START => {
                self.ground();
                self.state = State::Paste(0);
            }
            0x40..=0x7e => {
                let whole = self.held.len() < LONGEST;
                let event = whole.then(|| sequence::csi(&self.held, byte)).flatten();
                self.complete(event, events);
            }
            _ => self.restart(byte, now, events),
        }
    }

    /// The sequence is broken off by a byte that has no place in it.
    fn restart(&mut self, byte: u8, now: Timestamp, events: &mut Vec<Event>) {
        self.ground();
        self.byte(byte, now, events);
    }

    /// The sequence is complete; with alt, if ESC came before it.
    fn complete(&mut self, event: Option<Event>, events: &mut Vec<Event>) {
        let alt = self.alt;
        self.ground();
        events.extend(event.map(|mut event| {
            if alt && let Event::Key(key) = &mut event {
                key.modifiers |= KeyModifiers::ALT;
            }
            event
        }));
    }

    /// What follows `[` or `O` after an Esc that was given out: the rest of a sequence is swallowed, and what cannot be
    /// one was typed.
    fn tail(&mut self, opened_by: u8, byte: u8, now: Timestamp, events: &mut Vec<Event>) {
        match byte {
            b'0'..=b'9' | b';' | b':' | b'<' if opened_by == b'[' && self.held.len() < LONGEST => self.held.push(byte),
            b'A'..=b'Z' | b'a'..=b'z' | b'~' => {
                let is_paste = self.held == PASTE_START;
                self.ground();
                if is_paste {
                    self.state = State::Paste(0);
                }
            }
            _ => {
                self.give_up(now, events);
                self.byte(byte, now, events);
            }
        }
    }

    /// A byte of a paste, of whose end `matched` bytes have been seen.
    fn paste(&mut self, matched: usize, byte: u8, events: &mut Vec<Event>) {
        if byte == PASTE_END[matched] {
            if matched + 1 == PASTE_END.len() {
                self.end_paste(events);
            } else {
                self.state = State::Paste(matched + 1);
            }
            return;
        }
        // no proper part of the end repeats its beginning: what looked like it was text
        PASTE_END[..matched].iter().for_each(|b| self.keep(*b));
        let begins = byte == PASTE_END[0];
        if !begins {
            self.keep(byte);
        }
        self.state = State::Paste(usize::from(begins));
    }

    fn keep(&mut self, byte: u8) {
        if self.held.len() < Self::PASTE_LIMIT {
            self.held.push(byte);
        } else {
            self.cut += 1;
        }
    }

    fn end_paste(&mut self, events: &mut Vec<Event>) {
        // the limit may have cut a character in half
        if let Err(error) = std::str::from_utf8(&self.held)
            && error.error_len().is_none()
        {
            self.held.truncate(error.valid_up_to());
        }
        let text = String::from_utf8_lossy(&self.held).replace("\r\n", "\n").replace('\r', "\n");
        self.ground();
        self.held.shrink_to(LONGEST);
        events.push(Event::Paste(text::clean_lines(&text).into_owned()));
    }
}
