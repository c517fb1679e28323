//! What is asked of the runtime, and what it answers.

use super::state::{Login, Stage};
use crate::app::model::Model;
use crate::domain::{Password, Symbol, Timestamp};

/// What a login asks for; a later step ends an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask the server how people log in.
    Ways,
    /// Log in with a name and a password.
    Password {
        /// The account.
        user: String,
        /// Its password.
        password: Password,
    },
    /// Log in through the identity provider.
    Browser,
    /// Nobody waits any more.
    GiveUp,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// How people log in there: by password, and through whom in a browser.
    Ways {
        /// Accounts have passwords there.
        password: bool,
        /// The identity provider's name.
        sso: Option<String>,
    },
    /// A browser is waited for.
    Page {
        /// What it has to open.
        url: String,
        /// The port of this machine it comes back to.
        port: u16,
    },
    /// It let us in.
    In {
        /// Who we are there.
        who: String,
        /// What becomes of the token, in words.
        kept: String,
    },
    /// It did not let us in, or could not be asked.
    Refused(Refusal),
}

/// Why a login failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why, in one line: the server's own words where there are some.
    pub why: String,
    /// What to try.
    pub hint: Option<String>,
}

/// Takes in what became of a login.
pub fn take(model: &mut Model, source: &Symbol, news: News, now: Timestamp) {
    let asks = |login: &Login| login.source == *source;
    if let News::In { who, kept } = &news {
        model.login.take_if(|login| asks(login));
        model.tell(format!("{source}: logged in as {who}; {kept}"), now);
        return;
    }
    let Some(login) = model.login.as_mut().filter(|login| asks(login)) else { return };
    match news {
        News::Ways { password, sso } => login.offer(password, sso),
        News::Page { url, port } => login.stage = Stage::Browser { url, port },
        News::Refused(refusal) => {
            login.stage = Stage::Typing;
            login.refusal = Some(refusal);
        }
        News::In { .. } => {}
    }
}
