//! Which cluster an Application's objects live in, as far as anybody has told: never a guess.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{AppKey, AppRow, Destination, Symbol};

/// A kube context as routes see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteContext {
    /// Its name, cleaned: the name its source has too.
    pub name: Symbol,
    /// URL of its API server.
    pub server: Symbol,
    /// Whether it is the current one.
    pub current: bool,
}

/// A `[[destination]]` of the config: how a destination is reached from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationRule {
    /// The destination's `server`, or its `name`.
    pub is: Symbol,
    /// The kube context that leads there.
    pub context: Symbol,
}

/// What the Argo CD of a source calls the clusters it deploys to.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ClusterNames {
    servers: BTreeMap<Symbol, BTreeSet<Symbol>>,
    /// Why they could not be read, or not anew.
    unread: Option<Box<str>>,
}

impl ClusterNames {
    /// From names and server URLs, one pair a registered cluster.
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = (Symbol, Symbol)>) -> Self {
        let mut names = Self::default();
        for (name, server) in pairs {
            names.servers.entry(name).or_default().insert(server);
        }
        names
    }

    /// The same, when they could not be read anew.
    #[must_use]
    pub fn unread(self, why: &str) -> Self {
        Self { unread: Some(why.into()), ..self }
    }

    /// The one server of this name, or why there is none. Argo CD refuses a name that several clusters have.
    fn server(&self, name: &Symbol) -> Result<&Symbol, String> {
        let servers = self.servers.get(name);
        match servers.and_then(|servers| servers.first().map(|first| (first, servers.len()))) {
            Some((server, 1)) => Ok(server),
            Some((_, count)) => Err(format!("{name}: {count} clusters have this name")),
            None => Err(self.unread.as_ref().map_or_else(|| name.to_string(), |why| format!("{name}: {why}"))),
        }
    }
}

/// How to get to a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Through a context.
    Through {
        /// Which.
        context: Symbol,
        /// Other contexts that lead to the same cluster and were passed over.
        also: Vec<Symbol>,
    },
    /// Through the argocd-server of its source, which reads there for us.
    Served {
        /// What stands for a context where one is asked for: it names source and Application.
        context: Symbol,
    },
    /// Nobody told how.
    None {
        /// The server, or the name of the cluster, that cannot be reached.
        server: Symbol,
    },
}

impl Route {
    /// What to try where there is no route.
    pub const HINT: &str = "name the context that leads there in a [[destination]] of the configuration";

    /// The context, if there is one.
    #[must_use]
    pub fn context(&self) -> Option<&Symbol> {
        match self {
            Self::Through { context, .. } | Self::Served { context } => Some(context),
            Self::None { .. } => None,
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Through { context, also } if also.is_empty() => write!(f, "through context {context}"),
            Self::Through { context, also } => {
                let also: Vec<&str> = also.iter().map(Symbol::as_str).collect();
                write!(f, "through context {context} ({} would do too)", also.join(", "))
            }
            Self::Served { .. } => f.write_str("through argocd-server"),
            Self::None { server } => write!(f, "no route to {server}"),
        }
    }
}

/// What begins a context that stands for argocd-server.
const SERVED: &str = "argocd-server:";

/// What stands for a context where an Application's objects are read through argocd-server: by Application, for it shows
/// nobody's objects but an Application's.
#[must_use]
pub fn served_context(app: &AppKey) -> Symbol {
    format!("{SERVED}{}:{}/{}", app.source, app.namespace, app.name).into()
}

/// The Application a context of [`served_context`] stands for; `None` for every other context.
#[must_use]
pub fn served_app(context: &str) -> Option<AppKey> {
    let (source, app) = context.strip_prefix(SERVED)?.rsplit_once(':')?;
    let (namespace, name) = app.split_once('/')?;
    Some(AppKey { source: source.into(), namespace: namespace.into(), name: name.into() })
}

/// Why a context leads to no cluster.
#[must_use]
pub fn no_cluster(context: &str) -> String {
    match served_app(context) {
        Some(app) => {
            format!("{} is read through argocd-server alone: this needs a kube context of its cluster", app.name)
        }
        None => format!("the kubeconfig has no context {context}"),
    }
}

/// A context as people read it.
#[must_use]
pub fn shown_context(context: &str) -> &str {
    if served_app(context).is_some() { "argocd-server" } else { context }
}

/// Everything that was told of where clusters are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    contexts: Vec<RouteContext>,
    rules: BTreeMap<Symbol, Symbol>,
    /// By source.
    names: BTreeMap<Symbol, ClusterNames>,
    /// Sources that have an argocd-server, and whether it is all they have: no context leads to their own cluster then.
    served: BTreeMap<Symbol, bool>,
}

/// How Argo CD calls the cluster it runs in.
const OWN: [&str; 2] = ["https://kubernetes.default.svc", "in-cluster"];

impl Routes {
    /// Routes over these contexts and rules; a rule wins over what server addresses tell.
    #[must_use]
    pub fn new(contexts: Vec<RouteContext>, rules: impl IntoIterator<Item = DestinationRule>) -> Self {
        let rules = rules.into_iter().map(|rule| (normal(&rule.is).into(), rule.context)).collect();
        Self { contexts, rules, names: BTreeMap::new(), served: BTreeMap::new() }
    }

