//! Every screen with nothing but a URL and a token, as frames. The world's time stands still, and so does the cockpit's.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use pilothouse::action::{Guard, Who};
use pilothouse::app::{Msg, Request, frame, update};
use pilothouse::domain::resource::most_telling;
use pilothouse::domain::time::{Sleep, after};
use pilothouse::domain::{AppKey, Classifier, Clock, ObjectName, Routes, SourceFacts, Timestamp};
use pilothouse::runtime::deeds::{Deeds, Rules};
use pilothouse::runtime::interests::Interests;
use pilothouse::runtime::mailbox::Mailbox;
use pilothouse::runtime::observe::{observe, observe_live};
use pilothouse::runtime::sources::{KnownSource, Sources};
use pilothouse::runtime::tail::Tail;
use pilothouse::source::Surroundings;
use pilothouse::source::argocd::ServerSpec;
use pilothouse::source::kube::{KubeconfigPlace, SourceSpec, routes};
use pilothouse::store::{Apps, Interest};
use pilothouse::view::desk::News;
use pilothouse::view::{REGISTRY, ScreenId};
use regex::Regex;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::scene::{SOURCE, Scene};
use crate::clock::WallClock;
use crate::fixture::{self, Cockpit};

/// What is asked on the way is answered within this, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// The Application that is looked at: it was deployed twice, has a hook, and runs in several pods.
const APP: &str = "backend-staging";
/// What its hook says last.
const LAST_LINE: &str = "database is at";
const SIZES: [(u16, u16); 2] = [(120, 40), (80, 24)];

/// It shows one moment; who waits waits by the system's time.
struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep {
        let wait = Duration::try_from(at.duration_since(self.0)).unwrap_or_default();
        WallClock.sleep_until(after(WallClock.now(), wait))
    }
}

/// The road rows and everything else come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Road {
    Server,
    Context,
}

/// A cockpit on one source, whose every reading is done before it is looked at.
struct Lookout {
    cockpit: Cockpit,
    interests: Interests,
    tail: Tail,
    deeds: Deeds,
    mailbox: Arc<Mailbox>,
    news: Arc<Notify>,
    clock: Arc<dyn Clock>,
    _sources: Sources,
    _folder: tempfile::TempDir,
}

impl Lookout {
    async fn new(scene: &Scene, road: Road) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(Still(scene.world.clock().origin()));
        let news = Arc::new(Notify::new());
        let mailbox = Arc::new(Mailbox::new(news.clone()));
        let classifier = Arc::new(Classifier::default());
        let surroundings = Surroundings { sink: mailbox.clone(), clock: clock.clone(), classifier: classifier.clone() };
        let place = KubeconfigPlace::Files(vec![scene.world.kubeconfig().to_owned()]);
        let known = known(scene, road, &place);
        let mut sources = Sources::new(vec![known], surroundings.clone(), Handle::current());
        let mut interests = Interests::new(&sources, surroundings, Handle::current());
        let mut apps = Apps::new(classifier);
        sources.announce(&mut apps);
        let known_routes = match road {
            Road::Server => Routes::new(Vec::new(), Vec::new()).served(vec![(SOURCE.into(), true)]),
            Road::Context => routes(&place, Vec::new(), |context| context.into()).unwrap(),
        };
        apps.set_routes(Arc::new(known_routes), clock.now());
        sources.start(&SOURCE.into());
        let deadline = after(clock.now(), PATIENCE);
        observe(&mut apps, &sources, &mailbox, &news, &clock, deadline).await;
        let wanted: Vec<Interest> = apps.all().map(|row| Interest::Pods(row.key.clone())).collect();
        observe_live(&mut apps, &mut interests, &wanted, &mailbox, &news, &clock, deadline).await;
        let mut cockpit = fixture::cockpit(apps, ScreenId::Board, SIZES[0]);
        cockpit.now = clock.now();
        let folder = tempfile::tempdir().unwrap();
        let who = Who { user: "tester".to_owned(), ssh: None, kube: None };
        let rules = Rules { folder: Ok(folder.path().to_owned()), who, guard: Guard { readonly: None } };
        let deeds = Deeds::new(rules, clock.clone(), Handle::current());
        let tail = Tail::new(Handle::current());
        Self { cockpit, interests, tail, deeds, mailbox, news, clock, _sources: sources, _folder: folder }
    }

    /// Opens a screen on the Application, reads what it shows, and draws it.
    async fn frames(&mut self, screen: ScreenId) -> Vec<String> {
        let model = &mut self.cockpit.model;
        model.stack.go_home(if screen == ScreenId::Fleet { ScreenId::Fleet } else { ScreenId::Board });
        model.lens.selected = Some(AppKey { source: SOURCE.into(), namespace: "argocd".into(), name: APP.into() });
        self.read(&[Interest::Resources, Interest::Events, Interest::LastWords]).await;
        let model = &mut self.cockpit.model;
        let key = model.lens.selected.clone().unwrap();
        let telling = model.apps.detail(&key).and_then(|detail| most_telling(&detail.resources).map(ObjectName::of));
        model.lens.object = telling.filter(|_| screen == ScreenId::Resource);
        // a hook says a few lines and no more
        model.lens.hooks = screen == ScreenId::Logs;
        self.open(screen).await;
        // what it shows may name more to be shown
        for _ in 0..3 {
            self.look().await;
        }
        self.read_logs().await;
        let sizes = SIZES.iter();
        let draw = |(width, height): &(u16, u16)| {
            self.cockpit.model.size = ratatui::layout::Size::new(*width, *height);
            masked(&self.cockpit.text())
        };
        sizes.map(draw).collect()
    }

    async fn read(&mut self, kinds: &[fn(AppKey) -> Interest]) {
        let key = self.cockpit.model.lens.selected.clone().unwrap();
        let wanted: Vec<Interest> = kinds.iter().map(|kind| kind(key.clone())).collect();
        self.observe(&wanted).await;
    }

    async fn look(&mut self) {
        frame::lay_out(&mut self.cockpit.model, self.clock.now());
        let wanted = frame::interests(&self.cockpit.model, self.clock.now());
        self.observe(&wanted).await;
    }

    async fn observe(&mut self, wanted: &[Interest]) {
        let deadline = after(self.clock.now(), PATIENCE);
        let Self { cockpit, interests, mailbox, news, clock, .. } = self;
        observe_live(&mut cockpit.model.apps, interests, wanted, mailbox, news, clock, deadline).await;
    }

    async fn open(&mut self, screen: ScreenId) {
        let (model, now) = (&mut self.cockpit.model, self.clock.now());
        for request in update::open(model, screen, now) {
            match request {
                Request::Plan(proposal) => self.deeds.plan(proposal, &model.apps, &mut self.interests.access),
                Request::Recall => self.deeds.recall(),
                _ => continue,
            }
            while let Some(news) = self.deeds.next().await {
                let is_last = matches!(news, News::Planned(_) | News::Records(_));
                update::update(model, Msg::Desk(news), now);
                if is_last {
                    break;
                }
            }
        }
    }

    /// Reads until the last line is there.
    async fn read_logs(&mut self) {
        let model = &self.cockpit.model;
        let Some(query) = model.stack.top().wanted(&model.lens) else { return };
        let now = self.clock.now();
        let Self { cockpit, tail, interests, .. } = self;
        tail.want(Some(query), &cockpit.model.apps, &mut cockpit.model.logs, now, |context| {
            interests.access.way(context)
        });
        while !cockpit.text().contains(LAST_LINE) {
            let news = tokio::time::timeout(PATIENCE, tail.next()).await.unwrap().unwrap();
            tail.take(news, &mut cockpit.model.logs, now);
            cockpit.model.logs.settle_all();
        }
    }
}

