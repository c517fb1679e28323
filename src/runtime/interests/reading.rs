//! What is to be read for the interests of a view.

use std::collections::BTreeSet;

use crate::domain::{AppKey, Fullness, Link, ObjectName, Route, Run, Symbol, Timestamp, Versus};
use crate::store::{Apps, Interest, Place};

/// Namespaces, and Applications, that are read at once, of each kind of reading.
pub const MOST: usize = 32;
/// Of so many places what is read of a few says nothing of the whole.
const HOPELESS: usize = 10 * MOST;
/// What a task reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reading {
    Pods(Place),
    Events(Place),
    /// AppProjects, where the Argo CD of a source lives.
    Projects(Place),
    Detail(AppKey),
    Words(Run),
    Object(Symbol, ObjectName),
    Comparison(AppKey, Versus),
    /// What the Argo CD of a source calls its clusters.
    Clusters(Symbol),
}

/// What is read for these interests, and how much of it is too much. What a source that is off shows is left alone, and
/// so is what nobody knows the way to.
pub(super) fn choose(interests: &[Interest], apps: &Apps, now: Timestamp) -> (BTreeSet<Reading>, usize) {
    let (mut pods, mut events, mut details, mut words) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut objects, mut names, mut comparisons) = (Vec::new(), Vec::new(), Vec::new());
    for interest in interests {
        let app = interest.app();
        let Some(id) = apps.find(app).filter(|_| *apps.link(&app.source) != Link::Off) else { continue };
        // nobody knows yet where a sketch deploys to: what is read for it would be read from nowhere
        let Some(row) = apps.get(id).filter(|row| row.fullness == Fullness::Full) else { continue };
        if apps.routes().is_only_named(&row.destination) {
            names.push(Reading::Clusters(app.source.clone()));
        }
        match interest {
            Interest::Pods(_) => pods.extend(apps.places_of(id).into_iter().map(Reading::Pods)),
            Interest::Events(_) => {
                // argocd-server tells those about the Application with those of its objects
                if !matches!(apps.route(id), Some(Route::Served { .. })) {
                    events.push(Reading::Events((app.source.clone(), app.namespace.clone())));
                }
                events.extend(apps.places_of(id).into_iter().map(Reading::Events));
            }
            Interest::Comparison(_, versus) => comparisons.push(Reading::Comparison(app.clone(), versus.clone())),
            Interest::Resources(_) => details.push(Reading::Detail(app.clone())),
            Interest::LastWords(_) => words.extend(apps.why(id, now).and_then(|why| why.run).map(Reading::Words)),
            Interest::Object(_, name) => {
                let route = apps.route(id);
                let context = route.as_ref().and_then(|route| route.context());
                objects.extend(context.map(|context| Reading::Object(context.clone(), name.clone())));
            }
        }
    }
    // few sources have any, and none may be left out: a row that is held says so wherever it is shown
    let mut wanted: BTreeSet<Reading> = apps.projects_wanted().map(Reading::Projects).collect();
    let mut left_out = 0;
    for readings in [pods, events, details, words, objects, names, comparisons] {
        let mut chosen = BTreeSet::new();
        let mut over = BTreeSet::new();
        for reading in readings {
            if chosen.len() < MOST || chosen.contains(&reading) {
                chosen.insert(reading);
            } else {
                over.insert(reading);
            }
        }
        left_out += over.len();
        wanted.extend(chosen);
    }
    (wanted, left_out)
}

/// Whether the pods of all these Applications are in so many places that next to none of them would be read.
pub(crate) fn are_hopeless(apps: &Apps) -> bool {
    let mut places = BTreeSet::new();
    apps.iter().any(|(id, ..)| {
        places.extend(apps.places_of(id));
        places.len() > HOPELESS
    })
}
