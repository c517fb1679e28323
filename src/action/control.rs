//! Where an Application is read and written: the Kubernetes API, or its argocd-server.

use serde_json::{Value, json};

use super::guard::missing_right;
use super::plan::Right;
use crate::domain::AppKey;
use crate::domain::text::clean;
use crate::source::argocd::{self, Server};
use crate::source::kube::{
    self, Cluster, ReadError, Write, WriteError, escape, plural_of, project_of, whole_application, whole_object,
};

const CRD: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/applications.argoproj.io";

/// The first Argo CD whose Applications have `automated.enabled`, as major and minor.
const HAS_ENABLED: (u32, u32) = (3, 1);

/// The control plane of a source.
#[derive(Clone, Debug)]
pub enum Control {
    /// Through the Kubernetes API.
    Cluster(Cluster),
    /// Through argocd-server, which decides by rules of its own who may what.
    Server(Server),
}

impl Control {
    /// The cluster, where that is the way.
    #[must_use]
    pub fn cluster(&self) -> Option<&Cluster> {
        match self {
            Self::Cluster(cluster) => Some(cluster),
            Self::Server(_) => None,
        }
    }

    /// An Application whole and unmasked, for a decision that is made of it.
    ///
    /// # Errors
    /// When it is not there, may not be read, or nobody can be asked.
    pub async fn application(&self, key: &AppKey) -> Result<Value, ReadError> {
        match self {
            Self::Cluster(cluster) => whole_application(cluster, &key.namespace, &key.name).await,
            Self::Server(server) => argocd::application(server, key).await,
        }
    }

    /// An AppProject, for an Application in `namespace`.
    pub(super) async fn project(&self, name: &str, namespace: &str) -> Result<Value, ReadError> {
        match self {
            Self::Cluster(cluster) => project_of(cluster, name, namespace).await,
            Self::Server(server) => argocd::object(server, "projects", name).await,
        }
    }

    /// An ApplicationSet in `namespace`.
    pub(super) async fn application_set(&self, name: &str, namespace: &str) -> Result<Value, ReadError> {
        match self {
            Self::Cluster(cluster) => {
                let (namespace, set) = (escape(namespace), escape(name));
                let path = format!("/apis/argoproj.io/v1alpha1/namespaces/{namespace}/applicationsets/{set}");
                whole_object(cluster, &path, &format!("ApplicationSet {name}")).await
            }
            Self::Server(server) => argocd::object(server, "applicationsets", name).await,
        }
    }

    /// Whether Applications here have `automated.enabled`; nothing where that cannot be told.
    pub(super) async fn knows_enabled(&self) -> Option<bool> {
        match self {
            Self::Cluster(cluster) => defines_enabled(cluster).await,
            // it reads what it is sent into its own types, and drops the rest
            Self::Server(server) => argocd::version(server).await.map(|version| version >= HAS_ENABLED),
        }
    }

    /// Sends a write once.
    pub(super) async fn write(&self, write: &Write<'_>) -> Result<Value, WriteError> {
        match self {
            Self::Cluster(cluster) => kube::write(cluster, write).await,
            Self::Server(server) => argocd::write(server, write.method, write.path, &write.body).await,
        }
    }

    /// What is missing to do something; nothing when it may be done, or when the server does not say.
    pub(super) async fn missing(&self, right: &Right) -> Option<String> {
        match self {
            Self::Cluster(cluster) => missing(cluster, right).await,
            Self::Server(server) => {
                // as argocd-server asks itself: resource, action, project/name
                let object = format!("{}/{}", right.namespace, right.name);
                let allowed = argocd::can_i(server, &right.kind, right.verb, &object).await?;
                (!allowed).then(|| {
                    let refused = format!("permission denied: {}, {}, {object}", right.kind, right.verb);
                    format!("{refused} (argocd-rbac-cm gives this right)")
                })
            }
        }
    }

    /// Who it takes us for, where it says so.
    pub(super) async fn user(&self) -> Option<String> {
        match self {
            Self::Cluster(cluster) => {
                let request = Write {
                    method: "POST",
                    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                    content_type: "application/json",
                    body: json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}),
                };
                let review = kube::write(cluster, &request).await.ok()?;
                let name = review.pointer("/status/userInfo/username")?.as_str()?;
                Some(clean(name).into_owned())
            }
            Self::Server(server) => argocd::who(server).await.ok().filter(|name| !name.is_empty()),
        }
    }
}

/// As the definition of Applications says.
async fn defines_enabled(cluster: &Cluster) -> Option<bool> {
    let crd = whole_object(cluster, CRD, "the definition of Applications").await.ok()?;
    let versions = crd.pointer("/spec/versions")?.as_array()?;
    let version = versions.iter().find(|version| version["name"] == "v1alpha1")?;
    let automated = "/schema/openAPIV3Schema/properties/spec/properties/syncPolicy/properties/automated";
    let automated = version.pointer(automated)?;
    let preserves = automated["x-kubernetes-preserve-unknown-fields"].as_bool().unwrap_or_default();
    Some(preserves || automated.pointer("/properties/enabled").is_some())
}

/// As the API server reviews it.
async fn missing(cluster: &Cluster, right: &Right) -> Option<String> {
    // `Pod/ephemeralcontainers` is a part of a Pod
    let (kind, part) = right.kind.split_once('/').unwrap_or((&right.kind, ""));
    let plural = plural_of(cluster, &right.group, kind).await;
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {
            "verb": right.verb, "group": right.group, "resource": plural, "subresource": part,
            "namespace": right.namespace, "name": right.name,
        }},
    });
    let request = Write {
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        content_type: "application/json",
        body,
    };
    let review = kube::write(cluster, &request).await.ok()?;
    let allowed = review.pointer("/status/allowed").and_then(Value::as_bool)?;
    let plural = if part.is_empty() { plural } else { format!("{plural}/{part}") };
    (!allowed).then(|| missing_right(right.verb, &plural, &right.namespace, &review))
}
