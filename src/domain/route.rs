//! Which cluster an Application's objects live in, as far as anybody has told: never a guess.

use std::collections::BTreeMap;
use std::fmt;

use super::served::served_context;
use super::{AppRow, ClusterNames, Destination, Symbol};

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
#[path = "route_tests.rs"]
mod tests;
