//! Single things of an Application, read when somebody asks: itself whole, its resources with their health, a live object.

use serde::Deserialize;
use serde_json::Value;

use super::super::kube::fault::{Fault, Kind};
use super::super::kube::request::escape;
use super::super::kube::{self, ReadError, project, shown};
use super::server::Server;
use super::tree::{self, Tree, path};
use crate::domain::mask::masked;
use crate::domain::text::clean;
use crate::domain::window::{self, Subject, Windows};
use crate::domain::{AppDetail, AppKey, Health, LiveObject, ObjectName, Resource, ResourceAction, Symbol};

/// The largest object that is read, in bytes.
const LARGEST: usize = 32 << 20;

/// An Application whole and unmasked, for a write that is made of it. It can hold credentials: never shown or logged.
///
/// # Errors
/// When it is not there or may not be read (the server does not tell which), or the server cannot be asked.
pub async fn application(server: &Server, app: &AppKey) -> Result<Value, ReadError> {
    let what = format!("Application {}/{}", app.namespace, app.name);
    let fault = match server.json(&path(app, ""), LARGEST, &what).await {
        Ok(application) => return Ok(application),
        Err(fault) => fault,
    };
    // what is not there is refused in the same words (recorded); who may not see it does not find it in the list either
    if fault.kind == Kind::Denied && is_listed(server, app).await == Ok(false) {
        return Err(ReadError::Missing(format!("{what} is not there, or not shown to us")));
    }
    Err(ReadError::of(fault, &what))
}

#[derive(Deserialize)]
struct Names {
    items: Option<Vec<serde::de::IgnoredAny>>,
}

async fn is_listed(server: &Server, app: &AppKey) -> Result<bool, ()> {
    let (name, namespace) = (escape(&app.name), escape(&app.namespace));
    let path = format!("/api/v1/applications?name={name}&appNamespace={namespace}&fields=items.metadata.name");
    let names: Names = server.json(&path, LARGEST, "the list of Applications").await.map_err(drop)?;
    Ok(names.items.is_some_and(|items| !items.is_empty()))
}

/// The resources of an Application with their health, its conditions and its history. Health is what Argo CD says: the
/// live objects are where nobody but argocd-server looks.
///
/// # Errors
/// As [`application`]. A tree that cannot be read costs health and nothing else, and is told.
pub async fn detail(server: &Server, app: &AppKey) -> Result<AppDetail, ReadError> {
    let live = application(server, app).await?;
    let mut detail = kube::tree::detail(&live);
    detail.windows = windows(server, &live).await;
    match tree::tree(server, app).await {
        Ok(tree) => {
            detail.read_from = Ok("argocd-server".into());
            for resource in &mut detail.resources {
                judge(resource, &tree);
            }
        }
        Err(fault) => detail.read_from = Err(format!("resource tree: {}", fault.words()).into()),
    }
    detail.at = Some(server.clock().now());
    Ok(detail)
}

fn judge(resource: &mut Resource, tree: &Tree) {
    let node = tree.find(&ObjectName::of(resource));
    let Some(node) = node.filter(|node| node.exists()) else {
        resource.missing = true;
        // a hook that is gone has done its work and was cleaned up
        resource.health = (!resource.hook).then_some((Health::Missing, None));
        return;
    };
    resource.created = node.created_at.parse().ok();
    let health = node.health.as_ref().filter(|health| !health.status.is_empty());
    resource.health = match health {
        Some(health) => Some((Health::parse(&health.status), project::message(&health.message))),
        None => resource.argocd_health.map(|health| (health, None)),
    };
}

/// The windows of an Application whose operation one of them holds back: nobody else asks for them.
async fn windows(server: &Server, live: &Value) -> Option<Windows> {
    if !window::holds(live) {
        return None;
    }
    let project = object(server, "projects", window::project_of(live)).await.ok()?;
    Some(Windows::of(&project, Subject::in_object(live)))
}

#[derive(Deserialize)]
struct Manifest {
    manifest: String,
}

/// A live object of an Application, as its JSON text. Argo CD masks what Secrets hold.
pub(super) async fn manifest(server: &Server, app: &AppKey, query: &str) -> Result<String, Fault> {
    let answer: Manifest =
        server.json(&format!("{}&{query}", path(app, "resource")), LARGEST, "the live object").await?;
    Ok(answer.manifest)
}

/// A live object of an Application as its screen shows it: masked, cleaned, with managedFields folded.
///
/// # Errors
/// When it is not part of the Application, may not be read, or the server cannot be asked.
pub async fn shown_object(server: &Server, app: &AppKey, name: &ObjectName) -> Result<LiveObject, ReadError> {
    let (object, actions) = tokio::join!(raw_object(server, app, name), actions(server, app, name));
    let shown = shown::of(object?).map_err(|error| {
        let why = format!("{} {} cannot be written as YAML: {error}", name.kind, name.name);
        ReadError::Failed { why, hint: None }
    })?;
    Ok(LiveObject { actions: actions.ok(), ..shown })
}

#[derive(Deserialize)]
struct Actions {
    actions: Option<Vec<Action>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Action {
    name: String,
    display_name: String,
    disabled: bool,
    params: Option<Vec<Parameter>>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
}

/// What the server offers to do to a live object, in its order.
async fn actions(server: &Server, app: &AppKey, name: &ObjectName) -> Result<Vec<ResourceAction>, Fault> {
    let path = format!("{}&{}", path(app, "resource/actions"), named(name));
    let answer: Actions = server.json(&path, LARGEST, "the list of actions").await?;
    let symbol = |text: &str| Symbol::from(&*clean(text));
    let action = |action: Action| ResourceAction {
        name: symbol(&action.name),
        title: symbol(&action.display_name),
        disabled: action.disabled,
        parameters: action.params.iter().flatten().map(|parameter| symbol(&parameter.name)).collect(),
    };
    Ok(answer.actions.unwrap_or_default().into_iter().map(action).collect())
}

fn named(name: &ObjectName) -> String {
    tree::query([&name.namespace, &name.name, &name.version, &name.group, &name.kind])
}

/// A live object of an Application for show: what Secrets hold and credentials are masked, its texts are cleaned.
///
/// # Errors
/// As [`shown_object`].
pub async fn live_object(server: &Server, app: &AppKey, name: &ObjectName) -> Result<Value, ReadError> {
    Ok(masked(raw_object(server, app, name).await?))
}

async fn raw_object(server: &Server, app: &AppKey, name: &ObjectName) -> Result<Value, ReadError> {
    let what = format!("{} {}/{}", name.kind, name.namespace, name.name);
    let text = manifest(server, app, &named(name)).await.map_err(|fault| match fault.kind {
        // the server's word for what it does not know: its own, with code 400 (recorded)
        Kind::Down if fault.code == Some(400) => ReadError::Missing(fault.words()),
        _ => ReadError::of(fault, &what),
    })?;
    serde_json::from_str(&text).map_err(|_| ReadError::Failed { why: format!("{what} came garbled"), hint: None })
}

/// A project or an ApplicationSet, by the plural of its kind and its name.
///
/// # Errors
/// When it is not there or may not be read, or the server cannot be asked.
pub async fn object(server: &Server, plural: &str, name: &str) -> Result<Value, ReadError> {
    let what = format!("{plural} {name}");
    let path = format!("/api/v1/{plural}/{}", escape(name));
    server.json(&path, LARGEST, &what).await.map_err(|fault| ReadError::of(fault, &what))
}
