//! What a complete control sequence means, as xterm, rxvt, the Linux console and kitty's protocol send them.

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

/// A key without anything held.
pub(super) fn plain(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// A character as a key. Capitals carry SHIFT, as crossterm's own reader has it.
pub(super) fn character(c: char) -> KeyEvent {
    let shift = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    KeyEvent::new(KeyCode::Char(c), shift)
}

/// The key of a C0 control or DEL.
pub(super) fn control(byte: u8) -> KeyEvent {
    match byte {
        b'\r' => plain(KeyCode::Enter),
        b'\t' => plain(KeyCode::Tab),
        0x08 | 0x7f => plain(KeyCode::Backspace),
        0x1b => plain(KeyCode::Esc),
        0x00 => KeyEvent::new(KeyCode::Char(' '), KeyModifiers::CONTROL),
        0x01..=0x1a => KeyEvent::new(KeyCode::Char(char::from(byte | 0x60)), KeyModifiers::CONTROL),
        _ => KeyEvent::new(KeyCode::Char(char::from(byte | 0x40)), KeyModifiers::CONTROL),
    }
}

/// The key of `ESC O final`, with the digit that old terminals put before it for what is held.
pub(super) fn ss3(held: Option<u8>, last: u8) -> Option<Event> {
    let mut key = match last {
        // rxvt: lower case means control
        b'a'..=b'd' => KeyEvent::new(cursor(last.to_ascii_uppercase())?, KeyModifiers::CONTROL),
        b'M' => plain(KeyCode::Enter),
        b'X' => plain(KeyCode::Char('=')),
        b'I' => plain(KeyCode::Tab),
        b' ' => plain(KeyCode::Char(' ')),
        // the keypad in application mode: `j` is `*`, ... `y` is `9`
        b'j'..=b'y' => plain(KeyCode::Char(char::from(last - b'j' + b'*'))),
        _ => plain(cursor(last)?),
    };
    if let Some(digit) = held {
        key.modifiers |= modifiers(u32::from(digit - b'0'));
    }
    Some(Event::Key(key))
}

/// What a CSI sequence means; `None` for one that is no input of a person: a reply, or one not known here.
///
/// `body` is what stood between `ESC [` and the final byte.
pub(super) fn csi(body: &[u8], last: u8) -> Option<Event> {
    if let Some(rest) = body.strip_prefix(b"<") {
        return mouse(&Params::parse(rest)?, last);
    }
    let params = Params::parse(body)?;
    let (modifiers, kind) = params.held();
    match last {
        b'I' if body.is_empty() => return Some(Event::FocusGained),
        b'O' if body.is_empty() => return Some(Event::FocusLost),
        // with another first parameter `R` is a cursor position report and `S` a graphics reply
        b'A'..=b'F' | b'H' | b'P'..=b'S' if params.first() <= 1 => return Some(key(cursor(last)?, modifiers, kind)),
        b'Z' => return Some(key(KeyCode::BackTab, modifiers | KeyModifiers::SHIFT, kind)),
        // rxvt: lower case means shift
        b'a'..=b'd' if body.is_empty() => {
            return Some(key(cursor(last.to_ascii_uppercase())?, KeyModifiers::SHIFT, KeyEventKind::Press));
        }
        b'u' => return kitty(&params),
        _ => {}
    }
    let extra = match last {
        b'~' => KeyModifiers::NONE,
        b'$' => KeyModifiers::SHIFT,
        b'^' => KeyModifiers::CONTROL,
        b'@' => KeyModifiers::CONTROL | KeyModifiers::SHIFT,
        _ => return None,
    };
    // xterm's modifyOtherKeys: `27 ; held ; character ~`
    if params.first() == 27 && params.count() == 3 {
        let (code, shift) = code_of(params.get(2))?;
        return Some(key(code, modifiers | shift, KeyEventKind::Press));
    }
    Some(key(numbered(params.first())?, modifiers | extra, kind))
}

/// The key of the Linux console's `ESC [ [ letter`.
pub(super) fn linux(letter: u8) -> Option<Event> {
    let function = matches!(letter, b'A'..=b'E').then(|| letter - b'A' + 1)?;
    Some(Event::Key(plain(KeyCode::F(function))))
}

fn key(code: KeyCode, modifiers: KeyModifiers, kind: KeyEventKind) -> Event {
    Event::Key(KeyEvent { code, modifiers, kind, state: KeyEventState::NONE })
}

fn cursor(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'E' => KeyCode::KeypadBegin,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return None,
    })
}

fn numbered(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        // the numbers leave gaps where the DEC keyboard had them
        11..=15 => KeyCode::F(number as u8 - 10),
        17..=21 => KeyCode::F(number as u8 - 11),
        23..=26 => KeyCode::F(number as u8 - 12),
        28 | 29 => KeyCode::F(number as u8 - 13),
        31..=34 => KeyCode::F(number as u8 - 14),
        _ => return None,
    })
}

/// `code[:shifted[:base]] ; held[:kind] ; text u`
fn kitty(params: &Params) -> Option<Event> {
    let (mut modifiers, kind) = params.held();
    let (code, extra) = if modifiers.contains(KeyModifiers::SHIFT) {
        let typed = params.sub(0, 1);
        let (code, extra) = code_of(if typed > 0 { typed } else { params.first() })?;
        match code {
            // what shift made of it is said: as without the protocol, only capitals carry SHIFT
            KeyCode::Char(_) if typed > 0 => {
                modifiers -= KeyModifiers::SHIFT;
                (code, extra)
            }
            KeyCode::Char(c) => (KeyCode::Char(c.to_ascii_uppercase()), extra),
            KeyCode::Tab => (KeyCode::BackTab, extra),
            _ => (code, extra),
        }
    } else {
        code_of(params.first())?
    };
    Some(key(code, modifiers | extra, kind))
}

