//! Who puts auto-sync back when it is switched off: an ApplicationSet, within moments, unless it is told to leave that part
//! alone (recorded, `applicationset`); perhaps the parent of an app of apps.

use serde_json::Value;

use super::application::Application;
use super::control::Control;

/// Who would put auto-sync back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restorer {
    /// Nobody that is known.
    Nobody,
    /// It could, and could not be asked.
    May(String),
    /// It will, within moments.
    Will(String),
}

impl Restorer {
    /// Asks whoever made the Application, which lives in `namespace`; `whole` when all of `automated` is taken away, and not
    /// its `enabled` set.
    pub(super) async fn of(control: &Control, app: &Application, namespace: &str, whole: bool) -> Self {
        let Some(name) = app.application_set() else {
            return app.parent().map_or(Self::Nobody, |parent| Self::May(format!("its parent {parent}")));
        };
        let who = format!("ApplicationSet {name}");
        match control.application_set(&name, namespace).await {
            Ok(set) if leaves_alone(&set, &app.name(), whole) => Self::Nobody,
            Ok(_) => Self::Will(who),
            Err(_) => Self::May(who),
        }
    }

    /// That it would, and what comes of it; whether that is certain.
    pub(super) fn words(&self, then: &str) -> Option<(String, bool)> {
        match self {
            Self::Nobody => None,
            Self::May(who) => Some((format!("{who} may put auto-sync back{then}"), false)),
            Self::Will(who) => Some((format!("{who} puts auto-sync back within moments{then}"), true)),
        }
    }
}

/// Whether an ApplicationSet does not touch `syncPolicy.automated` of an Application it made.
fn leaves_alone(set: &Value, app: &str, whole: bool) -> bool {
    let policy = set.pointer("/spec/syncPolicy/applicationsSync").and_then(Value::as_str);
    if matches!(policy, Some("create-only" | "create-delete")) {
        return true;
    }
    let ignored = set.pointer("/spec/ignoreApplicationDifferences").and_then(Value::as_array);
    let texts = |rule: &Value, list: &str| -> Vec<String> {
        let texts = rule[list].as_array().into_iter().flatten();
        texts.filter_map(|text| Some(text.as_str()?.to_owned())).collect()
    };
    let is_about = |rule: &&Value| rule["name"].as_str().is_none_or(|name| name.is_empty() || name == app);
    ignored.into_iter().flatten().filter(is_about).any(|rule| {
        let covers = |pointer: &String| {
            let rest = "/spec/syncPolicy/automated".strip_prefix(pointer.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                || (!whole && pointer == "/spec/syncPolicy/automated/enabled")
        };
        texts(rule, "jsonPointers").iter().any(covers)
            || texts(rule, "jqPathExpressions").iter().any(|path| path.contains(".spec.syncPolicy"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_set_says_what_it_leaves_alone() {
        let ignores =
            |rule: Value| leaves_alone(&json!({"spec": {"ignoreApplicationDifferences": [rule]}}), "a", false);
        for pointer in ["/spec/syncPolicy", "/spec/syncPolicy/", "/spec/syncPolicy/automated", "/spec"] {
            assert!(ignores(json!({"jsonPointers": [pointer]})), "{pointer}");
        }
        assert!(!ignores(json!({"jsonPointers": ["/spec/syncPolicy/retry", "/spec/sync"]})));
        assert!(ignores(json!({"jqPathExpressions": [".spec.syncPolicy.automated"]})));
        assert!(ignores(json!({"name": "a", "jsonPointers": ["/spec/syncPolicy"]})));
        assert!(!ignores(json!({"name": "b", "jsonPointers": ["/spec/syncPolicy"]})), "another Application's");
        let switch = json!({"spec": {"ignoreApplicationDifferences":
            [{"jsonPointers": ["/spec/syncPolicy/automated/enabled"]}]}});
        assert!(leaves_alone(&switch, "a", false));
        assert!(!leaves_alone(&switch, "a", true), "an older Argo CD has no switch there");
        assert!(!leaves_alone(&json!({"spec": {}}), "a", false));
        assert!(leaves_alone(&json!({"spec": {"syncPolicy": {"applicationsSync": "create-only"}}}), "a", true));
    }
}