    /// The same, where these sources have an argocd-server, and whether that is all they have: what no context leads to,
    /// it reads.
    #[must_use]
    pub fn served(mut self, sources: impl IntoIterator<Item = (Symbol, bool)>) -> Self {
        self.served.extend(sources);
        self
    }

    /// The same, with what the Argo CD of a source calls its clusters.
    #[must_use]
    pub fn naming(mut self, source: Symbol, names: ClusterNames) -> Self {
        self.names.insert(source, names);
        self
    }

    /// Whether the names of a source's clusters have been asked for and answered.
    #[must_use]
    pub fn has_names(&self, source: &Symbol) -> bool {
        self.names.contains_key(source)
    }

    /// Whether only the Argo CD of its source can tell which cluster this is.
    #[must_use]
    pub fn is_only_named(&self, destination: &Destination) -> bool {
        let name = normal(&destination.name);
        destination.server.is_empty() && !name.is_empty() && !OWN.contains(&&*name) && !self.rules.contains_key(&*name)
    }

    /// How a source's Application with this destination is reached.
    ///
    /// The cluster Argo CD runs in is the source's own context. Of several contexts that lead to one cluster, the
    /// source's own is taken, else the current one, else the first. A cluster that is only named needs a rule, or that
    /// its Argo CD tells where it is: that a context happens to have the same name says nothing.
    #[must_use]
    pub fn resolve(&self, source: &Symbol, destination: &Destination) -> Route {
        let told = if destination.server.is_empty() { &destination.name } else { &destination.server };
        let wanted = normal(told);
        let own = || Route::Through { context: source.clone(), also: Vec::new() };
        if wanted.is_empty() {
            return Route::None { server: "an unnamed cluster".into() };
        }
        let is_own = OWN.contains(&&*wanted);
        // where a source is nothing but an argocd-server only a rule can tell which cluster that one is in
        if is_own && self.served.get(source) != Some(&true) {
            return own();
        }
        let rule = if is_own { OWN.iter().find_map(|own| self.rules.get(*own)) } else { self.rules.get(&*wanted) };
        if let Some(context) = rule {
            return if self.contexts.iter().any(|c| c.name == *context) {
                Route::Through { context: context.clone(), also: Vec::new() }
            } else {
                Route::None { server: format!("{told}: the kubeconfig has no context {context}").into() }
            };
        }
        if destination.server.is_empty() {
            let Some(names) = self.names.get(source) else { return Route::None { server: told.clone() } };
            return match names.server(&destination.name) {
                Ok(server) => {
                    let there = Destination { server: server.clone(), name: "".into(), ..destination.clone() };
                    match self.resolve(source, &there) {
                        Route::None { server } => Route::None { server: format!("{told} ({server})").into() },
                        route => route,
                    }
                }
                Err(why) => Route::None { server: why.into() },
            };
        }
        let mut there: Vec<&RouteContext> = self.contexts.iter().filter(|c| normal(&c.server) == wanted).collect();
        there.sort_by_key(|c| (c.name != *source, !c.current));
        match there.split_first() {
            Some((first, rest)) => {
                Route::Through { context: first.name.clone(), also: rest.iter().map(|c| c.name.clone()).collect() }
            }
            None => Route::None { server: told.clone() },
        }
    }

    /// The route of a row.
    #[must_use]
    pub fn of(&self, row: &AppRow) -> Route {
        match self.resolve(&row.key.source, &row.destination) {
            Route::None { .. } if self.served.contains_key(&row.key.source) => {
                Route::Served { context: served_context(&row.key) }
            }
            route => route,
        }
    }

    /// Context and namespaces a row's objects live in: the destination's first, then those of workloads that name
    /// another.
    #[must_use]
    pub fn places(&self, row: &AppRow) -> Vec<(Symbol, Symbol)> {
        let route = self.of(row);
        let Some(context) = route.context() else { return Vec::new() };
        let named = row.workloads.iter().map(|workload| &workload.namespace);
        let mut places: Vec<(Symbol, Symbol)> = Vec::new();
        for namespace in std::iter::once(&row.destination.namespace).chain(named).filter(|n| !n.is_empty()) {
            if places.iter().all(|(_, known)| known != namespace) {
                places.push((context.clone(), namespace.clone()));
            }
        }
        places
    }
}

/// One spelling for the addresses that mean the same: lower case, no slash at the end, no port that goes without saying.
fn normal(server: &str) -> String {
    let server = server.trim().trim_end_matches('/').to_ascii_lowercase();
    for (scheme, port) in [("https://", ":443"), ("http://", ":80")] {
        if server.starts_with(scheme)
            && let Some(short) = server.strip_suffix(port)
        {
            return short.to_owned();
        }
    }
    server
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AppKey, Workload};

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
        for server in
            ["https://kubernetes.default.svc", "https://kubernetes.default.svc:443/", "https://hub.example:6443"]
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
}
