//! The list of Applications.

use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};

use super::super::super::api::Selector;
use super::super::super::columns::Cell;
use super::super::super::object::Object;
use super::super::desk::{Caller, Desk};
use super::super::fields::Selection;
use super::super::refusal::Refusal;
use super::super::reply::Reply;
use super::super::request::Asked;

/// Bytes that are sent together.
const CHUNK: usize = 128 << 10;
/// Where the printer of Applications shows the project.
const PROJECT: usize = 4;

/// What a list or stream of Applications is narrowed to.
pub(in crate::sim::server) struct Narrowed {
    name: String,
    namespace: String,
    projects: Vec<String>,
    repository: String,
    selector: Selector,
}

impl Narrowed {
    /// Reads the parameters.
    pub fn parse(asked: &Asked) -> Result<Self, Refusal> {
        let query = &asked.query;
        let kind = crate::sim::kinds::by_kind("Application").ok_or_else(|| Refusal::unknown("no such kind"))?;
        let selector = Selector::parse(kind, query.get("selector"), "")
            .map_err(|failure| Refusal::unknown(format!("error parsing the selector: {}", failure.message)))?;
        let projects = query.all("projects").chain(query.all("project")).map(str::to_owned).collect();
        Ok(Self {
            name: query.get("name").to_owned(),
            namespace: query.get("appNamespace").to_owned(),
            projects,
            repository: query.get("repo").to_owned(),
            selector,
        })
    }

    /// Whether an Application is meant.
    pub fn fits(&self, object: &Object) -> bool {
        (self.name.is_empty() || self.name == object.name())
            && (self.namespace.is_empty() || self.namespace == object.namespace())
            && (self.projects.is_empty() || self.projects.iter().any(|project| project == project_of(object)))
            && (self.repository.is_empty() || self.comes_from(object))
            && self.selector.matches(object)
    }

    fn comes_from(&self, object: &Object) -> bool {
        let sign = format!("\"repoURL\":{}", serde_json::Value::from(self.repository.as_str()));
        memchr::memmem::find(object.rest(), sign.as_bytes()).is_some()
    }
}

/// The project of an Application, without reading the object.
pub(in crate::sim::server) fn project_of(object: &Object) -> &str {
    match object.cells.get(PROJECT) {
        Some(Cell::Text(project)) if !project.is_empty() => project,
        _ => "default",
    }
}

/// Every Application the caller may see, and the version they are of.
pub(in crate::sim::server) fn seen(
    desk: &Desk,
    caller: &Caller,
    narrowed: &Narrowed,
) -> Result<(Vec<Arc<Object>>, u64), Refusal> {
    let snapshot = desk.store.snapshot("Application", Some(&desk.namespace), None);
    let snapshot = snapshot.map_err(|error| Refusal::unknown(error.to_string()))?;
    let policy = desk.policy();
    let mut grants = desk.grants(caller, &policy, ("applications", "get"));
    let mut objects = snapshot.objects;
    objects.retain(|object| {
        let project = project_of(object);
        narrowed.fits(object) && grants.allow(project, &format!("{project}/{}", object.name()))
    });
    Ok((objects, snapshot.resource_version))
}

/// Answers with the list.
pub(in crate::sim::server) fn list(desk: &Desk, caller: &Caller, asked: &Asked) -> Result<Reply, Refusal> {
    let (objects, version) = seen(desk, caller, &Narrowed::parse(asked)?)?;
    let items: Vec<Bytes> = match Selection::parse(asked.query.get("fields")) {
        Some(selection) => desk.projections.items(&selection, &objects),
        None => objects.iter().map(|object| object.body().clone()).collect(),
    };
    Ok(Reply::Chunks(Box::new(chunks(version, items))))
}

/// The list as text, put together as it is sent.
fn chunks(version: u64, items: Vec<Bytes>) -> impl Iterator<Item = Bytes> + Send {
    let empty = items.is_empty();
    let mut items = items.into_iter();
    let mut head = Some(format!("{{\"metadata\":{{\"resourceVersion\":\"{version}\"}},\"items\":"));
    let (mut first, mut ended) = (true, false);
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let mut out = BytesMut::with_capacity(CHUNK + (32 << 10));
        if let Some(head) = head.take() {
            out.put_slice(head.as_bytes());
            out.put_slice(if empty { b"null" } else { b"[" });
        }
        while out.len() < CHUNK {
            let Some(item) = items.next() else {
                ended = true;
                out.put_slice(if empty { b"}" } else { b"]}" });
                break;
            };
            if !std::mem::take(&mut first) {
                out.put_u8(b',');
            }
            out.put_slice(&item);
        }
        Some(out.freeze())
    })
}
