//! What of the clusters could not be read, for verbs that print pods and Events.

use std::collections::BTreeSet;

use crate::cli::complain;
use crate::cli::exit::Exit;
use crate::domain::served::shown_context;
use crate::domain::{AppKey, Link, Route};
use crate::store::Apps;

/// Says what of these Applications' objects could not be read: [`Exit::Source`] if there is any.
pub(super) fn tell(apps: &Apps, keys: &[AppKey]) -> Exit {
    let (mut lost, mut unread) = (BTreeSet::new(), BTreeSet::new());
    for id in keys.iter().filter_map(|key| apps.find(key)) {
        if let Some(route @ Route::None { .. }) = apps.route(id) {
            lost.insert(route.to_string());
        }
        for (context, namespace) in apps.places_of(id) {
            let place = (context, namespace);
            let links = [apps.pods().link(&place), apps.events().link(&place)];
            for link in links.into_iter().flatten() {
                if let Link::Denied { what: why } | Link::Auth { why } | Link::Down { why, .. } = link {
                    unread.insert(format!("{}/{}: {why}", shown_context(&place.0), place.1));
                }
            }
        }
    }
    for why in lost.iter().chain(&unread) {
        complain(&format!("warning: {why}"));
    }
    if !lost.is_empty() {
        complain(&format!("  try: {}", Route::HINT));
    }
    if lost.is_empty() && unread.is_empty() { Exit::Ok } else { Exit::Source }
}
