use std::time::Duration;

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use proptest::prelude::*;

use super::Decoder;
use crate::domain::time::{Timestamp, after};

const ESCAPE: Duration = Duration::from_millis(30);

fn start() -> Timestamp {
    Timestamp::from_second(1_000_000).unwrap()
}

fn decoder() -> Decoder {
    Decoder::new(ESCAPE)
}

/// All events of chunks that arrive `gap` after one another, flushed whenever a deadline passes.
fn events(chunks: &[&[u8]], gap: Duration) -> Vec<Event> {
    let (mut decoder, mut events, mut now) = (decoder(), Vec::new(), start());
    for chunk in chunks {
        decoder.feed(chunk, now, &mut events);
        now = after(now, gap);
        decoder.flush(now, &mut events);
    }
    decoder.flush(after(now, Duration::from_secs(10)), &mut events);
    events
}

/// The longest pause that a sequence may make after its ESC.
const JUST_IN_TIME: Duration = Duration::from_millis(29);

fn at_once(bytes: &[u8]) -> Vec<Event> {
    events(&[bytes], Duration::ZERO)
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}

fn char(c: char) -> Event {
    key(KeyCode::Char(c), KeyModifiers::NONE)
}

/// What terminals send for what a person presses.
fn known() -> Vec<(Vec<u8>, Event)> {
    use KeyCode::{
        BackTab, Backspace, Char, Delete, Down, End, Enter, Esc, F, Home, Insert, KeypadBegin, Left, PageDown,
    };
    use KeyCode::{PageUp, Right, Tab, Up};
    const NONE: KeyModifiers = KeyModifiers::NONE;
    const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
    const ALT: KeyModifiers = KeyModifiers::ALT;
    const CTRL: KeyModifiers = KeyModifiers::CONTROL;
    let keys: &[(&str, KeyCode, KeyModifiers)] = &[
        ("a", Char('a'), NONE),
        ("A", Char('A'), SHIFT),
        (" ", Char(' '), NONE),
        ("~", Char('~'), NONE),
        ("é", Char('é'), NONE),
        ("ї", Char('ї'), NONE),
        ("界", Char('界'), NONE),
        ("🚢", Char('🚢'), NONE),
        ("\r", Enter, NONE),
        ("\n", Char('j'), CTRL),
        ("\t", Tab, NONE),
        ("\x7f", Backspace, NONE),
        ("\x08", Backspace, NONE),
        ("\x1b", Esc, NONE),
        ("\0", Char(' '), CTRL),
        ("\x01", Char('a'), CTRL),
        ("\x03", Char('c'), CTRL),
        ("\x1a", Char('z'), CTRL),
        ("\x1c", Char('\\'), CTRL),
        ("\x1f", Char('_'), CTRL),
        ("\x1bx", Char('x'), ALT),
        ("\x1bX", Char('X'), ALT | SHIFT),
        ("\x1b[", Char('['), ALT),
        ("\x1bO", Char('O'), ALT | SHIFT),
        ("\x1b]", Char(']'), ALT),
        ("\x1bї", Char('ї'), ALT),
        ("\x1b\r", Enter, ALT),
        ("\x1b\x7f", Backspace, ALT),
        ("\x1b\x01", Char('a'), ALT | CTRL),
        ("\x1b[A", Up, NONE),
        ("\x1b[B", Down, NONE),
        ("\x1b[C", Right, NONE),
        ("\x1b[D", Left, NONE),
        ("\x1b[E", KeypadBegin, NONE),
        ("\x1b[F", End, NONE),
        ("\x1b[H", Home, NONE),
        ("\x1b[P", F(1), NONE),
        ("\x1bOA", Up, NONE),
        ("\x1bOD", Left, NONE),
        ("\x1bOH", Home, NONE),
        ("\x1bOF", End, NONE),
        ("\x1bOP", F(1), NONE),
        ("\x1bOQ", F(2), NONE),
        ("\x1bOR", F(3), NONE),
        ("\x1bOS", F(4), NONE),
        ("\x1bOM", Enter, NONE),
        ("\x1bOj", Char('*'), NONE),
        ("\x1bOp", Char('0'), NONE),
        ("\x1bOy", Char('9'), NONE),
        ("\x1bO5A", Up, CTRL),
        ("\x1bO2P", F(1), SHIFT),
        ("\x1b[1~", Home, NONE),
        ("\x1b[2~", Insert, NONE),
        ("\x1b[3~", Delete, NONE),
        ("\x1b[4~", End, NONE),
        ("\x1b[5~", PageUp, NONE),
        ("\x1b[6~", PageDown, NONE),
        ("\x1b[7~", Home, NONE),
        ("\x1b[8~", End, NONE),
        ("\x1b[11~", F(1), NONE),
        ("\x1b[15~", F(5), NONE),
        ("\x1b[17~", F(6), NONE),
        ("\x1b[21~", F(10), NONE),
        ("\x1b[23~", F(11), NONE),
        ("\x1b[24~", F(12), NONE),
        ("\x1b[34~", F(20), NONE),
        ("\x1b[Z", BackTab, SHIFT),
        ("\x1b[1;5A", Up, CTRL),
        ("\x1b[1;2B", Down, SHIFT),
        ("\x1b[1;3C", Right, ALT),
        ("\x1b[1;8D", Left, SHIFT | ALT | CTRL),
        ("\x1b[1;5R", F(3), CTRL),
        ("\x1b[3;5~", Delete, CTRL),
        ("\x1b[24;2~", F(12), SHIFT),
        ("\x1b[27;5;13~", Enter, CTRL),
        ("\x1b[27;6;65~", Char('A'), SHIFT | CTRL),
        // rxvt
        ("\x1b[a", Up, SHIFT),
        ("\x1bOa", Up, CTRL),
        ("\x1b\x1b[A", Up, ALT),
        ("\x1b\x1bOA", Up, ALT),
        ("\x1b[5$", PageUp, SHIFT),
        ("\x1b[5^", PageUp, CTRL),
        ("\x1b[5@", PageUp, SHIFT | CTRL),
        // the Linux console
        ("\x1b[[A", F(1), NONE),
        ("\x1b[[E", F(5), NONE),
        // kitty
        ("\x1b[97u", Char('a'), NONE),
        ("\x1b[97;5u", Char('a'), CTRL),
        ("\x1b[97;2u", Char('A'), SHIFT),
        ("\x1b[49:33;2u", Char('!'), NONE),
        ("\x1b[97:65;2u", Char('A'), SHIFT),
        ("\x1b[27u", Esc, NONE),
        ("\x1b[13;2u", Enter, SHIFT),
        ("\x1b[9;2u", BackTab, SHIFT),
        ("\x1b[57414u", Enter, NONE),
        ("\x1b[57419;5u", Up, CTRL),
    ];
    let mut all: Vec<_> =
        keys.iter().map(|(bytes, code, held)| (bytes.as_bytes().to_vec(), key(*code, *held))).collect();
    let mouse = |kind, column, row, modifiers| Event::Mouse(MouseEvent { kind, column, row, modifiers });
    all.extend([
        (b"\x1b[I".to_vec(), Event::FocusGained),
        (b"\x1b[O".to_vec(), Event::FocusLost),
        (b"\x1b[<0;1;1M".to_vec(), mouse(MouseEventKind::Down(MouseButton::Left), 0, 0, NONE)),
        (b"\x1b[<2;10;300m".to_vec(), mouse(MouseEventKind::Up(MouseButton::Right), 9, 299, NONE)),
        (b"\x1b[<32;5;6M".to_vec(), mouse(MouseEventKind::Drag(MouseButton::Left), 4, 5, NONE)),
        (b"\x1b[<35;5;6M".to_vec(), mouse(MouseEventKind::Moved, 4, 5, NONE)),
        (b"\x1b[<64;5;6M".to_vec(), mouse(MouseEventKind::ScrollUp, 4, 5, NONE)),
        (b"\x1b[<81;5;6M".to_vec(), mouse(MouseEventKind::ScrollDown, 4, 5, CTRL)),
        (b"\x1b[200~two\rlines \xd1\x97\x1b[201~".to_vec(), Event::Paste("two\nlines ї".to_owned())),
        (
            b"\x1b[97;5:3u".to_vec(),
            Event::Key(KeyEvent {
                code: Char('a'),
                modifiers: CTRL,
                kind: KeyEventKind::Release,
                state: KeyEventState::NONE,
            }),
        ),
    ]);
    all
}

