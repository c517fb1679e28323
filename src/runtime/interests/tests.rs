use std::sync::Arc;

use super::reading::{MOST, Reading, choose};
use super::work::goes_on;
use crate::domain::{
    AppKey, AppRow, ContainerState, Destination, Fullness, Link, RouteContext, Routes, Run, Timestamp,
};
use crate::store::{Apps, Delta, Interest, LiveDelta, NamespaceDelta};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn apps(count: usize) -> (Apps, Vec<Interest>) {
    let mut apps = Apps::default();
    let context = |name: &str| RouteContext { name: name.into(), server: "".into(), current: false };
    apps.set_routes(Arc::new(Routes::new(vec![context("s")], [])), NOW);
    let mut interests = Vec::new();
    for n in 0..count {
        let key = AppKey { source: "s".into(), namespace: "argocd".into(), name: format!("a{n}").into() };
        let destination = Destination {
            server: "https://kubernetes.default.svc".into(),
            name: "".into(),
            namespace: format!("ns{n}").into(),
        };
        let row = AppRow { key: key.clone(), destination, ..AppRow::default() };
        apps.apply(Delta::Upsert(Box::new(row)), NOW);
        interests.push(Interest::Pods(key));
    }
    apps.apply(Delta::Link("s".into(), Link::Live), NOW);
    (apps, interests)
}

#[test]
fn the_first_are_read_and_what_is_left_out_is_counted() {
    let (apps, interests) = apps(MOST + 3);
    let (wanted, left_out) = choose(&interests, &apps, NOW);
    assert_eq!((wanted.len(), left_out), (MOST, 3));
    assert!(wanted.contains(&Reading::Pods(("s".into(), "ns0".into()))));
    assert!(!wanted.contains(&Reading::Pods(("s".into(), format!("ns{}", MOST + 2).into()))));
}

#[test]
fn a_source_that_is_off_is_left_alone() {
    let (mut apps, interests) = apps(1);
    apps.apply(Delta::Link("s".into(), Link::Off), NOW);
    assert!(choose(&interests, &apps, NOW).0.is_empty());
}

#[test]
fn events_are_those_of_the_destination_and_those_about_the_application() {
    let (apps, interests) = apps(1);
    let interest = Interest::Events(interests[0].app().clone());
    let wanted: Vec<_> = choose(&[interest], &apps, NOW).0.into_iter().collect();
    let events = |namespace: &str| Reading::Events(("s".into(), namespace.into()));
    assert_eq!(wanted, [events("argocd"), events("ns0")]);
}

#[test]
fn a_sketch_is_not_read_for_because_nobody_knows_where_it_deploys_to() {
    let (mut apps, interests) = apps(1);
    let app = interests[0].app().clone();
    apps.apply(Delta::Remove(app.clone()), NOW);
    let sketch = AppRow { key: app.clone(), fullness: Fullness::Sketch, ..AppRow::default() };
    apps.apply(Delta::Upsert(Box::new(sketch)), NOW);
    let all = [Interest::Pods(app.clone()), Interest::Events(app.clone()), Interest::Resources(app)];
    assert!(choose(&all, &apps, NOW).0.is_empty());
}

/// In the back-off the dead container is the current one; once it was started again, it is the one before (recorded,
/// `crash`).
#[test]
fn the_log_of_a_run_that_ended_is_the_previous_one_only_after_a_new_start() {
    use crate::domain::{Container, Pod, Terminated};
    let ended = Terminated { finished: Some(NOW), ..Terminated::default() };
    let waiting = ContainerState::Waiting { reason: "CrashLoopBackOff".into(), message: None };
    let running = ContainerState::Running { since: Some(NOW) };
    let cases = [
        (ContainerState::Terminated(ended.clone()), None, false),
        (ContainerState::Terminated(ended.clone()), Some(ended.clone()), false),
        (waiting, Some(ended.clone()), false),
        (running.clone(), Some(ended), true),
        (running, None, false),
    ];
    for (state, last, expected) in cases {
        let container = Container { name: "c".into(), state: state.clone(), last, ..Container::default() };
        let pod = Pod { name: "p".into(), uid: "u".into(), containers: [container].into(), ..Pod::default() };
        let mut apps = Apps::default();
        apps.apply(Delta::Live(LiveDelta::Pods("s".into(), "dev".into(), NamespaceDelta::Replace(vec![pod]))), NOW);
        let run = Run {
            context: "s".into(),
            namespace: "dev".into(),
            pod: "p".into(),
            uid: "u".into(),
            container: "c".into(),
            ended: Some(NOW),
        };
        assert_eq!(goes_on(&run, &apps), expected, "{state:?}");
    }
}
