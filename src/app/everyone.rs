//! The commands that belong to every screen: the way out, the screens that are opened, what narrows the lists.

use super::model::Model;
use super::msg::Request;
use super::palette::Palette;
use super::{acting, login, visits};
use crate::command::CommandId;
use crate::domain::{Fullness, Timestamp};
use crate::view::ScreenId;
use crate::widget::Prompt;

/// Does a command that no screen has for itself.
pub(super) fn command(model: &mut Model, id: CommandId, now: Timestamp) -> Option<Request> {
    match id {
        CommandId::ProgramQuit if acting::may_leave(model, now) => return Some(Request::Quit),
        CommandId::ProgramQuit => {}
        CommandId::ViewBack => leave(model),
        CommandId::ViewQuit => {
            if !model.stack.pop() && acting::may_leave(model, now) {
                return Some(Request::Quit);
            }
        }
        CommandId::WhyOpen => open_or_leave(model, ScreenId::Why),
        CommandId::DiffOpen => open_or_leave(model, ScreenId::Diff),
        CommandId::EventsOpen => open_or_leave(model, ScreenId::Events),
        CommandId::PaletteOpen => model.palette = Some(Palette::new("")),
        CommandId::HistoryBack => visits::back(model),
        CommandId::HistoryForward => visits::forward(model),
        CommandId::HistoryLast => visits::last(model),
        CommandId::MarkToggle => {
            if let Some(key) = model.lens.selected.clone() {
                model.lens.mark(&[key]);
            }
        }
        CommandId::MarkClear => model.lens.keep_marks(|_| false),
        CommandId::ViewBoard => model.stack.go_home(ScreenId::Board),
        CommandId::ViewFleet => model.stack.go_home(ScreenId::Fleet),
        CommandId::AuditOpen => {
            open_or_leave(model, ScreenId::Audit);
            return Some(Request::Recall);
        }
        CommandId::SessionsOpen => open_or_leave(model, ScreenId::Sessions),
        CommandId::ForwardOpen => acting::forward(model, now),
        CommandId::DebugOpen => {
            let app = model.lens.selected.clone()?;
            model.stack.push(ScreenId::Debug);
            return Some(acting::debug(model, app, false));
        }
        CommandId::ActionsOpen => model.stack.push(ScreenId::Actions),
        CommandId::DeploymentsOpen => return acting::deployments(model),
        CommandId::AppSync
        | CommandId::AppSyncGuarded
        | CommandId::AppRefresh
        | CommandId::AppRefreshHard
        | CommandId::AppTerminate
        | CommandId::AppAutoSync
        | CommandId::AppDelete => {
            return acting::act(model, id, now);
        }
        CommandId::K9sOpen => return open_k9s(model, now),
        CommandId::CopyOpen => open_copy(model, now),
        CommandId::ViewHelp => model.stack.push(ScreenId::Help),
        CommandId::ViewComplaints => model.stack.push(ScreenId::Complaints),
        CommandId::LogsOpen | CommandId::LogsOpenHooks | CommandId::LogsOpenPrevious => {
            model.lens.hooks = id == CommandId::LogsOpenHooks;
            model.lens.previous = id == CommandId::LogsOpenPrevious;
            model.stack.push(ScreenId::Logs);
        }
        CommandId::ViewLinks => model.stack.push(ScreenId::Links),
        CommandId::ViewSwitch => {
            let other = if model.stack.home_id() == ScreenId::Board { ScreenId::Fleet } else { ScreenId::Board };
            model.stack.go_home(other);
        }
        CommandId::ProgramSuspend => return Some(Request::Suspend),
        CommandId::ProgramRedraw => return Some(Request::Redraw),
        CommandId::SourceLogin => return login::open(model, None, now),
        CommandId::SourcesReconnect => {
            model.say("connecting every source anew that is on".to_owned(), now);
            return Some(Request::Reconnect(None));
        }
        CommandId::FilterOpen => model.prompt = Some(Prompt::new(&model.lens.text)),
        CommandId::FilterProblems => model.lens.query.problems = !model.lens.query.problems,
        CommandId::EnvironmentAll => model.lens.query.environment = None,
        id => {
            let number = id.environment_number()?;
            if let Some(environment) = model.apps.environments().get(number - 1) {
                model.lens.query.environment = Some(environment.name.clone());
            }
        }
    }
    None
}

/// Shows a screen of the selected Application; the key that opened it closes it too.
fn open_or_leave(model: &mut Model, screen: ScreenId) {
    if model.stack.top().id() == screen {
        model.stack.pop();
    } else {
        model.stack.push(screen);
    }
}

/// Opens k9s where the selected Application deploys to, and nowhere else. Where a mistake costs most it may only look.
fn open_k9s(model: &mut Model, now: Timestamp) -> Option<Request> {
    let selected = model.lens.selected.as_ref().and_then(|key| model.apps.find(key));
    let Some((id, row)) = selected.and_then(|id| Some((id, model.apps.get(id)?))) else {
        model.say("no Application is selected".to_owned(), now);
        return None;
    };
    let said = match model.apps.route(id) {
        _ if row.fullness == Fullness::Sketch => "where it deploys to is still being read".to_owned(),
        Some(route) => match route.context() {
            Some(context) => {
                let environment = row.environment.as_ref().map(|name| model.apps.describe(name));
                return Some(Request::K9s {
                    source: context.clone(),
                    namespace: row.destination.namespace.clone(),
                    readonly: environment.is_some_and(|environment| environment.is_protected()),
                });
            }
            None => format!("k9s is not opened: {route}"),
        },
        None => return None,
    };
    model.say(said, now);
    None
}

/// Shows what can be copied of the selected Application; the key that opened it closes it too.
fn open_copy(model: &mut Model, now: Timestamp) {
    if matches!(model.stack.top().id(), ScreenId::Links | ScreenId::Complaints | ScreenId::Help)
        || model.lens.selected.is_none()
    {
        model.say("no Application is selected here to copy from".to_owned(), now);
    } else {
        model.stack.push(ScreenId::Copy);
    }
}

/// Esc takes one thing away at a time: the screen on top, then what narrows the lists, then the marks. It never ends the
/// program.
fn leave(model: &mut Model) {
    if model.stack.pop() {
        return;
    }
    if !model.lens.text.is_empty() {
        model.lens.filter("");
    } else if model.lens.query.problems {
        model.lens.query.problems = false;
    } else if model.lens.query.only.is_some() {
        model.lens.show_marked(false);
    } else if model.lens.query.environment.is_some() {
        model.lens.query.environment = None;
    } else {
        model.lens.keep_marks(|_| false);
    }
}
