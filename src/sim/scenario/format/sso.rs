//! Single sign-on.

use serde::Deserialize;
use toml::Spanned;

/// Argo CD's Dex, with a directory of people.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sso {
    /// What people know the directory by.
    pub name: String,
    /// How long an id_token lives, as Go writes it.
    #[serde(default = "day")]
    pub token_life: Spanned<String>,
    /// Lines for argocd-rbac-cm.
    #[serde(default)]
    pub policies: Vec<String>,
    /// Who is in it.
    #[serde(rename = "person", default)]
    pub people: Vec<Person>,
}

/// Somebody the directory knows.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// What they log in as.
    pub name: String,
    /// Their address, which Argo CD shows them by.
    pub email: String,
    /// The groups they are in.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Their password; a random one when absent.
    pub password: Option<String>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, email, groups, password: _ } = self;
        f.debug_struct("Person")
            .field("name", name)
            .field("email", email)
            .field("groups", groups)
            .finish_non_exhaustive()
    }
}

fn day() -> Spanned<String> {
    Spanned::new(0..0, "24h".to_owned())
}
