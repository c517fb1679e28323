use super::*;
use crate::domain::{
    Container, ContainerState, Deployment, Destination, Link, Operation, Phase, RouteContext, Terminated, TroubleKind,
    Workload,
};
use crate::store::{Delta, LiveDelta};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn routes() -> Arc<Routes> {
    let context = |name: &str| RouteContext {
        name: name.into(),
        server: format!("https://{name}.example").into(),
        current: false,
    };
    Arc::new(Routes::new(vec![context("one"), context("two")], []))
}

/// An Application of `source` that deploys workload `lists` to `server` and namespace `dev`.
fn row(source: &str, name: &str, server: &str, lists: &str) -> AppRow {
    let destination = Destination { server: server.into(), name: "".into(), namespace: "dev".into() };
    AppRow {
        key: AppKey { source: source.into(), namespace: "argocd".into(), name: name.into() },
        environment: Some("dev".into()),
        destination,
        workloads: [Workload { kind: "Deployment".into(), namespace: "dev".into(), name: lists.into() }].into(),
        ..AppRow::default()
    }
}

const OWN: &str = "https://kubernetes.default.svc";

fn pod(context: &str, name: &str, maker: &str, instance: &str, crashes: bool) -> Pod {
    let ended = Terminated { exit_code: 1, ..Terminated::default() };
    let state = if crashes { ContainerState::Terminated(ended) } else { ContainerState::Running { since: Some(NOW) } };
    let container = Container { name: "worker".into(), ready: !crashes, restarts: 6, state, ..Container::default() };
    Pod {
        context: context.into(),
        namespace: "dev".into(),
        name: name.into(),
        owner: Some(("ReplicaSet".into(), format!("{maker}-7cf7b9c").into())),
        instance: Some(instance.into()),
        containers: [container].into(),
        ..Pod::default()
    }
}

fn upsert(apps: &mut Apps, pod: Pod) {
    let (context, namespace) = (pod.context.clone(), pod.namespace.clone());
    apps.apply(Delta::Live(LiveDelta::Pods(context, namespace, NamespaceDelta::Upsert(Box::new(pod)))), NOW);
}

fn kind(apps: &Apps, source: &str, name: &str) -> Option<TroubleKind> {
    let key = AppKey { source: source.into(), namespace: "argocd".into(), name: name.into() };
    apps.trouble_kind(apps.find(&key).unwrap())
}

#[test]
fn pods_count_for_their_own_cluster_only() {
    let mut apps = Apps::default();
    apps.set_routes(routes(), NOW);
    for source in ["one", "two"] {
        apps.apply(Delta::Upsert(Box::new(row(source, "celery-dev", OWN, "celery"))), NOW);
    }
    apps.apply(Delta::Upsert(Box::new(row("one", "remote", "https://two.example", "celery"))), NOW);
    apps.apply(Delta::Upsert(Box::new(row("one", "lost", "https://three.example", "celery"))), NOW);
    upsert(&mut apps, pod("two", "celery-7cf7b9c-x", "celery", "", true));
    assert_eq!(kind(&apps, "one", "celery-dev"), None);
    assert_eq!(kind(&apps, "two", "celery-dev"), Some(TroubleKind::CrashLoop));
    assert_eq!(kind(&apps, "one", "remote"), Some(TroubleKind::CrashLoop));
    assert_eq!(kind(&apps, "one", "lost"), None);
    assert_eq!(apps.census().total().trouble, 2);
    // nobody looks any more: nothing is known any more
    apps.apply(Delta::Live(LiveDelta::Pods("two".into(), "dev".into(), NamespaceDelta::Link(Link::Off))), NOW);
    assert_eq!((kind(&apps, "two", "celery-dev"), apps.census().total().trouble), (None, 0));
}

