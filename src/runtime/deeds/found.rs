//! The ways to the Applications that something is to be done to.

use std::sync::Arc;

use futures::future::join_all;

use super::desk::Deeds;
use crate::action::{Asked, Item, Proposal, Refusal, Road};
use crate::domain::{AppKey, Environment};
use crate::runtime::access::Access;
use crate::store::Apps;

/// The way to an Application and what is known of it, or why there is none.
pub(super) type Found = Result<(Asked, Road), Box<(AppKey, Environment, Refusal)>>;

impl Deeds {
    /// The ways to Applications, each bound to the source of its row.
    pub(super) fn find(&self, keys: &[AppKey], apps: &Apps, access: &mut Access) -> Vec<Found> {
        let memory = self.memory();
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let row = apps.find(key).and_then(|id| Some((id, apps.get(id)?)));
            let name = row.and_then(|(_, row)| row.environment.clone()).unwrap_or_default();
            let environment = apps.describe(&name);
            let refused = |why: String| Err(Box::new((key.clone(), environment.clone(), Refusal::no_way(why))));
            let way = match (row, &memory, access.control(&key.source)) {
                (None, ..) => refused(format!("{} is gone", key.name)),
                (_, Err(why), _) => refused(why.clone()),
                (_, _, None) => refused(format!("no way to source {}", key.source)),
                (Some((id, _)), Ok(memory), Some(control)) => match apps.route(id) {
                    None => refused(format!("{} is gone", key.name)),
                    Some(route) => {
                        let destination = route.context().and_then(|context| access.cluster(context));
                        let server = access.server(&key.source);
                        let user = self.rules.who.user.clone();
                        let asked = Asked { key: key.clone(), environment: environment.clone(), route, user };
                        let (guard, memory) = (self.rules.guard.clone(), memory.clone());
                        Ok((
                            asked,
                            Road { control, server, destination, guard, memory, clock: Arc::clone(&self.clock) },
                        ))
                    }
                },
            };
            found.push(way);
        }
        found
    }
}

/// What stands there now, and what of it would be changed.
pub(super) async fn read(found: Vec<Found>, proposal: &Proposal) -> Vec<Item> {
    let verb = &proposal.verb;
    let items = found.into_iter().map(|way| async move {
        match way {
            Ok((asked, road)) => Item::read(&road, &asked, verb).await,
            Err(none) => {
                let (key, environment, why) = *none;
                Item::refused(key, environment, why)
            }
        }
    });
    join_all(items).await
}
