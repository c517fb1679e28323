//! Logs: lines taken in, a word found in a million of them, and a screen of them drawn.

use std::sync::Arc;
use std::time::Duration;

use divan::counter::ItemsCount;
use pilothouse::app::{Bindings, Model, frame, update};
use pilothouse::command::{CommandId, Keymap};
use pilothouse::config::glyph::UNICODE;
use pilothouse::config::theme::Theme;
use pilothouse::domain::time::after;
use pilothouse::domain::{AppKey, Classifier, Timestamp};
use pilothouse::store::Apps;
use pilothouse::store::logs::{Filter, Hits, Level, Limits, LogStore, Pattern, STEP};
use pilothouse::view::{ScreenId, Work};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

const INGESTED: u64 = 100_000;
const SEARCHED: u64 = 1_000_000;

fn at(n: u64) -> Timestamp {
    after(Timestamp::UNIX_EPOCH, Duration::from_millis(n))
}

fn text(n: u64) -> String {
    match n % 20 {
        0 => format!("WARNING: request {n} to backend took long: 1.8 s"),
        7 => format!("{{\"level\":\"info\",\"msg\":\"served\",\"path\":\"/runs/{n}\",\"status\":200,\"took_ms\":12}}"),
        _ => format!("INFO:     10.88.0.1:51234 - \"GET /runs/{n} HTTP/1.1\" 200 OK"),
    }
}

/// Lines of four streams, with only one `needle`, in the oldest of them.
fn filled(lines: u64, limits: Limits) -> LogStore {
    let mut store = LogStore::new(limits);
    let streams = ["a", "b", "c", "d"].map(|pod| store.stream(pod, "api"));
    for n in 0..lines {
        let text = if n == 10 { "INFO: the needle".to_owned() } else { text(n) };
        store.push(streams[(n % 4) as usize], at(n), &text, at(n));
        if n % 1024 == 0 {
            store.settle(at(n));
        }
    }
    store.settle_all();
    store
}

/// A second's worth, taken in by slices as the loop does, into a ring that is full.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn ingest(bencher: divan::Bencher<'_, '_>) {
    let lines: Vec<String> = (0..INGESTED).map(text).collect();
    let mut store = filled(700_000, Limits::default());
    let streams = ["a", "b", "c", "d"].map(|pod| store.stream(pod, "api"));
    let mut now = SEARCHED;
    let bytes = store.bytes();
    bencher.counter(ItemsCount::new(INGESTED)).bench_local(|| {
        for slice in lines.chunks(1000) {
            now += 10;
            for (n, text) in slice.iter().enumerate() {
                store.push(streams[n % 4], at(now), text, at(now));
            }
            store.settle(at(now));
        }
    });
    assert!(store.bytes() <= Limits::default().bytes && bytes <= Limits::default().bytes);
}

/// What typed words cost until the only line they are in is found, at the far end of the ring.
#[divan::bench(args = ["needle", "Needle", "/need.e$/", "200"], sample_count = 10, sample_size = 1)]
fn search_all(bencher: divan::Bencher<'_, '_>, typed: &str) {
    let store = filled(SEARCHED, Limits { bytes: usize::MAX, lines: SEARCHED as usize + 5000 });
    bencher.counter(ItemsCount::new(SEARCHED)).bench_local(|| search(&store, typed, usize::MAX));
}

/// What one frame spends on a search.
#[divan::bench(args = ["needle", "200", "/need.e$/"], sample_count = 50, sample_size = 1)]
fn search_step(bencher: divan::Bencher<'_, '_>, typed: &str) {
    let store = filled(SEARCHED, Limits { bytes: usize::MAX, lines: SEARCHED as usize + 5000 });
    bencher.bench_local(|| search(&store, typed, STEP));
}

fn search(store: &LogStore, typed: &str, budget: usize) -> usize {
    let mut hits = Hits::default();
    let search = Pattern::parse(typed).unwrap_or_default();
    hits.set_filter(&Filter { search, ..Filter::default() });
    hits.step(store, budget);
    hits.len()
}

/// The most one frame spends: every line is coloured, so each is looked at alone, twice, and found.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn worst_step(bencher: divan::Bencher<'_, '_>) {
    let mut store = LogStore::new(Limits { bytes: usize::MAX, lines: INGESTED as usize + 5000 });
    let stream = store.stream("a", "api");
    for n in 0..INGESTED {
        let text = format!("\u{1b}[32mINFO\u{1b}[0m: \u{1b}[1m{}\u{1b}[0m \u{1b}[31m{n}\u{1b}[0m", text(n));
        store.push(stream, at(n), &text, at(n));
        if n % 1024 == 0 {
            store.settle(at(n));
        }
    }
    store.settle_all();
    bencher.bench_local(|| {
        let mut hits = Hits::default();
        let pattern = |typed| Pattern::parse(typed).unwrap_or_default();
        let (search, hidden) = (pattern("/[0-9]+ ?.*[0-9]/"), pattern("/need.*le$/"));
        hits.set_filter(&Filter { search, pattern: hidden, inverse: true, ..Filter::default() });
        hits.step(&store, STEP);
        hits.len()
    });
}

/// What one frame spends on a filter by level.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn level_step(bencher: divan::Bencher<'_, '_>) {
    let store = filled(SEARCHED, Limits { bytes: usize::MAX, lines: SEARCHED as usize + 5000 });
    bencher.bench_local(|| {
        let mut hits = Hits::default();
        hits.set_filter(&Filter { level: Some(Level::Warn), ..Filter::default() });
        hits.step(&store, STEP);
        hits.len()
    });
}

/// A frame with sixty rows of lines.
#[divan::bench(args = [false, true], sample_count = 50)]
fn draw(bencher: divan::Bencher<'_, '_>, wrapped: bool) {
    let apps = Apps::new(Arc::new(Classifier::default()));
    let keys = Bindings(Keymap::bundled());
    let size = Size { width: 120, height: 66 };
    let mut model = Model::new(apps, ScreenId::Logs, keys, Theme::default(), &UNICODE, size);
    model.lens.selected = Some(AppKey { source: "a".into(), namespace: "argocd".into(), name: "b".into() });
    model.logs = filled(INGESTED, Limits::default());
    if wrapped {
        update::command(&mut model, CommandId::LogsWrap, at(INGESTED));
    }
    let mut buf = Buffer::empty(Rect::new(0, 0, 120, 66));
    bencher.bench_local(|| {
        buf.reset();
        frame::draw(&mut model, at(INGESTED), &Work::default(), &mut buf);
    });
}
