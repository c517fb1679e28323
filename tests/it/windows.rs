//! Auto-sync that a sync window holds: seen although Argo CD says nothing of it, and gone when the window opens.

use std::sync::Arc;
use std::time::Duration;

use pilothouse::domain::time::after;
use pilothouse::domain::window::{Project, ProjectWindows};
use pilothouse::domain::{AppKey, AppRow, AutoSync, Clock, Link, SourceFacts, Sync, Timestamp, TroubleKind};
use pilothouse::runtime::interests::Interests;
use pilothouse::runtime::mailbox::Mailbox;
use pilothouse::runtime::sources::{KnownSource, Sources};
use pilothouse::sim::access::{Access, Rule, User};
use pilothouse::sim::control;
use pilothouse::sim::kubeconfig::{Context, render};
use pilothouse::sim::serve::{Cluster, Server};
use pilothouse::sim::store::Store;
use pilothouse::sim::tls::Ca;
use pilothouse::sim::world::{SimOptions, World};
use pilothouse::source::Surroundings;
use pilothouse::source::kube::{KubeconfigPlace, SourceSpec, contexts};
use pilothouse::store::{Apps, Delta, LiveDelta, NamespaceDelta};
use pilothouse::view::ScreenId;
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::clock::WallClock;
use crate::fixture::{self, NOW, voyage};

/// Longer than anything here takes, on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A cockpit without a screen, at which nobody looks at anything.
struct Lookout {
    apps: Apps,
    sources: Sources,
    interests: Interests,
    mailbox: Arc<Mailbox>,
    news: Arc<Notify>,
    clock: Arc<dyn Clock>,
}

impl Lookout {
    fn new(place: &KubeconfigPlace) -> Self {
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
        Self { apps: Apps::default(), sources, interests, mailbox, news, clock }
    }

