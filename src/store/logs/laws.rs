//! What must hold for every ring and every filter, as tests against the simplest thing that could be right.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::Timestamp;
use crate::domain::time::after;

fn at(millis: u64) -> Timestamp {
    after(Timestamp::from_second(1_700_000_000).unwrap(), Duration::from_millis(millis))
}

/// Texts of lines in a store of these limits, pushed one after the other.
fn filled(limits: Limits, lines: &[String]) -> LogStore {
    let mut store = LogStore::new(limits);
    let streams = [store.stream("api-1", "api"), store.stream("api-2", "api")];
    for (n, text) in lines.iter().enumerate() {
        store.push(streams[n % 2], at(n as u64), text, at(n as u64));
    }
    store.settle_all();
    store
}

fn lines() -> impl Strategy<Value = Vec<String>> {
    let line = prop_oneof![
        8 => "(INFO|WARN|ERROR|) ?[a-d ]{0,12}",
        2 => "\u{1b}\\[3[0-7]m[a-d ]{0,6}\u{1b}\\[0m[a-d]{0,3}",
        1 => Just("b".repeat(30_000)),
    ];
    prop::collection::vec(line, 0..400)
}

fn patterns() -> impl Strategy<Value = String> {
    prop_oneof!["[a-d]{1,3}", "![a-d]{1,2}", "/[a-c]+ ?d/", "3", "ERROR"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_line_reads_back_or_is_reported_dropped(lines in lines(), bytes in 0usize..400_000, most in 1usize..9000) {
        let store = filled(Limits { bytes, lines: most }, &lines);
        prop_assert_eq!(store.end(), lines.len() as u64);
        prop_assert_eq!(store.dropped(), store.first());
        for (n, text) in lines.iter().enumerate() {
            match store.get(n as u64) {
                Some(line) => {
                    prop_assert_eq!(line.text, text.as_str());
                    prop_assert_eq!((line.number, line.at), (n as u64, at(n as u64)));
                }
                None => prop_assert!((n as u64) < store.first()),
            }
        }
        prop_assert_eq!(store.lines().count() as u64, store.len());
    }

    #[test]
    fn hits_are_what_a_plain_loop_finds_however_they_are_found(
        lines in lines(), typed in patterns(), search in prop::option::of("[a-d]{1,2}"), budget in 1usize..100_000,
        level in prop::sample::select(vec![None, Some(Level::Warn), Some(Level::Info)]), cut in 0usize..400,
    ) {
        let mut filter = Filter { level, search: search.and_then(|s| Pattern::parse(&s).unwrap()), ..Filter::default() };
        filter.parse_words(&typed).unwrap();
        let limits = Limits { bytes: 200_000, lines: 9000 };
        let mut store = LogStore::new(limits);
        let stream = store.stream("api-1", "api");
        let mut hits = Hits::default();
        hits.set_filter(&filter);
        for (n, text) in lines.iter().enumerate() {
            store.push(stream, at(n as u64), text, at(n as u64));
            if n % (cut + 1) == 0 {
                store.settle_all();
                hits.step(&store, budget);
            }
        }
        store.settle_all();
        while !hits.step(&store, budget) {}
        let wanted: Vec<u64> = store.lines().filter(|l| filter.passes(l)).map(|l| l.number).collect();
        let mut found = Vec::new();
        let mut next = hits.at_or_after(0);
        while let Some(n) = next {
            prop_assert_eq!(hits.rank(n), found.len());
            prop_assert_eq!(hits.before(n), found.last().copied());
            found.push(n);
            next = hits.at_or_after(n + 1);
        }
        prop_assert_eq!(hits.len(), wanted.len());
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn lines_of_several_streams_that_come_in_together_stand_by_time(mut times in prop::collection::vec((0u64..1000, 0usize..3), 1..80)) {
        let mut store = LogStore::default();
        let streams = [store.stream("a", "x"), store.stream("b", "x"), store.stream("c", "x")];
        for (n, (time, stream)) in times.iter().enumerate() {
            store.push(streams[*stream], at(*time), &n.to_string(), at(2000));
        }
        prop_assert!(!store.settle(at(2100)), "they wait for others");
        prop_assert!(store.settle(at(2200)));
        let order: Vec<_> = store.lines().map(|l| l.at).collect();
        times.sort_by_key(|(time, _)| *time);
        prop_assert_eq!(order, times.iter().map(|(time, _)| at(*time)).collect::<Vec<_>>());
    }
}

#[test]
fn memory_stays_at_the_size_of_the_ring_and_following_costs_new_lines_only() {
    let limits = Limits { bytes: 1 << 20, lines: 20_000 };
    let mut store = LogStore::new(limits);
    let stream = store.stream("api-1", "api");
    let mut hits = Hits::default();
    hits.set_filter(&Filter { level: Some(Level::Error), ..Filter::default() });
    for n in 0..200_000_u64 {
        store.push(stream, at(n), "INFO the quick brown fox jumps over the lazy dog", at(n));
        if n % 1000 == 999 {
            store.settle_all();
            assert!(hits.step(&store, usize::MAX));
            assert!(store.bytes() <= limits.bytes && store.len() <= limits.lines as u64, "{}", store.bytes());
        }
    }
    assert_eq!(hits.scanned(), 200_000);
    assert_eq!(store.dropped() + store.len(), 200_000);
}

#[test]
fn a_line_of_a_megabyte_is_one_line_and_its_memory_comes_back() {
    let mut store = LogStore::new(Limits { bytes: 512 << 10, lines: 100_000 });
    let stream = store.stream("api-1", "api");
    store.push(stream, at(0), &"x".repeat(3 << 20), at(0));
    store.push(stream, at(1), "short", at(1));
    store.settle_all();
    let long = store.get(0).unwrap().text;
    assert!(long.len() < (1 << 20) + 64 && long.ends_with("more bytes]"));
    assert_eq!(store.get(1).unwrap().text, "short");
    for n in 2..20_000 {
        store.push(stream, at(n), "INFO the quick brown fox jumps over the lazy dog", at(n));
    }
    store.settle_all();
    assert!(store.bytes() <= 512 << 10);
}

#[test]
fn what_a_trace_goes_on_with_has_the_level_of_its_first_line() {
    let texts = ["ERROR failed", "Traceback (most recent call last):", "  File \"/app/x.py\"", "INFO on", "done"];
    let mut store = LogStore::default();
    let stream = store.stream("api-1", "api");
    for (n, text) in texts.iter().enumerate() {
        store.push(stream, at(n as u64), text, at(0));
    }
    store.settle_all();
    let levels: Vec<_> = store.lines().map(|l| l.level.word()).collect();
    assert_eq!(levels, ["ERROR", "ERROR", "ERROR", "INFO", ""]);
}

#[test]
fn markers_are_shown_through_filters_and_never_found() {
    let mut store = LogStore::default();
    let stream = store.stream("api-1", "api");
    store.push(stream, at(0), "INFO one", at(0));
    store.mark(at(1), Some(stream), "pod restarted (exit 1)", at(1));
    store.lose(7, at(2), at(2));
    store.settle_all();
    let mut filter = Filter { level: Some(Level::Error), ..Filter::default() };
    let shown = |filter: &Filter| store.lines().filter(|l| filter.passes(l)).count();
    assert_eq!(shown(&filter), 2);
    filter.search = Pattern::parse("restarted").unwrap();
    assert_eq!(shown(&filter), 0);
    assert_eq!(store.dropped(), 7);
}

#[test]
fn an_expression_that_is_none_says_why() {
    let why = Pattern::parse("/(/").unwrap_err();
    assert!(why.starts_with("/(/ is no expression: "), "{why}");
    assert!(Pattern::parse("(").unwrap().is_some(), "words are taken as they are");
}
