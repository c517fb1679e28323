//! The way to the objects of an Application: a context of the kubeconfig, or the argocd-server of its source.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc;

use super::argocd::{self, Server};
use super::kube::{self, Cluster, ReadError};
use crate::domain::{AppKey, Clock, LiveObject, LogNews, LogRequest, ObjectName};

/// A way. Clones share the connection.
#[derive(Clone, Debug)]
pub enum Way {
    /// Through a context, to everything in its cluster.
    Cluster(Cluster),
    /// Through argocd-server, to what belongs to this Application.
    Server(Server, AppKey),
}

impl Way {
    /// What time it is.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        match self {
            Self::Cluster(cluster) => cluster.clock(),
            Self::Server(server, _) => server.clock(),
        }
    }

    /// Reads the log that `request` names into `lane`; ends when there is no more to come, or nobody listens any more.
    pub async fn stream(self, request: LogRequest, lane: mpsc::Sender<LogNews>) {
        match self {
            Self::Cluster(cluster) => kube::stream(cluster, request, lane).await,
            Self::Server(server, app) => argocd::stream(server, app, request, lane).await,
        }
    }

    /// A live object for show: masked and cleaned.
    ///
    /// # Errors
    /// When it or its kind is not there, it may not be read, or nobody can be asked.
    pub async fn live_object(&self, name: &ObjectName) -> Result<Value, ReadError> {
        match self {
            Self::Cluster(cluster) => kube::live_object(cluster, name).await,
            Self::Server(server, app) => argocd::live_object(server, app, name).await,
        }
    }

    /// A live object as its screen shows it.
    ///
    /// # Errors
    /// When it or its kind is not there, it may not be read, or nobody can be asked.
    pub async fn shown_object(&self, name: &ObjectName) -> Result<LiveObject, ReadError> {
        match self {
            Self::Cluster(cluster) => kube::shown_object(cluster, name).await,
            Self::Server(server, app) => argocd::shown_object(server, app, name).await,
        }
    }
}
