//! POST, PUT, PATCH and DELETE: what the request says, and what came of it.

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT, WARNING};
use http::{HeaderMap, HeaderValue, Response};
use serde_json::{Value, json};

use super::super::kinds::Kind;
use super::super::object::Object;
use super::super::store::Store;
use super::super::write::{Address, DeleteOptions, Deleted, Patch, Propagation, Validation, Writer, Written};
use super::encode::Encoder;
use super::negotiate::Form;
use super::path::{Query, Target};
use super::respond::{self, Body};
use super::selector::Selector;
use super::spelling;
use super::status::Failure;
use super::wire;

/// Operations of a JSON patch that a server takes.
const MAX_OPERATIONS: usize = 10_000;

/// A write as it came in.
pub(super) struct Request<'a> {
    pub store: &'a Store,
    pub kind: &'static Kind,
    pub target: &'a Target,
    pub query: &'a Query,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// Answers a write; `verb` is one of those that rules name.
pub(super) fn answer(verb: &str, request: &Request<'_>) -> Result<Response<Body>, Failure> {
    let named = !request.target.name.is_empty();
    match (verb, request.target.subresource.as_str()) {
        ("create", "") if !named => request.create(),
        ("create", "eviction") => super::evict::evict(request),
        ("create", "binding") => super::evict::bind(request),
        ("update" | "patch", "scale") => super::scale::change(verb, request),
        ("update", "" | "status" | "ephemeralcontainers") if named => request.update(),
        ("patch", "" | "status" | "ephemeralcontainers") if named => request.patch(),
        ("delete", "") => request.delete(),
        ("deletecollection", "") => request.delete_collection(),
        _ => Err(Failure::method_not_allowed()),
    }
}

