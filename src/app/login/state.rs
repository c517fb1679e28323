//! What is typed, and how far the login has come.

use super::news::{Refusal, Step};
use crate::domain::{Link, Password, Symbol};
use crate::store::SourceState;
use crate::widget::Prompt;

/// The account every Argo CD has from the start.
const FIRST: &str = "admin";

/// What is typed into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    User,
    Password,
}

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The person types.
    Typing,
    /// The server is asked.
    Asking,
    /// The identity provider is asked what a browser has to open.
    Opening,
    /// A browser is waited for.
    Browser { url: String, port: u16 },
}

/// Somebody logs in.
#[derive(Clone, Debug)]
pub struct Login {
    pub(super) source: Symbol,
    /// Where to.
    pub(super) place: String,
    /// Why that is needed.
    pub(super) why: Option<String>,
    pub(super) user: Prompt,
    pub(super) password: Password,
    pub(super) field: Field,
    /// Passwords are taken there, as far as is known.
    pub(super) by_password: bool,
    /// Through whom one logs in with a browser, once that is known.
    pub(super) sso: Option<String>,
    pub(super) stage: Stage,
    pub(super) refusal: Option<Refusal>,
}

impl Login {
    /// A login to the argocd-server of a source; nothing where it has none.
    pub(super) fn to(name: &Symbol, source: &SourceState) -> Option<Self> {
        let server = source.server.as_ref()?;
        // a provider's name for us is no account's
        let known = source.facts.user.as_str();
        let is_account = server.rows && !known.is_empty() && !known.contains(['@', ':', ' ']);
        Some(Self {
            source: name.clone(),
            place: server.place.clone(),
            why: match &source.link {
                Link::Auth { why } if server.rows => Some(why.clone()),
                _ => None,
            },
            user: Prompt::new(if is_account { known } else { FIRST }),
            password: Password::default(),
            // who types at once types a password, and that must not be where it can be read
            field: Field::Password,
            by_password: true,
            sso: None,
            stage: Stage::Typing,
            refusal: None,
        })
    }

    /// The server said how people log in.
    pub(super) fn offer(&mut self, by_password: bool, sso: Option<String>) {
        if !by_password && sso.is_none() {
            let hint = "a token works: token_file of the [[source]], --token-file, or ARGOCD_AUTH_TOKEN".to_owned();
            let why = "it lets nobody in, by password or single sign-on".to_owned();
            self.refusal = Some(Refusal { why, hint: Some(hint) });
        }
        (self.by_password, self.sso) = (by_password, sso);
    }

    /// Takes pasted text where something is typed.
    pub(in crate::app) fn paste(&mut self, text: &str) {
        if !self.takes_text() {
            return;
        }
        match self.field {
            Field::User => drop(self.user.paste(&crate::domain::text::clean(text))),
            Field::Password => self.password.paste(text),
        }
    }

    /// Whether there is something to type into now.
    pub(super) fn takes_text(&self) -> bool {
        self.stage == Stage::Typing && self.by_password
    }

    /// Goes to the other field.
    pub(super) fn other(&mut self) {
        self.field = match self.field {
            Field::User => Field::Password,
            Field::Password => Field::User,
        };
    }

    /// Goes on: to the password, to the server, or to the browser where that is the only way in.
    pub(super) fn accept(&mut self) -> Option<Step> {
        if self.stage != Stage::Typing {
            return None;
        }
        if !self.by_password {
            return self.browse();
        }
        let user = self.user.text().trim().to_owned();
        if user.is_empty() || self.password.length() == 0 {
            self.field = if user.is_empty() { Field::User } else { Field::Password };
            return None;
        }
        (self.stage, self.refusal) = (Stage::Asking, None);
        let password = std::mem::take(&mut self.password);
        Some(Step::Password { user, password })
    }

    /// Goes to a browser, where there is a provider.
    pub(super) fn browse(&mut self) -> Option<Step> {
        self.sso.as_ref().filter(|_| self.stage == Stage::Typing)?;
        (self.stage, self.refusal) = (Stage::Opening, None);
        Some(Step::Browser)
    }
}
