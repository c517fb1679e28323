//! Model x message -> requests. Routing only: what a command does stands with the view it belongs to.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind};
use ratatui::layout::Size;

use super::acting;
use super::memory::Keep;
use super::model::Model;
use super::mouse;
use super::msg::{Msg, Request};
use super::palette::{Action, Offer, Palette};
use super::stack::Stack;
use super::visits::{self, situation};
use super::{frame, login, named};
use crate::command::hint::with_global;
use crate::command::{CommandId, Scope};
use crate::config::keymap::{Chord, Lookup};
use crate::domain::text::clean;
use crate::domain::{Fullness, Timestamp};
use crate::view::{Effect, Handled, Lens, ScreenId, Seen, Typing, Work};
use crate::widget::Prompt;

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
                return typed(model, Typing::Changed, now);
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

pub(super) fn press(model: &mut Model, key: KeyEvent, now: Timestamp) -> Vec<Request> {
    if model.login.is_some() {
        return login::press(model, key).into_iter().collect();
    }
    if model.prompt.is_some() {
        return type_filter(model, key, now);
    }
    if model.palette.is_some() {
        return type_name(model, key, now);
    }
    let scopes = with_global(model.stack.top().scopes());
    if count(model, &scopes, key) {
        return Vec::new();
    }
    model.pressed.push(Chord::from(key));
    match model.keys.0.lookup(&scopes, &model.pressed) {
        Lookup::Prefix => Vec::new(),
        Lookup::Command(id) => {
            model.pressed.clear();
            match model.count.take() {
                Some(count) => repeat(model, id, count, now),
                None => command(model, id, now),
            }
        }
        Lookup::None => {
            // A key that does not go on with a sequence begins anew.
            let began = model.pressed.len() > 1;
            model.pressed.clear();
            model.count = None;
            // Esc takes one thing away at a time: here the beginning of the sequence.
            if began && key.code != KeyCode::Esc { press(model, key, now) } else { Vec::new() }
        }
    }
}

/// Takes a digit that counts, where the keymap lets those count that are bound to nothing.
fn count(model: &mut Model, scopes: &[Scope], key: KeyEvent) -> bool {
    let KeyCode::Char(c) = key.code else { return false };
    let digit = c.to_digit(10).filter(|digit| *digit > 0 || model.count.is_some());
    let Some(digit) = digit.filter(|_| model.keys.0.counts() && key.modifiers.is_empty()) else { return false };
    let free = model.keys.0.lookup(scopes, &[Chord::from(key)]) == Lookup::None;
    if !free || !model.pressed.is_empty() {
        return false;
    }
    model.count = Some((model.count.unwrap_or(0) * 10 + digit).min(MOST_OFTEN));
    true
}

/// Nobody counts further.
const MOST_OFTEN: u32 = 999;

/// Does a motion several times; top and bottom go to the line of that number. Other commands are done once.
fn repeat(model: &mut Model, id: CommandId, count: u32, now: Timestamp) -> Vec<Request> {
    match id {
        CommandId::CursorDown
        | CommandId::CursorUp
        | CommandId::CursorLeft
        | CommandId::CursorRight
        | CommandId::HalfPageDown
        | CommandId::HalfPageUp
        | CommandId::PageDown
        | CommandId::PageUp => (0..count).flat_map(|_| command(model, id, now)).collect(),
        CommandId::CursorTop | CommandId::CursorBottom => {
            command(model, CommandId::CursorTop, now);
            (1..count).flat_map(|_| command(model, CommandId::CursorDown, now)).collect()
        }
        _ => command(model, id, now),
    }
}

/// A key while the palette is open.
fn type_name(model: &mut Model, key: KeyEvent, now: Timestamp) -> Vec<Request> {
    let situation = situation(model);
    let scopes = with_global(model.stack.top().scopes());
    let Model { palette: Some(palette), apps, lens, memory, keys, .. } = model else { return Vec::new() };
    // keys may come faster than frames
    palette.refresh(&Offer { apps, lens, memory, keys: &keys.0, situation, scopes: &scopes });
    if let Lookup::Command(id) = keys.0.lookup(&[Scope::Palette], &[Chord::from(key)]) {
        return in_palette(model, id, now);
    }
    // nothing left to take away: the palette goes
    if key.code == KeyCode::Backspace && palette.text().is_empty() {
        model.palette = None;
    } else if key.code != KeyCode::Esc {
        palette.key(key);
    }
    Vec::new()
}

