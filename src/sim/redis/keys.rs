//! What lies in Redis: under which key, what, and for how much longer.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::argocd::inspect;
use super::super::server::state::managed::managed;
use super::super::server::state::tree::tree;
use super::super::server::{Desk, open};
use crate::sim::manifest::meta::{hex, text};

/// What every key ends with: the version of its format, and that it is compressed.
const VERSION: &str = "1.8.3";
const ENDING: &str = "|1.8.3.gz";
const MANAGED: &str = "app|managed-resources|";
const TREE: &str = "app|resources-tree|";
const RENDERED: &str = "mfst|annotation:app.kubernetes.io/instance|";
const CLUSTER: &str = "cluster|info|";
/// How long what is kept of Applications lives after it was written.
const STATE: Duration = Duration::from_hours(1);
/// How long rendered manifests do.
const MANIFESTS: Duration = Duration::from_hours(24);
/// How long what is known of a cluster does.
const INFO: Duration = Duration::from_mins(10);

/// Keys are looked for again after that.
const FRESH: Duration = Duration::from_millis(500);
/// Of more Applications than that, rendered manifests are not named: that would mean reading all of them.
const RENDERED_OF: usize = 200;

/// The channel on which an Application's renewal is told.
pub(super) fn channel(app: &str) -> String {
    format!("{MANAGED}{app}|{VERSION}")
}

/// What was written last under a key.
#[derive(Debug, Clone)]
struct Written {
    at: Timestamp,
    hash: u64,
    bytes: Vec<u8>,
}

/// The keys of one Redis, which are made when somebody looks.
#[derive(Debug)]
pub(super) struct Keys {
    desk: Arc<Desk>,
    written: Mutex<HashMap<String, Written>>,
    /// Every key, as they were found a moment ago: a scan of many asks again and again.
    found: Mutex<Option<(Instant, Arc<Vec<String>>)>>,
}

impl Keys {
    pub fn new(desk: Arc<Desk>) -> Self {
        Self { desk, written: Mutex::default(), found: Mutex::default() }
    }

    /// Every key there is, in order.
    pub fn all(&self) -> Arc<Vec<String>> {
        let mut found = open(&self.found);
        match &*found {
            Some((at, keys)) if at.elapsed() < FRESH => Arc::clone(keys),
            _ => {
                let keys = Arc::new(self.find());
                *found = Some((Instant::now(), Arc::clone(&keys)));
                keys
            }
        }
    }

    fn find(&self) -> Vec<String> {
        let mut keys = BTreeSet::new();
        let desk = &self.desk;
        for cluster in &desk.clusters {
            keys.insert(format!("{CLUSTER}{}{ENDING}", cluster.server));
        }
        let apps = desk.store.snapshot("Application", Some(&desk.namespace), None);
        let apps = apps.map(|snapshot| snapshot.objects).unwrap_or_default();
        let count = apps.len();
        for app in apps {
            let name = app.name();
            keys.insert(format!("{TREE}{name}{ENDING}"));
            // an Application with a wrong spec was compared with nothing
            if memchr::memmem::find(app.rest(), b"\"InvalidSpecError\"").is_none() {
                keys.insert(format!("{MANAGED}{name}{ENDING}"));
            }
            if count <= RENDERED_OF && memchr::memmem::find(app.rest(), b"\"ComparisonError\"").is_none() {
                keys.extend(
                    crate::sim::kinds::by_kind("Application")
                        .into_iter()
                        .flat_map(|kind| self.rendered(&app.value(kind))),
                );
            }
        }
        // what was written for Applications that are gone stays until its time is over
        let now = desk.store.now();
        for (key, written) in &*open(&self.written) {
            if key.starts_with("app|") && !left(written.at, now, STATE).is_zero() {
                keys.insert(key.clone());
            }
        }
        keys.into_iter().collect()
    }

    /// The keys of the manifests of an Application: of what it was last compared with, and of what it deployed lately.
    fn rendered(&self, app: &Value) -> Vec<String> {
        let now = self.desk.store.now();
        let mut revisions = vec![text(app, "/status/sync/revision")];
        for entry in app["status"]["history"].as_array().into_iter().flatten() {
            let deployed = text(entry, "/deployedAt").parse::<Timestamp>();
            if deployed.is_ok_and(|at| !left(at, now, MANIFESTS).is_zero()) {
                revisions.push(text(entry, "/revision"));
            }
        }
        revisions.retain(|revision| !revision.is_empty());
        revisions.sort_unstable();
        revisions.dedup();
        revisions.into_iter().map(|revision| rendered_key(app, revision)).collect()
    }

