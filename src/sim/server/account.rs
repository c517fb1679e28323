//! Accounts, their API keys, and what one may do.

use serde_json::{Value, json};

use super::accounts;
use super::desk::{Caller, Desk, open};
use super::policy::{ACTIONS, RESOURCES};
use super::refusal::{Code, Refusal};
use super::reply::Reply;
use super::request::Asked;
use crate::sim::manifest::meta::text;

/// Answers whether the caller may do something.
pub(super) fn can_i(
    desk: &Desk,
    caller: &Caller,
    (resource, action, object): (&str, &str, &str),
) -> Result<Reply, Refusal> {
    for (known, word) in [(&ACTIONS[..], action), (&RESOURCES[..], resource)] {
        if !known.contains(&word) {
            return Err(Refusal::invalid(format!("[{}] does not contain {word}", known.join(" "))));
        }
    }
    // unless rolling back is a right of its own, who may sync may do it
    let own = desk.setting("server.rbac.rollback.enforce.enable") == "true";
    let action = if action == "rollback" && !own { "sync" } else { action };
    let home = format!("/{}/", desk.namespace);
    let object = match object.split('/').count() {
        3 => object.replacen(&home, "/", 1),
        _ => object.to_owned(),
    };
    let may = desk.may(caller, resource, action, &object);
    Ok(Reply::Json(json!({"value": if may { "yes" } else { "no" }})))
}

/// Answers with the accounts the caller may see.
pub(super) fn list(desk: &Desk, caller: &Caller) -> Reply {
    let all = accounts::all(&desk.store, &desk.namespace);
    let seen = all.iter().filter(|account| allowed(desk, caller, "get", &account.name).is_ok());
    let items: Vec<Value> = seen.map(|account| accounts::show(&desk.store, &desk.namespace, account)).collect();
    Reply::Json(json!({"items": if items.is_empty() { Value::Null } else { items.into() }}))
}

/// Answers with one account.
pub(super) fn get(desk: &Desk, caller: &Caller, name: &str) -> Result<Reply, Refusal> {
    allowed(desk, caller, "get", name)?;
    let account = accounts::find(&desk.store, &desk.namespace, name).ok_or_else(|| missing(name))?;
    Ok(Reply::Json(accounts::show(&desk.store, &desk.namespace, &account)))
}

/// Gives an account an API key.
pub(super) fn create_token(desk: &Desk, caller: &Caller, asked: &Asked, name: &str) -> Result<Reply, Refusal> {
    allowed(desk, caller, "update", name)?;
    let account = accounts::find(&desk.store, &desk.namespace, name).ok_or_else(|| missing(name))?;
    if !account.can("apiKey") {
        let words = format!("account '{name}' does not have apiKey capability");
        return Err(Refusal::new(Code::Unknown, words));
    }
    let body: Value = asked.json()?;
    let life = body["expiresIn"].as_i64();
    let mut claims = desk.claims(&format!("{name}:apiKey"), life);
    let id = text(&body, "/id");
    if !id.is_empty() {
        id.clone_into(&mut claims.jti);
    }
    let mut keys = accounts::keys(&desk.store, &desk.namespace, name);
    if keys.iter().any(|key| key["id"] == claims.jti) {
        return Err(Refusal::new(Code::Unknown, format!("account already has token with id '{}'", claims.jti)));
    }
    let mut key = json!({"id": claims.jti, "iat": claims.iat});
    if let Some(exp) = claims.exp {
        key["exp"] = json!(exp);
    }
    keys.push(key);
    accounts::keep(&desk.store, &desk.namespace, name, &keys);
    Ok(Reply::Json(json!({"token": desk.seal.sign(&claims)})))
}

/// Takes an API key back.
pub(super) fn delete_token(desk: &Desk, caller: &Caller, name: &str, id: &str) -> Result<Reply, Refusal> {
    allowed(desk, caller, "update", name)?;
    let mut keys = accounts::keys(&desk.store, &desk.namespace, name);
    keys.retain(|key| key["id"] != id);
    accounts::keep(&desk.store, &desk.namespace, name, &keys);
    Ok(Reply::Json(json!({})))
}

/// Gives an account another password; the caller's own is asked for.
pub(super) fn update_password(desk: &Desk, caller: &Caller, asked: &Asked) -> Result<Reply, Refusal> {
    let body: Value = asked.json()?;
    let name = match text(&body, "/name") {
        "" => caller.subject.as_str(),
        name => name,
    };
    allowed(desk, caller, "update", name)?;
    let mut passwords = open(&desk.passwords);
    if passwords.get(&caller.subject).is_none_or(|own| own != text(&body, "/currentPassword")) {
        return Err(Refusal::invalid("current password does not match"));
    }
    passwords.insert(name.to_owned(), text(&body, "/newPassword").to_owned());
    drop(passwords);
    // what was given before is for the old password
    desk.revoke_all(Some(name));
    Ok(Reply::Json(json!({})))
}

fn missing(name: &str) -> Refusal {
    Refusal::new(Code::NotFound, format!("account '{name}' does not exist"))
}

/// Everybody has the right to what is their own.
fn allowed(desk: &Desk, caller: &Caller, action: &str, name: &str) -> Result<(), Refusal> {
    if caller.subject == name {
        return Ok(());
    }
    desk.require(caller, "accounts", action, name).map_err(|refusal| {
        let words = format!("permission denied for account {name} with action {action}: {}", refusal.message);
        Refusal::new(refusal.code, words)
    })
}