#[test]
fn pods_outside_the_destinations_namespace_count_too() {
    let mut apps = Apps::default();
    apps.set_routes(routes(), NOW);
    let both = ["dev", "jobs"].map(|namespace| Workload {
        kind: "Deployment".into(),
        namespace: namespace.into(),
        name: "celery".into(),
    });
    apps.apply(Delta::Upsert(Box::new(AppRow { workloads: both.into(), ..row("one", "wide", OWN, "") })), NOW);
    apps.apply(Delta::Upsert(Box::new(row("one", "narrow", OWN, "celery"))), NOW);
    let jobs = |crashes| Pod { namespace: "jobs".into(), ..pod("one", "celery-7cf7b9c-j", "celery", "", crashes) };
    upsert(&mut apps, jobs(true));
    upsert(&mut apps, pod("one", "celery-7cf7b9c-d", "celery", "", false));
    let names = |apps: &Apps, name: &str| {
        let key = AppKey { source: "one".into(), namespace: "argocd".into(), name: name.into() };
        let pods = apps.pods_of(apps.find(&key).unwrap()).into_iter();
        pods.map(|pod| format!("{}/{}", pod.namespace, pod.name)).collect::<Vec<_>>()
    };
    assert_eq!(names(&apps, "wide"), ["dev/celery-7cf7b9c-d", "jobs/celery-7cf7b9c-j"]);
    assert_eq!(kind(&apps, "one", "wide"), Some(TroubleKind::CrashLoop), "what is well elsewhere changes nothing");
    assert_eq!((kind(&apps, "one", "narrow"), names(&apps, "narrow").len()), (None, 1));
    let wide = apps.find(&AppKey { source: "one".into(), namespace: "argocd".into(), name: "wide".into() }).unwrap();
    let chain = apps.why(wide, NOW).unwrap().chain;
    assert!(chain.iter().all(|object| &*object.namespace == "jobs") && chain.len() == 3, "{chain:?}");
    upsert(&mut apps, jobs(false));
    assert_eq!(kind(&apps, "one", "wide"), None);
    upsert(&mut apps, jobs(true));
    apps.apply(Delta::Live(LiveDelta::Pods("one".into(), "jobs".into(), NamespaceDelta::Link(Link::Off))), NOW);
    assert_eq!(kind(&apps, "one", "wide"), None, "nobody looks there any more");
}

#[test]
fn what_has_done_its_work_is_no_evidence() {
    let mut apps = Apps::default();
    apps.set_routes(routes(), NOW);
    let failed =
        Operation { phase: Some(Phase::Failed), message: Some("Operation terminated".into()), ..Operation::default() };
    let row = AppRow { operation: Some(Box::new(failed)), ..row("one", "celery-dev", OWN, "celery") };
    apps.apply(Delta::Upsert(Box::new(row)), NOW);
    let ended = Terminated { exit_code: 0, ..Terminated::default() };
    let mut hook = pod("one", "celery-smoke-x", "celery", "", false);
    (hook.phase, hook.ready, hook.runs_once) = ("Succeeded".into(), (0, 1), true);
    hook.containers[0].ready = false;
    hook.containers[0].state = ContainerState::Terminated(ended);
    upsert(&mut apps, hook.clone());
    let why = apps.why(0, NOW).unwrap();
    assert_eq!((why.trouble.reason.as_str(), why.chain.len()), ("Operation terminated", 0));
    hook.phase = "Pending".into();
    upsert(&mut apps, hook);
    assert!(!apps.why(0, NOW).unwrap().chain.is_empty(), "what is still to come up may be");
}

#[test]
fn the_evidence_leads_from_the_workload_to_the_container() {
    let mut apps = Apps::default();
    apps.set_routes(routes(), NOW);
    apps.apply(Delta::Upsert(Box::new(row("one", "celery-dev", OWN, "celery"))), NOW);
    upsert(&mut apps, pod("one", "celery-7cf7b9c-x", "celery", "", true));
    let event = |name: &str, kind: &str, about: &str, warning| Event {
        name: name.into(),
        warning,
        reason: "BackOff".into(),
        object: crate::domain::ObjectRef { kind: kind.into(), namespace: "dev".into(), name: about.into() },
        ..Event::default()
    };
    for event in [event("e1", "Pod", "celery-7cf7b9c-x", true), event("e2", "Pod", "celery-7cf7b9c-x", false)] {
        apps.apply(
            Delta::Live(LiveDelta::Events("one".into(), "dev".into(), NamespaceDelta::Upsert(Box::new(event)))),
            NOW,
        );
    }
    let why = apps.why(0, NOW).unwrap();
    let chain: Vec<_> = why.chain.iter().map(|o| format!("{}/{}", o.kind, o.name)).collect();
    assert_eq!(chain, ["Deployment/celery", "ReplicaSet/celery-7cf7b9c", "Pod/celery-7cf7b9c-x"]);
    assert_eq!((why.container.as_deref(), why.exit_code, why.restarts), (Some("worker"), Some(1), 6));
    assert_eq!(why.trouble.reason, "container worker crashes, 6 times, exit code 1");
    assert_eq!(why.event.map(|e| e.name.to_string()).as_deref(), Some("e1"));
}