#[test]
fn input_every_known_key_split_at_every_byte_is_that_one_event() {
    for (bytes, event) in known() {
        let event = [event];
        assert_eq!(at_once(&bytes), event, "{:?}", bytes.escape_ascii().to_string());
        for at in 1..bytes.len() {
            let (one, two) = bytes.split_at(at);
            assert_eq!(
                events(&[one, two], JUST_IN_TIME),
                event,
                "{:?} split at {at}",
                bytes.escape_ascii().to_string()
            );
        }
    }
}

#[test]
fn input_keys_one_after_another_are_each_themselves() {
    for (first, one) in known() {
        // what is cut off by nothing but silence has to come last
        if [&b"\x1b"[..], b"\x1b[", b"\x1bO", b"\x1b]"].contains(&&first[..]) {
            continue;
        }
        for (second, two) in known() {
            let both = [first.clone(), second.clone()].concat();
            assert_eq!(at_once(&both), [one.clone(), two], "{:?}", both.escape_ascii().to_string());
        }
    }
}

#[test]
fn input_a_lone_escape_waits_for_its_deadline() {
    let (mut decoder, mut events) = (decoder(), Vec::new());
    assert_eq!(decoder.next_deadline(), None);
    decoder.feed(b"\x1b", start(), &mut events);
    let deadline = after(start(), ESCAPE);
    assert_eq!(decoder.next_deadline(), Some(deadline));
    decoder.flush(after(start(), JUST_IN_TIME), &mut events);
    assert!(events.is_empty());
    decoder.flush(deadline, &mut events);
    assert_eq!(events, [key(KeyCode::Esc, KeyModifiers::NONE)]);
    assert_eq!(decoder.next_deadline(), None);
}

