//! Reads the facts a plan is made of.

use super::application::Application;
use super::audit::{Audit, Who};
use super::control::Control;
use super::marks::Marks;
use super::past::Past;
use super::plan::Facts;
use super::restorer::Restorer;
use super::road::Road;
use super::verb::Verb;
use crate::domain::window::Windows;
use crate::domain::{AppKey, Environment, Route};
use crate::source::kube::{ReadError, path_of};

/// Which Application, and what is known of it before it is read.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which.
    pub key: AppKey,
    /// Its environment.
    pub environment: Environment,
    /// Where its objects live.
    pub route: Route,
    /// Who asks, as Argo CD is to note it.
    pub user: String,
}

impl Road {
    /// Reads an Application whole, just now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn look(&self, key: &AppKey) -> Result<Application, ReadError> {
        self.control.application(key).await.map(Application::new)
    }

    /// Reads what a plan for `verb` is made of beside `app`, which was read just now. What cannot be read is said in the
    /// facts.
    pub async fn facts(&self, asked: &Asked, app: Application, verb: &Verb) -> Facts {
        let key = &asked.key;
        let windows = if verb.is_operation() || *verb == (Verb::AutoSync { on: true }) {
            let project = self.control.project(app.project(), &key.namespace).await;
            project.map(|project| Windows::of(&project, app.subject())).map_err(|error| error.to_string())
        } else {
            Ok(Windows::default())
        };
        let switches = match verb {
            Verb::AutoSync { on } => !on,
            Verb::Rollback { .. } => true,
            Verb::Sync(options) => options.guard.is_some(),
            _ => false,
        };
        // an Application that has the field could not have it where it is not known
        let knows_enabled = match app.at("/spec/syncPolicy/automated/enabled") {
            Some(_) => Some(true),
            None if switches => self.control.knows_enabled().await,
            None => None,
        };
        let served = self.control.cluster().is_none();
        let path = match (verb.object(), &self.destination) {
            (Some(object), Some(cluster)) => path_of(cluster, object).await.map_err(|error| error.to_string()),
            // argocd-server finds it by its name
            (Some(_), None) if served => Ok(String::new()),
            (Some(object), None) => Err(format!("no way to {} {}", object.kind, object.name)),
            (None, _) => Err("no object is named".to_owned()),
        };
        let whole = knows_enabled != Some(true);
        let restorer =
            if switches { Restorer::of(&self.control, &app, &key.namespace, whole).await } else { Restorer::Nobody };
        let marks = match verb {
            Verb::Sync(_) | Verb::Delete { cascade: Some(_) } => self.marks(key, &app).await,
            _ => Marks::default(),
        };
        let past = match verb {
            Verb::Rollback { .. } => Past::of(self, key, &app).await,
            _ => Past::default(),
        };
        Facts {
            key: key.clone(),
            environment: asked.environment.clone(),
            route: asked.route.clone(),
            path,
            windows,
            knows_enabled,
            served,
            auto_sync_before: self.memory.auto_sync(key, app.uid()),
            restorer,
            marks,
            past,
            user: asked.user.clone(),
            now: self.clock.now(),
            app,
        }
    }
}

impl Road {
    /// What the resources of an Application ask for themselves.
    async fn marks(&self, key: &AppKey, app: &Application) -> Marks {
        match (&self.destination, &self.server) {
            (Some(cluster), _) => Marks::of_objects(cluster, app).await,
            (None, Some(server)) => Marks::of_comparison(server, key, app).await,
            (None, None) => Marks::unread(app),
        }
    }
}

impl Audit {
    /// The same log, with who the control plane takes us for, where it says so.
    #[must_use]
    pub async fn as_known_to(&self, control: &Control) -> Self {
        let who = Who { kube: control.user().await, ..self.who().clone() };
        Self::new(self.folder().to_owned(), who)
    }
}
