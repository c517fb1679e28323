//! What would be done, exactly, and what a person reads before saying yes. Pure: made of facts, sends nothing.

use serde_json::Value;

use super::application::Application;
use super::comparison::Compared;
use super::guarded::Harbour;
use super::marks::Marks;
use super::memory::Note;
use super::past::Past;
use super::restorer::Restorer;
use super::saw::{Saw, digest};
use super::verb::Verb;
use crate::domain::window::Windows;
use crate::domain::{AppKey, Environment, Risk, Route, Symbol, SyncPhase, Timestamp};

/// What a plan is made of: an Application as it is now, and what stands around it.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Which Application.
    pub key: AppKey,
    /// Its environment.
    pub environment: Environment,
    /// The Application, read just now.
    pub app: Application,
    /// Where its objects live.
    pub route: Route,
    /// The path of the live object the verb names, as its cluster has it; the error says why there is none.
    pub path: Result<String, String>,
    /// The windows of its project; the error says why they could not be read.
    pub windows: Result<Windows, String>,
    /// Whether the Application type of this Argo CD knows `automated.enabled` (an older one drops the field without a
    /// word and auto-sync stays on, semantics 0); `None` when neither its definition nor its version could be read.
    pub knows_enabled: Option<bool>,
    /// It is written through argocd-server.
    pub served: bool,
    /// What auto-sync was before we switched it off, if we did.
    pub auto_sync_before: Option<Note>,
    /// Who puts auto-sync back when it is switched off; only known where a verb may do that.
    pub restorer: Restorer,
    /// What resources ask for themselves; only read where a verb heeds it.
    pub marks: Marks,
    /// What earlier deployments ran; only looked at where one is gone back to.
    pub past: Past,
    /// Who asks, as Argo CD is to note it.
    pub user: String,
    /// Now.
    pub now: Timestamp,
}

/// Where a write goes. Bound to the row it was planned for, never to a "current" context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The Application.
    pub key: AppKey,
    /// Its environment, with its protection.
    pub environment: Environment,
    /// The kube context that is written to.
    pub context: Symbol,
    /// The AppProject, for people and rights.
    pub project: String,
}

/// Which cluster a request goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// The one the Application is in.
    ControlPlane,
    /// The one its objects are in, through this context.
    Destination(Symbol),
}

/// One request, exactly as it will be sent, but for the resource version, which is read just before.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Which cluster.
    pub place: Where,
    /// `PATCH`, `DELETE`, ...
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// Content type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Value,
    /// The body is to carry the Application's resource version: a write on something newer is a 409.
    pub guarded: bool,
    /// Verb, group, resource and namespace that a review of rights is asked about.
    pub right: Right,
}

/// A right a request needs, as SelfSubjectAccessReview names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// `patch`, `delete`, ...
    pub verb: &'static str,
    /// API group.
    pub group: String,
    /// Kind, for people; reviews name the plural.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
}

impl std::fmt::Debug for Request {
    /// Bodies can hold parameters with credentials: they are not printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// What becomes of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepKind {
    /// Is not there and will be made.
    Create,
    /// Is there and will be changed.
    Update,
    /// Left Git and will be deleted.
    Prune,
    /// Left Git and stays, because pruning was not asked for.
    Keep,
    /// Deleted and made anew.
    Replace,
    /// A hook.
    Hook,
    /// Is as Git wants it; applied all the same.
    Same,
    /// Left out of this operation.
    Skip,
}

impl StepKind {
    /// What is always counted, and what only where there is some.
    const COUNTED: [[Self; 4]; 2] =
        [[Self::Create, Self::Update, Self::Prune, Self::Replace], [Self::Keep, Self::Hook, Self::Same, Self::Skip]];

    /// Its sign at the beginning of a line.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Update => "~",
            Self::Prune | Self::Keep => "-",
            Self::Replace => "!",
            Self::Hook => ">",
            Self::Same => "=",
            Self::Skip => ".",
        }
    }

    /// Its word, which says the same.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Prune => "prune",
            Self::Keep => "keep",
            Self::Replace => "replace",
            Self::Hook => "hook",
            Self::Same => "same",
            Self::Skip => "skip",
        }
    }
}

/// `+0 create ~2 update -1 prune !0 replace, 5 same`
#[must_use]
pub fn counts(steps: &[Step]) -> String {
    let count = |kind: StepKind| steps.iter().filter(|step| step.kind == kind).count();
    let [always, beside] = StepKind::COUNTED;
    let always = always.map(|kind| format!("{}{} {}", kind.sign(), count(kind), kind.word())).join(" ");
    let beside =
        beside.into_iter().filter(|kind| count(*kind) > 0).map(|kind| format!("{} {}", count(kind), kind.word()));
    std::iter::once(always).chain(beside).collect::<Vec<_>>().join(", ")
}

/// A line of a plan about one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What becomes of it.
    pub kind: StepKind,
    /// Kind and name of the resource.
    pub resource: String,
    /// `PreSync`, `Sync`, `PostSync`, `SyncFail`.
    pub phase: String,
    /// Its wave.
    pub wave: i64,
    /// Why, where it is not plain.
    pub note: String,
}