#[test]
fn input_a_clock_that_is_set_back_does_not_hold_escape() {
    let (mut decoder, mut events) = (decoder(), Vec::new());
    decoder.feed(b"\x1b", start(), &mut events);
    decoder.flush(Timestamp::UNIX_EPOCH, &mut events);
    assert_eq!(events, [key(KeyCode::Esc, KeyModifiers::NONE)]);
}

#[test]
fn input_an_arrow_key_over_a_slow_link_is_at_the_worst_an_escape() {
    for tail in [&b"[A"[..], b"OA", b"[1;5C", b"[<0;10;10M", b"[5~"] {
        let mut chunks = vec![&b"\x1b"[..]];
        chunks.extend(tail.chunks(1));
        let gap = Duration::from_millis(60);
        assert_eq!(events(&chunks, gap), [key(KeyCode::Esc, KeyModifiers::NONE)], "{tail:?}");
    }
}

#[test]
fn input_a_bracket_typed_after_escape_is_typed() {
    let esc = key(KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!(events(&[b"\x1b", b"[", b"x"], Duration::from_millis(150)), [esc.clone(), char('['), char('x')]);
    assert_eq!(events(&[b"\x1b", b"[", b"A"], Duration::from_secs(1))[1], char('['));
    assert_eq!(events(&[b"\x1b", b"j"], Duration::from_millis(40)), [esc, char('j')]);
}

#[test]
fn input_replies_of_the_terminal_are_swallowed_whole() {
    let replies: &[&[u8]] = &[
        b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
        b"\x1b]52;c;aGVsbG8=\x07",
        b"\x1bP1$r0m\x1b\\",
        b"\x1bP>|kitty(0.35)\x1b\\",
        b"\x1b_Gi=1;OK\x1b\\",
        b"\x1b[?62;22c",
        b"\x1b[>41;354;0c",
        b"\x1b[?2026;2$y",
        b"\x1b[12;40R",
        b"\x1b[?1u",
        b"\x1b[8;24;80t",
        b"\x1b[M !!",
        b"\x1b[999~",
        b"\xff\xfe\x80",
        b"\xc2\x9b",
    ];
    for reply in replies {
        assert_eq!(at_once(&[reply, &b"j"[..]].concat()), [char('j')], "{:?}", reply.escape_ascii().to_string());
        for at in 1..reply.len() {
            let (one, two) = reply.split_at(at);
            assert_eq!(events(&[one, two, b"j"], Duration::from_millis(20)), [char('j')], "{reply:?} split at {at}");
        }
    }
}

#[test]
fn input_a_reply_that_never_ends_does_not_swallow_what_is_typed_later() {
    assert_eq!(events(&[b"\x1b]11;rgb:", b"j"], Duration::from_secs(1)), [char('j')]);
}

#[test]
fn input_a_paste_is_never_keys() {
    let nasty = b"q\x1b[A\x1b]52;c;x\x07\x03\x1b[200~\x1b[20\x1b[201\x1b\x1b";
    let bytes = [b"\x1b[200~", &nasty[..], b"\x1b[201~", b"j"].concat();
    for at in 1..bytes.len() {
        let (one, two) = bytes.split_at(at);
        let seen = events(&[one, two], Duration::from_millis(20));
        assert!(
            matches!(&seen[..], [Event::Paste(text), last] if text.starts_with('q') && *last == char('j')),
            "{seen:?}"
        );
    }
}

#[test]
fn input_a_paste_that_stalls_stays_a_paste() {
    assert_eq!(
        events(&[b"\x1b[200~rm", b" -rf\r", b"\x1b[201~"], Duration::from_secs(20)),
        [Event::Paste("rm -rf\n".to_owned())]
    );
}

#[test]
fn input_a_paste_over_the_limit_is_cut_and_said() {
    let (mut decoder, mut events) = (decoder(), Vec::new());
    decoder.feed(b"\x1b[200~", start(), &mut events);
    let text = "ї".repeat(Decoder::PASTE_LIMIT / 2 - 1) + "a" + &"ї".repeat(100);
    decoder.feed(text.as_bytes(), start(), &mut events);
    decoder.feed(b"\x1b[201~j", start(), &mut events);
    let [Event::Paste(kept), last] = &events[..] else { panic!("{} events", events.len()) };
    assert_eq!(kept.len(), Decoder::PASTE_LIMIT - 1);
    assert!(!kept.contains('\u{fffd}'));
    assert_eq!(*last, char('j'));
    assert_eq!((decoder.take_cut(), decoder.take_cut()), (199, 0));
}

/// Bytes that are often a part of a sequence.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        4 => prop::sample::select(known()).prop_map(|(bytes, _)| bytes),
        2 => prop::sample::select(&b"\x1b[O]P\\;:<>?$~0123456789ABMRuZ\x07\x18\r\xd1\x97\xe7"[..]).prop_map(|b| vec![b]),
        1 => prop::collection::vec(any::<u8>(), 0..8),
        1 => Just(b"\x1b[200~".to_vec()),
        1 => Just(b"\x1b[201~".to_vec()),
    ];
    prop::collection::vec(pieces, 0..24).prop_map(|p| p.concat())
}

proptest! {
    #[test]
    fn input_how_a_network_cuts_bytes_does_not_matter(bytes in noise(), cuts in prop::collection::vec(0usize..200, 0..20)) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(bytes.len())).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let chunks: Vec<_> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
        prop_assert_eq!(events(&chunks, Duration::ZERO), at_once(&bytes));
    }

    #[test]
    fn input_no_bytes_and_no_pauses_panic(chunks in prop::collection::vec((noise(), 0u64..2_000), 0..12)) {
        let (mut decoder, mut events, mut now) = (decoder(), Vec::new(), start());
        for (chunk, pause) in chunks {
            decoder.feed(&chunk, now, &mut events);
            now = after(now, Duration::from_millis(pause));
            decoder.flush(now, &mut events);
        }
        for event in events {
            if let Event::Key(KeyEvent { code: KeyCode::Char(c), .. }) = event {
                prop_assert!(!c.is_control());
            }
        }
    }
}
