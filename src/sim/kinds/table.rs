//! Every type that is served.

use super::kind::{CREATE, Generation, Kind};

const ALL: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// Custom resources announce the same verbs in another order.
const CUSTOM: &[&str] = &["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const STATUS: &[&str] = &["status"];
const OF_POD: &[&str] =
    &["attach", "binding", "ephemeralcontainers", "eviction", "exec", "log", "portforward", "proxy", "status"];
const SCALE: &[&str] = &["scale", "status"];
const IN_ALL: &[&str] = &["all"];

/// The type with this kind name; of those with two spellings the one that is kept.
#[must_use]
pub fn by_kind(kind: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|k| k.kind == kind)
}

/// The type at this place of the URL space.
#[must_use]
pub fn by_resource(group: &str, version: &str, plural: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|k| k.group == group && k.version == version && k.plural == plural)
}

pub(super) const fn core(kind: &'static str, plural: &'static str, singular: &'static str) -> Kind {
    Kind {
        group: "",
        version: "v1",
        kind,
        plural,
        singular,
        short_names: &[],
        categories: &[],
        namespaced: true,
        verbs: ALL,
        subresources: &[],
        generation: Generation::Absent,
        fields: &[],
    }
}

const fn apps(
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    short: &'static [&'static str],
    subresources: &'static [&'static str],
) -> Kind {
    Kind {
        group: "apps",
        short_names: short,
        categories: IN_ALL,
        subresources,
        generation: Generation::Spec,
        ..core(kind, plural, singular)
    }
}

const fn argo(
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    short: &'static [&'static str],
    generation: Generation,
) -> Kind {
    Kind {
        group: "argoproj.io",
        version: "v1alpha1",
        short_names: short,
        verbs: CUSTOM,
        generation,
        ..core(kind, plural, singular)
    }
}

/// Types of operators that the services of the world use; all of them have a `/status`.
const fn operator(group: &'static str, kind: &'static str, plural: &'static str, singular: &'static str) -> Kind {
    Kind { group, verbs: CUSTOM, generation: Generation::Spec, ..core(kind, plural, singular) }
}

const fn autoscaler(version: &'static str) -> Kind {
    Kind {
        group: "autoscaling",
        version,
        short_names: &["hpa"],
        categories: IN_ALL,
        subresources: STATUS,
        ..core("HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler")
    }
}

const fn rbac(kind: &'static str, plural: &'static str, singular: &'static str, namespaced: bool) -> Kind {
    Kind { group: "rbac.authorization.k8s.io", namespaced, ..core(kind, plural, singular) }
}

const fn review(kind: &'static str, plural: &'static str, singular: &'static str) -> Kind {
    Kind { group: "authorization.k8s.io", namespaced: false, verbs: CREATE, ..core(kind, plural, singular) }
}

const EVENT_FIELDS: &[(&str, &str)] = &[
    ("involvedObject.kind", "/involvedObject/kind"),
    ("involvedObject.namespace", "/involvedObject/namespace"),
    ("involvedObject.name", "/involvedObject/name"),
    ("involvedObject.uid", "/involvedObject/uid"),
    ("involvedObject.apiVersion", "/involvedObject/apiVersion"),
    ("involvedObject.resourceVersion", "/involvedObject/resourceVersion"),
    ("involvedObject.fieldPath", "/involvedObject/fieldPath"),
    ("reason", "/reason"),
    ("reportingComponent", "/reportingComponent"),
    ("source", "/source/component"),
    ("type", "/type"),
];

const EVENT_FIELDS_NEW: &[(&str, &str)] = &[
    ("regarding.kind", "/involvedObject/kind"),
    ("regarding.namespace", "/involvedObject/namespace"),
    ("regarding.name", "/involvedObject/name"),
    ("regarding.uid", "/involvedObject/uid"),
    ("regarding.apiVersion", "/involvedObject/apiVersion"),
    ("regarding.resourceVersion", "/involvedObject/resourceVersion"),
    ("regarding.fieldPath", "/involvedObject/fieldPath"),
    ("reason", "/reason"),
    ("reportingController", "/reportingComponent"),
    ("deprecatedSource", "/source/component"),
    ("type", "/type"),
];