impl Request<'_> {
    /// Whether a patch is an apply of an object that is not there, for which one must be allowed to create too.
    pub fn creates(&self, verb: &str) -> bool {
        let (kind, target) = (self.kind.kind, self.target);
        verb == "patch"
            && self.media() == "application/apply-patch+yaml"
            && self.store.object(kind, &target.namespace, &target.name).is_none()
    }

    fn create(&self) -> Result<Response<Body>, Failure> {
        let writer = self.writer("CreateOptions")?;
        let written = writer.create(self.object()?)?;
        self.written(&written)
    }

    fn update(&self) -> Result<Response<Body>, Failure> {
        let writer = self.writer("UpdateOptions")?;
        let mut object = self.object()?;
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            let message = "Required value: name is required";
            let cause = json!({"reason": "FieldValueRequired", "message": message, "field": "metadata.name"});
            return Err(Failure::invalid(self.kind, "", &[cause]));
        }
        if name != self.target.name {
            let on_url = &self.target.name;
            let message = format!("the name of the object ({name}) does not match the name on the URL ({on_url})");
            return Err(Failure::bad_request(message));
        }
        object["metadata"]["name"] = self.target.name.as_str().into();
        self.written(&writer.update(&object)?)
    }

    fn patch(&self) -> Result<Response<Body>, Failure> {
        let writer = self.writer("PatchOptions")?;
        let address = Address::new(self.kind.kind, &self.target.namespace, &self.target.name)?;
        if self.media() == "application/apply-patch+yaml" {
            if self.query.get("fieldManager").is_empty() {
                let message = "Required value: is required for apply patch";
                return Err(Failure::invalid_write("PatchOptions", "fieldManager", "FieldValueRequired", message));
            }
            let mut config = self.object()?;
            let name = config["metadata"]["name"].as_str().unwrap_or_default();
            if !name.is_empty() && name != self.target.name {
                let message = format!(
                    "metadata.name: Invalid value: {name:?}: must match the name of the request ({})",
                    self.target.name
                );
                return Err(Failure::bad_request(message));
            }
            config["metadata"]["name"] = self.target.name.as_str().into();
            return self.written(&writer.apply(&config, self.query.get("force") == "true")?);
        }
        self.written(&writer.patch(&address, &self.changes()?)?)
    }

    /// The body as a patch that is no apply.
    pub(super) fn changes(&self) -> Result<Patch, Failure> {
        Ok(match self.media() {
            _ if self.query.has("force") => {
                let message = "Forbidden: may not be specified for non-apply patch";
                return Err(Failure::invalid_write("PatchOptions", "force", "FieldValueForbidden", message));
            }
            "application/json-patch+json" => match self.json()? {
                Value::Array(operations) if operations.len() > MAX_OPERATIONS => {
                    return Err(Failure::too_many_operations(operations.len(), MAX_OPERATIONS));
                }
                Value::Array(operations) => Patch::Json(operations),
                _ => {
                    return Err(Failure::bad_request(
                        "json: cannot unmarshal object into Go value of type jsonpatch.Patch",
                    ));
                }
            },
            "application/merge-patch+json" => Patch::Merge(self.json()?),
            "application/strategic-merge-patch+json" if !self.kind.is_custom() => Patch::Strategic(self.json()?),
            _ => return Err(Failure::unsupported_patch(self.kind.is_custom())),
        })
    }

    fn delete(&self) -> Result<Response<Body>, Failure> {
        let (options, dry_run) = self.delete_options()?;
        let writer = self.writer("DeleteOptions")?;
        let writer = if dry_run { writer.dry_run(true) } else { writer };
        let warns = self.kind.kind == "Job" && options.propagation.is_none();
        let target = self.target;
        let mut response = match writer.delete(self.kind.kind, &target.namespace, &target.name, &options)? {
            Deleted::Waits(object) => self.encoded(200, &object)?,
            // these types always gave the object back
            Deleted::Gone(object)
                if matches!(self.kind.kind, "Pod" | "Service" | "ServiceAccount" | "PersistentVolumeClaim") =>
            {
                self.encoded(200, &object)?
            }
            Deleted::Gone(object) => {
                let metadata: Value = serde_json::from_slice(object.metadata()).unwrap_or_default();
                let mut details = json!({"name": target.name, "kind": self.kind.plural, "uid": metadata["uid"]});
                if !self.kind.group.is_empty() {
                    details["group"] = self.kind.group.into();
                }
                let status = json!({
                    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
                });
                respond::json(200, &status)
            }
        };
        if warns {
            warn(
                &mut response,
                "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to \
                 remove them or set propagationPolicy=Orphan to suppress this warning",
            );
        }
        Ok(response)
    }

    fn delete_collection(&self) -> Result<Response<Body>, Failure> {
        let (options, dry_run) = self.delete_options()?;
        let writer = self.writer("DeleteOptions")?;
        let writer = if dry_run { writer.dry_run(true) } else { writer };
        let selector = Selector::parse(self.kind, self.query.get("labelSelector"), self.query.get("fieldSelector"))?;
        let within = Some(self.target.namespace.as_str()).filter(|n| !n.is_empty());
        let snapshot = self.store.snapshot(self.kind.kind, within, None).map_err(Failure::expired)?;
        let mut items = Vec::new();
        for object in snapshot.objects.iter().filter(|o| selector.matches(o)) {
            match writer.delete(self.kind.kind, object.namespace(), object.name(), &options) {
                Ok(Deleted::Gone(object) | Deleted::Waits(object)) => items.push(object.to_value(self.kind)),
                // somebody was faster
                Err(failure) if failure.code == 404 => {}
                Err(failure) => return Err(failure),
            }
        }
        let list = json!({
            "kind": format!("{}List", self.kind.kind),
            "apiVersion": self.kind.api_version(),
            "metadata": {"resourceVersion": self.store.resource_version().to_string()},
            "items": items,
        });
        Ok(respond::json(200, &list))
    }

    /// The writer that the request's options describe.
    pub(super) fn writer(&self, options: &str) -> Result<Writer, Failure> {
        let manager = match self.query.get("fieldManager") {
            "" => agent(self.headers),
            manager => manager.to_owned(),
        };
        let dry_run = match self.query.get("dryRun") {
            "" => false,
            "All" => true,
            other => {
                let message = format!("Unsupported value: \"{other}\": supported values: \"All\"");
                return Err(Failure::invalid_write(options, "dryRun", "FieldValueNotSupported", &message));
            }
        };
        let validation = match self.query.get("fieldValidation") {
            "" | "Warn" => Validation::Warn,
            "Strict" => Validation::Strict,
            "Ignore" => Validation::Ignore,
            other => {
                let message =
                    format!("Unsupported value: \"{other}\": supported values: \"Ignore\", \"Strict\", \"Warn\"");
                return Err(Failure::invalid_write(options, "fieldValidation", "FieldValueNotSupported", &message));
            }
        };
        let writer = Writer::new(self.store, &manager).at(&self.target.subresource);
        Ok(writer.dry_run(dry_run).validating(validation))
    }

    /// The body as an object of the resource's type, at the place the URL names.
    fn object(&self) -> Result<Value, Failure> {
        let media = self.media();
        let mut object = match media {
            "" | "application/json" | "application/apply-patch+yaml" => self.json()?,
            "application/vnd.kubernetes.protobuf" if !self.kind.is_custom() => wire::object(self.body)
                .ok_or_else(|| Failure::undecodable(self.kind, "the message is not understood"))?,
            _ => {
                let accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
                return Err(Failure::unsupported_media(accepted));
            }
        };
        if !object.is_object() {
            return Err(Failure::undecodable(self.kind, "json: cannot unmarshal into an object"));
        }
        let said = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        let (kind, version) = (said("kind"), said("apiVersion"));
        let own = self.kind.api_version();
        if !kind.is_empty() && kind != self.kind.kind || !version.is_empty() && version != own {
            let message = if version == own || version.is_empty() {
                format!(
                    "{kind} in version \"{}\" cannot be handled as a {}: no kind \"{kind}\" is registered for the internal version of group \"{}\"",
                    self.kind.version, self.kind.kind, self.kind.group
                )
            } else {
                format!("the API version in the data ({version}) does not match the expected API version ({own})")
            };
            return Err(Failure::bad_request(message));
        }
        if self.kind.is_alias() {
            object = spelling::kept(self.kind, object);
        }
        object["kind"] = self.kind.kind.into();
        object["apiVersion"] = super::super::kinds::by_kind(self.kind.kind).map_or(own, Kind::api_version).into();
        if !object["metadata"].is_object() {
            object["metadata"] = json!({});
        }
        if self.kind.namespaced {
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
            if !namespace.is_empty() && namespace != self.target.namespace {
                let message = "the namespace of the provided object does not match the namespace sent on the request";
                return Err(Failure::bad_request(message));
            }
            object["metadata"]["namespace"] = self.target.namespace.as_str().into();
        }
        Ok(object)
    }

    pub(super) fn json(&self) -> Result<Value, Failure> {
        serde_json::from_slice(self.body).map_err(|error| {
            Failure::bad_request(format!(
                "the object provided is unrecognized (must be of type {}): {error}",
                self.kind.kind
            ))
        })
    }

    fn media(&self) -> &str {
        let media = self.headers.get(CONTENT_TYPE).and_then(|t| t.to_str().ok()).unwrap_or_default();
        media.split(';').next().unwrap_or_default().trim()
    }

    fn delete_options(&self) -> Result<(DeleteOptions, bool), Failure> {
        let body: Value = if self.body.is_empty() { Value::Null } else { self.json()? };
        self.options_of(&body)
    }

    /// How something is to be deleted, and whether only for show.
    pub(super) fn options_of(&self, body: &Value) -> Result<(DeleteOptions, bool), Failure> {
        let text = |field: &str| body[field].as_str().map(str::to_owned);
        let query = |field: &str| Some(self.query.get(field).to_owned()).filter(|v| !v.is_empty());
        let policy = text("propagationPolicy").or_else(|| query("propagationPolicy"));
        let orphans = body["orphanDependents"].as_bool().or_else(|| query("orphanDependents").map(|v| v == "true"));
        let propagation = match (policy.as_deref(), orphans) {
            (Some("Background"), _) | (None, Some(false)) => Some(Propagation::Background),
            (Some("Foreground"), _) => Some(Propagation::Foreground),
            (Some("Orphan"), _) | (None, Some(true)) => Some(Propagation::Orphan),
            (None, None) => None,
            (Some(other), _) => {
                let message = format!(
                    "Unsupported value: \"{other}\": supported values: \"Background\", \"Foreground\", \"Orphan\", \"nil\""
                );
                return Err(Failure::invalid_write(
                    "DeleteOptions",
                    "propagationPolicy",
                    "FieldValueNotSupported",
                    &message,
                ));
            }
        };
        let grace = body["gracePeriodSeconds"].as_i64().or_else(|| query("gracePeriodSeconds")?.parse().ok());
        let precondition = |field: &str| body["preconditions"][field].as_str().map(str::to_owned);
        let options = DeleteOptions {
            grace,
            propagation,
            uid: precondition("uid"),
            resource_version: precondition("resourceVersion"),
        };
        let dry_run = body["dryRun"].as_array().is_some_and(|all| all.iter().any(|one| one == "All"));
        Ok((options, dry_run))
    }

    fn written(&self, written: &Written) -> Result<Response<Body>, Failure> {
        let mut response = self.encoded(if written.created { 201 } else { 200 }, &written.object)?;
        for warning in &written.warnings {
            warn(&mut response, warning);
        }
        Ok(response)
    }

    fn encoded(&self, code: u16, object: &Object) -> Result<Response<Body>, Failure> {
        let accept = self.headers.get(ACCEPT).and_then(|a| a.to_str().ok()).unwrap_or_default();
        let encoder = Encoder::new(self.kind, Form::negotiate(accept, self.query, self.kind)?);
        let mut out = BytesMut::with_capacity(object.body().len() + 256);
        encoder.single(&mut out, object, self.store.now().as_second());
        Ok(respond::whole(code, respond::JSON, Bytes::from(out)))
    }
}

/// Whom a client that does not name itself is taken for: the beginning of its user agent.
pub(super) fn agent(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).and_then(|a| a.to_str().ok()).unwrap_or("unknown");
    agent.split('/').next().unwrap_or_default().chars().take(128).collect()
}

/// Adds a warning; clients show it beside the answer.
fn warn(response: &mut Response<Body>, text: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("299 - {text:?}")) {
        response.headers_mut().append(WARNING, value);
    }
}
