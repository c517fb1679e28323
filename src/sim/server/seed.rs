//! The ConfigMaps and Secrets an Argo CD is set up with.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::manifest::meta::metadata;
use super::super::manifest::settings;
use super::super::rbac::Person;
use super::super::store::Store;
use super::accounts::SECRET;
use super::dex::Member;

/// A key, and what a Secret keeps under it.
type Entry<'a> = (&'a str, &'a str);

/// What is secret about one Argo CD.
#[derive(Clone)]
pub struct Credentials {
    /// Signs the tokens.
    pub secret: String,
    /// The passwords of the accounts.
    pub passwords: HashMap<String, String>,
    /// The password of Redis.
    pub redis: String,
    /// Who can come in by single sign-on.
    pub members: Vec<Member>,
}

/// Single sign-on through Dex, and what its people may do.
#[derive(Debug, Clone)]
pub struct SingleSignOn<'a> {
    /// The connector's name, as people see it.
    pub name: &'a str,
    /// How long an id_token lives, as Go writes it.
    pub token_life: &'a str,
    /// Lines for argocd-rbac-cm.
    pub policies: &'a [String],
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    /// New ones for these people; there is always an admin.
    #[must_use]
    pub fn generate<'a>(people: impl Iterator<Item = &'a str>) -> Self {
        let word = || format!("{:032x}", fastrand::u128(..));
        let names = people.chain(["admin"]).map(|name| (name.to_owned(), word()));
        Self { secret: word(), passwords: names.collect(), redis: word(), members: Vec::new() }
    }
}

/// Sets up accounts, policies and secrets. Passwords are not written down but for the first one of the admin, and that
/// of Redis, which Argo CD leaves in Secrets of their own.
pub(in crate::sim) fn seed(
    store: &Store,
    namespace: &str,
    people: &[Person],
    credentials: &Credentials,
    born: Timestamp,
) {
    let Credentials { secret, passwords, redis, members: _ } = credentials;
    let admin = passwords.get("admin").map(String::as_str).unwrap_or_default();
    store.update("ConfigMap", namespace, "argocd-cm", |map| {
        map["data"]["url"] = json!("https://argocd.predator12.example");
        for person in people.iter().filter(|person| person.name != "admin") {
            map["data"][&format!("accounts.{}", person.name)] = json!("login, apiKey");
        }
    });
    let policy: String = people.iter().filter(|person| person.name != "admin").map(lines).collect();
    let data = json!({"policy.default": "role:readonly", "policy.csv": policy});
    for (name, data) in [("argocd-rbac-cm", data), ("argocd-cmd-params-cm", json!({}))] {
        store.put(settings::config_map(namespace, name, &data, born));
    }
    // the first comes with the installation, the others Argo CD makes itself, and without labels
    let secrets: [(&str, Value, Entry<'_>); 3] = [
        (SECRET, settings::of_argocd(SECRET), ("server.secretkey", secret)),
        ("argocd-initial-admin-secret", json!({}), ("password", admin)),
        ("argocd-redis", json!({}), ("auth", redis)),
    ];
    for (name, labels, (key, value)) in secrets {
        store.put(json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata("Secret", namespace, name, &labels, born),
            "type": "Opaque",
            "data": {key: STANDARD.encode(value)},
        }));
    }
}

/// Has Argo CD offer single sign-on with a directory of people.
pub(in crate::sim) fn offer_sso(store: &Store, namespace: &str, sso: &SingleSignOn<'_>) {
    let config = format!(
        "connectors:\n- type: ldap\n  id: ldap\n  name: {}\nexpiry:\n  idTokens: {}\n",
        json!(sso.name),
        json!(sso.token_life)
    );
    store.update("ConfigMap", namespace, "argocd-cm", |map| map["data"]["dex.config"] = json!(config));
    store.update("ConfigMap", namespace, "argocd-rbac-cm", |map| {
        let before = map["data"]["policy.csv"].as_str().unwrap_or_default();
        map["data"]["policy.csv"] = json!(format!("{before}{}\n", sso.policies.join("\n")));
    });
}

/// What somebody may do besides looking: sync and restart where it may write.
fn lines(person: &Person) -> String {
    let name = &person.name;
    let mut lines = format!("p, role:{name}, logs, get, */*, allow\n");
    for place in &person.writes {
        let object = if place == "*" { "*/*".to_owned() } else { format!("*/{place}") };
        for action in ["sync", "action/*"] {
            lines.push_str(&format!("p, role:{name}, applications, {action}, {object}, allow\n"));
        }
    }
    lines.push_str(&format!("g, {name}, role:{name}\n"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::agenda::Agenda;
    use crate::sim::populate::{self, Stage};
    use crate::sim::scenario;

    #[test]
    fn in_every_scenario_argocd_finds_its_settings_by_their_label() {
        for (name, _) in scenario::BUNDLED {
            let scenario = scenario::load(name).unwrap();
            for source in &scenario.sources {
                let stage = Stage::new(source, Store::new());
                populate::cluster(&mut Agenda::default(), &stage, source, Timestamp::UNIX_EPOCH);
                let known = Credentials::generate(std::iter::empty());
                seed(&stage.store, &stage.argocd_namespace, &[], &known, Timestamp::UNIX_EPOCH);
                let mut labelled = Vec::new();
                for kind in ["ConfigMap", "Secret"] {
                    let all = stage.store.list(kind, None).into_iter();
                    let own = all.filter(|one| one["metadata"]["labels"]["app.kubernetes.io/part-of"] == "argocd");
                    labelled.extend(own.map(|one| one["metadata"]["name"].as_str().unwrap().to_owned()));
                }
                let expected = ["argocd-cm", "argocd-cmd-params-cm", "argocd-rbac-cm", "argocd-secret"];
                assert_eq!(labelled, expected, "{name}: those and no others, in whatever namespace");
            }
        }
    }
}
