//! Permissions from the roles and bindings in a cluster.

use serde_json::{Value, json};

use super::access::{Access, Rule, User};
use super::store::Store;

/// What the bindings of a cluster allow a user.
#[must_use]
pub fn access(store: &Store, user: &User) -> Access {
    let mut access = user.allowed.clone();
    let groups = user.all_groups();
    for kind in ["ClusterRoleBinding", "RoleBinding"] {
        for binding in store.list(kind, None) {
            if !binds(&binding, &user.name, &groups) {
                continue;
            }
            let namespace = binding["metadata"]["namespace"].as_str();
            let role = &binding["roleRef"];
            let at = if role["kind"] == "Role" { namespace.unwrap_or_default() } else { "" };
            let name = role["name"].as_str().unwrap_or_default();
            let Some(role) = store.get(role["kind"].as_str().unwrap_or_default(), at, name) else { continue };
            let rules = role["rules"].as_array().into_iter().flatten();
            access.rules.extend(rules.map(|rule| read(rule, namespace)));
        }
    }
    access
}

fn binds(binding: &Value, user: &str, groups: &[String]) -> bool {
    binding["subjects"].as_array().into_iter().flatten().any(|subject| {
        let text = |field: &str| subject[field].as_str().unwrap_or_default();
        match text("kind") {
            "User" => text("name") == user,
            "Group" => groups.iter().any(|group| group == text("name")),
            "ServiceAccount" => format!("system:serviceaccount:{}:{}", text("namespace"), text("name")) == user,
            _ => false,
        }
    })
}

fn read(rule: &Value, namespace: Option<&str>) -> Rule {
    let list = |field: &str| -> Vec<String> {
        rule[field].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Rule {
        namespace: namespace.map(str::to_owned),
        groups: list("apiGroups"),
        resources: list("resources"),
        verbs: list("verbs"),
        names: list("resourceNames"),
        urls: list("nonResourceURLs"),
    }
}

/// Somebody of a scenario, and where: `*` stands for everywhere, `*-dev` for the namespaces that end so.
#[derive(Debug, Clone)]
pub struct Person {
    /// The user's name.
    pub name: String,
    /// Where it may read.
    pub reads: Vec<String>,
    /// Where it may do anything.
    pub writes: Vec<String>,
}

/// Puts the roles in place, and the bindings that give people what they may do.
pub fn seed(store: &Store, people: &[Person]) {
    let everything = json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]});
    let urls = json!({"nonResourceURLs": ["*"], "verbs": ["*"]});
    let reading = json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]});
    for (name, rules) in
        [("cluster-admin", json!([everything, urls])), ("admin", json!([everything])), ("reader", json!([reading]))]
    {
        let metadata = json!({"name": name});
        store.put(json!({"apiVersion": API, "kind": "ClusterRole", "metadata": metadata, "rules": rules}));
    }
    let namespaces = store.list("Namespace", None);
    let namespaces: Vec<&str> = namespaces.iter().filter_map(|n| n["metadata"]["name"].as_str()).collect();
    for person in people {
        for (places, whole, part) in [(&person.reads, "reader", "reader"), (&person.writes, "cluster-admin", "admin")] {
            if places.iter().any(|place| place == "*") {
                bind(store, person, whole, None);
                continue;
            }
            let fits = |namespace: &&&str| {
                places.iter().any(|p| p.strip_prefix('*').map_or(p == **namespace, |end| namespace.ends_with(end)))
            };
            for namespace in namespaces.iter().filter(fits) {
                bind(store, person, part, Some(namespace));
            }
        }
    }
}

const API: &str = "rbac.authorization.k8s.io/v1";

fn bind(store: &Store, person: &Person, role: &str, namespace: Option<&str>) {
    let group = "rbac.authorization.k8s.io";
    let mut binding = json!({
        "apiVersion": API,
        "kind": "ClusterRoleBinding",
        "metadata": {"name": format!("{}-{role}", person.name)},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": group, "kind": "User", "name": person.name}],
    });
    if let Some(namespace) = namespace {
        binding["kind"] = "RoleBinding".into();
        binding["metadata"]["namespace"] = namespace.into();
    }
    store.put(binding);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::access::Request;

    #[test]
    fn bindings_give_what_their_roles_say_where_they_stand() {
        let store = Store::new();
        for name in ["shop-dev", "shop-prod"] {
            store.put(json!({"kind": "Namespace", "metadata": {"name": name}}));
        }
        let person = |name: &str, reads: &[&str], writes: &[&str]| Person {
            name: name.to_owned(),
            reads: reads.iter().map(|p| (*p).to_owned()).collect(),
            writes: writes.iter().map(|p| (*p).to_owned()).collect(),
        };
        seed(&store, &[person("dev", &["*"], &["*-dev"]), person("root", &[], &["*"])]);
        let may = |user: &str, verb, namespace| {
            let access = access(&store, &User::new(user, "", Access::nothing()));
            access.allows(Request { verb, group: "apps", resource: "deployments", namespace, name: "web" })
        };
        assert!(may("dev", "patch", "shop-dev") && !may("dev", "patch", "shop-prod") && may("dev", "get", "shop-prod"));
        assert!(may("root", "delete", "shop-prod") && may("root", "list", ""));
        assert!(!may("nobody", "get", "shop-dev"));
        assert!(access(&store, &User::new("root", "", Access::nothing())) == Access::full());
    }

    #[test]
    fn a_role_may_name_objects_and_groups() {
        let store = Store::new();
        let rules = json!([{"apiGroups": [""], "resources": ["configmaps", "*/log"], "resourceNames": ["own"], "verbs": ["get"]}]);
        store.put(json!({"kind": "Role", "metadata": {"name": "r", "namespace": "n"}, "rules": rules}));
        store.put(json!({"kind": "RoleBinding", "metadata": {"name": "b", "namespace": "n"},
            "roleRef": {"kind": "Role", "name": "r"},
            "subjects": [{"kind": "Group", "name": "system:authenticated"}]}));
        let may = |resource, name, namespace| {
            let access = access(&store, &User::new("u", "", Access::nothing()));
            access.allows(Request { verb: "get", group: "", resource, namespace, name })
        };
        assert!(may("configmaps", "own", "n") && may("pods/log", "own", "n"));
        assert!(!may("configmaps", "other", "n") && !may("configmaps", "own", "m") && !may("pods", "own", "n"));
    }
}