/// What a note tells of a resource's own options begins so.
pub(super) const OWN: &str = "its own options: ";

impl Step {
    /// The part of its note that is about the resource's own options.
    pub(super) fn own_options(&self) -> Option<&str> {
        self.note.find(OWN).map(|at| &self.note[at..])
    }
}

/// Puts steps in the order they are made in: by phase, wave and name.
pub(super) fn in_order(steps: &mut [Step]) {
    let place = |step: &Step| (SyncPhase::parse(&step.phase), step.wave);
    steps.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.resource.cmp(&b.resource)));
}

/// Something a person should know before saying yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caution {
    /// In one line.
    pub words: String,
    /// In red: it can hurt.
    pub grave: bool,
}

/// What would be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The verb.
    pub verb: Verb,
    /// Where.
    pub target: Target,
    /// In one line: `Sync frontend-staging to release/staging 067467c`.
    pub title: String,
    /// The requests, in order.
    pub requests: Vec<Request>,
    /// What becomes of each resource, as far as it can be known.
    pub steps: Vec<Step>,
    /// Where the steps are known from: said with them.
    pub known_from: &'static str,
    /// What is there now and what would come back, side by side.
    pub compared: Vec<Compared>,
    /// What to know before saying yes.
    pub cautions: Vec<Caution>,
    /// How far it reaches.
    pub risk: Risk,
    /// What the windows say and when they were asked.
    pub windows: Result<Windows, String>,
    /// What the decision rests on.
    pub saw: Saw,
    /// `spec.syncPolicy.automated` as it is, where the plan switches it off, and the revision that failed, if one did:
    /// noted before that is done.
    pub remember: Option<(Value, Option<String>)>,
    /// An operation follows it in one flow: the window that stops that stops this, too.
    pub leads_on: bool,
    /// Somebody may undo it within moments: that it is written is not the end of it.
    pub contested: bool,
    /// What is gone back to when it fails, where the sync is guarded.
    pub harbour: Option<Harbour>,
    /// How many Applications of the environment are confirmed together with this one, itself included.
    pub among: usize,
}

impl Plan {
    pub(super) fn new(facts: &Facts, verb: Verb, title: String) -> Self {
        let target = Target {
            key: facts.key.clone(),
            environment: facts.environment.clone(),
            context: facts.key.source.clone(),
            project: facts.app.project().to_owned(),
        };
        let risk = verb.risk();
        Self {
            verb,
            target,
            title,
            requests: Vec::new(),
            steps: Vec::new(),
            known_from: "",
            compared: Vec::new(),
            cautions: Vec::new(),
            risk,
            windows: facts.windows.clone(),
            saw: Saw::of(&facts.app),
            remember: None,
            leads_on: false,
            contested: false,
            harbour: None,
            among: 1,
        }
    }

    pub(super) fn caution(&mut self, words: impl Into<String>) {
        self.cautions.push(Caution { words: words.into(), grave: false });
    }

    pub(super) fn warn(&mut self, words: impl Into<String>) {
        self.cautions.push(Caution { words: words.into(), grave: true });
    }

    /// Says who puts auto-sync back, and what comes of it.
    pub(super) fn restored(&mut self, restorer: &Restorer, then: &str) {
        self.contested |= *restorer != Restorer::Nobody;
        match restorer.words(then) {
            Some((words, true)) => self.warn(words),
            Some((words, false)) => self.caution(words),
            None => {}
        }
    }

    /// A merge patch of the Application itself.
    pub(super) fn patch_app(&mut self, body: Value, guarded: bool) {
        let AppKey { namespace, name, .. } = &self.target.key;
        self.requests.push(Request {
            place: Where::ControlPlane,
            method: "PATCH",
            path: app_path(&self.target.key),
            content_type: "application/merge-patch+json",
            body,
            guarded,
            right: Right {
                verb: "patch",
                group: "argoproj.io".to_owned(),
                kind: "Application".to_owned(),
                namespace: namespace.to_string(),
                name: name.to_string(),
            },
        });
    }

    /// One hash over verb, target, requests and what was seen: the audit log names it before and after.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut text = format!("{:?}\n{:?}\n{}\n", self.verb, self.target, self.saw.hash());
        for request in &self.requests {
            text.push_str(&format!("{} {} {}\n", request.method, request.path, request.body));
        }
        digest(text.as_bytes())[..16].to_owned()
    }

    /// How many steps are of a kind.
    #[must_use]
    pub fn count(&self, kind: StepKind) -> usize {
        self.steps.iter().filter(|step| step.kind == kind).count()
    }
}

/// The path of an Application.
pub(super) fn app_path(key: &AppKey) -> String {
    let (namespace, name) = (escape(&key.namespace), escape(&key.name));
    format!("/apis/argoproj.io/v1alpha1/namespaces/{namespace}/applications/{name}")
}

/// Everything but unreserved characters as `%XX`: a name never leads to another path.
pub(super) fn escape(text: &str) -> String {
    crate::source::kube::escape(text)
}
