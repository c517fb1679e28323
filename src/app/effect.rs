//! What screens ask for beyond themselves.

use super::memory::Keep;
use super::model::Model;
use super::msg::Request;
use super::{acting, login};
use crate::domain::Timestamp;
use crate::view::Effect;
use crate::widget::Prompt;

/// Does what a screen has asked for; what leads out of the model is a request.
pub(super) fn carry_out(model: &mut Model, effect: Effect, now: Timestamp) -> Option<Request> {
    match effect {
        Effect::Push(id) => model.stack.push(id),
        Effect::Pop => {
            model.stack.pop();
        }
        Effect::Home(id) => model.stack.go_home(id),
        Effect::Toggle(source) => return Some(Request::Toggle(source)),
        Effect::Reconnect(source) => return Some(Request::Reconnect(source)),
        Effect::LogIn(source) => return login::open(model, Some(&source), now),
        Effect::Say(text) => model.say(text, now),
        Effect::Ask(asked, text) => {
            model.prompt = Some(Prompt::new(&text));
            model.asked = Some(asked);
        }
        Effect::Copy { what, text } => return Some(Request::Copy { what, text }),
        Effect::CopyObject { context, object } => return Some(Request::CopyObject { context, object }),
        Effect::Propose(proposal) => return Some(acting::open(model, proposal)),
        Effect::Forward(wish, confirmed) => return Some(Request::Forward(wish, confirmed)),
        Effect::StopSession(id) => return Some(Request::StopSession(id)),
        Effect::Debug { app, confirmed } => return Some(acting::debug(model, app, confirmed)),
        Effect::Folder { service, remote } => {
            model.desk.folders.told.insert(service.to_string(), remote.clone());
            return Some(Request::Keep(Keep::Folder(service.to_string(), remote)));
        }
        Effect::Launch { entry, agreed } => return Some(Request::Launch { entry, agreed }),
        Effect::Plan(proposal) => {
            model.desk.draft = None;
            return Some(Request::Plan(proposal));
        }
        Effect::Act(order) => return Some(Request::Act(order)),
        Effect::AtOnce(proposal) => return Some(Request::AtOnce(proposal)),
        Effect::Recall => return Some(Request::Recall),
        Effect::Acknowledge(ids) => return Some(Request::Acknowledge(ids)),
        Effect::Answer { number, back } => return Some(Request::Answer { number, back }),
        Effect::Save { name, excerpt } => return Some(Request::Save { name, excerpt }),
    }
    None
}
