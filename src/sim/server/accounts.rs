//! The local accounts: who there is in argocd-cm, and the API keys they were given.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::store::Store;

/// A local account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// Its name.
    pub name: String,
    /// Whether it may be used.
    pub enabled: bool,
    /// `login` and `apiKey`.
    pub capabilities: Vec<String>,
}

impl Account {
    /// Whether it may be used for something.
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|one| one == capability)
    }
}

/// Every account, by name.
pub(super) fn all(store: &Store, namespace: &str) -> Vec<Account> {
    let settings = store.get("ConfigMap", namespace, "argocd-cm").unwrap_or_default();
    let data = &settings["data"];
    let mut accounts = vec![Account {
        name: "admin".to_owned(),
        enabled: data["admin.enabled"] != "false",
        capabilities: vec!["login".to_owned()],
    }];
    for (key, value) in data.as_object().into_iter().flatten() {
        let Some(name) = key.strip_prefix("accounts.").filter(|name| !name.contains('.')) else { continue };
        let words = value.as_str().unwrap_or_default().split(',').map(|word| word.trim().to_owned());
        accounts.push(Account {
            name: name.to_owned(),
            enabled: data[&format!("accounts.{name}.enabled")] != "false",
            capabilities: words.filter(|word| !word.is_empty()).collect(),
        });
    }
    accounts.sort_by(|a, b| a.name.cmp(&b.name));
    accounts
}

/// One account.
pub(super) fn find(store: &Store, namespace: &str, name: &str) -> Option<Account> {
    all(store, namespace).into_iter().find(|account| account.name == name)
}

/// The API keys of an account: `{id, iat, exp?}` each, as argocd-secret keeps them.
pub(super) fn keys(store: &Store, namespace: &str, name: &str) -> Vec<Value> {
    let secret = store.get("Secret", namespace, SECRET).unwrap_or_default();
    let kept = secret["data"][place(name)].as_str().and_then(|kept| STANDARD.decode(kept).ok());
    kept.and_then(|kept| serde_json::from_slice(&kept).ok()).unwrap_or_default()
}

/// Keeps the API keys of an account.
pub(super) fn keep(store: &Store, namespace: &str, name: &str, keys: &[Value]) {
    let kept = STANDARD.encode(json!(keys).to_string());
    store.update("Secret", namespace, SECRET, |secret| secret["data"][place(name)] = json!(kept));
}

/// Where argocd-server keeps what nobody else is to know.
pub(super) const SECRET: &str = "argocd-secret";

fn place(name: &str) -> String {
    format!("accounts.{name}.tokens")
}

/// An account as the API shows it.
pub(super) fn show(store: &Store, namespace: &str, account: &Account) -> Value {
    let mut shown = json!({"name": account.name, "capabilities": account.capabilities});
    if account.enabled {
        shown["enabled"] = json!(true);
    }
    let tokens: Vec<Value> = keys(store, namespace, &account.name)
        .iter()
        .rev()
        .map(|key| {
            let mut token = json!({"id": key["id"], "issuedAt": key["iat"]});
            if !key["exp"].is_null() {
                token["expiresAt"] = key["exp"].clone();
            }
            token
        })
        .collect();
    if !tokens.is_empty() {
        shown["tokens"] = json!(tokens);
    }
    shown
}
