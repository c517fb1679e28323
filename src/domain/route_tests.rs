use super::*;
use crate::domain::{AppKey, Workload, served_app};

fn routes() -> Routes {
    let context =
        |name: &str, server: &str, current| RouteContext { name: name.into(), server: server.into(), current };
    let contexts = vec![
        context("hub", "https://hub.example:6443", false),
        context("spoke-viewer", "https://Spoke.example:443/", false),
        context("spoke-admin", "https://spoke.example", true),
        context("edge", "https://10.0.0.9:6443", false),
    ];
    let rule = |is: &str, context: &str| DestinationRule { is: is.into(), context: context.into() };
    let rules = [rule("edge-eu", "edge"), rule("https://tunnelled:6443", "edge"), rule("lost", "nowhere")];
    Routes::new(contexts, rules)
}

fn of(server: &str, name: &str) -> String {
    let destination = Destination { server: server.into(), name: name.into(), namespace: "dev".into() };
    routes().resolve(&"hub".into(), &destination).to_string()
}

#[test]
fn the_cluster_argo_cd_runs_in_is_the_sources_own() {
    for server in ["https://kubernetes.default.svc", "https://kubernetes.default.svc:443/", "https://hub.example:6443"]
    {
        assert_eq!(of(server, ""), "through context hub");
    }
    assert_eq!(of("", "in-cluster"), "through context hub");
}

#[test]
fn a_server_is_reached_through_a_context_that_names_it() {
    assert_eq!(of("https://spoke.example", ""), "through context spoke-admin (spoke-viewer would do too)");
}

#[test]
fn a_rule_says_what_addresses_do_not() {
    assert_eq!(of("", "edge-eu"), "through context edge");
    assert_eq!(of("https://tunnelled:6443/", ""), "through context edge");
    assert_eq!(of("", "lost"), "no route to lost: the kubeconfig has no context nowhere");
}

#[test]
fn a_name_is_what_the_sources_own_argo_cd_says_it_is() {
    let pair = |name: &str, server: &str| (name.into(), server.into());
    let names = ClusterNames::new([
        pair("far", "https://spoke.example"),
        pair("home", "https://kubernetes.default.svc"),
        pair("twice", "https://spoke.example"),
        pair("twice", "https://other.example"),
        pair("edge-eu", "https://spoke.example"),
        pair("dark", "https://other.example"),
    ]);
    let routes = routes().naming("hub".into(), names);
    let to = |source: &str, name: &str| {
        let destination = Destination { server: "".into(), name: name.into(), namespace: "dev".into() };
        routes.resolve(&source.into(), &destination).to_string()
    };
    assert_eq!(to("hub", "far"), "through context spoke-admin (spoke-viewer would do too)");
    assert_eq!(to("hub", "home"), "through context hub");
    assert_eq!(to("hub", "edge-eu"), "through context edge", "a rule wins");
    assert_eq!(to("hub", "twice"), "no route to twice: 2 clusters have this name");
    assert_eq!(to("hub", "dark"), "no route to dark (https://other.example)");
    assert_eq!(to("hub", "unheard"), "no route to unheard");
    assert_eq!(to("edge", "far"), "no route to far", "another Argo CD's names say nothing");
    let unread = ClusterNames::default().unread("secrets: forbidden");
    let routes = routes.naming("hub".into(), unread);
    let far = Destination { server: "".into(), name: "far".into(), namespace: "dev".into() };
    assert_eq!(routes.resolve(&"hub".into(), &far).to_string(), "no route to far: secrets: forbidden");
    assert!(routes.is_only_named(&far) && routes.has_names(&"hub".into()) && !routes.has_names(&"edge".into()));
}

#[test]
fn what_stands_in_other_namespaces_is_looked_for_there_too() {
    let workload = |namespace: &str, name: &str| Workload {
        kind: "Deployment".into(),
        namespace: namespace.into(),
        name: name.into(),
    };
    let row = AppRow {
        key: AppKey { source: "hub".into(), ..AppKey::default() },
        destination: Destination { server: OWN[0].into(), name: "".into(), namespace: "dev".into() },
        workloads: [workload("dev", "a"), workload("jobs", "b"), workload("jobs", "c")].into(),
        ..AppRow::default()
    };
    let place = |namespace: &str| ("hub".into(), namespace.into());
    assert_eq!(routes().places(&row), [place("dev"), place("jobs")]);
}

#[test]
fn what_no_context_leads_to_is_read_by_the_argocd_server_of_a_source_that_has_no_context() {
    let routes = routes().served([("web".into(), true), ("hub".into(), false)]);
    let of = |source: &str, server: &str| {
        let key = AppKey { source: source.into(), namespace: "argocd".into(), name: "api".into() };
        let destination = Destination { server: server.into(), name: "".into(), namespace: "dev".into() };
        routes.of(&AppRow { key, destination, ..AppRow::default() })
    };
    let Route::Served { context } = of("web", OWN[0]) else { panic!("its own cluster is nobody's context") };
    let app = served_app(&context).unwrap();
    assert_eq!((&*app.source, &*app.namespace, &*app.name), ("web", "argocd", "api"));
    assert_eq!(of("web", "https://spoke.example").context().map(Symbol::as_str), Some("spoke-admin"));
    assert_eq!(of("hub", "https://other.example").to_string(), "through argocd-server");
    assert_eq!(of("hub", OWN[0]).to_string(), "through context hub");
    assert_eq!(of("edge", "https://other.example").to_string(), "no route to https://other.example");
    assert_eq!(served_app("default/api-x:6443/admin"), None);
}

#[test]
fn nothing_is_guessed() {
    assert_eq!(of("https://other.example", ""), "no route to https://other.example");
    assert_eq!(of("", "edge"), "no route to edge");
    assert_eq!(of("", ""), "no route to an unnamed cluster");
}
