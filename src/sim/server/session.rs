//! Coming in: sessions, and who one is.

use serde_json::{Value, json};

use super::accounts;
use super::desk::{Desk, open};
use super::refusal::{Code, Refusal};
use super::reply::Reply;
use super::request::Asked;
use crate::sim::manifest::meta::text;

/// The longest name anybody can have.
const LONGEST: usize = 32;

/// Gives a token for a name and a password.
pub(super) fn create(desk: &Desk, asked: &Asked) -> Result<Reply, Refusal> {
    let body: Value = asked.json()?;
    let (name, password) = (text(&body, "/username"), text(&body, "/password"));
    let refuse = |words: &str| Err(Refusal::new(Code::Unauthenticated, words));
    if password.is_empty() {
        return refuse("Blank passwords are not allowed");
    }
    if name.len() > LONGEST {
        return Err(Refusal::invalid(format!("Username is too long ({LONGEST} bytes max)")));
    }
    let fits = open(&desk.passwords).get(name).is_some_and(|known| known == password);
    let account = accounts::find(&desk.store, &desk.namespace, name).filter(|_| fits);
    let Some(account) = account else { return refuse("Invalid username or password") };
    if !account.enabled {
        return refuse(&format!("Account {name} is disabled"));
    }
    if !account.can("login") {
        return refuse(&format!("Account {name} does not have login capability"));
    }
    let token = desk.login(name, false);
    Ok(Reply::Renewed(json!({"token": token}), token))
}

/// Ends a session: its token holds no longer.
pub(super) fn delete(desk: &Desk, asked: &Asked) -> Reply {
    if let Ok(caller) = desk.authenticate(asked) {
        desk.revoke(&caller.token);
    }
    Reply::Json(json!({}))
}

/// Answers with who asks; nobody is nobody.
pub(super) fn user_info(desk: &Desk, asked: &Asked) -> Reply {
    match desk.authenticate(asked) {
        Ok(caller) if !caller.subject.is_empty() => {
            let mut info = json!({"loggedIn": true, "username": caller.username(), "iss": "argocd"});
            if let Some(identity) = &caller.sso {
                info["iss"] = json!(identity.issuer);
                if !identity.groups.is_empty() {
                    info["groups"] = json!(identity.groups);
                }
            }
            Reply::Json(info)
        }
        _ => Reply::Json(json!({})),
    }
}
