//! What an Application's objects are wanted to be and what they are, as some source knows it.

use serde_json::Value;

use super::{Hook, ObjectName, Symbol, Timestamp};

/// Where desired state came from. The order is that of trust: the first is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rung {
    /// argocd-server's managed-resources.
    Server,
    /// The same out of Argo CD's own cache.
    Redis,
    /// What was applied last against what runs: nothing of Git is known.
    Drift,
}

impl Rung {
    /// One word, as scripts read it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Server => "argocd-server",
            Self::Redis => "redis",
            Self::Drift => "drift",
        }
    }

    /// As people read it.
    #[must_use]
    pub fn said(self) -> &'static str {
        match self {
            Self::Server => "from argocd-server",
            Self::Redis => "from Argo CD's cache",
            Self::Drift => "from the last apply, not from Git",
        }
    }

    /// What the side of the desired is called.
    #[must_use]
    pub fn desired(self) -> &'static str {
        match self {
            Self::Server | Self::Redis => "Git wants",
            Self::Drift => "was applied last",
        }
    }
}

/// Why a better rung is not the one in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// Which.
    pub rung: Rung,
    /// What it takes or what went wrong, in one line: `may not get secrets/argocd-redis in argocd`.
    pub why: Box<str>,
}

/// Both states of one object. What is secret in them is masked, the same in all of them.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Pair {
    /// Which object.
    pub object: ObjectName,
    /// A hook: never compared.
    pub hook: bool,
    /// As Git has it; nothing when it left Git.
    pub target: Option<Value>,
    /// As it would be once applied, with what is ignored taken out.
    pub desired: Option<Value>,
    /// As it is, with what is ignored taken out.
    pub live: Option<Value>,
    /// As it is, whole: with managedFields.
    pub whole: Option<Value>,
    /// Argo CD says that it would change, or that it has to go.
    pub differs: Option<bool>,
    /// Why nothing is known of it.
    pub unread: Option<Box<str>>,
}

/// What one rung knows of an Application.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    /// Which rung it is.
    pub rung: Rung,
    /// The better ones that could not be used.
    pub lacks: Vec<Lack>,
    /// Every object.
    pub pairs: Vec<Pair>,
    /// When it was read.
    pub at: Option<Timestamp>,
    /// What the two sides are called: what is wanted, and what is.
    pub names: [Box<str>; 2],
    /// What is to be known beside it, a line each.
    pub notes: Vec<Box<str>>,
    /// The hooks of what is wanted, where they are known.
    pub hooks: Option<Vec<Hook>>,
    /// The namespaces of the two sides, where they are two environments: what differs between those as a rule is folded.
    pub namespaces: Option<[Symbol; 2]>,
}

impl Desired {
    /// What a rung knows of what Git wants now and of what runs.
    #[must_use]
    pub fn new(rung: Rung, lacks: Vec<Lack>, pairs: Vec<Pair>, at: Option<Timestamp>) -> Self {
        let names = [rung.desired().into(), "runs".into()];
        Self { rung, lacks, pairs, at, names, notes: Vec::new(), hooks: None, namespaces: None }
    }
}
