//! A frame of 200x60 over 10,000 Applications: from the model to the bytes for the terminal.

use crossterm::event::KeyCode;
use pilothouse::app::{Msg, update};
use pilothouse::view::ScreenId;

use crate::cockpit::Cockpit;
use crate::crowd::{Crowd, START};

fn fleet() -> Cockpit {
    Cockpit::new(Crowd::default().store(), ScreenId::Fleet, 200, 60)
}

/// Nothing changed.
#[divan::bench(sample_count = 500)]
fn fleet_still(bencher: divan::Bencher<'_, '_>) {
    let mut cockpit = fleet();
    bencher.bench_local(|| cockpit.frame(START));
}

/// Somebody looked at an Application and found nothing new.
#[divan::bench(sample_count = 500)]
fn fleet_heartbeat(bencher: divan::Bencher<'_, '_>) {
    let mut crowd = Crowd::default();
    let mut cockpit = fleet();
    bencher.with_inputs(|| crowd.heartbeat(START)).bench_local_values(|beat| {
        update::update(&mut cockpit.model, Msg::Data(vec![beat]), START);
        cockpit.frame(START)
    });
}

/// From the key to its frame.
#[divan::bench(sample_count = 500)]
fn fleet_cursor_down(bencher: divan::Bencher<'_, '_>) {
    let mut cockpit = fleet();
    bencher.bench_local(|| {
        cockpit.press(KeyCode::Down);
        cockpit.frame(START)
    });
}

/// Every row is another one.
#[divan::bench(sample_count = 500)]
fn fleet_page_down(bencher: divan::Bencher<'_, '_>) {
    let mut cockpit = fleet();
    let mut pages = 0;
    bencher.bench_local(|| {
        cockpit.press(if pages % 150 == 149 { KeyCode::Home } else { KeyCode::PageDown });
        pages += 1;
        cockpit.frame(START)
    });
}

/// All of the list is sorted and drawn anew.
#[divan::bench(sample_count = 100)]
fn fleet_sort(bencher: divan::Bencher<'_, '_>) {
    let mut cockpit = fleet();
    bencher.bench_local(|| {
        cockpit.press(KeyCode::Char('>'));
        cockpit.frame(START)
    });
}

/// A letter of a filter.
#[divan::bench(sample_count = 100)]
fn fleet_filter(bencher: divan::Bencher<'_, '_>) {
    let mut cockpit = fleet();
    cockpit.press(KeyCode::Char('/'));
    let mut letters = 0;
    bencher.bench_local(|| {
        cockpit.press(if letters % 2 == 0 { KeyCode::Char('e') } else { KeyCode::Backspace });
        letters += 1;
        cockpit.frame(START)
    });
}

/// From the key to its frame.
#[divan::bench(sample_count = 500)]
fn board_cursor_down(bencher: divan::Bencher<'_, '_>) {
    let mut cockpit = Cockpit::new(Crowd::default().store(), ScreenId::Board, 200, 60);
    bencher.bench_local(|| {
        cockpit.press(KeyCode::Down);
        cockpit.frame(START)
    });
}
