//! Who may come in.

use serde::Deserialize;

/// Somebody who may come in: into every cluster, with the same token.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Its name.
    pub name: String,
    /// Its bearer token; a random one when absent.
    pub token: Option<String>,
    /// Where it may read: `*` for everywhere, `*-dev` for the namespaces that end so.
    #[serde(default)]
    pub reads: Vec<String>,
    /// Where it may do anything.
    #[serde(default)]
    pub writes: Vec<String>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, token: _, reads, writes } = self;
        f.debug_struct("User").field("name", name).field("reads", reads).field("writes", writes).finish_non_exhaustive()
    }
}

/// Who is there when a scenario names nobody.
pub(in crate::sim::scenario) fn people() -> Vec<User> {
    let user = |name: &str, reads: &[&str], writes: &[&str]| User {
        name: name.to_owned(),
        token: None,
        reads: reads.iter().map(|place| (*place).to_owned()).collect(),
        writes: writes.iter().map(|place| (*place).to_owned()).collect(),
    };
    // a developer reads everything and changes what runs in development
    vec![user("admin", &[], &["*"]), user("developer", &["*"], &["*-dev"]), user("viewer", &["*"], &[])]
}
