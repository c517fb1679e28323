//! 10,000 Applications of which thousands change every second, at 200x60.

use crossterm::event::KeyCode;
use pilothouse::app::{Msg, update};
use pilothouse::store::Delta;
use pilothouse::view::ScreenId;

use crate::cockpit::Cockpit;
use crate::crowd::{Crowd, START};

/// The loop takes so many changes at a time before it looks at keys again.
const SLICE: usize = 512;

fn deltas(crowd: &mut Crowd, count: usize) -> Vec<Delta> {
    (0..count).map(|_| crowd.change(START)).collect()
}

/// A second's worth of changes at once, then a frame.
#[divan::bench(sample_count = 100, sample_size = 1)]
fn five_thousand_changes_then_a_frame(bencher: divan::Bencher<'_, '_>) {
    let mut crowd = Crowd::default();
    let mut cockpit = Cockpit::new(crowd.store(), ScreenId::Fleet, 200, 60);
    bencher
        .counter(divan::counter::ItemsCount::new(5_000_usize))
        .with_inputs(|| deltas(&mut crowd, 5_000))
        .bench_local_values(|deltas| {
            update::update(&mut cockpit.model, Msg::Data(deltas), START);
            cockpit.frame(START)
        });
}

/// From a key to its frame, behind as many changes as are taken before keys are looked at again.
#[divan::bench(sample_count = 200, sample_size = 1, args = [ScreenId::Fleet, ScreenId::Board])]
fn key_to_frame(bencher: divan::Bencher<'_, '_>, screen: ScreenId) {
    let mut crowd = Crowd::default();
    let mut cockpit = Cockpit::new(crowd.store(), screen, 200, 60);
    bencher.with_inputs(|| deltas(&mut crowd, SLICE)).bench_local_values(|deltas| {
        update::update(&mut cockpit.model, Msg::Data(deltas), START);
        cockpit.press(KeyCode::Down);
        cockpit.frame(START)
    });
}
