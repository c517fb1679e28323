//! Who may do what: users with bearer tokens, and the rules that bind them.

/// What a user asks to do with resources.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `get`, `list`, `watch`, `patch`, …
    pub verb: &'a str,
    /// API group; empty for core.
    pub group: &'a str,
    /// Resource, with its subresource: `pods/log`.
    pub resource: &'a str,
    /// Namespace; empty for all namespaces and cluster-scoped resources.
    pub namespace: &'a str,
    /// The object's name; empty for a collection.
    pub name: &'a str,
}

/// One permission. `*` stands for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// The namespace it holds in; none for the whole cluster.
    pub namespace: Option<String>,
    /// API groups.
    pub groups: Vec<String>,
    /// Resources, with their subresources.
    pub resources: Vec<String>,
    /// Verbs.
    pub verbs: Vec<String>,
    /// Names of objects; all when empty.
    pub names: Vec<String>,
    /// Paths that are no resources; such a rule says nothing of resources.
    pub urls: Vec<String>,
}

impl Rule {
    /// A permission on all resources: `verbs`, in one namespace or in the whole cluster.
    #[must_use]
    pub fn all_resources(namespace: Option<&str>, verbs: &[&str]) -> Self {
        Self {
            namespace: namespace.map(str::to_owned),
            groups: vec!["*".to_owned()],
            resources: vec!["*".to_owned()],
            verbs: verbs.iter().map(|v| (*v).to_owned()).collect(),
            ..Self::default()
        }
    }

    /// A permission on all paths that are no resources.
    #[must_use]
    pub fn all_urls() -> Self {
        Self { urls: vec!["*".to_owned()], verbs: vec!["*".to_owned()], ..Self::default() }
    }

    fn allows(&self, request: Request<'_>) -> bool {
        let has = |list: &[String], item: &str| list.iter().any(|l| l == "*" || l == item);
        // a rule may name a subresource of everything
        let any = request.resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
        self.namespace.as_deref().is_none_or(|n| n == request.namespace)
            && has(&self.verbs, request.verb)
            && has(&self.groups, request.group)
            && (has(&self.resources, request.resource) || any.is_some_and(|any| self.resources.contains(&any)))
            && (self.names.is_empty() || self.names.iter().any(|name| name == request.name))
    }

    fn allows_path(&self, verb: &str, path: &str) -> bool {
        let matches = |url: &String| url.strip_suffix('*').map_or(url == path, |start| path.starts_with(start));
        self.verbs.iter().any(|v| v == "*" || v == verb) && self.urls.iter().any(matches)
    }
}

/// A user's permissions: the sum of rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// What is allowed; everything else is forbidden.
    pub rules: Vec<Rule>,
}

const READ: &[&str] = &["get", "list", "watch"];

impl Access {
    /// Everything everywhere.
    #[must_use]
    pub fn full() -> Self {
        Self { rules: vec![Rule::all_resources(None, &["*"]), Rule::all_urls()] }
    }

    /// Everything within some namespaces, nothing cluster-wide.
    #[must_use]
    pub fn within(namespaces: &[&str]) -> Self {
        Self { rules: namespaces.iter().map(|n| Rule::all_resources(Some(n), &["*"])).collect() }
    }

    /// Reading within some namespaces, nothing cluster-wide.
    #[must_use]
    pub fn read_only_within(namespaces: &[&str]) -> Self {
        Self { rules: namespaces.iter().map(|n| Rule::all_resources(Some(n), READ)).collect() }
    }

    /// Nothing but discovery and reviews.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Whether the rules allow a request.
    #[must_use]
    pub fn allows(&self, request: Request<'_>) -> bool {
        self.rules.iter().any(|r| r.allows(request))
    }

    /// Whether the rules allow a request for something that is no resource.
    #[must_use]
    pub fn allows_path(&self, verb: &str, path: &str) -> bool {
        self.rules.iter().any(|r| r.allows_path(verb, path))
    }
}

/// Whoever gives no token.
pub const ANONYMOUS: &str = "system:anonymous";

/// Someone who holds a bearer token.
#[derive(Clone)]
pub struct User {
    /// The bearer token.
    pub token: String,
    /// The name that errors show.
    pub name: String,
    /// Groups; `system:authenticated` is implied.
    pub groups: Vec<String>,
    /// What the user may do, whatever the roles in the cluster say.
    pub allowed: Access,
}

impl User {
    /// A user without groups.
    #[must_use]
    pub fn new(name: &str, token: &str, allowed: Access) -> Self {
        Self { token: token.to_owned(), name: name.to_owned(), groups: Vec::new(), allowed }
    }

    /// The groups with the one that says whether somebody logged in.
    #[must_use]
    pub fn all_groups(&self) -> Vec<String> {
        let implied = if self.name == ANONYMOUS { "system:unauthenticated" } else { "system:authenticated" };
        self.groups.iter().cloned().chain([implied.to_owned()]).collect()
    }
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { token: _, name, groups, allowed } = self;
        f.debug_struct("User")
            .field("name", name)
            .field("groups", groups)
            .field("allowed", allowed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_within_a_namespace_says_no_cluster_wide() {
        let access = Access::read_only_within(&["argocd"]);
        let ask = |verb, namespace| access.allows(Request { verb, group: "", resource: "pods", namespace, name: "" });
        assert!(ask("list", "argocd"));
        assert!(!ask("list", ""));
        assert!(!ask("list", "default"));
        assert!(!ask("delete", "argocd"));
    }

    #[test]
    fn a_user_never_shows_its_token() {
        let shown = format!("{:?}", User::new("dev", "hunter2", Access::full()));
        assert!(shown.contains("dev") && !shown.contains("hunter2"), "{shown}");
    }
}