    /// What lies under a key.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.renewed(key).map(|written| written.bytes)
    }

    /// How much longer something lies under a key.
    pub fn life(&self, key: &str) -> Option<Duration> {
        let written = self.renewed(key)?;
        Some(left(written.at, self.desk.store.now(), whole(key)).max(Duration::from_secs(1)))
    }

    /// What lies under a key, written again if it is not what it was.
    fn renewed(&self, key: &str) -> Option<Written> {
        let Some(value) = self.value(key) else {
            let now = self.desk.store.now();
            let kept = open(&self.written).get(key).cloned();
            return kept.filter(|written| !left(written.at, now, STATE).is_zero());
        };
        let json = format!("{}\n", value.0);
        let mut hasher = DefaultHasher::new();
        json.hash(&mut hasher);
        let hash = hasher.finish();
        let mut all = open(&self.written);
        if let Some(known) = all.get(key).filter(|known| known.hash == hash) {
            return Some(known.clone());
        }
        let mut squeezer = GzEncoder::new(Vec::new(), Compression::default());
        // writing to memory cannot fail
        let _ = squeezer.write_all(json.as_bytes());
        let bytes = squeezer.finish().unwrap_or_default();
        let at = if all.contains_key(key) { self.desk.store.now() } else { value.1 };
        let written = Written { at, hash, bytes };
        let now = self.desk.store.now();
        all.retain(|key, written| !left(written.at, now, whole(key)).is_zero());
        all.insert(key.to_owned(), written.clone());
        Some(written)
    }

    /// What a key is for, as it stands now, and when it was last looked at.
    fn value(&self, key: &str) -> Option<(Value, Timestamp)> {
        let desk = &self.desk;
        let now = desk.store.now();
        let inner = key.strip_suffix(ENDING)?;
        if let Some(server) = inner.strip_prefix(CLUSTER) {
            let known = desk.clusters.iter().any(|cluster| cluster.server == server);
            let info = json!({"connectionState": {"status": "Successful", "message": "", "attemptedAt": now.to_string()},
                "serverVersion": "v1.36.2", "cacheInfo": {}, "applicationsCount": desk.store.len("Application")});
            return known.then_some((info, now));
        }
        let app = |name: &str| desk.store.get("Application", &desk.namespace, name);
        let compared = |app: &Value| text(app, "/status/reconciledAt").parse().unwrap_or(now).min(now);
        if let Some(name) = inner.strip_prefix(TREE) {
            let app = app(name)?;
            return Some((tree(desk, &app), compared(&app)));
        }
        if let Some(name) = inner.strip_prefix(MANAGED) {
            let app = app(name)?;
            let wrong = app["status"]["conditions"].as_array().into_iter().flatten();
            if wrong.into_iter().any(|one| one["type"] == "InvalidSpecError") {
                return None;
            }
            return Some((managed(desk, &app).unwrap_or_default().into(), compared(&app)));
        }
        let mut parts = inner.strip_prefix(RENDERED)?.split('|');
        let (name, revision) = (parts.next()?, parts.next()?);
        let app = app(name).filter(|app| self.rendered(app).iter().any(|known| known == key))?;
        let manifests = desk.manifests(&app, &[revision.to_owned()]).ok()?;
        // unlike everything else, nothing is masked here
        let manifests: Vec<String> = manifests.iter().map(Value::to_string).collect();
        let rendered = json!({
            "cacheEntryHash": hex(key, 12),
            "manifestResponse": {"manifests": manifests, "revision": revision, "sourceType": app["status"]["sourceType"]},
            "mostRecentError": "", "firstFailureTimestamp": 0,
            "numberOfConsecutiveFailures": 0, "numberOfCachedResponsesReturned": 0,
        });
        Some((rendered, compared(&app)))
    }
}

/// The key of the manifests of an Application at a revision.
fn rendered_key(app: &Value, revision: &str) -> String {
    let name = text(app, "/metadata/name");
    let namespace = text(app, "/spec/destination/namespace");
    let mut hasher = DefaultHasher::new();
    for source in inspect::sources(app) {
        source.to_string().hash(&mut hasher);
    }
    let hash = hasher.finish() as u32;
    format!("{RENDERED}{name}|{revision}|{namespace}|{hash}|nil{ENDING}")
}

/// What is left of a life that began at a moment.
/// How long what is under a key lives after it was written.
fn whole(key: &str) -> Duration {
    if key.starts_with(RENDERED) {
        MANIFESTS
    } else if key.starts_with(CLUSTER) {
        INFO
    } else {
        STATE
    }
}

fn left(from: Timestamp, now: Timestamp, whole: Duration) -> Duration {
    let gone = Duration::try_from(now.duration_since(from)).unwrap_or_default();
    whole.saturating_sub(gone)
}
