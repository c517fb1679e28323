//! GET: one object, or a list of them.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::stream;
use http::Response;
use serde_json::{Value, json};

use super::super::object::Object;
use super::super::store::{Snapshot, Store};
use super::encode::{CHUNK, Encoder};
use super::page::Token;
use super::path::{Query, Target};
use super::respond::{self, Body};
use super::selector::Selector;
use super::status::Failure;

/// One object.
pub(super) fn get(store: &Store, target: &Target, encoder: &Encoder) -> Result<Response<Body>, Failure> {
    let kind = encoder.kind;
    let known = matches!(target.subresource.as_str(), "") || kind.subresources.contains(&&*target.subresource);
    let object = store.object(kind.kind, &target.namespace, &target.name).filter(|_| known);
    let object = object.ok_or_else(|| Failure::not_found(kind, &target.name))?;
    let mut out = BytesMut::with_capacity(object.body().len() + 256);
    encoder.single(&mut out, &object, store.now().as_second());
    Ok(respond::whole(200, respond::JSON, out.freeze()))
}

/// The objects of a kind, within a namespace or all, page by page when asked.
pub(super) fn list(store: &Store, target: &Target, query: &Query, encoder: Encoder) -> Result<Response<Body>, Failure> {
    let selector = Selector::parse(encoder.kind, query.get("labelSelector"), query.get("fieldSelector"))?;
    if query.has("sendInitialEvents") {
        return Err(Failure::invalid_options("sendInitialEvents", "sendInitialEvents is forbidden for list"));
    }
    let from_cache = query.get("resourceVersion") == "0";
    let limit = query.get("limit").parse().ok().filter(|limit| *limit > 0 && !from_cache);
    let token = Some(query.get("continue")).filter(|t| !t.is_empty()).map(Token::decode).transpose()?;
    let snapshot = snapshot(store, encoder.kind.kind, &target.namespace, query, token.as_ref(), limit.is_some())?;

    let within = if target.namespace.is_empty() { 0 } else { target.namespace.len() + 1 };
    let Snapshot { mut objects, resource_version } = snapshot;
    objects.retain(|o| token.as_ref().is_none_or(|t| t.is_before(&o.key()[within..])) && selector.matches(o));
    let left = objects.len().saturating_sub(limit.unwrap_or(usize::MAX));
    objects.truncate(objects.len() - left);

    let mut metadata = json!({"resourceVersion": resource_version.to_string()});
    if encoder.kind.is_custom() && encoder.form == super::negotiate::Form::Whole {
        metadata["continue"] = "".into();
    }
    if left > 0
        && let Some(last) = objects.last()
    {
        let version = token.as_ref().map_or(resource_version.cast_signed(), |t| t.rv);
        metadata["continue"] = Token::after(&last.key()[within..], version).encode().into();
        if selector.is_empty() {
            metadata["remainingItemCount"] = left.into();
        }
    }
    let pages = Pages { encoder, metadata, now: store.now().as_second(), objects, next: 0, ended: false };
    Ok(respond::streamed(stream::iter(pages.map(Ok))))
}

/// The objects at the version the options name.
fn snapshot(
    store: &Store,
    kind: &str,
    namespace: &str,
    query: &Query,
    token: Option<&Token>,
    limited: bool,
) -> Result<Snapshot, Failure> {
    let namespace = Some(namespace).filter(|n| !n.is_empty());
    let take = |at| store.snapshot(kind, namespace, at);
    let asked = version(query)?;
    let matching = query.get("resourceVersionMatch");
    if let Some(token) = token {
        if asked.is_some_and(|version| version > 0) {
            return Err(Failure::bad_request("specifying resource version is not allowed when using continue"));
        }
        let at = u64::try_from(token.rv).ok();
        return take(at).map_err(|_| Failure::expired_page(token.inconsistent().encode()));
    }
    if !matching.is_empty() && asked.is_none() {
        let message = "resourceVersionMatch is forbidden unless resourceVersion is provided";
        return Err(Failure::invalid_options("resourceVersionMatch", message));
    }
    let current = store.resource_version();
    match asked {
        Some(version) if version > current => Err(Failure::too_large(version, current)),
        // a limit without a stated match means exactly that version
        Some(version) if version > 0 && (matching == "Exact" || (matching.is_empty() && limited)) => {
            take(Some(version)).map_err(|_| Failure::expired_list())
        }
        _ => take(None).map_err(Failure::expired),
    }
}

/// The `resourceVersion` option.
pub(super) fn version(query: &Query) -> Result<Option<u64>, Failure> {
    let text = query.get("resourceVersion");
    let bad = |_| {
        Failure::bad_request(format!(
            "resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax"
        ))
    };
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(bad) }
}

/// The chunks of a list, written as the client takes them.
struct Pages {
    encoder: Encoder,
    metadata: Value,
    now: i64,
    objects: Vec<Arc<Object>>,
    next: usize,
    ended: bool,
}

impl Iterator for Pages {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let mut out = BytesMut::with_capacity(CHUNK + CHUNK / 2);
        if self.next == 0 {
            self.encoder.list_head(&mut out, &self.metadata);
        }
        while out.len() < CHUNK
            && let Some(object) = self.objects.get(self.next)
        {
            if self.next > 0 {
                out.extend_from_slice(b",");
            }
            self.encoder.list_item(&mut out, object, self.now);
            self.next += 1;
        }
        if self.next == self.objects.len() {
            self.encoder.list_tail(&mut out, &self.metadata);
            self.ended = true;
        }
        Some(out.freeze())
    }
}