#[test]
fn a_crash_is_told_with_what_led_to_it_and_when_it_goes_on() {
    let at = |second: i64| Timestamp::from_second(second).unwrap();
    let version = |tag: &str, deployed| AppRow {
        images: [format!("celery:{tag}").into()].into(),
        deployed: Some(Box::new(Deployment { id: 1, revision: "abc".into(), at: at(deployed), by: None })),
        ..row("one", "celery-dev", OWN, "celery")
    };
    let mut apps = Apps::default();
    apps.set_routes(routes(), NOW);
    for (row, now) in [(version("1.4", 0), 0), (version("1.5", 1_000), 1_010)] {
        apps.apply(Delta::Upsert(Box::new(row)), at(now));
    }
    let mut crashing = pod("one", "celery-7cf7b9c-x", "celery", "", true);
    crashing.containers[0].restarts = 3;
    crashing.containers[0].state =
        ContainerState::Terminated(Terminated { exit_code: 1, finished: Some(at(1_100)), ..Terminated::default() });
    upsert(&mut apps, crashing);
    let event = |name: &str, (kind, about): (&str, &str), reason: &str, second| Event {
        name: name.into(),
        warning: matches!(reason, "Unhealthy" | "BackOff"),
        reason: reason.into(),
        object: crate::domain::ObjectRef { kind: kind.into(), namespace: "dev".into(), name: about.into() },
        last: Some(at(second)),
        ..Event::default()
    };
    let (x, deployment) = (("Pod", "celery-7cf7b9c-x"), ("Deployment", "celery"));
    let told = |apps: &mut Apps, event: Event| {
        apps.apply(
            Delta::Live(LiveDelta::Events("one".into(), "dev".into(), NamespaceDelta::Upsert(Box::new(event)))),
            at(1_105),
        );
    };
    told(&mut apps, event("scaled", deployment, "ScalingReplicaSet", 1_001));
    told(&mut apps, event("started", x, "Started", 1_099));
    told(&mut apps, event("backs off", x, "BackOff", 1_100));
    told(&mut apps, event("another", ("Pod", "other"), "Unhealthy", 1_090));
    let before = |apps: &Apps| apps.why(0, at(1_105)).unwrap().before.map(|event| event.name.to_string());
    assert_eq!(before(&apps).as_deref(), Some("scaled"));
    told(&mut apps, event("probe", x, "Unhealthy", 1_095));
    assert_eq!(before(&apps).as_deref(), Some("probe"));
    told(&mut apps, event("later", x, "Unhealthy", 1_102));
    let why = apps.why(0, at(1_105)).unwrap();
    assert_eq!(why.event.map(|event| event.name.to_string()).as_deref(), Some("later"));
    assert_eq!(why.next_start, Some(at(1_140)), "40 s after the third restart's end");
    assert_eq!(why.versions, Some(("1.4".into(), "1.5".into())));
}