    async fn until(&mut self, what: &str, mut holds: impl AsyncFnMut(&Self) -> bool) {
        let deadline = after(self.clock.now(), DEADLINE);
        while !holds(self).await {
            assert!(self.clock.now() < deadline, "not in time: {what}; {:?}", self.apps.sources());
            self.interests.want(&[], &self.apps, self.clock.now());
            let soon = after(self.clock.now(), Duration::from_millis(200));
            tokio::select! {
                () = self.news.notified() => {}
                () = self.clock.sleep_until(soon) => {}
            }
            let now = self.clock.now();
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

/// A daily deny window that began two hours before `now` and goes on for as long again, or a little less.
fn around(now: Timestamp) -> serde_json::Value {
    let begin = Timestamp::from_second(now.as_second() - 7_200).unwrap().to_string();
    let (hour, minute) = (&begin[11..13], &begin[14..16]);
    json!([{ "kind": "deny", "schedule": format!("{minute} {hour} * * *"), "duration": "4h",
        "applications": ["*-prod"], "manualSync": true, "description": "change freeze" }])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_window_holds_is_seen_and_goes_on_when_it_opens() {
    let world = World::start(SimOptions { scenario: Some("window".to_owned()), ..SimOptions::default() }).unwrap();
    let act = async |words: &str| {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        control::send(world.control(), &words).await.unwrap()
    };
    let store = world.store("predator-cloud").unwrap();
    let mut lookout = Lookout::new(&KubeconfigPlace::Files(vec![world.kubeconfig().to_owned()]));
    lookout.sources.start(&"predator-cloud".into());
    store.update("Application", "argocd", "backend-prod", |app| {
        app["spec"]["syncPolicy"]["automated"] = json!({"prune": true, "selfHeal": true});
    });
    act("commit prod").await;
    let prod = key("predator-cloud", "backend-prod");
    lookout
        .until("what is held", async |l| {
            act("clock advance 5s").await;
            l.trouble(&prod) == Some(TroubleKind::Window)
        })
        .await;
    let id = lookout.apps.find(&prod).unwrap();
    assert!(lookout.apps.get(id).unwrap().operation.as_ref().is_none_or(|operation| !operation.is_active()));
    let place = lookout.apps.projects_place(&prod.source);
    // what a list brings is told before the list is over
    lookout.until("projects are live", async |l| l.apps.projects_link(&place) == Some(&Link::Live)).await;

    // another window comes in by itself; the time alone opens it, and nothing has to be read for that
    let windows = around(lookout.clock.now());
    store.update("AppProject", "argocd", "predator12", |project| project["spec"]["syncWindows"] = windows.clone());
    lookout
        .until("the other window", async |l| {
            l.apps.trouble(id, l.clock.now()).is_some_and(|trouble| trouble.reason.contains("`change freeze`"))
        })
        .await;
    let later = after(lookout.clock.now(), Duration::from_hours(3));
    assert!(lookout.apps.next_verdict().is_some_and(|at| at < later));
    lookout.apps.ripen(later);
    assert_eq!(lookout.trouble(&prod), None);

    // the world opens it too
    act("clock advance 3h").await;
    lookout
        .until("the sync", async |l| {
            act("clock advance 5s").await;
            l.apps.get(id).is_some_and(|row| row.sync == Sync::Synced)
        })
        .await;
    assert_eq!(lookout.trouble(&prod), None);
}

/// Who may not read AppProjects gets the rows all the same, no verdict, and is told why in one place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_that_may_not_be_read_are_no_verdict() {
    const TOKEN: &str = "t0ken";
    let ca = Ca::generate().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new();
    store.put(json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": { "name": "api-prod", "namespace": "argocd" },
        "spec": { "project": "default", "destination": { "namespace": "prod" },
            "syncPolicy": { "automated": { "selfHeal": true } } },
        "status": { "sync": { "status": "OutOfSync" }, "health": { "status": "Healthy" },
            "resources": [{ "group": "apps", "version": "v1", "kind": "Deployment", "namespace": "prod",
                "name": "api", "status": "OutOfSync" }] } }));
    store.put(json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
        "metadata": { "name": "default", "namespace": "argocd" },
        "spec": { "syncWindows": [{ "kind": "deny", "schedule": "* * * * *", "duration": "24h",
            "applications": ["*"] }] } }));
    let applications = Rule {
        groups: vec!["argoproj.io".to_owned()],
        resources: vec!["applications".to_owned()],
        ..Rule::all_resources(None, &["get", "list", "watch"])
    };
    let reader = User::new("reader", TOKEN, Access { rules: vec![applications] });
    let server = Server::start(&ca, Cluster::new("hub", store, vec![reader])).unwrap();
    let context = Context { name: "hub".into(), server: server.url(), token: TOKEN.into(), namespace: "argocd".into() };
    let file = folder.path().join("config");
    std::fs::write(&file, render(&ca, &[context])).unwrap();
    let mut lookout = Lookout::new(&KubeconfigPlace::Files(vec![file]));
    lookout.sources.start(&"hub".into());
    let api = key("hub", "api-prod");
    let place = ("hub".into(), "argocd".into());
    lookout.until("the refusal", async |l| matches!(l.apps.projects_link(&place), Some(Link::Denied { .. }))).await;
    // the refusal may come before the list of Applications is over
    lookout.until("the source is live", async |l| *l.apps.link(&api.source) == Link::Live).await;
    assert_eq!(lookout.trouble(&api), None);
    let mut cockpit = fixture::cockpit(lookout.apps, ScreenId::Links, (160, 30));
    let text = cockpit.text();
    assert!(text.contains("sync windows are not known: ") && text.contains("appprojects"), "{text}");
    assert_eq!(text.matches("sync windows").count(), 1, "{text}");
}

#[test]
fn a_held_application_stands_out_on_the_board_and_says_why() {
    let mut apps = voyage();
    let held = key("predator-cloud", "backend-prod");
    let row = apps.find(&held).and_then(|id| apps.get(id)).cloned().unwrap();
    let auto_sync = AutoSync { enabled: true, prune: true, self_heal: true };
    let row = AppRow { sync: Sync::OutOfSync, drift: 2, auto_sync, ..row };
    apps.apply(Delta::Upsert(Box::new(row)), NOW);
    // from the midnight before until the next
    let windows = json!([{ "kind": "deny", "schedule": "0 0 * * *", "duration": "24h", "applications": ["*-prod"],
        "description": "change freeze: nothing goes to production" }]);
    let project = Project { name: "predator12".into(), windows: ProjectWindows::read(Some(&windows)) };
    let projects = NamespaceDelta::Replace(vec![project]);
    apps.apply(Delta::Live(LiveDelta::Projects("predator-cloud".into(), "argocd".into(), projects)), NOW);
    assert_eq!(apps.trouble_kind(apps.find(&held).unwrap()), Some(TroubleKind::Window));
    let mut cockpit = fixture::cockpit(apps, ScreenId::Board, (160, 30));
    cockpit.model.lens.selected = Some(held.clone());
    insta::assert_snapshot!("held_by_window_board", cockpit.text());
    for (screen, name) in [(ScreenId::App, "app"), (ScreenId::Why, "why")] {
        cockpit.model.stack.push(screen);
        insta::assert_snapshot!(format!("held_by_window_{name}"), cockpit.text());
    }
}
