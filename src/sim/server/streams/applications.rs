//! Applications as they change.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::watch;

use super::super::super::kinds;
use super::super::super::object::Object;
use super::super::applications::list::{Narrowed, project_of, seen};
use super::super::applications::read::{bare, fill_health};
use super::super::desk::{Caller, Desk};
use super::super::fields::Selection;
use super::super::refusal::Refusal;
use super::super::request::Asked;
use super::flow::Source;

/// Frames that are sent together.
const TOGETHER: usize = 64;
/// Changes taken from the store at once.
const BATCH: usize = 256;

/// What one client watches.
pub(in crate::sim::server) struct Applications {
    desk: Arc<Desk>,
    caller: Caller,
    narrowed: Narrowed,
    selection: Option<Selection>,
    /// Whether the frames show how resources are.
    shows_health: bool,
    /// Nothing older is told.
    least: u64,
    /// What stood there at the beginning, yet to be sent.
    initial: VecDeque<Arc<Object>>,
    changed: watch::Receiver<u64>,
    at: u64,
    /// What was said last, by name.
    said: HashMap<String, u64>,
}

impl Applications {
    /// Watches from now on; what is there is told first, unless the client says what it has.
    pub fn begin(desk: &Arc<Desk>, caller: Caller, asked: &Asked) -> Result<Self, Refusal> {
        let narrowed = Narrowed::parse(asked)?;
        let from = asked.query.get("resourceVersion");
        let least = match from {
            "" => 0,
            text => text
                .parse()
                .map_err(|_| Refusal::unknown(format!("strconv.Atoi: parsing \"{text}\": invalid syntax")))?,
        };
        let changed = desk.store.subscribe("Application");
        let (objects, version) = seen(desk, &caller, &narrowed)?;
        let told = from.is_empty() || !asked.query.get("name").is_empty();
        let selection = Selection::parse(asked.query.get("fields"));
        let rows = "result.application.status.resources";
        let shows_health = selection.as_ref().is_none_or(|selection| selection.wants(rows));
        Ok(Self {
            desk: Arc::clone(desk),
            caller,
            narrowed,
            selection,
            shows_health,
            least,
            initial: if told { objects.into() } else { VecDeque::new() },
            changed,
            at: version,
            said: HashMap::new(),
        })
    }

    /// The frame of an Application; none when the last one said the same.
    fn frame(&mut self, word: &str, object: &Object) -> Option<Bytes> {
        let healthy = if self.shows_health { self.with_health(object) } else { None };
        let body = match &healthy {
            Some(text) => text.as_bytes(),
            None => object.body(),
        };
        let body = std::str::from_utf8(body).unwrap_or_default();
        let whole = format!("{{\"result\":{{\"type\":\"{word}\",\"application\":{body}}}}}");
        let frame = match &self.selection {
            Some(selection) => selection.of(&whole),
            None => whole,
        };
        let mut hasher = DefaultHasher::new();
        frame.hash(&mut hasher);
        let hash = hasher.finish();
        match self.said.get_mut(object.name()) {
            Some(last) if *last == hash => return None,
            Some(last) => *last = hash,
            None => drop(self.said.insert(object.name().to_owned(), hash)),
        }
        Some(frame.into())
    }

    /// The Application with how its resources are; none when nothing runs where it goes.
    fn with_health(&self, object: &Object) -> Option<String> {
        let brief: Brief = serde_json::from_slice(object.body()).ok()?;
        self.desk.store.object("Namespace", "", &brief.spec.destination.namespace)?;
        let mut app = object.to_value(kinds::by_kind("Application")?);
        fill_health(&self.desk, &mut app);
        Some(bare(app).to_string())
    }

    fn gather(&mut self) -> Vec<Bytes> {
        let mut frames = Vec::new();
        while frames.len() < TOGETHER
            && let Some(object) = self.initial.pop_front()
        {
            if object.resource_version >= self.least {
                frames.extend(self.frame("ADDED", &object));
            }
        }
        if !self.initial.is_empty() || !frames.is_empty() {
            return frames;
        }
        self.changed.borrow_and_update();
        let desk = Arc::clone(&self.desk);
        let (changes, complete) = match desk.store.changes("Application", self.at, BATCH) {
            Ok(changes) => changes,
            // too far behind: what was missed is not told, as a server's full channel drops it
            Err(_) => (Vec::new(), desk.store.resource_version()),
        };
        self.at = complete;
        let policy = desk.policy();
        let caller = self.caller.clone();
        let mut grants = desk.grants(&caller, &policy, ("applications", "get"));
        for change in changes {
            let object = &change.object;
            let project = project_of(object);
            let meant = object.namespace() == desk.namespace
                && change.resource_version >= self.least
                && self.narrowed.fits(object)
                && grants.allow(project, &format!("{project}/{}", object.name()));
            if meant {
                let word = match (change.deleted, &change.before) {
                    (true, _) => "DELETED",
                    (false, None) => "ADDED",
                    (false, Some(_)) => "MODIFIED",
                };
                frames.extend(self.frame(word, object));
            }
        }
        frames
    }
}

impl Source for Applications {
    async fn next(&mut self) -> Option<Vec<Bytes>> {
        loop {
            let frames = self.gather();
            if !frames.is_empty() {
                return Some(frames);
            }
            if self.initial.is_empty() && self.changed.changed().await.is_err() {
                return None;
            }
        }
    }
}

/// Where an Application goes.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Brief {
    spec: BriefSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BriefSpec {
    destination: Destination,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Destination {
    namespace: String,
}
