//! Sessions of the cockpit: forwards and debuggers a person asked for, let in by the guard and noted in the audit log.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::access::Access;
use super::deeds::Rules;
use super::forwards::{ForwardNews, Forwards, Place};
use super::launch::{Launch, own_workspace};
use super::scope::Scope;
use super::survey::{Inquiry, survey};
use crate::action::{Audit, Given, Visit, Visiting, admit};
use crate::debug::{Card, Entry};
use crate::domain::{AppKey, Clock, Environment, Protection};
use crate::forward::{Mapping, Remote, Wish};
use crate::store::Apps;
use crate::view::desk::News;

/// What a look at a debugger's place brought.
struct Looked {
    app: AppKey,
    place: Place,
    visiting: Visiting,
    card: Result<Box<Card>, String>,
}

/// The sessions of this run.
pub struct Berths {
    rules: Rules,
    clock: Arc<dyn Clock>,
    forwards: Forwards,
    scope: Scope,
    looking: Option<AbortHandle>,
    sender: mpsc::Sender<Looked>,
    receiver: mpsc::Receiver<Looked>,
    /// The workspace whose launch.json is ours to change.
    workspace: Result<PathBuf, &'static str>,
    /// A checkout of the GitOps repository.
    checkout: Option<PathBuf>,
}

impl Berths {
    /// None is open. They will run on `io`.
    #[must_use]
    pub fn new(rules: Rules, clock: Arc<dyn Clock>, io: Handle) -> Self {
        let (sender, receiver) = mpsc::channel(8);
        // what breaks here was looking at something a person can look at again
        let scope =
            Scope::new(io.clone(), |panic| tracing::error!(task = panic.task, message = panic.message, "broke"));
        let forwards = Forwards::new(Arc::clone(&clock), io);
        Self {
            rules,
            clock,
            forwards,
            scope,
            looking: None,
            sender,
            receiver,
            workspace: own_workspace(),
            checkout: None,
        }
    }

    /// Shows changes of values in this checkout of the GitOps repository.
    pub fn check_out(&mut self, folder: Option<PathBuf>) {
        self.checkout = folder;
    }

    /// Opens nothing from now on, because of `origin`; what is open stays.
    pub fn forbid(&mut self, origin: String) {
        self.rules.guard.readonly = Some(origin);
    }

    /// Waits for the next news; for ever where nothing is open.
    pub async fn next(&mut self) -> News {
        let audit = self.audit().ok();
        tokio::select! {
            news = self.forwards.next(audit.as_ref()) => match news {
                ForwardNews::Changed | ForwardNews::Opened(_, Ok(())) => News::Sessions(self.forwards.sessions()),
                ForwardNews::Opened(_, Err(why)) => News::Said(why, false),
            },
            Some(looked) = self.receiver.recv() => self.lead(looked),
        }
    }

    /// Opens a forward; what there is to say of that now.
    pub fn forward(&mut self, wish: Wish, confirmed: bool, apps: &Apps, access: &mut Access) -> Option<News> {
        let admitted = Place::find(&wish.app, apps, access)
            .and_then(|way| Ok((self.admit("forward", &wish.app, &way.1, wish.title(), confirmed)?, way.0)));
        match admitted {
            Ok((visiting, place)) => {
                self.forwards.begin(wish, place, visiting);
                None
            }
            Err(why) => Some(News::Said(why, false)),
        }
    }

