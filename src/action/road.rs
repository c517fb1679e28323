//! The way to the clusters of a plan, and what is looked at just before a write.

use std::sync::Arc;

use super::control::Control;
use super::guard::{Evidence, Guard};
use super::memory::Memory;
use super::plan::{Plan, Request, Where};
use crate::domain::Clock;
use crate::source::argocd::Server;
use crate::source::kube::{Cluster, ReadError};

/// The way to the clusters of a plan.
#[derive(Clone)]
pub struct Road {
    /// Where the Application is.
    pub control: Control,
    /// The argocd-server of its source, if there is one: it knows of Git.
    pub server: Option<Server>,
    /// Where its objects are, if there is a way.
    pub destination: Option<Cluster>,
    /// The rules of this run: asked again when somebody else has written in between.
    pub guard: Guard,
    /// What auto-sync was before it was switched off.
    pub memory: Memory,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Road {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Road")
            .field("control", &self.control)
            .field("destination", &self.destination)
            .finish_non_exhaustive()
    }
}

impl Road {
    /// Reads the Application of a plan as it is now, and what we may not.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn evidence(&self, plan: &Plan) -> Result<Evidence, ReadError> {
        let app = self.look(&plan.target.key).await?;
        let denied = self.denied(plan.requests.iter().collect()).await;
        Ok(Evidence { app, denied, now: self.clock.now() })
    }

    /// What we may not of some requests, each once.
    pub(super) async fn denied(&self, requests: Vec<&Request>) -> Vec<String> {
        let mut denied = Vec::new();
        for request in requests {
            if let Some(control) = self.place(request)
                && let Some(missing) = control.missing(&request.right).await
                && !denied.contains(&missing)
            {
                denied.push(missing);
            }
        }
        denied
    }

    pub(super) fn place(&self, request: &Request) -> Option<Control> {
        match &request.place {
            Where::ControlPlane => Some(self.control.clone()),
            Where::Destination(context) => {
                self.destination.clone().filter(|cluster| cluster.context() == context).map(Control::Cluster)
            }
        }
    }
}
