//! One resource type.

pub(super) const CREATE: &[&str] = &["create"];
const CONNECT: &[&str] = &["create", "get"];
const PARTIAL: &[&str] = &["get", "patch", "update"];
const PROXY: &[&str] = &["create", "delete", "get", "patch", "update"];

/// When `metadata.generation` moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// The type has none.
    Absent,
    /// A changed `spec` moves it (types with a `/status` subresource).
    Spec,
    /// Anything outside `metadata` moves it (custom resources without a `/status` subresource).
    Whole,
}

/// What a subresource is answered with, and the verbs it takes.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// API group, version and type name; empty when they are the resource's own.
    pub of: (&'static str, &'static str, &'static str),
    /// Verbs that discovery announces.
    pub verbs: &'static [&'static str],
}

/// One served resource type.
#[derive(Debug)]
pub struct Kind {
    /// API group; empty for core.
    pub group: &'static str,
    /// API version within the group.
    pub version: &'static str,
    /// Type name as in manifests.
    pub kind: &'static str,
    /// Resource name as in URLs.
    pub plural: &'static str,
    /// Singular name, as accepted by kubectl.
    pub singular: &'static str,
    /// Abbreviations accepted by kubectl.
    pub short_names: &'static [&'static str],
    /// Named groups of types, such as `all`.
    pub categories: &'static [&'static str],
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Verbs that discovery announces.
    pub verbs: &'static [&'static str],
    /// Subresources that discovery announces.
    pub subresources: &'static [&'static str],
    /// Rule for `metadata.generation`.
    pub generation: Generation,
    /// Field selectors beyond name and namespace, as (label, JSON pointer).
    pub fields: &'static [(&'static str, &'static str)],
}

impl Kind {
    /// What refusals call a part of an object, or an order about one, which is no resource of its own.
    #[must_use]
    pub const fn part(group: &'static str, version: &'static str, kind: &'static str) -> Self {
        Self { group, version, verbs: &[], ..super::table::core(kind, "", "") }
    }

    /// `apiVersion` as in manifests.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Resource name qualified by its group, as in error messages: `applications.argoproj.io`, `pods`.
    #[must_use]
    pub fn qualified(&self) -> String {
        qualify(self.plural, self.group)
    }

    /// Whether the type comes from a `CustomResourceDefinition`: those are encoded with sorted keys and whole items.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.group == "argoproj.io" || self.is_optional()
    }

    /// Whether the type is served only in clusters that have its definition: those of operators beside Argo CD.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        matches!(self.group, "external-secrets.io" | "monitoring.coreos.com")
    }

    /// Whether this is another spelling of a type that is kept: events and autoscalers have two.
    #[must_use]
    pub fn is_alias(&self) -> bool {
        self.group == "events.k8s.io" || (self.group == "autoscaling" && self.version == "v1")
    }

    /// Whether status is written apart from the rest.
    #[must_use]
    pub fn has_status(&self) -> bool {
        self.subresources.contains(&"status")
    }

    /// A subresource of this type by its first word; none when the type has no such part.
    #[must_use]
    pub fn sub(&self, name: &str) -> Option<Part> {
        let own = ("", "", self.kind);
        self.subresources.contains(&name).then_some(match (self.kind, name) {
            (_, "scale") => Part { of: ("autoscaling", "v1", "Scale"), verbs: PARTIAL },
            ("Pod", "attach") => Part { of: ("", "", "PodAttachOptions"), verbs: CONNECT },
            ("Pod", "binding") => Part { of: ("", "", "Binding"), verbs: CREATE },
            ("Pod", "eviction") => Part { of: ("policy", "v1", "Eviction"), verbs: CREATE },
            ("Pod", "exec") => Part { of: ("", "", "PodExecOptions"), verbs: CONNECT },
            ("Pod", "log") => Part { of: own, verbs: &["get"] },
            ("Pod", "portforward") => Part { of: ("", "", "PodPortForwardOptions"), verbs: CONNECT },
            ("Pod", "proxy") => Part { of: ("", "", "PodProxyOptions"), verbs: PROXY },
            ("Service", "proxy") => Part { of: ("", "", "ServiceProxyOptions"), verbs: PROXY },
            _ => Part { of: own, verbs: PARTIAL },
        })
    }

    /// Whether objects of this type are kept (reviews are only answered).
    #[must_use]
    pub fn is_stored(&self) -> bool {
        self.verbs.contains(&"list")
    }
}

/// `plural.group`, or the plural alone for the core group.
#[must_use]
pub fn qualify(plural: &str, group: &str) -> String {
    if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") }
}
