//! The options of a plan, as switches that have it planned anew.

use crate::action::{Propagation, Proposal, Strategy, SyncOptions, Verb, Watch};
use crate::command::CommandId;
use crate::domain::ObjectName;

/// A switch: its word, and whether it is on.
pub(super) type Switch = (&'static str, bool);

/// The switches a proposal has.
pub(super) fn switches(proposal: &Proposal, object: Option<&ObjectName>) -> Vec<Switch> {
    match &proposal.verb {
        Verb::Sync(options) => {
            let mut switches = vec![
                ("prune", options.prune),
                ("dry run", options.dry_run),
                ("force", options.force),
                ("replace", options.replace),
                ("server-side", options.server_side),
                ("out of sync only", options.out_of_sync_only),
                ("no hooks", options.strategy == Strategy::Apply),
            ];
            if proposal.apps.len() == 1 {
                switches.push(("guarded", options.guard.is_some()));
                switches.push(("another revision", options.revision.is_some()));
            }
            switches.push(match options.retries {
                None => ("retries as it has them", false),
                Some(0) => ("no retry", true),
                Some(1) => ("1 retry", true),
                Some(_) => ("5 retries", true),
            });
            if proposal.apps.len() == 1 && (object.is_some() || !options.resources.is_empty()) {
                switches.push(("only the selected resource", !options.resources.is_empty()));
            }
            switches
        }
        Verb::Rollback { prune, .. } => vec![("prune", *prune)],
        Verb::Refresh { hard } => vec![("hard", *hard)],
        Verb::DeleteResource { propagation, .. } | Verb::Delete { cascade: Some(propagation) } => {
            let is = |wanted| *propagation == wanted;
            vec![
                ("what it owns first", is(Propagation::Foreground)),
                ("what it owns afterwards", is(Propagation::Background)),
                ("what it owns stays", is(Propagation::Orphan)),
            ]
        }
        Verb::Delete { cascade: None } => vec![("what it deployed stays", true)],
        _ => Vec::new(),
    }
}

/// The proposal with a switch turned; nothing when it has no such switch.
pub(super) fn turned(proposal: &Proposal, id: CommandId, object: Option<&ObjectName>) -> Option<Proposal> {
    let verb = match (&proposal.verb, id) {
        (Verb::Sync(options), id) => {
            let alone = proposal.apps.len() == 1;
            Verb::Sync(sync(options, id, object.filter(|_| alone), alone)?)
        }
        (Verb::Rollback { id, prune }, CommandId::PlanPrune) => Verb::Rollback { id: *id, prune: !prune },
        (Verb::DeleteResource { object, propagation }, CommandId::PlanPropagation) => {
            Verb::DeleteResource { object: object.clone(), propagation: next(*propagation) }
        }
        (Verb::Delete { cascade }, CommandId::PlanPropagation) => Verb::Delete {
            cascade: match cascade {
                Some(Propagation::Foreground) => Some(Propagation::Background),
                Some(_) => None,
                None => Some(Propagation::Foreground),
            },
        },
        _ => return None,
    };
    Some(Proposal { verb, apps: proposal.apps.clone() })
}

fn sync(options: &SyncOptions, id: CommandId, object: Option<&ObjectName>, alone: bool) -> Option<SyncOptions> {
    let mut options = options.clone();
    match id {
        CommandId::PlanPrune => options.prune = !options.prune,
        CommandId::PlanDryRun => options.dry_run = !options.dry_run,
        CommandId::PlanForce => options.force = !options.force,
        CommandId::PlanReplace => options.replace = !options.replace,
        CommandId::PlanServerSide => options.server_side = !options.server_side,
        CommandId::PlanOutOfSync => options.out_of_sync_only = !options.out_of_sync_only,
        CommandId::PlanHooks => {
            options.strategy = if options.strategy == Strategy::Hook { Strategy::Apply } else { Strategy::Hook };
        }
        CommandId::PlanGuard if !alone => return None,
        CommandId::PlanGuard => {
            options.guard = if options.guard.is_none() { Some(Watch::ORDINARY) } else { None };
        }
        CommandId::PlanRetries => {
            options.retries = match options.retries {
                None => Some(0),
                Some(0) => Some(1),
                Some(1) => Some(5),
                Some(_) => None,
            };
        }
        CommandId::PlanSelected if options.resources.is_empty() => options.resources = vec![object?.clone()],
        CommandId::PlanSelected => options.resources.clear(),
        _ => return None,
    }
    Some(options)
}

/// The proposal with another revision to sync to; an empty one is the one it follows.
pub(super) fn at_revision(proposal: &Proposal, revision: &str) -> Option<Proposal> {
    let Verb::Sync(options) = &proposal.verb else { return None };
    let revision = Some(revision.trim().to_owned()).filter(|revision| !revision.is_empty());
    let verb = Verb::Sync(SyncOptions { revision, ..options.clone() });
    Some(Proposal { verb, apps: proposal.apps.clone() })
}

fn next(propagation: Propagation) -> Propagation {
    match propagation {
        Propagation::Foreground => Propagation::Background,
        Propagation::Background => Propagation::Orphan,
        Propagation::Orphan => Propagation::Foreground,
    }
}
