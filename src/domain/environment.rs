//! Environments: named groups of Applications with an order, a colour and a protection.

use super::{Destination, Symbol};

/// How much stands between a key press and a write (DESIGN section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Protection {
    /// One confirmation for a change.
    Open,
    /// One confirmation for a change; what an environment nobody classified has.
    #[default]
    Confirm,
    /// The environment's name is typed.
    Typed,
    /// Nothing is written.
    ReadOnly,
}

impl Protection {
    /// Every protection, weakest first.
    pub const ALL: [Self; 4] = [Self::Open, Self::Confirm, Self::Typed, Self::ReadOnly];

    /// The word in TOML and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirm => "confirm",
            Self::Typed => "typed",
            Self::ReadOnly => "readonly",
        }
    }

    /// The protection a word names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.word() == word)
    }
}

/// What is done when a guarded sync fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum GuardPolicy {
    /// Somebody is asked first.
    Ask,
    /// It is rolled back.
    #[default]
    Auto,
    /// It is left as it is, and said.
    Never,
}

impl GuardPolicy {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Ask, Self::Auto, Self::Never];

    /// The word in TOML.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Auto => "auto",
            Self::Never => "never",
        }
    }

    /// The policy a word names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.word() == word)
    }

    /// What an environment has that says nothing of it: where its name is typed before a write, somebody is asked.
    #[must_use]
    pub fn conventional(protection: Protection) -> Self {
        if protection >= Protection::Typed { Self::Ask } else { Self::Auto }
    }
}

/// One environment as the screens need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: Symbol,
    /// Its place among the others, lowest first; equal ones by name.
    pub order: u16,
    /// What a write there takes.
    pub protection: Protection,
    /// A colour of the theme's palette or `#rrggbb`, when the config gives one.
    pub color: Option<String>,
    /// What is done there when a guarded sync fails.
    pub guard: GuardPolicy,
}

impl Environment {
    /// Whether it is to look different everywhere.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.protection >= Protection::Typed
    }
}

/// What an Application must look like to belong to an environment. Patterns may hold `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A label has a value.
    Label {
        /// Label key, exact.
        key: String,
        /// Pattern for its value.
        value: String,
    },
    /// Pattern for the destination namespace.
    Namespace(String),
    /// Pattern for the destination server, the destination's cluster name, or the source's name.
    Cluster(String),
    /// Pattern for the Application's name.
    Name(String),
}

/// An environment of the config: it matches when any of its rules does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentRule {
    /// The environment this makes.
    pub environment: Environment,
    /// Any of these is enough; none at all means label `environment` or `env` has its name.
    pub rules: Vec<Rule>,
}

/// The facts of an Application that decide its environment and service.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Name of the source.
    pub source: &'a str,
    /// Name of the Application.
    pub name: &'a str,
    /// Its labels.
    pub labels: &'a [(Symbol, Symbol)],
    /// Its destination.
    pub destination: &'a Destination,
}

impl<'a> Facts<'a> {
    fn label(self, key: &str) -> Option<&'a str> {
        self.labels.iter().find(|(k, v)| &**k == key && !v.is_empty()).map(|(_, v)| &**v)
    }
}

/// Sorts Applications into environments and services, first by the config's rules, then by convention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classifier {
    rules: Vec<EnvironmentRule>,
}

impl Classifier {
    /// A classifier with the config's environments; none means convention alone.
    #[must_use]
    pub fn new(rules: Vec<EnvironmentRule>) -> Self {
        Self { rules }
    }

    /// The environment's name. By convention: label `environment` or `env`, else the destination namespace.
    #[must_use]
    pub fn environment<'a>(&'a self, facts: &Facts<'a>) -> &'a str {
        let configured = self.rules.iter().find(|r| r.matches(facts)).map(|r| &*r.environment.name);
        let labelled = || facts.label("environment").or_else(|| facts.label("env"));
        configured.or_else(labelled).unwrap_or(&facts.destination.namespace)
    }

    /// The service's name. By convention: label `component` or `app.kubernetes.io/name`, else the Application's
    /// name with the environment taken out.
    #[must_use]
    pub fn service(&self, facts: &Facts<'_>) -> String {
        let labelled = facts.label("component").or_else(|| facts.label("app.kubernetes.io/name"));
        labelled.map_or_else(|| without_environment(facts.name, self.environment(facts)), str::to_owned)
    }

    /// Order, protection and colour of an environment: the config's, else by its name.
    #[must_use]
    pub fn describe(&self, name: &Symbol) -> Environment {
        let configured = self.rules.iter().map(|r| &r.environment).find(|e| e.name == *name);
        let protection = if looks_like_production(name) { Protection::Typed } else { Protection::Confirm };
        configured.cloned().unwrap_or_else(|| Environment {
            name: name.clone(),
            order: conventional_order(name),
            protection,
            color: None,
            guard: GuardPolicy::conventional(protection),
        })
    }
}

