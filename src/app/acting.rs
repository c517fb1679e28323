//! From a key to a plan: what is to be done, and to what.

use super::model::Model;
use super::msg::Request;
use crate::action::{Propagation, Proposal, SyncOptions, Verb};
use crate::command::CommandId;
use crate::domain::{AppKey, Fullness, Timestamp};
use crate::view::ScreenId;

/// Does a command that leads to a write: shows its plan, or does it where it takes no confirmation.
pub fn act(model: &mut Model, id: CommandId, now: Timestamp) -> Option<Request> {
    let key = model.lens.selected.clone()?;
    let Some(row) = model.apps.find(&key).and_then(|id| model.apps.get(id)) else {
        model.say(format!("{} is gone", key.name), now);
        return None;
    };
    if row.fullness == Fullness::Sketch {
        // its environment, and with it how it is protected, is not known yet
        model.say(format!("{} is still being read", key.name), now);
        return None;
    }
    let verb = match id {
        CommandId::RefreshNow => Verb::Refresh { hard: false },
        CommandId::RefreshHard => Verb::Refresh { hard: true },
        CommandId::SyncOpen => Verb::Sync(SyncOptions::default()),
        CommandId::OperationTerminate => Verb::Terminate,
        CommandId::AppDelete => Verb::Delete { cascade: Some(Propagation::Foreground) },
        CommandId::AutoSyncSwitch => Verb::AutoSync { on: !row.auto_sync.enabled },
        _ => return None,
    };
    let apps: Vec<AppKey> = vec![key];
    let proposal = Proposal { verb, apps };
    if matches!(proposal.verb, Verb::Refresh { .. }) {
        return Some(Request::AtOnce(proposal));
    }
    Some(open(model, proposal))
}

/// Shows a plan, and has it made.
pub fn open(model: &mut Model, proposal: Proposal) -> Request {
    model.lens.proposal = Some(proposal.clone());
    model.stack.push(ScreenId::Plan);
    // an older plan of the same is no longer shown
    model.desk.draft = None;
    Request::Plan(proposal)
}
