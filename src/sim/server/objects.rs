//! Projects and ApplicationSets, and lists of what this world has none of.

use serde_json::{Value, json};

use super::super::api::Selector;
use super::applications::read::bare;
use super::desk::{Caller, Desk};
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::Asked;
use crate::sim::manifest::meta::text;

/// A list, which is null when it has nothing.
fn items(version: Option<u64>, items: Vec<Value>) -> Reply {
    let metadata = version.map_or_else(|| json!({}), |version| json!({"resourceVersion": version.to_string()}));
    Reply::Json(json!({"metadata": metadata, "items": if items.is_empty() { Value::Null } else { items.into() }}))
}

/// A project as the API shows it.
fn shown_project(project: Value) -> Value {
    let mut project = bare(project);
    if !project["status"].is_object() {
        project["status"] = json!({});
    }
    project
}

/// An ApplicationSet as the API shows it: what is off is left out.
pub(super) fn shown_set(set: Value) -> Value {
    let mut set = bare(set);
    if let Some(policy) = set.pointer_mut("/spec/syncPolicy").and_then(Value::as_object_mut) {
        policy.retain(|_, value| *value != false);
    }
    set
}

/// Answers with the projects the caller may see.
pub(super) fn projects(desk: &Desk, caller: &Caller, asked: &Asked) -> Reply {
    let name = asked.query.get("name");
    let all = desk.store.list("AppProject", Some(&desk.namespace)).into_iter();
    let seen = all.filter(|project| {
        let own = text(project, "/metadata/name");
        (name.is_empty() || own == name) && desk.may(caller, "projects", "get", own)
    });
    items(Some(desk.store.resource_version()), seen.map(shown_project).collect())
}

fn find_project(desk: &Desk, caller: &Caller, name: &str) -> Result<Value, Refusal> {
    desk.require(caller, "projects", "get", name)?;
    let project = desk.store.get("AppProject", &desk.namespace, name);
    project.ok_or_else(|| Refusal::not_found("appprojects", name))
}

/// Answers with one project.
pub(super) fn project(desk: &Desk, caller: &Caller, name: &str) -> Result<Reply, Refusal> {
    Ok(Reply::Json(shown_project(find_project(desk, caller, name)?)))
}

/// Answers with a project and what it brings along.
pub(super) fn project_detailed(desk: &Desk, caller: &Caller, name: &str) -> Result<Reply, Refusal> {
    Ok(Reply::Json(json!({"project": shown_project(find_project(desk, caller, name)?)})))
}

/// Answers with the windows of a project.
pub(super) fn project_windows(desk: &Desk, caller: &Caller, name: &str) -> Result<Reply, Refusal> {
    let project = find_project(desk, caller, name)?;
    let windows = &project["spec"]["syncWindows"];
    Ok(Reply::Json(if windows.is_array() { json!({"windows": windows}) } else { json!({}) }))
}

/// An ApplicationSet as policies name it.
pub(super) fn set_name(set: &Value) -> String {
    let project = text(set, "/spec/template/spec/project");
    format!("{}/{}", if project.is_empty() { "default" } else { project }, text(set, "/metadata/name"))
}

/// Answers with the ApplicationSets the caller may see.
pub(super) fn sets(desk: &Desk, caller: &Caller, asked: &Asked) -> Result<Reply, Refusal> {
    let kind = crate::sim::kinds::by_kind("ApplicationSet").ok_or_else(|| Refusal::unknown("no such kind"))?;
    let selector = Selector::parse(kind, asked.query.get("selector"), "")
        .map_err(|failure| Refusal::unknown(format!("error parsing the selector: {}", failure.message)))?;
    let projects: Vec<&str> = asked.query.all("projects").collect();
    let snapshot = desk.store.snapshot(kind.kind, Some(&desk.namespace), None);
    let snapshot = snapshot.map_err(|error| Refusal::unknown(error.to_string()))?;
    let meant = snapshot.objects.iter().filter(|object| selector.matches(object)).map(|object| object.to_value(kind));
    let seen = meant.filter(|set| {
        let name = set_name(set);
        let in_project = projects.iter().any(|project| name.split('/').next() == Some(project));
        (projects.is_empty() || in_project) && desk.may(caller, "applicationsets", "get", &name)
    });
    Ok(items(Some(snapshot.resource_version), seen.map(shown_set).collect()))
}

fn find_set(desk: &Desk, caller: &Caller, name: &str) -> Result<Value, Refusal> {
    let set = desk.store.get("ApplicationSet", &desk.namespace, name);
    let set = set.ok_or_else(|| Refusal::unknown(Refusal::not_found("applicationset", name).message))?;
    desk.require(caller, "applicationsets", "get", &set_name(&set))?;
    Ok(set)
}

/// Answers with one ApplicationSet.
pub(super) fn set(desk: &Desk, caller: &Caller, name: &str) -> Result<Reply, Refusal> {
    Ok(Reply::Json(shown_set(find_set(desk, caller, name)?)))
}

/// Answers with the Applications of a set, as a tree.
pub(super) fn set_tree(desk: &Desk, caller: &Caller, name: &str) -> Result<Reply, Refusal> {
    let set = find_set(desk, caller, name)?;
    let parent = json!({"group": "argoproj.io", "version": "v1alpha1", "kind": "ApplicationSet",
        "namespace": desk.namespace, "name": name, "uid": set["metadata"]["uid"]});
    let apps = desk.store.list("Application", Some(&desk.namespace)).into_iter();
    let owned = apps.filter(|app| app["metadata"]["ownerReferences"][0]["uid"] == set["metadata"]["uid"]);
    let nodes: Vec<Value> = owned
        .map(|app| {
            let mut node = json!({"group": "argoproj.io", "version": "v1alpha1", "kind": "Application",
                "namespace": desk.namespace, "name": app["metadata"]["name"], "parentRefs": [parent]});
            if let Some(health) = app["status"]["health"]["status"].as_str() {
                node["health"] = json!({"status": health});
            }
            node
        })
        .collect();
    Ok(Reply::Json(if nodes.is_empty() { json!({}) } else { json!({"nodes": nodes}) }))
}

/// Nothing of that kind.
pub(super) fn none() -> Reply {
    items(None, Vec::new())
}
