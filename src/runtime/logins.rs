//! Logins to argocd-servers while the cockpit runs.

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::scope::Scope;
use crate::app::login::{News, Refusal, Step};
use crate::domain::Symbol;
use crate::domain::text::clean;
use crate::source::argocd::{Credentials, PORT, Server, log_in, ways};
use crate::source::kube::ReadError;

/// The login that is under way. A later step ends an earlier one: nobody waits for two.
pub struct Logins {
    scope: Scope,
    under_way: Option<AbortHandle>,
    sender: mpsc::Sender<(Symbol, News)>,
    receiver: mpsc::Receiver<(Symbol, News)>,
}

impl Logins {
    /// None is under way. They will run on `io`.
    #[must_use]
    pub fn new(io: Handle) -> Self {
        // a page to open, and how it ended
        let (sender, receiver) = mpsc::channel(2);
        let broken = sender.clone();
        let scope = Scope::new(io, move |panic| {
            let refusal = Refusal { why: format!("what logs in broke: {}", panic.message), hint: None };
            // full: it has told of something, and an esc ends the rest
            _ = broken.try_send((panic.task.as_str().into(), News::Refused(refusal)));
        });
        Self { scope, under_way: None, sender, receiver }
    }

    /// Takes a step of a login to the argocd-server of a source.
    pub fn step(&mut self, source: Symbol, step: Step, server: Option<&Server>) {
        if let Some(before) = self.under_way.take() {
            before.abort();
        }
        let Some(server) = server.cloned().filter(|_| step != Step::GiveUp) else { return };
        let (sender, asks) = (self.sender.clone(), step == Step::Ways);
        let task = self.scope.spawn(source.to_string(), async move {
            let news = take(&server, &source, step, &sender).await.unwrap_or_else(refused);
            // nobody listens any more: the program is ending
            _ = sender.send((source, news)).await;
        });
        // who is fast logs in before the ways there are have been told, and may need them afterwards
        self.under_way = Some(task).filter(|_| !asks);
    }

    /// Waits for what becomes of a login; for ever where nobody logs in.
    pub async fn next(&mut self) -> Option<(Symbol, News)> {
        self.receiver.recv().await
    }
}

async fn take(
    server: &Server,
    source: &Symbol,
    step: Step,
    sender: &mpsc::Sender<(Symbol, News)>,
) -> Result<News, ReadError> {
    match step {
        // where nobody waits there is no step to take
        Step::Ways | Step::GiveUp => {
            let ways = ways(server).await?;
            Ok(News::Ways { password: ways.password, sso: ways.sso.map(|sso| sso.name) })
        }
        Step::Password { user, password } => {
            let credentials = log_in(server, &user, password.secret()).await?;
            Ok(let_in(server, &credentials))
        }
        Step::Browser => {
            let gone = || ReadError::Failed { why: "single sign-on is offered no longer".to_owned(), hint: None };
            let sso = ways(server).await?.sso.ok_or_else(gone)?;
            let pending = sso.begin(server, PORT).await?;
            let page = News::Page { url: clean(&pending.url).into_owned(), port: pending.port };
            // nobody listens any more: the program is ending
            _ = sender.send((source.clone(), page)).await;
            Ok(let_in(server, &pending.finish.await?))
        }
    }
}

/// Has everybody use what a login brought, and says what becomes of it.
fn let_in(server: &Server, credentials: &Credentials) -> News {
    let kept = match server.adopt(credentials) {
        Ok(Some(path)) => format!("the token is kept in {}", path.display()),
        Ok(None) => "the token is kept until this program ends: a file of it is named".to_owned(),
        Err(error) => format!("the token is kept until this program ends: {error}"),
    };
    News::In { who: credentials.who().to_owned(), kept }
}

fn refused(error: ReadError) -> News {
    News::Refused(match error {
        ReadError::Failed { why, hint } => Refusal { why, hint },
        ReadError::Missing(why) | ReadError::Denied(why) => Refusal { why, hint: None },
    })
}
