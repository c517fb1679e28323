//! Model x message -> requests. Routing only: what a command does stands with the view it belongs to.

use crossterm::event::{Event, KeyEventKind};
use ratatui::layout::Size;

use super::model::Model;
use super::msg::{Msg, Request};
use super::press::press;
use super::stack::Stack;
use super::visits::{self, situation};
use super::{effect, everyone, frame, login, mouse, prompt};
use crate::command::CommandId;
use crate::domain::Timestamp;
use crate::domain::text::clean;
use crate::view::{Handled, Lens, ScreenId, Seen, Typing, Work};

/// Takes a message in.
pub fn update(model: &mut Model, msg: Msg, now: Timestamp) -> Vec<Request> {
    if model.toast.as_ref().is_some_and(|toast| toast.until <= now) {
        model.toast = None;
    }
    if model.apps.next_verdict().is_some_and(|at| at <= now) {
        model.apps.ripen(now);
    }
    model.logs.settle(now);
    match msg {
        Msg::Input(Event::Key(key)) if key.kind != KeyEventKind::Release => {
            visits::note(model);
            model.toast.take_if(|toast| toast.answers);
            let requests = press(model, key, now);
            visits::note(model);
            return requests;
        }
        Msg::Input(Event::Mouse(event)) => {
            visits::note(model);
            let requests = mouse::mouse(model, event, now);
            visits::note(model);
            return requests;
        }
        Msg::Desk(news) => match model.desk.take(news) {
            Some((said, true)) => model.tell(said, now),
            Some((said, false)) => model.warn(said, now),
            None => {}
        },
        Msg::Login(source, news) => login::take(model, &source, news, now),
        Msg::Looks(looks) => return looks.adopt(model, now),
        Msg::Input(Event::Paste(text)) => {
            if let Some(login) = &mut model.login {
                login.paste(&text);
            } else if let Some(palette) = &mut model.palette {
                palette.paste(&clean(&text));
            } else if let Some(prompt) = &mut model.prompt {
                prompt.paste(&clean(&text));
                return prompt::typed(model, Typing::Changed, now);
            }
        }
        Msg::Input(Event::Resize(width, height)) => {
            model.size = Size { width, height };
            return vec![Request::Redraw];
        }
        Msg::Input(_) | Msg::Clock => {}
        Msg::Data(deltas) => {
            for delta in deltas {
                model.apps.apply(delta, now);
            }
            let Model { apps, lens, .. } = model;
            lens.keep_marks(|key| apps.find(key).is_some());
        }
    }
    Vec::new()
}

/// The screens, what they may change, and what they may look at.
pub(super) fn parts<'m>(
    model: &'m mut Model,
    work: &'m Work,
    now: Timestamp,
) -> (&'m mut Stack, &'m mut Lens, Seen<'m>) {
    let (below, situation) = (model.stack.below(), situation(model));
    let Model { apps, logs, desk, stack, lens, theme, glyphs, keys, complaints, .. } = model;
    (stack, lens, Seen { apps, logs, desk, now, theme, glyphs, keys, below, situation, complaints, work })
}

/// Does a command: the visible screen first, then what belongs to everyone.
pub fn command(model: &mut Model, id: CommandId, now: Timestamp) -> Vec<Request> {
    frame::lay_out(model, now);
    if let Some(reason) = id.spec().reason(&situation(model)) {
        model.say(reason, now);
        return Vec::new();
    }
    let work = Work::default();
    let (stack, lens, seen) = parts(model, &work, now);
    let (handled, effects) = stack.top_mut().command(id, lens, &seen);
    let mut requests: Vec<Request> = effects.into_iter().filter_map(|e| effect::carry_out(model, e, now)).collect();
    if handled == Handled::No {
        requests.extend(everyone::command(model, id, now));
    }
    requests
}

/// Opens a screen as its key does, whatever is shown: what its command asks for is asked for.
pub fn open(model: &mut Model, screen: ScreenId, now: Timestamp) -> Vec<Request> {
    let requests = match screen {
        ScreenId::Plan => command(model, CommandId::AppSync, now),
        ScreenId::Deployments => command(model, CommandId::DeploymentsOpen, now),
        ScreenId::Audit => command(model, CommandId::AuditOpen, now),
        _ => Vec::new(),
    };
    if model.stack.top().id() != screen {
        model.stack.push(screen);
    }
    requests
}
