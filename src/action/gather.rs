//! Reads the facts a plan is made of.

use serde_json::{Value, json};

use super::application::Application;
use super::audit::{Audit, Who};
use super::execute::Road;
use super::plan::Facts;
use super::verb::Verb;
use crate::domain::window::Windows;
use crate::domain::{AppKey, Environment, Route};
use crate::source::kube::{Cluster, ReadError, Write, escape, whole_application, whole_object, write};

/// The namespace Argo CD is installed into unless somebody chose another.
const CONVENTIONAL: &str = "argocd";
const CRD: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/applications.argoproj.io";

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
        whole_application(&self.control, &key.namespace, &key.name).await.map(Application::new)
    }

    /// Reads what a plan for `verb` is made of beside `app`, which was read just now. What cannot be read is said in the
    /// facts.
    pub async fn facts(&self, asked: &Asked, app: Application, verb: &Verb) -> Facts {
        let key = &asked.key;
        let windows = if verb.is_operation() {
            project(&self.control, &app, &key.namespace).await.map(|project| Windows::of(&project, app.subject()))
        } else {
            Ok(Windows::default())
        };
        let knows_enabled = match verb {
            // a rollback may have to switch it off first
            Verb::AutoSync { .. } | Verb::Rollback { .. } => knows_enabled(&self.control).await,
            _ => None,
        };
        Facts {
            key: key.clone(),
            environment: asked.environment.clone(),
            route: asked.route.clone(),
            windows,
            knows_enabled,
            auto_sync_before: self.memory.auto_sync(key, app.uid()),
            user: asked.user.clone(),
            now: self.clock.now(),
            app,
        }
    }
}

/// The AppProject of an Application: in its own namespace, else where Argo CD usually lives.
async fn project(cluster: &Cluster, app: &Application, namespace: &str) -> Result<Value, String> {
    let name = app.project();
    let mut why = String::new();
    for namespace in [namespace, CONVENTIONAL] {
        let path = format!("/apis/argoproj.io/v1alpha1/namespaces/{}/appprojects/{}", escape(namespace), escape(name));
        match whole_object(cluster, &path, &format!("AppProject {namespace}/{name}")).await {
            Ok(project) => return Ok(project),
            Err(error) if why.is_empty() => why = error.to_string(),
            Err(_) => {}
        }
    }
    Err(why)
}

/// Whether Applications here have `automated.enabled`; nothing when their definition cannot be read.
async fn knows_enabled(cluster: &Cluster) -> Option<bool> {
    let crd = whole_object(cluster, CRD, "the definition of Applications").await.ok()?;
    let versions = crd.pointer("/spec/versions")?.as_array()?;
    let version = versions.iter().find(|version| version["name"] == "v1alpha1")?;
    let automated = "/schema/openAPIV3Schema/properties/spec/properties/syncPolicy/properties/automated";
    let automated = version.pointer(automated)?;
    let preserves = automated["x-kubernetes-preserve-unknown-fields"].as_bool().unwrap_or_default();
    Some(preserves || automated.pointer("/properties/enabled").is_some())
}

impl Audit {
    /// The same log, with who a cluster takes us for, where it says so.
    #[must_use]
    pub async fn as_known_to(&self, cluster: &Cluster) -> Self {
        let who = Who { kube: kube_user(cluster).await, ..self.who().clone() };
        Self::new(self.folder().to_owned(), who)
    }
}

async fn kube_user(cluster: &Cluster) -> Option<String> {
    let request = Write {
        method: "POST",
        path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        content_type: "application/json",
        body: json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}),
    };
    let review = write(cluster, &request).await.ok()?;
    let name = review.pointer("/status/userInfo/username")?.as_str()?;
    Some(crate::domain::text::clean(name).into_owned())
}
