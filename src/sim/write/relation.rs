//! Which lists and maps of the served types are one field, and which are merged item by item.

/// How a list is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// One field.
    Atomic,
    /// By the items themselves.
    Set,
    /// By these fields of the items; a strategic merge patch looks at the first alone.
    Map(&'static [&'static str]),
}

/// Lists of built-in types that are merged by keys: the list's name, the name before it (any when empty), the keys.
const MAPS: &[(&str, &str, &[&str])] = &[
    ("containers", "spec", &["name"]),
    ("initContainers", "spec", &["name"]),
    ("ephemeralContainers", "spec", &["name"]),
    ("volumes", "spec", &["name"]),
    ("imagePullSecrets", "spec", &["name"]),
    ("schedulingGates", "spec", &["name"]),
    ("resourceClaims", "spec", &["name"]),
    ("hostAliases", "spec", &["ip"]),
    ("topologySpreadConstraints", "spec", &["topologyKey", "whenUnsatisfiable"]),
    ("env", "", &["name"]),
    ("volumeMounts", "", &["mountPath"]),
    ("volumeDevices", "", &["devicePath"]),
    ("ports", "spec", &["port", "protocol"]),
    ("ports", "", &["containerPort", "protocol"]),
    ("conditions", "status", &["type"]),
    ("addresses", "status", &["type"]),
    ("podIPs", "status", &["ip"]),
    ("secrets", "", &["name"]),
];

/// Maps of built-in types that are one field: the map's name and the name before it (any when empty).
const ATOMIC: &[(&str, &str)] = &[
    ("selector", "spec"),
    ("labelSelector", ""),
    ("podSelector", ""),
    ("namespaceSelector", ""),
    ("nodeSelector", "spec"),
    ("configMapKeyRef", ""),
    ("secretKeyRef", ""),
    ("fieldRef", ""),
    ("resourceFieldRef", ""),
    ("involvedObject", ""),
    ("related", ""),
    ("roleRef", ""),
    ("scaleTargetRef", ""),
];

/// How the list at `place` (the names of the fields from the root, without list items) is merged; lists of custom resources are one field, but for those of the metadata.
#[must_use]
pub fn list(custom: bool, place: &[&str]) -> List {
    let (last, before) = ends(place);
    match (before, last) {
        ("metadata", "finalizers") => return List::Set,
        ("metadata", "ownerReferences") => return List::Map(&["uid"]),
        _ if custom => return List::Atomic,
        _ => {}
    }
    MAPS.iter()
        .find(|(name, parent, _)| *name == last && (parent.is_empty() || *parent == before))
        .map_or(List::Atomic, |(_, _, keys)| List::Map(keys))
}

/// Whether the map at `place` is one field.
#[must_use]
pub fn is_atomic_map(custom: bool, place: &[&str]) -> bool {
    let (last, before) = ends(place);
    if before == "metadata" && last == "ownerReferences" {
        // an item of that list
        return true;
    }
    !custom && ATOMIC.iter().any(|(name, parent)| *name == last && (parent.is_empty() || *parent == before))
}

/// What the server assumes for a key that an item does not give.
#[must_use]
pub fn default_key(key: &str) -> Option<&'static str> {
    (key == "protocol").then_some("TCP")
}

fn ends<'a>(place: &[&'a str]) -> (&'a str, &'a str) {
    let last = place.last().copied().unwrap_or_default();
    let before = place.len().checked_sub(2).map_or("", |at| place[at]);
    (last, before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_services_and_containers_have_their_own_keys() {
        assert_eq!(list(false, &["spec", "ports"]), List::Map(&["port", "protocol"]));
        let container = ["spec", "template", "spec", "containers", "ports"];
        assert_eq!(list(false, &container), List::Map(&["containerPort", "protocol"]));
        assert_eq!(list(true, &["status", "conditions"]), List::Atomic);
        assert_eq!(list(true, &["metadata", "finalizers"]), List::Set);
        assert_eq!(list(false, &["spec", "template", "spec", "containers", "command"]), List::Atomic);
    }
}
