//! What the server says about itself.

use serde_json::{Value, json};

use super::desk::{Caller, Desk};

const VERSION: &str = "v3.6.0+unknown";

/// The version; who is logged in is told more.
pub(super) fn version(caller: Option<&Caller>) -> Value {
    let mut version = json!({"Version": VERSION});
    if caller.is_some() {
        for (field, word) in [
            ("BuildDate", "1970-01-01T00:00:00Z"),
            ("GoVersion", "go1.26.8"),
            ("Compiler", "gc"),
            ("Platform", "linux/amd64"),
            ("HelmVersion", "v4.1.4"),
            ("KubectlVersion", "v0.36.2"),
        ] {
            version[field] = json!(word);
        }
    }
    version
}

/// The settings; who is not logged in is told less.
pub(super) fn settings(desk: &Desk, caller: Option<&Caller>) -> Value {
    let label = desk.setting("application.instanceLabelKey");
    let tracking = desk.setting("application.resourceTrackingMethod");
    let or = |set: String, usual: &str| if set.is_empty() { usual.to_owned() } else { set };
    let mut settings = json!({
        "appLabelKey": or(label, "app.kubernetes.io/instance"),
        "googleAnalytics": {"anonymizeUsers": true},
        "kustomizeOptions": {"BuildOptions": "", "BinaryPath": "", "Versions": null},
        "help": {},
        "trackingMethod": or(tracking, "annotation"),
        "syncWithReplaceAllowed": true,
        "resourceViewEnabled": true,
    });
    let url = desk.setting("url");
    if !url.is_empty() {
        settings["url"] = json!(url);
    }
    if desk.setting("admin.enabled") == "false" {
        settings["userLoginsDisabled"] = json!(true);
    }
    if caller.is_some() {
        settings["passwordPattern"] = json!("^.{8,32}$");
        settings["controllerNamespace"] = json!(desk.namespace);
        settings["resourceOverrides"] = json!({"*/*": {
            "ignoreDifferences": "jqPathExpressions: null\njsonPointers:\n- /status\nmanagedFieldsManagers: null\n",
            "ignoreResourceUpdates": "jqPathExpressions: null\njsonPointers: null\nmanagedFieldsManagers: null\n",
        }});
    }
    settings
}