fn known(scene: &Scene, road: Road, place: &KubeconfigPlace) -> KnownSource {
    let server = ServerSpec { name: SOURCE.to_owned(), ..scene.spec("admin") };
    let cluster = SourceSpec {
        name: SOURCE.to_owned(),
        context: Some(SOURCE.to_owned()),
        kubeconfig: place.clone(),
        ..SourceSpec::default()
    };
    KnownSource {
        name: SOURCE.into(),
        facts: SourceFacts::default(),
        cluster: (road == Road::Context).then_some(cluster),
        server: (road == Road::Server).then_some(server),
    }
}

/// A frame without what each run makes anew, or another world would: ports, folders, times of day, commits, names that are
/// made up. All of the letters of the latter are those Kubernetes takes for them.
fn masked(frame: &str) -> String {
    let masks = [
        (r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:PORT "),
        (r"/tmp/\.tmp\w+", "/tmp/FOLDER"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "YYYY-MM-DDTHH:MM:SSZ"),
        (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UID"),
        (r#"resourceVersion: "\d+""#, "resourceVersion: VERSION"),
        (r"\b\d\d:\d\d:\d\d\b", "HH:MM:SS"),
        // what happened is noted in whole seconds, and the world begins within one
        (r"\b\d\d[smhd]\b", "AGE"),
        (r"\b\d[smhd]\b", "AG"),
        (r"-[b-df-hj-np-tv-xz2-9]{5}\b", "-POD99"),
        (r"\b(migrate) [b-df-hj-np-tv-xz2-9]{5}\b", "$1 POD99"),
        (r"\b[0-9a-f]{40}\b", "COMMITCOMMITCOMMITCOMMITCOMMITCOMMITCOMM"),
        (r"\b[0-9a-f]{7,8}\b", "COMMIT "),
    ];
    masks.iter().fold(frame.to_owned(), |text, (mask, with)| Regex::new(mask).unwrap().replace_all(&text, *with).into())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_with_a_url_and_a_token_as_a_frame() {
    let scene = Scene::still();
    let mut lookout = Lookout::new(&scene, Road::Server).await;
    // which Events share a second is another thing each time, and with it their order
    let steady = |screen: ScreenId| ![ScreenId::Events, ScreenId::Resource].contains(&screen);
    for screen in REGISTRY.iter().filter(|screen| steady(screen.id)) {
        let mut frames = String::new();
        for frame in lookout.frames(screen.id).await {
            _ = writeln!(frames, "{frame}");
        }
        insta::assert_snapshot!(format!("served_{}", screen.word), frames);
    }
    let told = lookout.frames(ScreenId::Events).await.concat();
    for words in ["argocd-server/predator12-staging  live", "Job completed", "ScalingReplicaSet"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

/// Who we are stands in the first line, and is another by each road.
fn below_header(frames: &[String]) -> Vec<&str> {
    frames.iter().flat_map(|frame| frame.lines().skip(1)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_either_road_a_screen_shows_the_same() {
    let scene = Scene::still();
    let (mut served, mut by_context) =
        (Lookout::new(&scene, Road::Server).await, Lookout::new(&scene, Road::Context).await);
    let differing = [
        // they name the road
        ScreenId::Links,
        ScreenId::Copy,
        ScreenId::Diff,
        // only argocd-server renders revisions, and knows which hooks Git has; it is sent other requests
        ScreenId::Deployments,
        ScreenId::Plan,
        // it tells of what is there, not of pods that are gone
        ScreenId::Events,
    ];
    for screen in REGISTRY.iter().filter(|screen| !differing.contains(&screen.id)) {
        let frames = (served.frames(screen.id).await, by_context.frames(screen.id).await);
        assert_eq!(below_header(&frames.0), below_header(&frames.1), "{}", screen.word);
    }
}