/// The key a code point stands for: kitty has its keypad keys in the private use area.
fn code_of(code: u32) -> Option<(KeyCode, KeyModifiers)> {
    let code = match code {
        0x08 | 0x7f => KeyCode::Backspace,
        0x09 => KeyCode::Tab,
        0x0d | 57_414 => KeyCode::Enter,
        0x1b => KeyCode::Esc,
        57_399..=57_408 => KeyCode::Char(char::from_digit(code - 57_399, 10)?),
        57_409 => KeyCode::Char('.'),
        57_410 => KeyCode::Char('/'),
        57_411 => KeyCode::Char('*'),
        57_412 => KeyCode::Char('-'),
        57_413 => KeyCode::Char('+'),
        57_415 => KeyCode::Char('='),
        57_417 => KeyCode::Left,
        57_418 => KeyCode::Right,
        57_419 => KeyCode::Up,
        57_420 => KeyCode::Down,
        57_421 => KeyCode::PageUp,
        57_422 => KeyCode::PageDown,
        57_423 => KeyCode::Home,
        57_424 => KeyCode::End,
        57_425 => KeyCode::Insert,
        57_426 => KeyCode::Delete,
        57_427 => KeyCode::KeypadBegin,
        0xe000..=0xf8ff => return None,
        _ => {
            let key = char::from_u32(code).filter(|c| !c.is_control()).map(character)?;
            return Some((key.code, key.modifiers));
        }
    };
    Some((code, KeyModifiers::NONE))
}

/// One more than a set of bits, as xterm and kitty count: 1 shift, 2 alt, 4 control, 8 super, 16 hyper, 32 meta.
fn modifiers(number: u32) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    let mut held = KeyModifiers::NONE;
    for (bit, modifier) in [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
        (16, KeyModifiers::HYPER),
        (32, KeyModifiers::META),
    ] {
        if bits & bit != 0 {
            held |= modifier;
        }
    }
    held
}

/// SGR mouse reports: `< button ; column ; row M` (pressed) or `m` (released), counted from one.
fn mouse(params: &Params, last: u8) -> Option<Event> {
    if params.count() != 3 || !matches!(last, b'M' | b'm') {
        return None;
    }
    let bits = params.first();
    let button = match bits & 0b11 {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        _ => None,
    };
    let kind = match (bits & 0xc0, bits & 0x20 != 0) {
        (0x40, _) => match bits & 0b11 {
            0 => MouseEventKind::ScrollUp,
            1 => MouseEventKind::ScrollDown,
            2 => MouseEventKind::ScrollLeft,
            _ => MouseEventKind::ScrollRight,
        },
        (0, true) => button.map_or(MouseEventKind::Moved, MouseEventKind::Drag),
        (0, false) if last == b'm' => MouseEventKind::Up(button?),
        (0, false) => MouseEventKind::Down(button?),
        _ => return None,
    };
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(4, KeyModifiers::SHIFT), (8, KeyModifiers::ALT), (16, KeyModifiers::CONTROL)] {
        if bits & bit != 0 {
            modifiers |= modifier;
        }
    }
    let cell = |n: u32| u16::try_from(n.saturating_sub(1)).unwrap_or(u16::MAX);
    Some(Event::Mouse(MouseEvent { kind, column: cell(params.get(1)), row: cell(params.get(2)), modifiers }))
}

/// The numbers of a sequence: up to four, each with up to two sub-numbers. What is left out is zero.
#[derive(Default)]
struct Params {
    numbers: [[u32; 3]; 4],
    count: usize,
}

impl Params {
    /// `None` when there is anything but digits, `;` and `:`: a private sequence, which is a reply.
    fn parse(body: &[u8]) -> Option<Self> {
        let mut params = Self { count: usize::from(!body.is_empty()), ..Self::default() };
        let mut sub = 0;
        for &byte in body {
            match byte {
                b'0'..=b'9' => {
                    if let Some(number) = params.numbers.get_mut(params.count - 1).and_then(|n| n.get_mut(sub)) {
                        *number = number.saturating_mul(10).saturating_add(u32::from(byte - b'0'));
                    }
                }
                b';' => (params.count, sub) = (params.count + 1, 0),
                b':' => sub += 1,
                _ => return None,
            }
        }
        Some(params)
    }

    fn count(&self) -> usize {
        self.count
    }

    fn sub(&self, index: usize, sub: usize) -> u32 {
        self.numbers.get(index).and_then(|n| n.get(sub)).copied().unwrap_or_default()
    }

    fn get(&self, index: usize) -> u32 {
        self.sub(index, 0)
    }

    fn first(&self) -> u32 {
        self.get(0)
    }

    /// What the second number says is held, and whether the key went down, repeats or went up.
    fn held(&self) -> (KeyModifiers, KeyEventKind) {
        let kind = match self.sub(1, 1) {
            2 => KeyEventKind::Repeat,
            3 => KeyEventKind::Release,
            _ => KeyEventKind::Press,
        };
        (modifiers(self.get(1)), kind)
    }
}