impl EnvironmentRule {
    fn matches(&self, facts: &Facts<'_>) -> bool {
        if self.rules.is_empty() {
            let name = Some(&*self.environment.name);
            return facts.label("environment").or_else(|| facts.label("env")) == name;
        }
        self.rules.iter().any(|rule| match rule {
            Rule::Label { key, value } => facts.label(key).is_some_and(|v| matches_pattern(value, v)),
            Rule::Namespace(pattern) => matches_pattern(pattern, &facts.destination.namespace),
            Rule::Cluster(pattern) => [&*facts.destination.server, &*facts.destination.name, facts.source]
                .iter()
                .any(|cluster| !cluster.is_empty() && matches_pattern(pattern, cluster)),
            Rule::Name(pattern) => matches_pattern(pattern, facts.name),
        })
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any run of characters.
#[must_use]
pub fn matches_pattern(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// `backend-dev` in `dev` is `backend`; `dev-backend` too; in `predator12-dev` the words of the environment are tried
/// one by one. A name that is nothing but its environment stays whole.
fn without_environment(name: &str, environment: &str) -> String {
    let separators = ['-', '.', '_'];
    let words = std::iter::once(environment).chain(environment.split(separators).rev());
    for word in words.filter(|w| !w.is_empty()) {
        let without = name
            .strip_suffix(word)
            .and_then(|n| n.strip_suffix(separators))
            .or_else(|| name.strip_prefix(word).and_then(|n| n.strip_prefix(separators)));
        if let Some(service) = without.filter(|s| !s.is_empty()) {
            return service.to_owned();
        }
    }
    name.to_owned()
}

fn words(name: &str) -> impl Iterator<Item = String> {
    name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_ascii_lowercase)
}

/// Errs to the safe side: `prod`, `prod-eu`, `prod1`, `production`, `prd`, `live`, and also `pre-prod`.
fn looks_like_production(name: &str) -> bool {
    words(name).any(|word| {
        let number_off = word.trim_end_matches(|c: char| c.is_ascii_digit());
        matches!(number_off, "prod" | "production" | "prd" | "live" | "preprod")
    })
}

fn conventional_order(name: &str) -> u16 {
    let rank = |word: String| match word.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "local" | "sandbox" => Some(5),
        "dev" | "development" | "develop" => Some(10),
        "test" | "testing" | "qa" | "ci" | "integration" => Some(20),
        "uat" | "stage" | "staging" | "stg" | "preview" => Some(30),
        "preprod" | "canary" => Some(35),
        "prod" | "production" | "prd" | "live" => Some(40),
        _ => None,
    };
    words(name).filter_map(rank).max().unwrap_or(25)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn destination(namespace: &str) -> Destination {
        Destination { namespace: namespace.into(), ..Destination::default() }
    }

    fn classify(classifier: &Classifier, name: &str, labels: &[(&str, &str)], namespace: &str) -> (String, String) {
        let labels: Vec<_> = labels.iter().map(|(k, v)| (Symbol::from(*k), Symbol::from(*v))).collect();
        let destination = destination(namespace);
        let facts = Facts { source: "minikube", name, labels: &labels, destination: &destination };
        (classifier.environment(&facts).to_owned(), classifier.service(&facts))
    }

    #[test]
    fn convention_reads_labels_then_the_namespace() {
        let by_convention = Classifier::default();
        let read = |name, labels: &[_], namespace| classify(&by_convention, name, labels, namespace);
        let pair = |e: &str, s: &str| (e.to_owned(), s.to_owned());
        assert_eq!(read("backend-dev", &[("environment", "dev")], "x"), pair("dev", "backend"));
        assert_eq!(read("api", &[("env", "qa"), ("component", "backend")], "x"), pair("qa", "backend"));
        assert_eq!(read("backend-dev", &[], "predator12-dev"), pair("predator12-dev", "backend"));
        assert_eq!(read("prod.web", &[], "prod"), pair("prod", "web"));
        assert_eq!(read("dev", &[], "dev"), pair("dev", "dev"));
    }

    #[test]
    fn rules_of_the_config_come_first() {
        let environment = |name: &str| Environment {
            name: name.into(),
            order: 1,
            protection: Protection::Open,
            color: None,
            guard: GuardPolicy::Auto,
        };
        let rule = |name, rules| EnvironmentRule { environment: environment(name), rules };
        let classifier = Classifier::new(vec![
            rule("payments", vec![Rule::Name("pay-*".into()), Rule::Namespace("*-pay".into())]),
            rule("edge", vec![Rule::Cluster("mini*".into())]),
        ]);
        assert_eq!(classify(&classifier, "pay-api", &[("environment", "dev")], "x").0, "payments");
        assert_eq!(classify(&classifier, "api", &[], "eu-pay").0, "payments");
        assert_eq!(classify(&classifier, "api", &[("environment", "dev")], "x").0, "edge");
    }

    #[test]
    fn what_looks_like_production_is_typed() {
        let classifier = Classifier::default();
        let protection = |name: &str| classifier.describe(&name.into()).protection;
        for name in ["prod", "PROD", "prod-eu", "eu.production", "prd2", "live", "pre-prod"] {
            assert_eq!(protection(name), Protection::Typed, "{name}");
        }
        for name in ["dev", "staging", "products", "nonprod", "delivery"] {
            assert_eq!(protection(name), Protection::Confirm, "{name}");
        }
    }

    #[test]
    fn environments_stand_in_the_order_of_a_release() {
        let order = ["dev", "qa", "blue", "staging", "prod"].map(conventional_order);
        assert!(order.is_sorted(), "{order:?}");
    }

    proptest! {
        #[test]
        fn a_pattern_without_stars_matches_itself_alone(text in "[a-z-]{0,12}", other in "[a-z-]{0,12}") {
            prop_assert!(matches_pattern(&text, &text));
            prop_assert_eq!(matches_pattern(&text, &other), text == other);
        }

        #[test]
        fn stars_swallow_anything(a in "[a-z]{0,4}", b in "[a-z]{0,4}", c in "[a-z]{0,4}") {
            prop_assert!(matches_pattern("*", &a));
            let (pattern, text) = (format!("{a}*{c}"), format!("{a}{b}{c}"));
            prop_assert!(matches_pattern(&pattern, &text));
        }
    }
}
