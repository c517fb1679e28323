//! Which cluster an Application's objects live in, as far as anybody has told: never a guess.

use std::collections::BTreeMap;
use std::fmt;

use super::{AppRow, Destination, Symbol};

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
    /// Nobody told how.
    None {
        /// The server, or the name of the cluster, that cannot be reached.
        server: Symbol,
    },
}

impl Route {
    /// The context, if there is one.
    #[must_use]
    pub fn context(&self) -> Option<&Symbol> {
        match self {
            Self::Through { context, .. } => Some(context),
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
            Self::None { server } => write!(f, "no route to {server}"),
        }
    }
}

/// Everything that was told of where clusters are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    contexts: Vec<RouteContext>,
    rules: BTreeMap<Symbol, Symbol>,
}

/// How Argo CD calls the cluster it runs in.
const OWN: [&str; 2] = ["https://kubernetes.default.svc", "in-cluster"];

impl Routes {
    /// Routes over these contexts and rules; a rule wins over what server addresses tell.
    #[must_use]
    pub fn new(contexts: Vec<RouteContext>, rules: impl IntoIterator<Item = DestinationRule>) -> Self {
        let rules = rules.into_iter().map(|rule| (normal(&rule.is).into(), rule.context)).collect();
        Self { contexts, rules }
    }

    /// How a source's Application with this destination is reached.
    ///
    /// The cluster Argo CD runs in is the source's own context. Of several contexts that lead to one cluster, the
    /// source's own is taken, else the current one, else the first. A cluster that is only named needs a rule: that a
    /// context happens to have the same name says nothing.
    #[must_use]
    pub fn resolve(&self, source: &Symbol, destination: &Destination) -> Route {
        let told = if destination.server.is_empty() { &destination.name } else { &destination.server };
        let wanted = normal(told);
        let own = || Route::Through { context: source.clone(), also: Vec::new() };
        if wanted.is_empty() {
            return Route::None { server: "an unnamed cluster".into() };
        }
        if OWN.contains(&&*wanted) {
            return own();
        }
        if let Some(context) = self.rules.get(&*wanted) {
            return if self.contexts.iter().any(|c| c.name == *context) {
                Route::Through { context: context.clone(), also: Vec::new() }
            } else {
                Route::None { server: format!("{told}: the kubeconfig has no context {context}").into() }
            };
        }
        if destination.server.is_empty() {
            return Route::None { server: told.clone() };
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
        self.resolve(&row.key.source, &row.destination)
    }

    /// Context and namespace a row's objects live in.
    #[must_use]
    pub fn place(&self, row: &AppRow) -> Option<(Symbol, Symbol)> {
        let namespace = &row.destination.namespace;
        if namespace.is_empty() {
            return None;
        }
        Some((self.of(row).context()?.clone(), namespace.clone()))
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
    fn nothing_is_guessed() {
        assert_eq!(of("https://other.example", ""), "no route to https://other.example");
        assert_eq!(of("", "edge"), "no route to edge");
        assert_eq!(of("", ""), "no route to an unnamed cluster");
    }
}
