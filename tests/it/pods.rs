//! What runs in the clusters: read for what is asked for, from the right cluster, and judged.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilothouse::domain::time::after;
use pilothouse::domain::{
    AppKey, Clock, DestinationRule, Health, Link, ObjectName, SourceFacts, Timestamp, TroubleKind, event,
};
use pilothouse::runtime::interests::Interests;
use pilothouse::runtime::mailbox::Mailbox;
use pilothouse::runtime::sources::{KnownSource, Sources};
use pilothouse::sim::access::{Access, Rule, User};
use pilothouse::sim::kubeconfig::{Context, render};
use pilothouse::sim::serve::{Cluster, Server};
use pilothouse::sim::store::Store;
use pilothouse::sim::tls::Ca;
use pilothouse::sim::world::{SimOptions, World};
use pilothouse::source::Surroundings;
use pilothouse::source::kube::{KubeconfigPlace, ReadError, SourceSpec, contexts, live_object, routes};
use pilothouse::store::{Apps, Interest, Place};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::clock::WallClock;

/// Longer than anything here takes, on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A cockpit without a screen.
struct Bridge {
    apps: Apps,
    sources: Sources,
    interests: Interests,
    mailbox: Arc<Mailbox>,
    news: Arc<Notify>,
    clock: Arc<dyn Clock>,
}

impl Bridge {
    fn new(place: &KubeconfigPlace, rules: Vec<DestinationRule>) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let news = Arc::new(Notify::new());
        let mailbox = Arc::new(Mailbox::new(news.clone()));
        let surroundings = Surroundings { sink: mailbox.clone(), clock: clock.clone(), classifier: Arc::default() };
        let known = contexts(place).unwrap().into_iter().map(|context| KnownSource {
            name: (&*context.name).into(),
            facts: SourceFacts::default(),
            cluster: Some(SourceSpec {
                name: context.name.clone(),
                context: Some(context.name),
                kubeconfig: place.clone(),
                ..SourceSpec::default()
            }),
            server: None,
        });
        let sources = Sources::new(known.collect(), surroundings.clone(), Handle::current());
        let interests = Interests::new(&sources, surroundings, Handle::current());
        let mut apps = Apps::default();
        apps.set_routes(Arc::new(routes(place, rules, |name| name.into()).unwrap()), clock.now());
        Self { apps, sources, interests, mailbox, news, clock }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Goes on until `condition`, as the loop would, looking at `interests`.
    async fn until(&mut self, interests: &[Interest], what: &str, condition: impl Fn(&Self) -> bool) {
        let deadline = after(self.now(), DEADLINE);
        while !condition(self) {
            assert!(self.now() < deadline, "not in time: {what}; {:?}", self.apps.sources());
            let wake = self.interests.want(interests, &self.apps, self.now());
            let soon = after(self.now(), Duration::from_millis(200));
            let wake = wake.map_or(soon, |at| at.min(soon));
            tokio::select! {
                () = self.news.notified() => {}
                () = self.clock.sleep_until(wake) => {}
            }
            let now = self.now();
            for delta in self.mailbox.take(1_024) {
                self.apps.apply(delta, now);
            }
            self.apps.ripen(now);
        }
    }

    fn trouble(&self, key: &AppKey) -> Option<TroubleKind> {
        self.apps.trouble_kind(self.apps.find(key)?)
    }
}

