use super::*;
use crate::domain::Health;
use proptest::prelude::*;
use std::collections::BTreeMap;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn row(source: &str, name: &str, health: Health) -> AppRow {
    AppRow {
        key: AppKey { source: source.into(), namespace: "argocd".into(), name: name.into() },
        environment: Some("dev".into()),
        service: name.into(),
        health,
        ..AppRow::default()
    }
}

fn names(apps: &Apps) -> Vec<String> {
    let mut names: Vec<_> = apps.all().map(|r| format!("{}/{}", r.key.source, r.key.name)).collect();
    names.sort();
    names
}

#[test]
fn a_sketch_never_replaces_what_is_known_in_full() {
    let mut apps = Apps::default();
    apps.apply(Delta::Upsert(Box::new(row("a", "x", Health::Healthy))), NOW);
    let sketch = AppRow { fullness: Fullness::Sketch, ..row("a", "x", Health::Degraded) };
    apps.apply(Delta::Upsert(Box::new(sketch)), NOW);
    assert_eq!(apps.get(0).unwrap().health, Health::Healthy);
}

#[test]
fn settling_forgets_what_the_first_list_did_not_name_and_nothing_of_other_sources() {
    let mut apps = Apps::default();
    for name in ["x", "y"] {
        apps.apply(Delta::Upsert(Box::new(row("a", name, Health::Healthy))), NOW);
        apps.apply(Delta::Upsert(Box::new(row("b", name, Health::Healthy))), NOW);
    }
    apps.apply(Delta::Begin("a".into()), NOW);
    apps.apply(Delta::Upsert(Box::new(row("a", "y", Health::Healthy))), NOW);
    assert_eq!(apps.len(), 4);
    apps.apply(Delta::Settle("a".into()), NOW);
    assert_eq!(names(&apps), ["a/y", "b/x", "b/y"]);
}

#[test]
fn a_heartbeat_moves_no_order() {
    let mut apps = Apps::default();
    apps.apply(Delta::Upsert(Box::new(row("a", "x", Health::Healthy))), NOW);
    let order = apps.order_generation();
    let beat = AppRow { reconciled: Some(NOW), ..row("a", "x", Health::Healthy) };
    apps.apply(Delta::Upsert(Box::new(beat)), NOW);
    assert_eq!(apps.order_generation(), order);
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8, Health),
    Drop(u8, u8),
    Swap(u8, Vec<u8>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let health = prop::sample::select(&Health::ALL[..]);
    let step = prop_oneof![
        4 => (0..2u8, 0..6u8, health).prop_map(|(s, n, h)| Step::Put(s, n, h)),
        2 => (0..2u8, 0..6u8).prop_map(|(s, n)| Step::Drop(s, n)),
        1 => (0..2u8, prop::collection::vec(0..6u8, 0..6)).prop_map(|(s, n)| Step::Swap(s, n)),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// Any deltas leave what a naive map would hold, and the counts a recount would give.
    #[test]
    fn the_store_equals_a_naive_map(steps in steps()) {
        let mut apps = Apps::default();
        let mut naive: BTreeMap<(u8, u8), Health> = BTreeMap::new();
        let make = |s: u8, n: u8, h| row(&format!("s{s}"), &format!("n{n}"), h);
        for step in steps {
            match step {
                Step::Put(s, n, h) => {
                    naive.insert((s, n), h);
                    apps.apply(Delta::Upsert(Box::new(make(s, n, h))), NOW);
                }
                Step::Drop(s, n) => {
                    naive.remove(&(s, n));
                    apps.apply(Delta::Remove(make(s, n, Health::Healthy).key), NOW);
                }
                Step::Swap(s, list) => {
                    naive.retain(|(source, _), _| *source != s);
                    naive.extend(list.iter().map(|n| ((s, *n), Health::Missing)));
                    let rows = list.iter().map(|n| make(s, *n, Health::Missing)).collect();
                    apps.apply(Delta::Replace(format!("s{s}").into(), rows), NOW);
                }
            }
        }
        let kept: BTreeMap<String, Health> =
            apps.all().map(|r| (format!("{}/{}", r.key.source, r.key.name), r.health)).collect();
        let wanted: BTreeMap<String, Health> =
            naive.iter().map(|((s, n), h)| (format!("s{s}/n{n}"), *h)).collect();
        prop_assert_eq!(kept, wanted);
        let counted = apps.census().of("dev").map_or(0, |c| c.health(Health::Missing));
        prop_assert_eq!(counted as usize, naive.values().filter(|h| **h == Health::Missing).count());
        prop_assert_eq!(apps.sources().values().map(|s| s.apps as usize).sum::<usize>(), naive.len());
    }
}
