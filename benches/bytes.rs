//! What a terminal of 120x40 is sent in a second in which 50 of 10,000 Applications change, drawn ten times: the
//! counter is its bytes.

use std::io::Write as _;
use std::time::Duration;

use divan::counter::BytesCount;
use pilothouse::app::{Msg, update};
use pilothouse::domain::Timestamp;
use pilothouse::domain::time::after;
use pilothouse::store::Delta;
use pilothouse::view::ScreenId;

use crate::cockpit::Cockpit;
use crate::crowd::{Crowd, START};

/// The loop draws news ten times a second at the most.
const FRAMES: u32 = 10;
const CHANGES: u32 = 50;
/// Simulated seconds of a storm.
const SECONDS: u32 = 20;

/// A storm on a list, as its keys made it.
#[divan::bench(sample_count = 3, sample_size = 1, args = ["fleet by name", "fleet by state", "fleet problems", "board"])]
fn storm(bencher: divan::Bencher<'_, '_>, list: &str) {
    let bytes: usize = play(list);
    let a_second = bytes / SECONDS as usize;
    // a figure that is no time has no column of its own
    let _ = writeln!(std::io::stdout(), "                     {list}: {a_second} bytes a second");
    bencher.counter(BytesCount::new(bytes)).bench_local(|| play(list));
}

fn play(list: &str) -> usize {
    let mut crowd = Crowd::default();
    let screen = if list == "board" { ScreenId::Board } else { ScreenId::Fleet };
    let mut cockpit = Cockpit::new(crowd.store(), screen, 120, 40);
    let keys = match list {
        "fleet by state" => ">>>>>>>",
        "fleet problems" => "!",
        _ => "",
    };
    for key in keys.chars() {
        cockpit.press(crossterm::event::KeyCode::Char(key));
    }
    cockpit.frame(START);
    let mut written = 0;
    for second in 0..SECONDS {
        let begins = after(START, Duration::from_secs(second.into()));
        let mut changes = crowd.second(begins, CHANGES).into_iter().peekable();
        for frame in 1..=FRAMES {
            let due = after(begins, Duration::from_secs(1) * frame / FRAMES);
            let is_due = |(at, _): &(Timestamp, Delta)| *at < due;
            let deltas = std::iter::from_fn(|| changes.next_if(is_due)).map(|(_, delta)| delta).collect();
            update::update(&mut cockpit.model, Msg::Data(deltas), due);
            written += cockpit.frame(due);
        }
    }
    written
}
