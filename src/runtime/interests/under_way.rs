//! The readings that are under way: which ones start, go on and stop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::reading::{MOST, Reading, choose};
use super::task::{Seen, Task};
use crate::domain::time::after;
use crate::domain::{Link, Timestamp};
use crate::runtime::access::Access;
use crate::runtime::scope::Scope;
use crate::runtime::sources::Sources;
use crate::source::Surroundings;
use crate::store::{Apps, Interest, Sink};

/// How long something nobody asks for any more is read on: looking away for a moment costs nothing.
const LINGER: Duration = Duration::from_secs(5);

/// The readings that are under way.
pub struct Interests {
    /// Where they read, and whoever else has something to ask there.
    pub access: Access,
    tasks: BTreeMap<Reading, Task>,
    /// Stopped, and not ended yet: what it reads is not read anew before it is gone, or its end would be taken for the
    /// end of the new reading.
    ending: Vec<(Reading, Scope)>,
    left_out: usize,
    sink: Arc<dyn Sink>,
    io: Handle,
}

impl Interests {
    /// Nothing is read. Tasks will run on `io`, through the contexts of `sources`, whether those are on or not.
    #[must_use]
    pub fn new(sources: &Sources, surroundings: Surroundings, io: Handle) -> Self {
        Self {
            access: Access::new(sources, surroundings.clock),
            tasks: BTreeMap::new(),
            ending: Vec::new(),
            left_out: 0,
            sink: surroundings.sink,
            io,
        }
    }

    /// Reads what is wanted, and nothing else for long. The first of `interests` are the most important: above
    /// [`MOST`] readings of a kind the rest is left out. Says when it wants to be asked again although nothing changed.
    pub fn want(&mut self, interests: &[Interest], apps: &Apps, now: Timestamp) -> Option<Timestamp> {
        self.ending.retain(|(_, scope)| scope.running() > 0);
        let (wanted, left_out) = choose(interests, apps, now);
        self.left_out = left_out;
        for (reading, task) in &mut self.tasks {
            if wanted.contains(reading) {
                task.unwanted_since = None;
            } else {
                task.unwanted_since.get_or_insert(now);
            }
        }
        let mut again = None;
        for reading in &wanted {
            if !self.tasks.contains_key(reading) {
                if self.ending.iter().any(|(ending, _)| ending == reading) {
                    again = Some(after(now, Duration::from_millis(20)));
                } else {
                    self.start(reading, apps);
                }
            }
            self.poke(reading, apps);
        }
        let room = |tasks: &BTreeMap<Reading, Task>, like: &Reading| {
            tasks.keys().filter(|other| std::mem::discriminant(*other) == std::mem::discriminant(like)).count() <= MOST
        };
        let unwanted: Vec<(Reading, Timestamp)> =
            self.tasks.iter().filter_map(|(r, t)| Some((r.clone(), t.unwanted_since?))).collect();
        for (reading, since) in unwanted {
            let due = after(since, LINGER);
            if due > now && room(&self.tasks, &reading) {
                again = Some(again.map_or(due, |at: Timestamp| at.min(due)));
            } else {
                self.stop(&reading);
            }
        }
        again
    }

    /// How many namespaces or Applications were asked for and are not read, because they are too many.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Whether everything that is read has been read once, or is known to fail.
    #[must_use]
    pub fn have_answered(&self, apps: &Apps) -> bool {
        let has = |link: Option<&Link>| link.is_some_and(|l| !matches!(l, Link::Off | Link::Connecting { .. }));
        self.tasks.keys().all(|reading| match reading {
            Reading::Pods(place) => has(apps.pods().link(place)),
            Reading::Events(place) => has(apps.events().link(place)),
            Reading::Projects(place) => has(apps.projects_link(place)),
            Reading::Detail(app) => apps.detail(app).is_some() || apps.find(app).is_none(),
            Reading::Words(run) => apps.last_words(run).is_some(),
            Reading::Object(context, name) => apps.has_object(context, name),
            Reading::Comparison(app, versus) => apps.comparison(app, versus).is_some() || apps.find(app).is_none(),
            Reading::Clusters(source) => apps.routes().has_names(source),
        })
    }

    /// How many readings are under way for what somebody looks at, those that linger included. AppProjects belong to their
    /// source, as its rows do, whoever looks.
    #[must_use]
    pub fn running(&self) -> usize {
        self.tasks.keys().filter(|reading| !matches!(reading, Reading::Projects(_))).count()
    }

    /// Begins everything anew, with new connections, when it is next asked for.
    pub fn reconnect(&mut self) {
        self.access.reconnect();
        for reading in self.tasks.keys().cloned().collect::<Vec<_>>() {
            self.stop(&reading);
        }
    }

    /// Begins a reading, where there is a way to it.
    fn start(&mut self, reading: &Reading, apps: &Apps) {
        let changed = Arc::new(Notify::new());
        if let Some(work) = reading.work(apps, &mut self.access, &self.sink, &changed) {
            self.tasks.insert(reading.clone(), Task::begin(work, changed, &self.sink, self.io.clone()));
        }
    }

    fn stop(&mut self, reading: &Reading) {
        if let Some(task) = self.tasks.remove(reading) {
            task.scope.cancel();
            self.ending.push((reading.clone(), task.scope));
        }
    }

    /// Tells a reading of details that what they were read for has changed.
    fn poke(&mut self, reading: &Reading, apps: &Apps) {
        let (Reading::Detail(app) | Reading::Comparison(app, _), Some(task)) = (reading, self.tasks.get_mut(reading))
        else {
            return;
        };
        let Some(id) = apps.find(app) else { return };
        let Some(row) = apps.get(id) else { return };
        let pods = apps.places_of(id).iter().map(|place| apps.pods().generation_at(place)).max().unwrap_or(0);
        let now = Seen { row: row.clone(), route: apps.route(id), pods };
        match &mut task.seen {
            Some(seen) if **seen == now => {}
            // it deploys elsewhere now, or where that is has become known: begun anew, it reads from there
            Some(seen) if seen.row.destination != now.row.destination || seen.route != now.route => self.stop(reading),
            Some(seen) => {
                **seen = now;
                task.changed.notify_one();
            }
            seen @ None => *seen = Some(Box::new(now)),
        }
    }
}