#[derive(Clone, Debug)]
enum Step {
    Row { source: bool, name: u8, remote: bool, lists: u8 },
    Gone { source: bool, name: u8 },
    Pod { context: bool, name: u8, maker: u8, instance: u8, crashes: bool },
    Removed { context: bool, name: u8 },
    All { context: bool, pods: Vec<(u8, u8, u8, bool)> },
    Off { context: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (few, b) = (0..3u8, any::<bool>());
    let some_pod = (few.clone(), few.clone(), few.clone(), b);
    let step = prop_oneof![
        4 => (b, few.clone(), b, few.clone())
            .prop_map(|(source, name, remote, lists)| Step::Row { source, name, remote, lists }),
        1 => (b, few.clone()).prop_map(|(source, name)| Step::Gone { source, name }),
        6 => (b, some_pod.clone()).prop_map(|(context, (name, maker, instance, crashes))| Step::Pod {
            context, name, maker, instance, crashes
        }),
        2 => (b, few).prop_map(|(context, name)| Step::Removed { context, name }),
        1 => (b, prop::collection::vec(some_pod, 0..4)).prop_map(|(context, pods)| Step::All { context, pods }),
        1 => b.prop_map(|context| Step::Off { context }),
    ];
    prop::collection::vec(step, 0..40)
}

fn context(one: bool) -> &'static str {
    if one { "one" } else { "two" }
}

fn make_pod(place: &str, (name, maker, instance, crashes): (u8, u8, u8, bool)) -> Pod {
    pod(place, &format!("p{name}"), &format!("d{maker}"), &format!("n{instance}"), crashes)
}

fn delta(step: Step) -> Delta {
    let pods = |one: bool, delta| Delta::Live(LiveDelta::Pods(context(one).into(), "dev".into(), delta));
    match step {
        Step::Row { source, name, remote, lists } => {
            let server = if remote { "https://two.example" } else { OWN };
            Delta::Upsert(Box::new(row(context(source), &format!("n{name}"), server, &format!("d{lists}"))))
        }
        Step::Gone { source, name } => Delta::Remove(row(context(source), &format!("n{name}"), OWN, "").key),
        Step::Pod { context: one, name, maker, instance, crashes } => {
            let pod = make_pod(context(one), (name, maker, instance, crashes));
            pods(one, NamespaceDelta::Upsert(Box::new(pod)))
        }
        Step::Removed { context: one, name } => pods(one, NamespaceDelta::Remove(format!("p{name}").into())),
        Step::All { context: one, pods: all } => {
            let mut all: Vec<Pod> = all.into_iter().map(|pod| make_pod(context(one), pod)).collect();
            all.sort_by(|a, b| a.name.cmp(&b.name));
            all.dedup_by(|a, b| a.name == b.name);
            pods(one, NamespaceDelta::Replace(all))
        }
        Step::Off { context: one } => pods(one, NamespaceDelta::Link(Link::Off)),
    }
}

proptest! {
    /// Whatever came in which order, the verdicts are those of looking at everything anew.
    #[test]
    fn verdicts_equal_a_look_at_everything(steps in steps()) {
        let mut apps = Apps::default();
        apps.set_routes(routes(), NOW);
        for step in steps {
            apps.apply(delta(step), NOW);
        }
        let mut troubled = 0;
        for (id, row, kind) in apps.iter() {
            let to = if &*row.destination.server == OWN { row.key.source.clone() } else { "two".into() };
            let place: Place = (to, "dev".into());
            let lists = |r: &AppRow, p: &Pod| p.owner.as_ref().is_some_and(|(_, owner)| **owner == *format!("{}-7cf7b9c", r.workloads[0].name));
            let is_here = |r: &AppRow| apps.routes().places(r).contains(&place);
            let owns = |p: &Pod| {
                let somebody_lists = apps.all().any(|r| is_here(r) && lists(r, p));
                lists(row, p) || !somebody_lists && p.instance.as_ref() == Some(&row.key.name)
            };
            let crashes = apps.pods().at(&place).any(|p| owns(p) && !p.containers[0].ready);
            // healthy pods restarted often, but nothing tells that their runs were short
            let wanted = crashes.then_some(TroubleKind::CrashLoop);
            prop_assert_eq!(kind, wanted, "{:?}", row.key);
            prop_assert_eq!(apps.trouble(id, NOW).map(|t| t.kind), wanted);
            troubled += u32::from(wanted.is_some());
        }
        prop_assert_eq!(apps.census().total().trouble, troubled);
    }
}
