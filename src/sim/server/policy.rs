//! Who may do what: the policies of argocd-rbac-cm, of the projects' roles, and those every Argo CD has.

use std::collections::{BTreeSet, HashMap};

use globset::{Glob, GlobMatcher};
use serde_json::Value;

use super::super::store::Store;

/// Resources a policy may name; an unknown one is refused with this list.
pub(super) const RESOURCES: [&str; 12] = [
    "clusters",
    "projects",
    "applications",
    "applicationsets",
    "repositories",
    "write-repositories",
    "certificates",
    "accounts",
    "gpgkeys",
    "logs",
    "exec",
    "extensions",
];
/// Actions a policy may name.
pub(super) const ACTIONS: [&str; 9] =
    ["get", "create", "update", "delete", "sync", "rollback", "override", "action", "invoke"];
/// What role:readonly may look at, besides what belongs to projects.
const LOOKS: [&str; 7] =
    ["certificates", "clusters", "repositories", "write-repositories", "projects", "accounts", "gpgkeys"];

/// One `p` line.
#[derive(Debug, Clone)]
struct Line {
    subject: String,
    resource: Pattern,
    action: Pattern,
    object: Pattern,
    allow: bool,
}

/// A part of a line that may stand for many.
#[derive(Debug, Clone)]
enum Pattern {
    Any,
    Exactly(String),
    Glob(GlobMatcher),
}

impl Pattern {
    fn read(text: &str) -> Self {
        if text == "*" {
            return Self::Any;
        }
        match Glob::new(text) {
            Ok(glob) if text.contains(['*', '?', '[', '{']) => Self::Glob(glob.compile_matcher()),
            _ => Self::Exactly(text.to_owned()),
        }
    }

    fn fits(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(own) => own == text,
            Self::Glob(glob) => glob.is_match(text),
        }
    }
}

/// All lines together.
#[derive(Debug, Clone, Default)]
pub(super) struct Policy {
    lines: Vec<Line>,
    /// Who belongs to which role.
    roles: Vec<(String, String)>,
    /// The role everybody has.
    default: String,
}

impl Policy {
    /// The policies of a cluster's Argo CD.
    pub fn read(store: &Store, namespace: &str) -> Self {
        let mut policy = Self::built_in();
        let map = store.get("ConfigMap", namespace, "argocd-rbac-cm").unwrap_or_default();
        for (key, text) in map["data"].as_object().into_iter().flatten() {
            let text = text.as_str().unwrap_or_default();
            if key == "policy.default" {
                text.clone_into(&mut policy.default);
            } else if matches!(key.split('.').collect::<Vec<_>>()[..], ["policy", .., "csv"]) {
                policy.add(text);
            }
        }
        policy
    }

    fn built_in() -> Self {
        let mut policy = Self::default();
        for resource in ["applications", "applicationsets", "logs"] {
            policy.add(&format!("p, role:readonly, {resource}, get, */*, allow"));
        }
        for resource in LOOKS {
            policy.add(&format!("p, role:readonly, {resource}, get, *, allow"));
        }
        for action in ["create", "update", "update/*", "delete", "delete/*", "sync", "rollback", "override", "action/*"]
        {
            policy.add(&format!("p, role:admin, applications, {action}, */*, allow"));
        }
        for action in ["get", "create", "update", "delete"] {
            policy.add(&format!("p, role:admin, applicationsets, {action}, */*, allow"));
        }
        for resource in ["certificates", "clusters", "repositories", "write-repositories", "projects", "gpgkeys"] {
            for action in ["create", "update", "delete"] {
                policy.add(&format!("p, role:admin, {resource}, {action}, *, allow"));
            }
        }
        policy.add("p, role:admin, accounts, update, *, allow\np, role:admin, exec, create, */*, allow");
        policy.add("g, role:admin, role:readonly\ng, admin, role:admin");
        policy
    }

    /// The same, with what a project says about its own.
    pub fn with_project(&self, project: &Value) -> Self {
        let mut policy = self.clone();
        let name = project["metadata"]["name"].as_str().unwrap_or_default();
        for role in project["spec"]["roles"].as_array().into_iter().flatten() {
            let subject = format!("proj:{name}:{}", role["name"].as_str().unwrap_or_default());
            // whoever has a role may see its project
            policy.add(&format!("p, {subject}, projects, get, {name}, allow"));
            for line in role["policies"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                policy.add(line);
            }
            for group in role["groups"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                policy.roles.push((group.to_owned(), subject.clone()));
            }
        }
        policy
    }

    /// Takes in lines of a table; those that are none say nothing.
    fn add(&mut self, text: &str) {
        for line in text.lines() {
            let line = line.trim();
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            match fields[..] {
                _ if line.starts_with('#') => {}
                ["p", subject, resource, action, object, effect] => self.lines.push(Line {
                    subject: subject.to_owned(),
                    resource: Pattern::read(resource),
                    action: Pattern::read(action),
                    object: Pattern::read(object),
                    allow: effect == "allow",
                }),
                ["g", subject, role] => self.roles.push((subject.to_owned(), role.to_owned())),
                _ => {}
            }
        }
    }

