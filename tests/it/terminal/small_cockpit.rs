//! The other half of most tests: a small cockpit without views, run by this binary in the terminal.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use pilothouse::domain::Clock;
use pilothouse::runtime::clock::SystemClock;
use pilothouse::runtime::input::{Bytes, Decoder, Reader};
use pilothouse::runtime::scope::Scope;
use pilothouse::runtime::signal::Signals;
use pilothouse::runtime::terminal::{Options, Size, TerminalGuard};
use pilothouse::runtime::writer::{FrameSender, NotSent};

/// Names the file a stalled cockpit says so in.
pub(super) const CHILD: &str = "PILOTHOUSE_TEST_CHILD";

fn say(text: &str) {
    let mut out = io::stdout().lock();
    write!(out, "<{text}>").unwrap();
    out.flush().unwrap();
}

/// Not a test of its own: what the tests run inside the pseudo-terminal.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let guard = TerminalGuard::enter(Options { mouse: true }).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(small_cockpit(&guard));
    drop(guard);
    say("over");
}

async fn small_cockpit(guard: &TerminalGuard) {
    let signals = Signals::listen(Some(guard.restorer())).unwrap();
    let (reader, mut input) = Reader::start(io::stdin().as_fd().try_clone_to_owned().unwrap()).unwrap();
    let scope = Scope::new(tokio::runtime::Handle::current(), |panicked| say(&format!("heard {}", panicked.message)));
    let mut decoder = Decoder::new(Duration::from_millis(30));
    let Size { columns, rows } = guard.size();
    say(&format!("ready {columns}x{rows}"));
    loop {
        let mut events = Vec::new();
        let deadline = decoder.next_deadline();
        tokio::select! {
            bytes = input.recv() => match bytes {
                Some(Bytes::Read(bytes)) => decoder.feed(&bytes, SystemClock.now(), &mut events),
                Some(Bytes::Closed) | None => return,
            },
            () = SystemClock.sleep_until(deadline.unwrap_or_default()), if deadline.is_some() => {
                decoder.flush(SystemClock.now(), &mut events);
            }
            // a loop that does not end when it is told to
            signal = signals.next() => say(&format!("signal {signal:?}")),
        }
        for event in events {
            let Event::Key(KeyEvent { code, modifiers, .. }) = event else { continue };
            match (code, modifiers) {
                (KeyCode::Char('q'), _) => return,
                (KeyCode::Char('p'), _) => panic!("asked to"),
                (KeyCode::Char('t'), _) => drop(scope.spawn("doomed", async { panic!("task was asked to") })),
                (KeyCode::Char('z'), KeyModifiers::CONTROL) => {
                    reader.pause();
                    guard.suspend().unwrap();
                    reader.resume();
                    say("back");
                }
                (KeyCode::Char('b'), _) => stall(guard),
                (code, modifiers) => say(&format!("key {code:?} {modifiers:?}")),
            }
        }
    }
}

/// Draws until the terminal takes no more, says so in a file, and blocks as a loop that is stuck would.
fn stall(guard: &TerminalGuard) {
    let writer = FrameSender::start(Box::new(guard.output())).unwrap();
    let mut busy_since = Instant::now();
    while busy_since.elapsed() < Duration::from_millis(300) {
        match writer.try_send(vec![b'x'; 65_536]) {
            Ok(()) => busy_since = Instant::now(),
            Err(NotSent::Busy(_)) => std::thread::yield_now(),
            Err(NotSent::Closed(_)) => return,
        }
    }
    std::fs::write(std::env::var_os(CHILD).unwrap(), "stalled").unwrap();
    loop {
        std::thread::park();
    }
}