/// Does a command of the open palette.
pub(super) fn in_palette(model: &mut Model, id: CommandId, now: Timestamp) -> Vec<Request> {
    let Model { palette: Some(palette), memory, .. } = model else { return Vec::new() };
    match id {
        CommandId::PaletteClose => model.palette = None,
        CommandId::PaletteComplete => palette.complete(),
        CommandId::PaletteUp => palette.up(&memory.lines),
        CommandId::PaletteDown => palette.down(&memory.lines),
        CommandId::PaletteRun => return run_selected(model, now),
        _ => {}
    }
    Vec::new()
}

/// Does what is selected in the palette, unless it needs more or cannot be done: then the palette stays and says so.
fn run_selected(model: &mut Model, now: Timestamp) -> Vec<Request> {
    let Some(palette) = &mut model.palette else { return Vec::new() };
    let Some(entry) = palette.selected().cloned() else { return Vec::new() };
    if let Some(reason) = entry.reason {
        model.say(reason, now);
        return Vec::new();
    }
    if matches!(entry.action, Action::Complete(_)) {
        palette.complete();
        return Vec::new();
    }
    model.palette = None;
    let keep = Keep::Line(entry.spelled.trim_end().to_owned());
    model.memory.keep(&keep);
    let mut requests = named::act(model, entry.action, now);
    requests.insert(0, Request::Keep(keep));
    requests
}

fn type_filter(model: &mut Model, key: KeyEvent, now: Timestamp) -> Vec<Request> {
    let Some(prompt) = &mut model.prompt else { return Vec::new() };
    match model.keys.0.lookup(&[Scope::Prompt], &[Chord::from(key)]) {
        Lookup::Command(CommandId::PromptAccept) => return typed(model, Typing::Accepted, now),
        Lookup::Command(CommandId::PromptCancel) => return typed(model, Typing::Cancelled, now),
        Lookup::Command(CommandId::PromptDown) => return command(model, CommandId::CursorDown, now),
        Lookup::Command(CommandId::PromptUp) => return command(model, CommandId::CursorUp, now),
        Lookup::Command(_) | Lookup::Prefix | Lookup::None => {
            let plain = !matches!(key.code, KeyCode::Esc);
            if plain && prompt.key(key) {
                return typed(model, Typing::Changed, now);
            }
        }
    }
    Vec::new()
}

/// Tells whoever asked what is being typed.
fn typed(model: &mut Model, typing: Typing, now: Timestamp) -> Vec<Request> {
    let text = match (&model.prompt, typing) {
        (Some(prompt), Typing::Changed | Typing::Accepted) => prompt.text().to_owned(),
        _ => String::new(),
    };
    if typing != Typing::Changed {
        model.prompt = None;
    }
    let Some(asked) = model.asked else {
        model.lens.filter(&text);
        return Vec::new();
    };
    if typing != Typing::Changed {
        model.asked = None;
    }
    let work = Work::default();
    let (stack, _, seen) = parts(model, &work, now);
    let effects = stack.top_mut().typed(asked, &text, typing, &seen);
    effects.into_iter().filter_map(|e| carry_out(model, e, now)).collect()
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
    let mut requests: Vec<Request> = effects.into_iter().filter_map(|e| carry_out(model, e, now)).collect();
    if handled == Handled::No {
        requests.extend(everyones(model, id, now));
    }
    requests
}

fn carry_out(model: &mut Model, effect: Effect, now: Timestamp) -> Option<Request> {
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

/// Does a command that no screen has for itself.
pub(super) fn everyones(model: &mut Model, id: CommandId, now: Timestamp) -> Option<Request> {
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