fn key(source: &str, name: &str) -> AppKey {
    AppKey { source: source.into(), namespace: "argocd".into(), name: name.into() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_loop_is_trouble_although_argo_cd_says_otherwise() {
    let world = World::start(SimOptions::default()).unwrap();
    let mut bridge = Bridge::new(&KubeconfigPlace::Files(vec![world.kubeconfig().to_owned()]), Vec::new());
    for source in ["minikube", "predator-cloud"] {
        bridge.sources.start(&source.into());
    }
    let celery = key("minikube", "celery-dev");
    let place: Place = ("minikube".into(), "predator12-dev".into());
    bridge
        .until(&[], "the app", |b| b.apps.find(&celery).is_some_and(|id| !b.apps.get(id).unwrap().workloads.is_empty()))
        .await;
    assert_eq!(bridge.trouble(&celery), None, "nobody has looked yet");

    let pods = [Interest::Pods(celery.clone())];
    bridge.until(&pods, "trouble", |b| b.trouble(&celery) == Some(TroubleKind::CrashLoop)).await;
    let id = bridge.apps.find(&celery).unwrap();
    assert!(matches!(bridge.apps.get(id).unwrap().health, Health::Healthy | Health::Progressing));
    assert!(bridge.apps.pods_of(id).iter().all(|pod| pod.name.contains("celery") && &*pod.context == "minikube"));
    assert_eq!(bridge.apps.pods().places().collect::<Vec<_>>(), [&place]);
    assert_eq!(bridge.trouble(&key("minikube", "backend-dev")), None);

    let everything = [pods[0].clone(), Interest::Events(celery.clone()), Interest::Resources(celery.clone())];
    bridge.until(&everything, "evidence", |b| b.apps.why(id, b.now()).is_some_and(|why| why.event.is_some())).await;
    let why = bridge.apps.why(id, bridge.now()).unwrap();
    let kinds: Vec<_> = why.chain.iter().map(|o| o.kind.to_string()).collect();
    assert_eq!(kinds, ["Deployment", "ReplicaSet", "Pod"]);
    assert!(why.exit_code.is_some_and(|code| code != 0) && why.restarts > 0, "{why:?}");
    assert!(why.trouble.reason.contains("crashes"), "{why:?}");

    // the dead container is the current one: its own log says why, and that is read once
    let words = [everything.as_slice(), &[Interest::LastWords(celery.clone())]].concat();
    let last_line = |b: &Bridge| b.apps.why(id, b.now())?.log?.lines.last().cloned();
    bridge.until(&words, "its last words", |b| last_line(b).is_some()).await;
    assert!(last_line(&bridge).unwrap().contains("ModuleNotFoundError"), "{:?}", last_line(&bridge));
    let ticket = bridge.apps.why(id, bridge.now()).unwrap().text();
    assert!(ticket.contains("ModuleNotFoundError") && ticket.contains("where      Deployment celery"), "{ticket}");

    let events = event::fold(bridge.apps.events().at(&place));
    let distinct: BTreeSet<_> = events.iter().map(|e| (&e.object, &e.reason, &e.message, &e.reporter)).collect();
    assert_eq!(distinct.len(), events.len());
    assert!(events.iter().any(|e| e.warning && e.count > 1), "a series counts");

    bridge.until(&everything, "resources", |b| b.apps.detail(&celery).is_some()).await;
    let detail = bridge.apps.detail(&celery).unwrap();
    assert_eq!((detail.read_from.as_deref(), &detail.failed), (Ok("minikube"), &None));
    let deployment = detail.resources.iter().find(|r| &*r.kind == "Deployment").unwrap();
    assert!(deployment.health.is_some() && deployment.unread.is_none(), "{deployment:?}");
    assert!(!detail.history.is_empty());

    // whoever looks away for longer is not kept up to date, and not told what may be old
    bridge.until(&[], "the end", |b| b.apps.pods().link(&place).is_none() && b.apps.detail(&celery).is_none()).await;
    assert_eq!(bridge.interests.running(), 0);
    assert_eq!(bridge.trouble(&celery), None);
}

const ADMIN: &str = "admin-token";

fn crashing(namespace: &str, name: &str, restarts: u32, exit_code: u32) -> serde_json::Value {
    let ended = json!({ "terminated": { "exitCode": exit_code, "reason": "Error" } });
    json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "namespace": namespace,
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-7cf7b9c", "uid": "u", "controller": true }] },
        "spec": { "containers": [{ "name": "api", "image": "api:1" }], "restartPolicy": "Always" },
        "status": { "phase": "Running", "containerStatuses":
            [{ "name": "api", "restartCount": restarts, "state": ended }] } })
}

fn deploys(name: &str, destination: &serde_json::Value) -> serde_json::Value {
    json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": { "name": name, "namespace": "argocd" },
        "spec": { "project": "default", "destination": destination },
        "status": { "sync": { "status": "Synced" }, "health": { "status": "Healthy" },
            "resources": [{ "group": "apps", "version": "v1", "kind": "Deployment", "namespace": "dev", "name": "api" },
                { "version": "v1", "kind": "Secret", "namespace": "dev", "name": "api" }] } })
}

/// Two clusters that hold the same namespaces, pods and Applications.
struct Twins {
    servers: [Server; 2],
    _folder: tempfile::TempDir,
    place: KubeconfigPlace,
}

