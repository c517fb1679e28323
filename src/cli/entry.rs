//! The way into the pods of an Application, for the verbs that open sessions.

use super::act::confirm;
use super::exit::{Exit, Failure};
use super::find::find;
use super::read::Read;
use super::state;
use crate::action::{Audit, Guard, Refusal, RefusalKind, Visit, Visiting, admit};
use crate::domain::{AppKey, AppRow, Environment, Route};
use crate::forward::SshHost;
use crate::runtime::forwards::{OpenError, Place};
use crate::store::Interest;

/// An Application whose pods can be reached.
pub struct Entry {
    /// Which.
    pub key: AppKey,
    /// Where it and its pods are.
    pub place: Place,
    /// Its environment.
    pub environment: Environment,
    /// What may be opened at all.
    pub guard: Guard,
    /// Where that is noted.
    pub audit: Audit,
    /// Where a laptop reaches this machine, as far as that is known.
    pub ssh: Option<SshHost>,
}

impl Entry {
    /// Finds the Application and the way to its pods.
    pub fn find(read: &mut Read, app: &str, environment: Option<&str>) -> Result<Self, Failure> {
        let setup = &mut read.setup;
        let found = find(&setup.apps, app, environment);
        if found.is_err() {
            super::exit_of(&setup.apps, &setup.sources);
        }
        let key = found?;
        let is_named = |row: &AppRow| setup.apps.routes().is_only_named(&row.destination);
        if setup.apps.all().any(|row| row.key == key && is_named(row)) {
            // where that is, has to be read first
            setup.look(&[Interest::Pods(key.clone())], read.deadline, &read.io);
        }
        if setup.apps.find(&key).is_none() {
            return Err(Failure::new(Exit::NotFound, format!("{} is gone", key.name)));
        }
        let found = Place::find(&key, &setup.apps, &mut setup.interests.access);
        let (place, environment) = found.map_err(|why| Failure::new(Exit::Source, why).hint(Route::HINT))?;
        let readonly = setup.settings.readonly.then(|| setup.settings.origin("readonly"));
        let who = state::who();
        let connection = std::env::var("SSH_CONNECTION").ok();
        let ssh = SshHost::of(setup.settings.ssh_host.as_deref(), &who.user, connection.as_deref());
        let (guard, audit) = (Guard { readonly }, Audit::new(state::folder()?, who));
        Ok(Self { key, place, environment, guard, audit, ssh })
    }

    /// Asks the guard, and the person where it takes that.
    pub fn enter(
        &self,
        read: &Read,
        verb: &'static str,
        title: String,
        words: Option<&str>,
    ) -> Result<Visiting, Failure> {
        let given = confirm::ask_for(&title, &self.environment, &self.guard, words)?;
        let visit = Visit { verb, key: &self.key, environment: &self.environment, title };
        admit(&visit, &self.guard, &self.audit, given.as_given(), read.now()).map_err(refused)
    }

    /// The host of the `ssh -L` line, with a word where it is a guess.
    pub fn ssh_host(&self) -> (String, bool) {
        self.ssh.as_ref().map_or_else(|| ("user@this-machine".to_owned(), true), |ssh| (ssh.host.clone(), ssh.check))
    }
}

/// A refusal as the verb ends with it.
pub fn refused(refusal: Refusal) -> Failure {
    let exit = if refusal.kind == RefusalKind::Missing { Exit::NotFound } else { Exit::Refused };
    let failure = Failure::new(exit, refusal.why);
    match refusal.hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Why a forward was not opened, as the verb ends with it.
pub fn unopened(error: &OpenError) -> Failure {
    let exit = match error {
        OpenError::Missing { .. } => Exit::NotFound,
        OpenError::Source(_) => Exit::Source,
        OpenError::Listen { .. } => Exit::Usage,
    };
    let failure = Failure::new(exit, error);
    match error {
        OpenError::Listen { .. } => failure.hint("another local port, as LOCAL:REMOTE, or another --bind"),
        _ => failure,
    }
}
