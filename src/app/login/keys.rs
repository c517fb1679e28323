//! What keys and commands do while somebody logs in.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::news::Step;
use super::state::{Field, Login, Stage};
use crate::app::model::Model;
use crate::app::msg::Request;
use crate::command::{CommandId, Scope};
use crate::config::keymap::{Chord, Lookup};
use crate::domain::{Symbol, Timestamp};

/// Begins a login to a source, or to the one that needs it most: that of the selected Application before others.
pub fn open(model: &mut Model, source: Option<&Symbol>, now: Timestamp) -> Option<Request> {
    let sources = model.apps.sources();
    let selected = model.lens.selected.as_ref().and_then(|key| sources.get_key_value(&key.source));
    let each = || selected.into_iter().chain(sources);
    let (name, state) = match source {
        Some(name) => sources.get_key_value(name)?,
        None => each().find(|(_, s)| s.wants_login()).or_else(|| each().find(|(_, s)| s.server.is_some()))?,
    };
    let (source, login) = (name.clone(), Login::to(name, state));
    if login.is_none() {
        model.say(format!("{source} is no argocd-server: its kubeconfig says how to log in there"), now);
        return None;
    }
    model.login = login;
    Some(Request::LogIn(source, Step::Ways))
}

/// Takes a key.
pub fn press(model: &mut Model, key: KeyEvent) -> Option<Request> {
    let login = model.login.as_mut()?;
    // what is a character is a part of a password before it is a command
    let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    let typed = login.takes_text() && plain && matches!(key.code, KeyCode::Char(_));
    if !typed && let Lookup::Command(id) = model.keys.0.lookup(&[Scope::Login], &[Chord::from(key)]) {
        return command(model, id);
    }
    if login.takes_text() {
        match (login.field, key.code) {
            (_, KeyCode::Esc) => {}
            (Field::User, _) => drop(login.user.key(key)),
            (Field::Password, KeyCode::Char(c)) if plain => login.password.push(c),
            (Field::Password, KeyCode::Backspace) => login.password.pop(),
            (Field::Password, KeyCode::Char('u' | 'w')) => login.password.clear(),
            (Field::Password, _) => {}
        }
    }
    None
}

/// Does a command of the login.
pub fn command(model: &mut Model, id: CommandId) -> Option<Request> {
    let login = model.login.as_mut()?;
    let source = login.source.clone();
    let step = match id {
        CommandId::LoginAccept => login.accept(),
        CommandId::LoginBrowser => login.browse(),
        CommandId::LoginCopy => {
            let Stage::Browser { url, .. } = &login.stage else { return None };
            return Some(Request::Copy { what: "the address to open".to_owned(), text: url.clone() });
        }
        CommandId::LoginOther => {
            login.other();
            None
        }
        CommandId::LoginCancel if login.stage == Stage::Typing => {
            model.login = None;
            Some(Step::GiveUp)
        }
        // one thing at a time: what is waited for first
        CommandId::LoginCancel => {
            login.stage = Stage::Typing;
            Some(Step::GiveUp)
        }
        _ => None,
    };
    step.map(|step| Request::LogIn(source, step))
}