    /// Everything subjects may do of one kind, each by itself, to be asked for many objects.
    pub fn grants(&self, subjects: &[&str], resource: &str, action: &str) -> Grants {
        let of = |subject: &str| {
            let known = self.known_as(subject);
            let lines = self.lines.iter().filter(|line| known.contains(line.subject.as_str()));
            let lines = lines.filter(|line| line.resource.fits(resource) && line.action.fits(action));
            lines.map(|line| (line.object.clone(), line.allow)).collect()
        };
        let default = if self.default.is_empty() { Vec::new() } else { of(&self.default) };
        Grants { default, own: subjects.iter().map(|subject| of(subject)).collect() }
    }

    /// A subject and every role it has, through other roles too.
    fn known_as<'a>(&'a self, subject: &'a str) -> BTreeSet<&'a str> {
        let mut known = BTreeSet::from([subject]);
        loop {
            let before = known.len();
            let more: Vec<&str> = self
                .roles
                .iter()
                .filter(|(member, _)| known.contains(member.as_str()))
                .map(|(_, role)| role.as_str())
                .collect();
            known.extend(more);
            if known.len() == before {
                return known;
            }
        }
    }
}

/// What subjects may do of one kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Grants {
    default: Vec<(Pattern, bool)>,
    /// Of each subject: what is denied to one group may be allowed to another.
    own: Vec<Vec<(Pattern, bool)>>,
}

impl Grants {
    /// Whether an object is among it: somebody allows it and nobody forbids it; the role of all is asked first.
    pub fn allow(&self, object: &str) -> bool {
        let one = |lines: &[(Pattern, bool)]| {
            let mut allowed = false;
            for (pattern, allow) in lines.iter().filter(|(pattern, _)| pattern.fits(object)) {
                let _ = pattern;
                if !allow {
                    return false;
                }
                allowed = true;
            }
            allowed
        };
        one(&self.default) || self.own.iter().any(|lines| one(lines))
    }
}

/// The grants of one subject by project, each worked out once.
#[derive(Debug)]
pub(super) struct ByProject<'a> {
    pub store: &'a Store,
    pub namespace: &'a str,
    pub policy: &'a Policy,
    /// Who asks, and the groups that one is in.
    pub subjects: Vec<&'a str>,
    pub resource: &'a str,
    pub action: &'a str,
    pub known: HashMap<String, Grants>,
}

impl ByProject<'_> {
    /// Whether an object of a project is allowed.
    pub fn allow(&mut self, project: &str, object: &str) -> bool {
        if !self.known.contains_key(project) {
            let there = self.store.get("AppProject", self.namespace, project);
            let grants = match there {
                Some(there) => self.policy.with_project(&there).grants(&self.subjects, self.resource, self.action),
                None => self.policy.grants(&self.subjects, self.resource, self.action),
            };
            self.known.insert(project.to_owned(), grants);
        }
        self.known.get(project).is_some_and(|grants| grants.allow(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(default: &str, lines: &str) -> Policy {
        let store = Store::new();
        store.put(json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "argocd-rbac-cm", "namespace": "argocd"},
            "data": {"policy.default": default, "policy.csv": lines}}));
        Policy::read(&store, "argocd")
    }

    #[test]
    fn roles_globs_and_the_role_of_all() {
        let lines = "p, role:developer, applications, sync, shop/*-dev, allow\ng, developer, role:developer";
        let policy = policy("role:readonly", lines);
        let may = |who: &str, action: &str, object: &str| policy.grants(&[who], "applications", action).allow(object);
        assert!(may("developer", "sync", "shop/web-dev") && !may("developer", "sync", "shop/web-prod"));
        assert!(may("somebody", "get", "shop/web-prod") && !may("somebody", "sync", "shop/web-dev"));
        assert!(may("admin", "action/apps/Deployment/restart", "shop/web-prod"));
        assert!(may("admin", "delete/apps/Deployment/ns/web", "a/b") && !may("developer", "update", "shop/web-dev"));
    }

    #[test]
    fn what_is_denied_stays_denied_unless_everybody_may() {
        let lines = "p, ann, applications, sync, */*, allow\np, ann, applications, sync, shop/*, deny\n\
                     p, ann, applications, get, shop/*, deny";
        let own = policy("", lines);
        assert!(own.grants(&["ann"], "applications", "sync").allow("other/x"));
        assert!(!own.grants(&["ann"], "applications", "sync").allow("shop/x"));
        let shared = policy("role:readonly", lines);
        assert!(shared.grants(&["ann"], "applications", "get").allow("shop/x"));
    }

    #[test]
    fn a_project_speaks_for_its_roles() {
        let project = json!({"metadata": {"name": "shop"}, "spec": {"roles": [{"name": "ci", "groups": ["team"],
            "policies": ["p, proj:shop:ci, applications, sync, shop/*, allow"]}]}});
        let policy = policy("", "").with_project(&project);
        for subject in ["proj:shop:ci", "team"] {
            assert!(policy.grants(&[subject], "applications", "sync").allow("shop/web"), "{subject}");
            assert!(!policy.grants(&[subject], "applications", "sync").allow("bank/web"), "{subject}");
        }
    }
}