    /// Looks at a debugger's place, and leads it there.
    pub fn debug(&mut self, app: AppKey, confirmed: bool, apps: &Apps, access: &mut Access) -> Option<News> {
        let title = format!("Debug {}", app.name);
        let admitted = Place::find(&app, apps, access)
            .and_then(|way| Ok((self.admit("debug", &app, &way.1, title, confirmed)?, way)));
        let (visiting, (place, environment)) = match admitted {
            Ok(admitted) => admitted,
            Err(why) => return Some(News::Card(app, Err(why))),
        };
        if let Some(before) = self.looking.take() {
            before.abort();
        }
        let of_ours = |session: &&crate::forward::Session| session.debug && session.app == app;
        let ours = self.forwards.sessions().values().filter(of_ours).map(crate::forward::Session::connected).sum();
        let mut inquiry = inquiry(&app, environment.protection, ours);
        inquiry.checkout.clone_from(&self.checkout);
        let sender = self.sender.clone();
        self.looking = Some(self.scope.spawn("debug", async move {
            let card = survey(&place, &inquiry).await.map(Box::new).map_err(|error| error.to_string());
            // nobody listens any more: the program is ending
            _ = sender.send(Looked { app, place, visiting, card }).await;
        }));
        None
    }

    /// Opens the forward a card speaks of, unless there is one.
    fn lead(&mut self, looked: Looked) -> News {
        let Looked { app, place, visiting, card } = looked;
        let there = self.forwards.sessions().values().any(|session| session.debug && session.app == app);
        let target = card.as_ref().ok().and_then(|card| card.target.parse().ok());
        match (&card, target) {
            (Ok(card), Some(target)) if !there => {
                let ports = vec![Mapping { local: None, remote: Remote::Number(card.port.port) }];
                let wish = Wish { target: Some(target), ports, debug: true, ..Wish::of(app.clone()) };
                self.forwards.begin(wish, place, visiting);
            }
            _ => {
                let (outcome, message) = match &card {
                    Ok(_) => ("done", None),
                    Err(why) => ("failed", Some(why.clone())),
                };
                if let Ok(audit) = self.audit()
                    && let Err(error) = visiting.end(&audit, outcome, message, self.clock.now())
                {
                    tracing::warn!(%error, "the end of a session was not noted");
                }
            }
        }
        News::Card(app, card)
    }

    /// Stops one session, or all.
    pub fn stop(&mut self, id: Option<u64>) -> News {
        let audit = self.audit().ok();
        match id {
            Some(id) => self.forwards.stop(id, audit.as_ref()),
            None => self.forwards.stop_all(audit.as_ref()),
        }
        News::Sessions(self.forwards.sessions())
    }

    /// Shows how launch.json would change, or writes it.
    #[must_use]
    pub fn launch(&self, entry: &Entry, agreed: bool) -> News {
        let workspace = match &self.workspace {
            Ok(workspace) => workspace,
            Err(why) => return News::Said((*why).to_owned(), true),
        };
        let changed = Launch::of(workspace).and_then(|launch| Ok((launch.with(entry)?, launch)));
        let (after, launch) = match changed {
            Ok(changed) => changed,
            Err(error) => return News::Said(error.to_string(), false),
        };
        let path = launch.path().display().to_string();
        let change = launch.change(&after);
        if change.is_empty() {
            return News::Said(format!("{path} has {} already", entry.name()), true);
        }
        if !agreed {
            return News::Launch(path, change);
        }
        match launch.write(&after) {
            Ok(()) => News::Said(format!("{path} is written: start \"{}\" in the editor", entry.name()), true),
            Err(error) => News::Said(error.to_string(), false),
        }
    }

    fn admit(
        &self,
        verb: &'static str,
        key: &AppKey,
        environment: &Environment,
        title: String,
        confirmed: bool,
    ) -> Result<Visiting, String> {
        let given = if confirmed { Given::Yes } else { Given::Nothing };
        let visit = Visit { verb, key, environment, title };
        let admitted = admit(&visit, &self.rules.guard, &self.audit()?, given, self.clock.now());
        admitted.map_err(|refusal| refusal.why)
    }

    fn audit(&self) -> Result<Audit, String> {
        self.rules.folder.clone().map(|folder| Audit::new(folder, self.rules.who.clone()))
    }
}

fn inquiry(app: &AppKey, protection: Protection, ours: usize) -> Inquiry {
    Inquiry { app: app.clone(), pod: None, port: None, protection, inside: true, ours, checkout: None }
}
