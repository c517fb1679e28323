//! Commands called by name with what they take.

use super::memory::Keep;
use super::model::Model;
use super::msg::Request;
use super::palette::{Action, Value};
use super::{everyone, login, update};
use crate::command::CommandId;
use crate::command::argument::NARROWINGS;
use crate::domain::{AppKey, Timestamp};
use crate::store::FIELDS;
use crate::view::ScreenId;

/// Does what a line of the palette says.
pub fn act(model: &mut Model, action: Action, now: Timestamp) -> Vec<Request> {
    match action {
        Action::Run(id) => update::command(model, id, now),
        Action::With(id, Value::App(key)) => on_app(model, id, key, now),
        Action::With(id, Value::Word(word)) => with(model, id, &word, now).into_iter().collect(),
        Action::Resource(key, kind, name) => {
            model.lens.selected = Some(key);
            model.lens.resource = Some((kind, name));
            model.stack.push(ScreenId::App);
            Vec::new()
        }
        // the palette goes on with what it takes and does not come here
        Action::Complete(_) => Vec::new(),
    }
}

/// Selects an Application and does something with it.
fn on_app(model: &mut Model, id: CommandId, key: AppKey, now: Timestamp) -> Vec<Request> {
    // a screen of another Application is left: it is no place to look at this one from
    if model.lens.selected.as_ref() != Some(&key) {
        list(model);
    }
    model.lens.selected = Some(key);
    if id == CommandId::AppOpen {
        model.stack.push(ScreenId::App);
        return Vec::new();
    }
    everyone::command(model, id, now).into_iter().collect()
}

/// Takes everything away that narrows the lists.
fn widen(model: &mut Model) {
    model.lens.filter("");
    model.lens.query.environment = None;
    model.lens.query.problems = false;
    model.lens.show_marked(false);
}

fn with(model: &mut Model, id: CommandId, word: &str, now: Timestamp) -> Option<Request> {
    match id {
        CommandId::EnvironmentOnly => {
            let known = model.apps.environments().into_iter().map(|environment| environment.name);
            model.lens.query.environment = known.into_iter().find(|name| **name == *word);
            list(model);
        }
        CommandId::FilterOnly => only(model, word),
        CommandId::FilterNamespace => narrow(model, &format!("ns:{word}")),
        CommandId::FilterProject => narrow(model, &format!("project:{word}")),
        CommandId::FilterSource => narrow(model, &format!("source:{word}")),
        CommandId::FilterUse => {
            let text = model.memory.filters().find(|(name, ..)| *name == word).map(|(_, text, _)| text.to_owned());
            narrow(model, &text?);
        }
        CommandId::FilterSave => {
            let keep = Keep::Filter(word.to_owned(), model.lens.text.trim().to_owned());
            return Some(kept(model, keep, format!("saved: :filter {word} brings it back"), now));
        }
        CommandId::FilterForget => {
            return Some(kept(model, Keep::NoFilter(word.to_owned()), format!("the filter {word} is forgotten"), now));
        }
        CommandId::FleetSortBy => {
            let field = FIELDS.iter().find(|field| field.word() == word)?;
            model.lens.sort.by = field.id;
            model.stack.go_home(ScreenId::Fleet);
        }
        CommandId::SourceLogin => return login::open(model, Some(&word.into()), now),
        CommandId::ThemeChoose => return Some(Request::Theme(word.to_owned())),
        CommandId::KeymapChoose => return Some(Request::Keymap(word.to_owned())),
        _ => {}
    }
    None
}

fn kept(model: &mut Model, keep: Keep, said: String, now: Timestamp) -> Request {
    model.memory.keep(&keep);
    model.say(said, now);
    Request::Keep(keep)
}

/// Shows the list, whatever lies over it.
fn list(model: &mut Model) {
    model.stack.go_home(model.stack.home_id());
}

fn narrow(model: &mut Model, text: &str) {
    model.lens.filter(text);
    list(model);
}

/// Narrows the lists to one state, instead of what they were narrowed to; the environment stays.
fn only(model: &mut Model, word: &str) {
    let environment = model.lens.query.environment.clone();
    widen(model);
    match word {
        "all" => {}
        "problems" => model.lens.query.problems = true,
        "marked" => model.lens.show_marked(true),
        _ => {
            let filter = NARROWINGS.iter().find(|(known, _)| *known == word).map_or("", |(_, filter)| filter);
            model.lens.filter(filter);
        }
    }
    if word != "all" {
        model.lens.query.environment = environment;
    }
    list(model);
}
