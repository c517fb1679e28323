//! Single objects, read when somebody asks: an Application whole, a live object for show, the resources of an
//! Application with their health.

use futures::StreamExt as _;
use serde_json::Value;
use thiserror::Error;

use super::cluster::Cluster;
use super::fault::{Fault, Kind};
use super::project::message;
use super::request::escape;
use super::{shown, tree};
use crate::domain::mask::mask;
use crate::domain::window::{self, Subject, Windows};
use crate::domain::{AppDetail, AppKey, Health, LiveObject, ObjectName, Resource, health};

/// Live objects of one Application that are read at once.
const AT_ONCE: usize = 8;
/// The largest object that is read, in bytes: far above what an API server stores.
const LARGEST: usize = 32 << 20;

/// Why an object could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// It is not there, or its kind is not.
    #[error("{0}")]
    Missing(String),
    /// We may not.
    #[error("{0}")]
    Denied(String),
    /// The cluster could not be asked, or did not answer with an object.
    #[error("{why}")]
    Failed {
        /// Why, in one line.
        why: String,
        /// What to try.
        hint: Option<String>,
    },
}

impl ReadError {
    pub(in crate::source) fn of(fault: Fault, what: &str) -> Self {
        let missing = fault.is_missing();
        match fault.kind {
            _ if missing => Self::Missing(format!("{what} is not there")),
            Kind::Denied => Self::Denied(fault.why),
            _ => Self::Failed { why: format!("{what}: {}", fault.why), hint: fault.hint },
        }
    }
}

/// Where the API keeps objects of this group and version.
fn group_version(name: &ObjectName) -> String {
    let version = if name.version.is_empty() { "v1" } else { &*name.version };
    if name.group.is_empty() {
        format!("/api/{}", escape(version))
    } else {
        format!("/apis/{}/{}", escape(&name.group), escape(version))
    }
}

/// An Application whole, as the server has it; managedFields are left out and credentials in it are masked.
///
/// # Errors
/// When it is not there, may not be read, or the cluster cannot be asked.
pub async fn application(cluster: &Cluster, namespace: &str, name: &str) -> Result<Value, ReadError> {
    let mut app = raw_application(cluster, namespace, name).await?;
    mask(&mut app);
    Ok(app)
}

/// An Application whole and unmasked, for a write that is made of it. It can hold credentials: never shown or logged.
///
/// # Errors
/// When it is not there, may not be read, or the cluster cannot be asked.
pub async fn whole_application(cluster: &Cluster, namespace: &str, name: &str) -> Result<Value, ReadError> {
    raw_application(cluster, namespace, name).await
}

/// An object by its path, unmasked, for a decision that is made of it.
///
/// # Errors
/// When it is not there, may not be read, or the cluster cannot be asked.
pub async fn whole_object(cluster: &Cluster, path: &str, what: &str) -> Result<Value, ReadError> {
    object(cluster, path, what).await
}

/// The namespace Argo CD is installed into unless somebody chose another.
const CONVENTIONAL: &str = "argocd";

/// The AppProject of an Application: in the Application's own namespace, else where Argo CD usually lives.
///
/// # Errors
/// When it can be read in neither; what the first said.
pub async fn project_of(cluster: &Cluster, name: &str, namespace: &str) -> Result<Value, ReadError> {
    let read = async |namespace: &str| {
        let path = format!("/apis/argoproj.io/v1alpha1/namespaces/{}/appprojects/{}", escape(namespace), escape(name));
        object(cluster, &path, &format!("AppProject {namespace}/{name}")).await
    };
    match read(namespace).await {
        Err(error) if namespace != CONVENTIONAL => read(CONVENTIONAL).await.map_err(|_| error),
        read => read,
    }
}

/// How a kind stands in paths, as the cluster says; by the rule plurals follow where it does not.
pub async fn plural_of(cluster: &Cluster, group: &str, kind: &str) -> String {
    let version = match group {
        "" => "/api/v1".to_owned(),
        "argoproj.io" => "/apis/argoproj.io/v1alpha1".to_owned(),
        group => format!("/apis/{}/v1", escape(group)),
    };
    match cluster.plural(&version, kind).await {
        Ok(Some(plural)) => plural.name,
        _ => format!("{}s", kind.to_ascii_lowercase()),
    }
}

pub(super) async fn raw_application(cluster: &Cluster, namespace: &str, name: &str) -> Result<Value, ReadError> {
    let (namespace_path, name_path) = (escape(namespace), escape(name));
    let uri = format!("/apis/argoproj.io/v1alpha1/namespaces/{namespace_path}/applications/{name_path}");
    object(cluster, &uri, &format!("Application {namespace}/{name}")).await
}

