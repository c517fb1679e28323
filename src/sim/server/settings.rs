//! What the server says about itself.

use serde_json::{Value, json};

use super::desk::{Caller, Desk};
use super::dex::Config;

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
    if let Some(dex) = Config::read(desk) {
        settings["dexConfig"] = dex.shown();
    }
    if let Some(oidc) = oidc(desk) {
        settings["oidcConfig"] = oidc;
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

/// A provider of one's own, as far as people who log in have to know it.
fn oidc(desk: &Desk) -> Option<Value> {
    let config: Value = serde_saphyr::from_str(&desk.setting("oidc.config")).ok().filter(Value::is_object)?;
    let shown = [
        ("name", "name"),
        ("issuer", "issuer"),
        ("clientID", "clientID"),
        ("cliClientID", "cliClientID"),
        ("requestedScopes", "scopes"),
        ("requestedIDTokenClaims", "idTokenClaims"),
        ("enablePKCEAuthentication", "enablePKCEAuthentication"),
    ];
    let fields = shown.into_iter().filter(|(from, _)| !config[from].is_null());
    Some(fields.map(|(from, to)| (to.to_owned(), config[from].clone())).collect())
}
