//! From an Application to its resources: those it lists, and those its last operation dealt with.

use std::collections::BTreeMap;

use serde_json::Value;

use super::project::{Texts, message, moment};
use crate::domain::{
    AppDetail, Condition, Health, HistoryEntry, Phase, Resource, ResourceResult, Symbol, Sync, Timestamp,
};

/// A resource within an Application; a hook may run in several phases.
type Identity = (Symbol, Symbol, Symbol, Symbol, Option<Symbol>);

/// What an Application says of its resources, conditions and history; health is not asked for yet.
pub(in crate::source) fn detail(app: &Value) -> AppDetail {
    let mut reader = Reader::default();
    for row in items(app, "/status/resources") {
        reader.listed(row);
    }
    for row in items(app, "/status/operationState/syncResult/resources") {
        reader.dealt_with(row);
    }
    let mut resources: Vec<Resource> = reader.resources.into_values().collect();
    resources.sort_by(|a, b| a.place().cmp(&b.place()));
    let mut texts = reader.texts;
    AppDetail {
        resources,
        conditions: items(app, "/status/conditions").iter().map(|c| condition(c, &mut texts)).collect(),
        history: items(app, "/status/history").iter().map(|h| history(h, &mut texts)).collect(),
        ..AppDetail::default()
    }
}

#[derive(Default)]
struct Reader {
    texts: Texts,
    resources: BTreeMap<Identity, Resource>,
}

impl Reader {
    fn named(&mut self, row: &Value) -> Resource {
        let mut symbol = |field: &str| self.texts.symbol(text(row, field));
        Resource {
            group: symbol("group"),
            kind: symbol("kind"),
            version: symbol("version"),
            namespace: symbol("namespace"),
            name: symbol("name"),
            ..Resource::default()
        }
    }

    /// A row of `status.resources`.
    fn listed(&mut self, row: &Value) {
        let hook = row.get("hook").and_then(Value::as_bool).unwrap_or_default();
        let status = text(row, "status");
        let resource = Resource {
            // a live hook is listed without a status
            sync: (!status.is_empty()).then(|| Sync::parse(status)),
            hook,
            prune: !hook && row.get("requiresPruning").and_then(Value::as_bool).unwrap_or_default(),
            wave: row.get("syncWave").and_then(Value::as_i64).unwrap_or_default(),
            argocd_health: row.pointer("/health/status").and_then(Value::as_str).map(Health::parse),
            ..self.named(row)
        };
        self.resources.insert(identity(&resource, None), resource);
    }

    /// A row of `syncResult.resources`.
    fn dealt_with(&mut self, row: &Value) {
        let mut resource = self.named(row);
        let hook_type = text(row, "hookType");
        resource.hook = !hook_type.is_empty();
        resource.phase = self.texts.some(text(row, "syncPhase"));
        resource.result = Some(ResourceResult {
            status: self.texts.symbol(text(row, "status")),
            message: message(text(row, "message")),
            phase: Phase::parse(text(row, "hookPhase")),
        });
        let listed = identity(&resource, None);
        let Some(known) = self.resources.get_mut(&listed) else {
            let phase = resource.phase.clone();
            self.resources.insert(identity(&resource, phase), resource);
            return;
        };
        if known.phase.is_none() || known.phase == resource.phase {
            known.hook |= resource.hook;
            (known.phase, known.result) = (resource.phase, resource.result);
        } else {
            resource.wave = known.wave;
            let phase = resource.phase.clone();
            self.resources.insert(identity(&resource, phase), resource);
        }
    }
}

fn identity(resource: &Resource, phase: Option<Symbol>) -> Identity {
    (resource.group.clone(), resource.kind.clone(), resource.namespace.clone(), resource.name.clone(), phase)
}

fn items<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn time(value: &Value, field: &str) -> Option<Timestamp> {
    moment(text(value, field))
}

fn condition(row: &Value, texts: &mut Texts) -> Condition {
    Condition {
        kind: texts.symbol(text(row, "type")),
        message: message(text(row, "message")).unwrap_or_default(),
        since: time(row, "lastTransitionTime"),
    }
}

fn history(row: &Value, texts: &mut Texts) -> HistoryEntry {
    let several = row.pointer("/revisions/0").and_then(Value::as_str).unwrap_or_default();
    let revision = Some(text(row, "revision")).filter(|r| !r.is_empty()).unwrap_or(several);
    HistoryEntry {
        id: row.get("id").and_then(Value::as_i64).unwrap_or_default(),
        revision: texts.symbol(revision),
        started: time(row, "deployStartedAt"),
        deployed: time(row, "deployedAt"),
        by: row.get("initiatedBy").and_then(|by| texts.some(text(by, "username"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn resources_stand_by_phase_and_wave_with_what_the_operation_made_of_them() {
        let app = json!({ "status": {
            "resources": [
                { "kind": "Service", "version": "v1", "namespace": "dev", "name": "api", "status": "Synced", "syncWave": 1 },
                { "group": "apps", "kind": "Deployment", "version": "v1", "namespace": "dev", "name": "api",
                  "status": "OutOfSync", "health": { "status": "Progressing" } },
                { "group": "batch", "kind": "Job", "version": "v1", "namespace": "dev", "name": "migrate",
                  "hook": true, "requiresPruning": true }
            ],
            "operationState": { "syncResult": { "resources": [
                { "group": "batch", "kind": "Job", "version": "v1", "namespace": "dev", "name": "migrate",
                  "hookType": "PreSync", "hookPhase": "Succeeded", "syncPhase": "PreSync", "message": "done" },
                { "group": "batch", "kind": "Job", "version": "v1", "namespace": "dev", "name": "smoke",
                  "hookType": "PostSync", "hookPhase": "Running", "syncPhase": "PostSync" },
                { "group": "apps", "kind": "Deployment", "version": "v1", "namespace": "dev", "name": "api",
                  "hookPhase": "Running", "status": "Synced", "syncPhase": "Sync" }
            ] } },
            "history": [{ "id": 3, "revision": "abc", "deployedAt": "2026-11-23T06:27:22Z",
                "initiatedBy": { "username": "anna" } }]
        } });
        let detail = detail(&app);
        let brief: Vec<_> = detail
            .resources
            .iter()
            .map(|r| format!("{}/{} {} {:?}", r.kind, r.name, r.wave, r.result.as_ref().and_then(|r| r.phase)))
            .collect();
        assert_eq!(
            brief,
            [
                "Job/migrate 0 Some(Succeeded)",
                "Deployment/api 0 Some(Running)",
                "Service/api 1 None",
                "Job/smoke 0 Some(Running)"
            ]
        );
        let [migrate, deployment, ..] = &detail.resources[..] else { panic!("{brief:?}") };
        assert!(migrate.hook && !migrate.prune && migrate.sync.is_none());
        assert_eq!((deployment.sync, deployment.argocd_health), (Some(Sync::OutOfSync), Some(Health::Progressing)));
        assert_eq!((detail.history[0].id, detail.history[0].by.as_deref()), (3, Some("anna")));
    }
}
