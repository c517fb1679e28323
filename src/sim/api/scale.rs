//! The `scale` subresource: how many replicas a workload has and should have.

use http::Response;
use serde_json::{Value, json};

use super::super::kinds::Kind;
use super::super::store::Store;
use super::super::write::{Address, scale};
use super::path::Target;
use super::respond::{self, Body};
use super::status::Failure;
use super::write::Request;

/// The scale of a workload.
pub(super) fn get(store: &Store, kind: &Kind, target: &Target, accept: &str) -> Result<Response<Body>, Failure> {
    let workload = store.get(kind.kind, &target.namespace, &target.name);
    let scale = scale::of(&workload.ok_or_else(|| Failure::not_found(kind, &target.name))?);
    let first = accept.split(',').next().unwrap_or_default();
    Ok(respond::json(200, &if first.contains("as=Table") { table(store, &scale) } else { scale }))
}

/// PUT or PATCH of a scale.
pub(super) fn change(verb: &str, request: &Request<'_>) -> Result<Response<Body>, Failure> {
    let target = request.target;
    let address = Address::new(request.kind.kind, &target.namespace, &target.name)?;
    let scale = if verb == "update" {
        let scale = request.json()?;
        let said = |field: &str, own: &str| scale[field].as_str().is_none_or(|said| said.is_empty() || said == own);
        if !said("kind", "Scale") || !said("apiVersion", "autoscaling/v1") {
            let message = format!(
                "the API version in the data ({}) does not match the expected API version (autoscaling/v1)",
                scale["apiVersion"].as_str().unwrap_or_default()
            );
            return Err(Failure::bad_request(message));
        }
        request.writer("UpdateOptions")?.scale(&address, &scale)?
    } else {
        request.writer("PatchOptions")?.patch_scale(&address, &request.changes()?)?
    };
    Ok(respond::json(200, &scale))
}

/// The columns that `kubectl get --subresource=scale` prints.
fn table(store: &Store, scale: &Value) -> Value {
    let column = |name: &str, kind: &str, format: &str| json!({"name": name, "type": kind, "format": format, "description": "", "priority": 0});
    let born = scale["metadata"]["creationTimestamp"].as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let age = born.map_or_else(
        || "<unknown>".to_owned(),
        |born| super::super::columns::human(store.now().as_second() - born.as_second()),
    );
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": scale["metadata"]["resourceVersion"]},
        "columnDefinitions": [
            column("Name", "string", "name"),
            column("Desired", "integer", ""),
            column("Available", "integer", ""),
            column("Age", "string", ""),
        ],
        "rows": [{
            "cells": [
                scale["metadata"]["name"],
                scale["spec"]["replicas"].as_i64().unwrap_or_default(),
                scale["status"]["replicas"],
                age,
            ],
            "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": scale["metadata"]},
        }],
    })
}