impl Twins {
    fn new(reader: &Access) -> Self {
        let ca = Ca::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let servers = ["hub", "spoke"].map(|name| {
            let store = Store::new();
            let restarts = if name == "hub" { 0 } else { 7 };
            store.put(crashing("dev", "api-7cf7b9c-x", restarts, 3));
            store.put(json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "api", "namespace": "dev" },
                "data": { "password": "aHVudGVyMg==" } }));
            Server::start(&ca, Cluster::new(name, store, vec![User::new("admin", ADMIN, reader.clone())])).unwrap()
        });
        let own = json!({ "server": "https://kubernetes.default.svc", "namespace": "dev" });
        for server in &servers {
            server.store().put(deploys("own", &own));
        }
        let remote = json!({ "server": servers[1].url(), "namespace": "dev" });
        servers[0].store().put(deploys("remote", &remote));
        servers[0].store().put(deploys("named", &json!({ "name": "far-away", "namespace": "dev" })));
        servers[0].store().put(deploys("told", &json!({ "name": "berth", "namespace": "dev" })));
        let encode = |text: &str| STANDARD.encode(text);
        servers[0].store().put(json!({ "apiVersion": "v1", "kind": "Secret",
            "metadata": { "name": "cluster-berth", "namespace": "argocd",
                "labels": { "argocd.argoproj.io/secret-type": "cluster" } },
            "data": { "name": encode("berth"), "server": encode(&servers[1].url()),
                "config": encode("{\"bearerToken\":\"hunter2\"}") } }));
        servers[0].store().put(deploys("lost", &json!({ "name": "spoke", "namespace": "dev" })));
        let context = |n: usize, name: &str| Context {
            name: name.into(),
            server: servers[n].url(),
            token: ADMIN.into(),
            namespace: "argocd".into(),
        };
        let file = folder.path().join("config");
        std::fs::write(&file, render(&ca, &[context(0, "hub"), context(1, "spoke")])).unwrap();
        Self { servers, _folder: folder, place: KubeconfigPlace::Files(vec![file]) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pods_come_from_the_right_cluster_or_from_none() {
    let twins = Twins::new(&Access::full());
    let rule = DestinationRule { is: "far-away".into(), context: "spoke".into() };
    let mut bridge = Bridge::new(&twins.place, vec![rule]);
    bridge.sources.start(&"hub".into());
    let names = ["own", "remote", "named", "told", "lost"];
    let interests = names.map(|name| Interest::Pods(key("hub", name)));
    bridge
        .until(&interests, "both clusters", |b| {
            let live = |context: &str| b.apps.pods().link(&(context.into(), "dev".into())) == Some(&Link::Live);
            let told = b.apps.find(&key("hub", "told")).and_then(|id| b.apps.route(id));
            let is_told = told.is_some_and(|route| route.context().is_some());
            live("hub") && live("spoke") && b.apps.len() == names.len() && is_told
        })
        .await;
    let trouble = names.map(|name| bridge.trouble(&key("hub", name)));
    // the hub's own pod has ended once only; the spoke's ends over and over
    let loops = Some(TroubleKind::CrashLoop);
    assert_eq!(trouble, [None, loops, loops, loops, None]);
    assert!(!format!("{:?}", bridge.apps.routes()).contains("hunter2"));
    let lost = bridge.apps.find(&key("hub", "lost")).unwrap();
    assert_eq!(bridge.apps.route(lost).unwrap().to_string(), "no route to spoke");
    assert!(bridge.apps.pods_of(lost).is_empty());

    // changes come in, and so does the end
    twins.servers[0].store().put(crashing("dev", "api-7cf7b9c-x", 5, 9));
    bridge.until(&interests, "the hub's crash", |b| b.trouble(&key("hub", "own")).is_some()).await;
    let own = bridge.apps.find(&key("hub", "own")).unwrap();
    assert_eq!(bridge.apps.why(own, bridge.now()).unwrap().exit_code, Some(9));
    drop(twins.servers);
    let is_down = |b: &Bridge| {
        let link = b.apps.pods().link(&("spoke".into(), "dev".into()));
        link.is_some_and(|link| matches!(link, Link::Down { .. }))
    };
    bridge.until(&interests, "the end of the servers", is_down).await;
    assert_eq!(bridge.trouble(&key("hub", "own")), Some(TroubleKind::CrashLoop), "what was known stays");
}

/// Who may not read the Secrets of clusters is told so, and no context is guessed from its name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_whose_name_may_not_be_looked_up_has_no_route() {
    let reader = |groups: &str, resources: &str| Rule {
        groups: vec![groups.to_owned()],
        resources: vec![resources.to_owned()],
        ..Rule::all_resources(None, &["get", "list", "watch"])
    };
    let twins = Twins::new(&Access { rules: vec![reader("argoproj.io", "*"), reader("", "pods")] });
    let mut bridge = Bridge::new(&twins.place, Vec::new());
    bridge.sources.start(&"hub".into());
    let told = key("hub", "told");
    let route = |b: &Bridge| b.apps.find(&told).and_then(|id| b.apps.route(id)).map(|route| route.to_string());
    let wanted = [Interest::Pods(told.clone()), Interest::Resources(told.clone())];
    let is_refused = |b: &Bridge| route(b).is_some_and(|route| route.contains("secrets"));
    bridge.until(&wanted, "the refusal", is_refused).await;
    assert!(route(&bridge).unwrap().starts_with("no route to berth: "), "{:?}", route(&bridge));
    bridge.until(&wanted, "the reason", |b| b.apps.detail(&told).is_some_and(|d| d.read_from.is_err())).await;
    assert_eq!(bridge.apps.pods().places().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_objects_are_shown_without_their_secrets() {
    let twins = Twins::new(&Access::full());
    let mut bridge = Bridge::new(&twins.place, Vec::new());
    let hub = bridge.interests.access.cluster(&"hub".into()).unwrap();
    let name = |version: &str, kind: &str, name: &str| ObjectName {
        version: version.into(),
        kind: kind.into(),
        namespace: "dev".into(),
        name: name.into(),
        ..ObjectName::default()
    };
    let secret = live_object(&hub, &name("v1", "Secret", "api")).await.unwrap();
    assert!(secret["data"]["password"].is_string() && !secret.to_string().contains("aHVudGVyMg"), "{secret}");

    // its screen reads it again and again: what changes is shown, and masked too
    bridge.sources.start(&"hub".into());
    let own = key("hub", "own");
    let wanted = [Interest::Object(own.clone(), name("v1", "Secret", "api"))];
    let yaml = |b: &Bridge| {
        let object = b.apps.find(&own).and_then(|id| b.apps.object(id, &name("v1", "Secret", "api")));
        object.map_or_else(String::new, |object| object.yaml.join("\n"))
    };
    bridge.until(&wanted, "the object", |b| yaml(b).contains("password")).await;
    assert!(!yaml(&bridge).contains("aHVudGVyMg"), "{}", yaml(&bridge));
    twins.servers[0].store().put(json!({ "apiVersion": "v1", "kind": "Secret",
        "metadata": { "name": "api", "namespace": "dev" }, "data": { "token": "aHVudGVyMw==" } }));
    bridge.until(&wanted, "the change", |b| yaml(b).contains("token")).await;
    assert!(!yaml(&bridge).contains("aHVudGVyMw"), "{}", yaml(&bridge));

    let gone = live_object(&hub, &name("v1", "Pod", "other")).await;
    assert_eq!(gone, Err(ReadError::Missing("Pod dev/other is not there".into())));
    let strange = live_object(&hub, &name("v1", "Submarine", "x")).await;
    assert_eq!(strange, Err(ReadError::Missing("the cluster does not know the kind Submarine".into())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_read_is_said_and_costs_nothing_else() {
    let twins = Twins::new(&Access::read_only_within(&["argocd"]));
    let mut bridge = Bridge::new(&twins.place, Vec::new());
    bridge.sources.start(&"hub".into());
    let own = key("hub", "own");
    let interests = [Interest::Pods(own.clone()), Interest::Resources(own.clone())];
    let place: Place = ("hub".into(), "dev".into());
    let is_refused = |b: &Bridge| matches!(b.apps.pods().link(&place), Some(Link::Denied { .. }));
    bridge.until(&interests, "the refusal", is_refused).await;
    bridge.until(&interests, "the resources", |b| b.apps.detail(&own).is_some()).await;
    let detail = bridge.apps.detail(&own).unwrap();
    let refused: Vec<_> = detail.resources.iter().filter(|r| r.unread.is_some()).map(|r| &*r.kind).collect();
    assert_eq!((refused, &detail.failed), (vec!["Deployment"], &None));
    let is_fine = |b: &Bridge| *b.apps.link(&"hub".into()) == Link::Live;
    bridge.until(&interests, "the source itself is fine", is_fine).await;
}