const POD_FIELDS: &[(&str, &str)] = &[
    ("spec.nodeName", "/spec/nodeName"),
    ("spec.restartPolicy", "/spec/restartPolicy"),
    ("spec.schedulerName", "/spec/schedulerName"),
    ("spec.serviceAccountName", "/spec/serviceAccountName"),
    ("spec.hostNetwork", "/spec/hostNetwork"),
    ("status.phase", "/status/phase"),
    ("status.podIP", "/status/podIP"),
    ("status.nominatedNodeName", "/status/nominatedNodeName"),
];

/// Every served type, in the order discovery names groups.
pub static KINDS: &[Kind] = &[
    Kind { short_names: &["cm"], ..core("ConfigMap", "configmaps", "configmap") },
    Kind { short_names: &["ep"], ..core("Endpoints", "endpoints", "endpoints") },
    Kind { short_names: &["ev"], fields: EVENT_FIELDS, ..core("Event", "events", "event") },
    Kind { short_names: &["limits"], ..core("LimitRange", "limitranges", "limitrange") },
    Kind {
        short_names: &["ns"],
        namespaced: false,
        verbs: &["create", "delete", "get", "list", "patch", "update", "watch"],
        subresources: STATUS,
        fields: &[("status.phase", "/status/phase")],
        ..core("Namespace", "namespaces", "namespace")
    },
    Kind {
        short_names: &["no"],
        namespaced: false,
        subresources: STATUS,
        fields: &[("spec.unschedulable", "/spec/unschedulable")],
        ..core("Node", "nodes", "node")
    },
    Kind {
        short_names: &["pvc"],
        subresources: STATUS,
        ..core("PersistentVolumeClaim", "persistentvolumeclaims", "persistentvolumeclaim")
    },
    Kind {
        short_names: &["pv"],
        namespaced: false,
        subresources: STATUS,
        ..core("PersistentVolume", "persistentvolumes", "persistentvolume")
    },
    Kind {
        short_names: &["po"],
        categories: IN_ALL,
        subresources: OF_POD,
        generation: Generation::Spec,
        fields: POD_FIELDS,
        ..core("Pod", "pods", "pod")
    },
    Kind { short_names: &["quota"], subresources: STATUS, ..core("ResourceQuota", "resourcequotas", "resourcequota") },
    Kind { fields: &[("type", "/type")], ..core("Secret", "secrets", "secret") },
    Kind { short_names: &["sa"], ..core("ServiceAccount", "serviceaccounts", "serviceaccount") },
    Kind {
        short_names: &["svc"],
        categories: IN_ALL,
        subresources: &["proxy", "status"],
        fields: &[("spec.clusterIP", "/spec/clusterIP"), ("spec.type", "/spec/type")],
        ..core("Service", "services", "service")
    },
    Kind { group: "apps", ..core("ControllerRevision", "controllerrevisions", "controllerrevision") },
    apps("DaemonSet", "daemonsets", "daemonset", &["ds"], STATUS),
    apps("Deployment", "deployments", "deployment", &["deploy"], SCALE),
    Kind {
        fields: &[("status.replicas", "/status/replicas")],
        ..apps("ReplicaSet", "replicasets", "replicaset", &["rs"], SCALE)
    },
    apps("StatefulSet", "statefulsets", "statefulset", &["sts"], SCALE),
    Kind { group: "events.k8s.io", short_names: &["ev"], fields: EVENT_FIELDS_NEW, ..core("Event", "events", "event") },
    Kind { group: "authentication.k8s.io", ..review("SelfSubjectReview", "selfsubjectreviews", "selfsubjectreview") },
    review("SelfSubjectAccessReview", "selfsubjectaccessreviews", "selfsubjectaccessreview"),
    review("SelfSubjectRulesReview", "selfsubjectrulesreviews", "selfsubjectrulesreview"),
    autoscaler("v2"),
    autoscaler("v1"),
    Kind {
        group: "batch",
        short_names: &["cj"],
        categories: IN_ALL,
        subresources: STATUS,
        generation: Generation::Spec,
        ..core("CronJob", "cronjobs", "cronjob")
    },
    Kind {
        group: "batch",
        categories: IN_ALL,
        subresources: STATUS,
        generation: Generation::Spec,
        fields: &[("status.successful", "/status/succeeded")],
        ..core("Job", "jobs", "job")
    },
    Kind {
        group: "networking.k8s.io",
        namespaced: false,
        generation: Generation::Spec,
        ..core("IngressClass", "ingressclasses", "ingressclass")
    },
    Kind {
        group: "networking.k8s.io",
        short_names: &["ing"],
        subresources: STATUS,
        generation: Generation::Spec,
        ..core("Ingress", "ingresses", "ingress")
    },
    Kind {
        group: "networking.k8s.io",
        short_names: &["netpol"],
        generation: Generation::Spec,
        ..core("NetworkPolicy", "networkpolicies", "networkpolicy")
    },
    Kind {
        group: "policy",
        short_names: &["pdb"],
        subresources: STATUS,
        generation: Generation::Spec,
        ..core("PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget")
    },
    rbac("ClusterRoleBinding", "clusterrolebindings", "clusterrolebinding", false),
    rbac("ClusterRole", "clusterroles", "clusterrole", false),
    rbac("RoleBinding", "rolebindings", "rolebinding", true),
    rbac("Role", "roles", "role", true),
    Kind {
        group: "storage.k8s.io",
        short_names: &["sc"],
        namespaced: false,
        ..core("StorageClass", "storageclasses", "storageclass")
    },
    Kind {
        group: "apiextensions.k8s.io",
        short_names: &["crd", "crds"],
        categories: &["api-extensions"],
        namespaced: false,
        subresources: STATUS,
        generation: Generation::Spec,
        ..core("CustomResourceDefinition", "customresourcedefinitions", "customresourcedefinition")
    },
    Kind { group: "coordination.k8s.io", ..core("Lease", "leases", "lease") },
    Kind {
        group: "discovery.k8s.io",
        generation: Generation::Whole,
        ..core("EndpointSlice", "endpointslices", "endpointslice")
    },
    argo("Application", "applications", "application", &["app", "apps"], Generation::Whole),
    Kind {
        subresources: STATUS,
        ..argo("ApplicationSet", "applicationsets", "applicationset", &["appset", "appsets"], Generation::Spec)
    },
    argo("AppProject", "appprojects", "appproject", &["appproj", "appprojs"], Generation::Whole),
    Kind {
        short_names: &["es"],
        categories: &["external-secrets"],
        subresources: STATUS,
        ..operator("external-secrets.io", "ExternalSecret", "externalsecrets", "externalsecret")
    },
    Kind {
        short_names: &["css"],
        categories: &["external-secrets"],
        namespaced: false,
        subresources: STATUS,
        ..operator("external-secrets.io", "ClusterSecretStore", "clustersecretstores", "clustersecretstore")
    },
    Kind {
        short_names: &["smon"],
        categories: &["prometheus-operator"],
        subresources: STATUS,
        ..operator("monitoring.coreos.com", "ServiceMonitor", "servicemonitors", "servicemonitor")
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_names_and_places_are_unique() {
        for (i, a) in KINDS.iter().enumerate() {
            for b in &KINDS[i + 1..] {
                assert!((a.group, a.version, a.plural) != (b.group, b.version, b.plural), "{} twice", a.qualified());
                assert!(a.kind != b.kind || b.is_alias() && !a.is_alias(), "{} twice", a.kind);
            }
        }
    }

    #[test]
    fn events_have_two_spellings_and_the_core_one_is_the_name() {
        assert_eq!(by_kind("Event").map(Kind::api_version).as_deref(), Some("v1"));
        assert_eq!(by_resource("events.k8s.io", "v1", "events").map(|k| k.kind), Some("Event"));
        assert!(by_resource("events.k8s.io", "v1beta1", "events").is_none());
    }
}
