//! From a key to a plan: what is to be done, and to what.

use super::frame;
use super::model::Model;
use super::msg::Request;
use crate::action::{Propagation, Proposal, SyncOptions, Verb, Watch};
use crate::command::CommandId;
use crate::domain::{AppKey, Fullness, Timestamp};
use crate::view::{Ask, ScreenId, deployments};
use crate::widget::Prompt;

/// Does a command that leads to a write: shows its plan, or does it where it takes no confirmation.
pub fn act(model: &mut Model, id: CommandId, now: Timestamp) -> Option<Request> {
    let key = model.lens.selected.clone()?;
    let Some(row) = model.apps.find(&key).and_then(|id| model.apps.get(id)) else {
        model.say(format!("{} is gone", key.name), now);
        return None;
    };
    let verb = match id {
        CommandId::AppRefresh => Verb::Refresh { hard: false },
        CommandId::AppRefreshHard => Verb::Refresh { hard: true },
        CommandId::AppSync => Verb::Sync(SyncOptions::default()),
        // one that is under way is shown, and asks there
        CommandId::AppSyncGuarded if model.desk.guards.get(&key).is_some_and(|guarding| guarding.ended.is_none()) => {
            model.stack.push(ScreenId::Guard);
            return None;
        }
        CommandId::AppSyncGuarded => Verb::Sync(SyncOptions { guard: Some(Watch::ORDINARY), ..SyncOptions::default() }),
        CommandId::AppTerminate => Verb::Terminate,
        CommandId::AppDelete => Verb::Delete { cascade: Some(Propagation::Foreground) },
        CommandId::AppAutoSync => Verb::AutoSync { on: !row.auto_sync.enabled },
        _ => return None,
    };
    // what is marked is synced together; everything else is done to one at a time
    let marks = &model.lens.marks;
    let together = id == CommandId::AppSync && !marks.is_empty();
    let apps: Vec<AppKey> = if together { marks.iter().cloned().collect() } else { vec![key] };
    let is_sketch = |key: &&AppKey| {
        let row = model.apps.find(key).and_then(|id| model.apps.get(id));
        row.is_some_and(|row| row.fullness == Fullness::Sketch)
    };
    if let Some(key) = apps.iter().find(is_sketch) {
        // its environment, and with it how it is protected, is not known yet
        model.say(format!("{} is still being read", key.name), now);
        return None;
    }
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

/// Shows what was deployed before, and has it read.
pub fn deployments(model: &mut Model) -> Option<Request> {
    let key = model.lens.selected.clone()?;
    model.stack.push(ScreenId::Deployments);
    model.desk.draft = None;
    Some(Request::Plan(deployments::proposal(key)))
}

/// Shows the sessions, and asks which ports of the selected Application a new one is for.
pub fn forward(model: &mut Model, now: Timestamp) {
    model.stack.push(ScreenId::Sessions);
    // it is for the Application that is selected now, drawn or not
    frame::lay_out(model, now);
    model.prompt = Some(Prompt::new(""));
    model.asked = Some(Ask::Ports);
}

/// Has a debugger's place looked at; what was known of it is of before.
pub fn debug(model: &mut Model, app: AppKey, confirmed: bool) -> Request {
    model.desk.card = None;
    model.desk.launch = None;
    Request::Debug(app, confirmed)
}

/// Whether the program may end: writes that are under way, and sessions that end with it, are said first, once.
pub fn may_leave(model: &mut Model, now: Timestamp) -> bool {
    let writes = model.desk.under_way.values().next();
    let writes = writes.map(|first| format!("under way: {first}; the same key again leaves it to itself"));
    let open = model.desk.sessions.len();
    let sessions = || match open {
        0 => None,
        1 => Some("a session is open; the same key again ends it".to_owned()),
        count => Some(format!("{count} sessions are open; the same key again ends them")),
    };
    let Some(said) = writes.or_else(sessions) else { return true };
    if std::mem::replace(&mut model.desk.warned, true) {
        return true;
    }
    model.warn(said, now);
    false
}