/// A live object for show: managedFields are left out; what a Secret holds, copies of it, and credentials in URLs and
/// environment variables are masked; its texts are cleaned.
///
/// # Errors
/// When it or its kind is not there, it may not be read, or the cluster cannot be asked.
pub async fn live_object(cluster: &Cluster, name: &ObjectName) -> Result<Value, ReadError> {
    let mut live = raw_object(cluster, name).await?;
    mask(&mut live);
    Ok(live)
}

/// A live object as its screen shows it: as [`live_object`], with managedFields folded.
///
/// # Errors
/// When it or its kind is not there, it may not be read, or the cluster cannot be asked.
pub async fn shown_object(cluster: &Cluster, name: &ObjectName) -> Result<LiveObject, ReadError> {
    shown::of(raw_object(cluster, name).await?).map_err(|error| {
        let why = format!("{} {} cannot be written as YAML: {error}", name.kind, name.name);
        ReadError::Failed { why, hint: None }
    })
}

pub(super) async fn raw_object(cluster: &Cluster, object_name: &ObjectName) -> Result<Value, ReadError> {
    let path = path_of(cluster, object_name).await?;
    let ObjectName { kind, namespace, name, .. } = object_name;
    object(cluster, &path, &format!("{kind} {namespace}/{name}")).await
}

/// The path of a live object, as the cluster's discovery has its kind; the version is the object's own, else `v1`.
///
/// # Errors
/// When the cluster does not know its kind, or cannot be asked.
pub async fn path_of(cluster: &Cluster, object_name: &ObjectName) -> Result<String, ReadError> {
    let ObjectName { kind, namespace, name, .. } = object_name;
    let what = format!("{kind} {namespace}/{name}");
    let group_version = group_version(object_name);
    let plural = cluster.plural(&group_version, kind).await.map_err(|fault| ReadError::of(fault, &what))?;
    let Some(plural) = plural else {
        return Err(ReadError::Missing(format!("the cluster does not know the kind {kind}")));
    };
    let within = match (plural.namespaced, namespace.as_str()) {
        (true, namespace) => format!("/namespaces/{}", escape(namespace)),
        (false, _) => String::new(),
    };
    Ok(format!("{group_version}{within}/{}/{}", plural.name, escape(name)))
}

async fn object(cluster: &Cluster, uri: &str, what: &str) -> Result<Value, ReadError> {
    let bytes = cluster.fetch(uri, LARGEST).await.map_err(|fault| ReadError::of(fault, what))?;
    serde_json::from_slice(&bytes).map_err(|_| ReadError::Failed { why: format!("{what} came garbled"), hint: None })
}

/// The resources of an Application with their health, its conditions and its history.
///
/// `argo` is where the Application is, `target` where its objects are, or why nobody knows: then they have no health. An
/// object that may not be read costs its own health and nothing else.
///
/// # Errors
/// When the Application itself cannot be read.
pub async fn detail(argo: &Cluster, target: Result<&Cluster, String>, app: &AppKey) -> Result<AppDetail, ReadError> {
    let live = raw_application(argo, &app.namespace, &app.name).await?;
    let mut detail = tree::detail(&live);
    detail.windows = windows(argo, &live, &app.namespace).await;
    match target {
        Ok(cluster) => {
            detail.read_from = Ok(cluster.context().clone());
            let resources = std::mem::take(&mut detail.resources).into_iter();
            let judged = resources.map(|resource| judge(cluster, resource));
            detail.resources = futures::stream::iter(judged).buffered(AT_ONCE).collect().await;
        }
        Err(why) => detail.read_from = Err(why.into()),
    }
    detail.at = Some(argo.clock().now());
    Ok(detail)
}

/// The windows of an Application whose operation one of them holds back: nobody else asks for them.
async fn windows(argo: &Cluster, live: &Value, namespace: &str) -> Option<Windows> {
    if !window::holds(live) {
        return None;
    }
    let project = project_of(argo, window::project_of(live), namespace).await.ok()?;
    Some(Windows::of(&project, Subject::in_object(live)))
}

async fn judge(cluster: &Cluster, mut resource: Resource) -> Resource {
    // what has no rule has no health: it is not worth a request
    if !health::has_rule(&resource.group, &resource.kind) {
        return resource;
    }
    match raw_object(cluster, &ObjectName::of(&resource)).await {
        Ok(live) => {
            resource.created = live.pointer("/metadata/creationTimestamp").and_then(|at| at.as_str()?.parse().ok());
            resource.health = health::of(&live).map(|(health, said)| (health, said.and_then(|said| message(&said))));
        }
        Err(ReadError::Missing(_)) => {
            resource.missing = true;
            // a hook that is gone has done its work and was cleaned up
            resource.health = (!resource.hook).then_some((Health::Missing, None));
        }
        Err(error) => resource.unread = message(&error.to_string()),
    }
    resource
}
