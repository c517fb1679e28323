//! What a person saw when they decided: a write is refused when it is no longer so.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::application::Application;
use crate::domain::app::short_revision;

/// What of an Application a decision rests on (DESIGN section 7): spec, operation, the running or last operation, what
/// Git holds, the last deployment and what is OutOfSync. `resourceVersion` and `generation` are no part of it: without
/// a `/status` they move with every look of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saw {
    uid: String,
    spec: String,
    operation: String,
    phase: String,
    started: String,
    sync: String,
    revision: String,
    deployment: Option<i64>,
    out_of_sync: BTreeSet<String>,
}

/// A digest in hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

impl Saw {
    /// What is to see of an Application.
    #[must_use]
    pub fn of(app: &Application) -> Self {
        let hash = |pointer: &str| digest(app.at(pointer).unwrap_or(&Value::Null).to_string().as_bytes());
        let text = |pointer: &str| app.at(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            uid: app.uid().to_owned(),
            spec: hash("/spec"),
            operation: hash("/operation"),
            phase: text("/status/operationState/phase"),
            started: text("/status/operationState/startedAt"),
            sync: text("/status/sync/status"),
            revision: text("/status/sync/revision"),
            deployment: app.history().last().map(|entry| entry.id),
            out_of_sync: app.out_of_sync(),
        }
    }

    /// What is different in `now`, for people; empty when nothing that matters is.
    #[must_use]
    pub fn changes(&self, now: &Self) -> Vec<String> {
        if self.uid != now.uid {
            return vec!["it was deleted and made anew".to_owned()];
        }
        let or_none = |text: &str| {
            if text.is_empty() { "none".to_owned() } else { crate::domain::text::clean(text).into_owned() }
        };
        let mut changes = Vec::new();
        if self.spec != now.spec {
            changes.push("its spec was edited".to_owned());
        }
        if self.operation != now.operation {
            changes.push("an operation was asked for or ended".to_owned());
        } else if (&self.phase, &self.started) != (&now.phase, &now.started) {
            changes.push(format!("its operation went from {} to {}", or_none(&self.phase), or_none(&now.phase)));
        }
        if self.sync != now.sync {
            changes.push(format!("it went from {} to {}", or_none(&self.sync), or_none(&now.sync)));
        }
        if self.revision != now.revision {
            let short = |revision: &str| or_none(short_revision(revision));
            changes.push(format!("Git moved from {} to {}", short(&self.revision), short(&now.revision)));
        }
        if self.deployment != now.deployment {
            changes.push("another deployment was made".to_owned());
        }
        if self.out_of_sync != now.out_of_sync {
            changes.push(format!(
                "{} resources are OutOfSync and not {}",
                now.out_of_sync.len(),
                self.out_of_sync.len()
            ));
        }
        changes
    }

    /// `metadata.uid` of what was seen.
    #[must_use]
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// One hash over all of it.
    #[must_use]
    pub fn hash(&self) -> String {
        digest(format!("{self:?}").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn app() -> Value {
        json!({
            "metadata": {"uid": "u", "resourceVersion": "1", "generation": 4},
            "spec": {"source": {"repoURL": "r", "targetRevision": "main"}},
            "status": {"sync": {"status": "Synced", "revision": "a"}, "reconciledAt": "2026-11-23T06:00:00Z",
                "history": [{"id": 3, "deployedAt": "2026-11-23T06:00:00Z"}],
                "operationState": {"phase": "Succeeded", "startedAt": "2026-11-23T05:00:00Z"},
                "resources": [{"kind": "Service", "name": "s", "status": "Synced"}]},
        })
    }

    fn changes(pointer: &str, value: Value) -> Vec<String> {
        let mut later = app();
        *later.pointer_mut(pointer).unwrap() = value;
        Saw::of(&Application::new(app())).changes(&Saw::of(&Application::new(later)))
    }

    #[test]
    fn a_heartbeat_is_no_change() {
        for (pointer, value) in [
            ("/metadata/resourceVersion", json!("2")),
            ("/metadata/generation", json!(5)),
            ("/status/reconciledAt", json!("2026-11-23T06:03:00Z")),
        ] {
            assert_eq!(changes(pointer, value), Vec::<String>::new(), "{pointer}");
        }
    }

    #[test]
    fn what_matters_is_named() {
        for (pointer, value, said) in [
            ("/metadata/uid", json!("v"), "made anew"),
            ("/spec/source/targetRevision", json!("dev"), "spec"),
            ("/status/sync/status", json!("OutOfSync"), "from Synced to OutOfSync"),
            ("/status/sync/revision", json!("b"), "from a to b"),
            ("/status/history/0/id", json!(4), "another deployment"),
            ("/status/operationState/phase", json!("Running"), "from Succeeded to Running"),
            ("/status/operationState/startedAt", json!("2026-11-23T05:01:00Z"), "operation went"),
            ("/status/resources/0/status", json!("OutOfSync"), "1 resources are OutOfSync and not 0"),
        ] {
            let said_now = changes(pointer, value);
            assert!(said_now.len() == 1 && said_now[0].contains(said), "{pointer}: {said_now:?}");
        }
    }
}
