//! What every service of one argocd-server shares: the cluster behind it, who may come in, and what they may do.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::super::argocd::{Cluster, Repository, inspect};
use super::super::fault::Faults;
use super::super::manifest::event::{Reporter, Said, event};
use super::super::manifest::meta::text;
use super::super::store::Store;
use super::super::time::read_duration;
use super::accounts;
use super::commits::Commits;
use super::dex::{Config, Dex, Identity};
use super::fields::Projections;
use super::policy::{ByProject, Policy};
use super::refusal::{Code, Refusal};
use super::request::Asked;
use super::seed::Credentials;
use super::token::{self, Claims, Seal};

/// A session is renewed when it has less than that to live.
const RENEWED_BEFORE: i64 = 5 * 60;
/// How long a session lives unless argocd-cm says otherwise.
const SESSION: i64 = 24 * 60 * 60;
const COMPONENT: &str = "argocd-server";

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Caller {
    /// Its name, without what it came in by; `proj:project:role` for a project's token.
    pub subject: String,
    /// When its token was given, in seconds since 1970.
    pub iat: i64,
    /// The token's own id.
    pub token: String,
    /// A token to go on with, when its own is about to run out.
    pub renewed: Option<String>,
    /// Who it is for the provider it came in by.
    pub sso: Option<Identity>,
}

impl Caller {
    /// What people are shown.
    pub fn username(&self) -> &str {
        self.sso.as_ref().map_or(&self.subject, |identity| &identity.username)
    }

    /// The groups it is in.
    fn groups(&self) -> &[String] {
        self.sso.as_ref().map_or(&[], |identity| &identity.groups)
    }
}

/// Tokens that hold no longer.
#[derive(Debug, Default)]
struct Revoked {
    /// Those that were revoked one by one.
    ids: HashSet<String>,
    /// How often all of somebody's were.
    count: u16,
    /// The last time of each account; `*` stands for everybody.
    accounts: HashMap<String, u16>,
}

/// One argocd-server's state.
pub(in crate::sim) struct Desk {
    /// The cluster it runs in.
    pub store: Store,
    /// Its namespace.
    pub namespace: String,
    /// The clusters Applications go to.
    pub clusters: Vec<Cluster>,
    pub(super) repository: Mutex<Box<dyn Repository>>,
    pub(super) commits: Box<dyn Commits>,
    pub(super) seal: Seal,
    /// By account; the world knows them in clear, the cluster only as hashes.
    pub(super) passwords: Mutex<HashMap<String, String>>,
    pub(super) dex: Dex,
    /// Tokens that hold no longer.
    revoked: Mutex<Revoked>,
    /// The policies, and the versions of ConfigMaps they are of.
    policy: Mutex<Option<(u64, Arc<Policy>)>>,
    pub(super) projections: Projections,
    /// What goes wrong on order.
    pub faults: Faults,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

/// What is behind a lock stays whole: nothing panics while it is held.
pub(in crate::sim) fn open<T: ?Sized>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    /// A server over `clusters` that lives in `store`.
    pub fn new(
        store: &Store,
        namespace: &str,
        clusters: Vec<Cluster>,
        repository: Box<dyn Repository>,
        commits: Box<dyn Commits>,
        credentials: Credentials,
    ) -> Self {
        Self {
            store: store.clone(),
            namespace: namespace.to_owned(),
            clusters,
            repository: Mutex::new(repository),
            commits,
            seal: Seal::new(credentials.secret.as_bytes()),
            passwords: Mutex::new(credentials.passwords),
            dex: Dex::new(credentials.members),
            revoked: Mutex::default(),
            policy: Mutex::default(),
            projections: Projections::default(),
            faults: Faults::default(),
        }
    }

    /// A setting of argocd-cm; empty when it is not set.
    pub(super) fn setting(&self, key: &str) -> String {
        let map = self.store.get("ConfigMap", &self.namespace, "argocd-cm").unwrap_or_default();
        map["data"][key].as_str().unwrap_or_default().to_owned()
    }

    /// How argocd-server was started; empty when argocd-cmd-params-cm says nothing.
    pub(super) fn parameter(&self, key: &str) -> String {
        let map = self.store.get("ConfigMap", &self.namespace, "argocd-cmd-params-cm").unwrap_or_default();
        map["data"][key].as_str().unwrap_or_default().to_owned()
    }

    /// What every path begins with, without a slash at its end; empty for most.
    pub(super) fn root_path(&self) -> String {
        let root = self.parameter("server.rootpath");
        let root = root.trim_matches('/');
        if root.is_empty() { String::new() } else { format!("/{root}") }
    }

    /// Whether it leaves TLS to what stands before it.
    pub(super) fn is_insecure(&self) -> bool {
        self.parameter("server.insecure") == "true"
    }

    /// How long a session lives, in seconds.
    pub(super) fn session_life(&self) -> i64 {
        let set = read_duration(&self.setting("users.session.duration"));
        set.and_then(|life| i64::try_from(life.as_secs()).ok()).unwrap_or(SESSION)
    }

    /// A token for an account, as a login gives it; it lives as long as sessions do, or for ever.
    pub fn login(&self, account: &str, for_ever: bool) -> String {
        let life = (!for_ever).then(|| self.session_life());
        self.seal.sign(&self.claims(&format!("{account}:login"), life))
    }

    /// The words of a new token.
    pub(super) fn claims(&self, subject: &str, life: Option<i64>) -> Claims {
        Claims::new(subject, self.store.now(), life, open(&self.revoked).count)
    }

    /// From now on a token holds no longer.
    pub(super) fn revoke(&self, id: &str) {
        open(&self.revoked).ids.insert(id.to_owned());
    }

    /// Revokes every token that was given so far to an account, or to all.
    pub fn revoke_all(&self, account: Option<&str>) {
        let given = self.dex.given(account);
        open(&self.revoked).ids.extend(given);
        let mut revoked = open(&self.revoked);
        revoked.count = revoked.count.saturating_add(1);
        let count = revoked.count;
        revoked.accounts.insert(account.unwrap_or("*").to_owned(), count);
    }

    /// Ends the sessions of somebody who came in by single sign-on, or of all: neither a token holds nor is it renewed.
    pub fn end_sessions(&self, who: Option<&str>) {
        let given = self.dex.end(who);
        open(&self.revoked).ids.extend(given);
    }

    /// Whether a token was revoked, by its id or with all that were given before a moment.
    fn is_revoked(&self, id: &str, account: &str) -> bool {
        let revoked = open(&self.revoked);
        let since = ["*", account].into_iter().filter_map(|who| revoked.accounts.get(who)).max();
        revoked.ids.contains(id)
            || since.zip(token::revocations_before(id)).is_some_and(|(since, before)| before < *since)
    }

    /// Who asks.
    pub(super) fn authenticate(&self, asked: &Asked) -> Result<Caller, Refusal> {
        match self.session(asked) {
            Err(_) if self.setting("users.anonymous.enabled") == "true" => Ok(Caller::default()),
            session => session,
        }
    }

    fn session(&self, asked: &Asked) -> Result<Caller, Refusal> {
        let bearer = asked.header("authorization").strip_prefix("Bearer ").map(str::trim);
        let bearer = bearer.filter(|token| token::looks_like_one(token)).map(str::to_owned);
        let token = bearer.or_else(|| cookie(asked)).ok_or_else(Refusal::no_session)?;
        let refuse = |why: &str| Refusal::new(Code::Unauthenticated, format!("invalid session: {why}"));
        if !token::is_own(&token) && Config::read(self).is_some() {
            let identity = Identity::of(self, &token).map_err(refuse)?;
            if open(&self.revoked).ids.contains(&identity.id) {
                return Err(refuse("token is revoked, please re-login"));
            }
            let (subject, iat, token) = (identity.subject.clone(), identity.iat, identity.id.clone());
            return Ok(Caller { subject, iat, token, renewed: None, sso: Some(identity) });
        }
        let now = self.store.now();
        let claims = self.seal.open(&token, now).map_err(refuse)?;
        if let ["proj", project, role] = claims.sub.split(':').collect::<Vec<_>>()[..] {
            self.project_token(project, role, &claims).map_err(|why| refuse(&why))?;
            let Claims { sub: subject, iat, jti: token, .. } = claims;
            return Ok(Caller { subject, iat, token, ..Caller::default() });
        }
        let (name, capability) = claims.sub.split_once(':').unwrap_or((&claims.sub, "apiKey"));
        let account = accounts::find(&self.store, &self.namespace, name)
            .ok_or_else(|| refuse(&format!("account '{name}' does not exist")))?;
        if !account.enabled {
            return Err(refuse(&format!("account {name} is disabled")));
        }
        if !account.can(capability) {
            return Err(refuse(&format!("account {name} does not have '{capability}' capability")));
        }
        if self.is_revoked(&claims.jti, name) {
            return Err(refuse("token is revoked, please re-login"));
        }
        let known = || accounts::keys(&self.store, &self.namespace, name).iter().any(|key| key["id"] == claims.jti);
        if capability == "apiKey" && !known() {
            return Err(refuse(&format!("account {name} does not have token with id {}", claims.jti)));
        }
        let renewed = claims
            .exp
            .filter(|exp| exp - now.as_second() < RENEWED_BEFORE && capability == "login")
            .map(|exp| self.seal.sign(&self.claims(&claims.sub, Some(exp - claims.iat))));
        Ok(Caller { subject: name.to_owned(), iat: claims.iat, token: claims.jti.clone(), renewed, sso: None })
    }

    fn project_token(&self, project: &str, role: &str, claims: &Claims) -> Result<(), String> {
        let there = self.store.get("AppProject", &self.namespace, project);
        let there = there.ok_or_else(|| format!("appproject.argoproj.io \"{project}\" not found"))?;
        let tokens = &there["status"]["jwtTokensByRole"][role]["items"];
        let known = |token: &Value| token["iat"] == claims.iat && (token["id"] == claims.jti || token["id"].is_null());
        if tokens.as_array().into_iter().flatten().any(known) {
            return Ok(());
        }
        Err(format!("JWT token for role '{role}' issued at '{}' does not exist in project '{project}'", claims.iat))
    }

    /// The manifests of an Application at a revision, as the repo-server gives them: nothing is masked.
    pub fn manifests(&self, app: &Value, revisions: &[String]) -> Result<Vec<Value>, Vec<String>> {
        let repository = open(&self.repository);
        inspect::manifests(&self.clusters, &**repository, app, revisions)
    }

    /// The policies as they stand.
    pub(super) fn policy(&self) -> Arc<Policy> {
        let map = self.store.object("ConfigMap", &self.namespace, "argocd-rbac-cm");
        let version = map.map_or(0, |map| map.resource_version);
        let mut kept = open(&self.policy);
        match &*kept {
            Some((of, policy)) if *of == version => Arc::clone(policy),
            _ => {
                let policy = Arc::new(Policy::read(&self.store, &self.namespace));
                *kept = Some((version, Arc::clone(&policy)));
                policy
            }
        }
    }

    /// What somebody may do of one kind, to be asked for many objects.
    pub(super) fn grants<'a>(
        &'a self,
        caller: &'a Caller,
        policy: &'a Policy,
        (resource, action): (&'a str, &'a str),
    ) -> ByProject<'a> {
        let (store, namespace) = (&self.store, self.namespace.as_str());
        let subjects = std::iter::once(&caller.subject).chain(caller.groups()).map(String::as_str).collect();
        ByProject { store, namespace, policy, subjects, resource, action, known: HashMap::new() }
    }

    /// Whether somebody may do something.
    pub(super) fn may(&self, caller: &Caller, resource: &str, action: &str, object: &str) -> bool {
        let policy = self.policy();
        let project = match resource {
            "projects" => object,
            _ => object.split_once('/').map_or("", |(project, _)| project),
        };
        self.grants(caller, &policy, (resource, action)).allow(project, object)
    }

    /// The same; a refusal says everything that was asked.
    pub(super) fn require(&self, caller: &Caller, resource: &str, action: &str, object: &str) -> Result<(), Refusal> {
        if self.may(caller, resource, action, object) {
            return Ok(());
        }
        let mut words = format!("permission denied: {resource}, {action}, {object}");
        if !caller.subject.is_empty() {
            words.push_str(&format!(", sub: {}", caller.subject));
            if let Ok(iat) = jiff::Timestamp::from_second(caller.iat) {
                words.push_str(&format!(", iat: {iat}"));
            }
        }
        Err(Refusal::new(Code::PermissionDenied, words))
    }

    /// An Application as policies name it.
    pub(super) fn rbac_name(&self, app: &Value) -> String {
        let (namespace, name) = (text(app, "/metadata/namespace"), text(app, "/metadata/name"));
        let project = project_of(app);
        if namespace.is_empty() || namespace == self.namespace {
            format!("{project}/{name}")
        } else {
            format!("{project}/{namespace}/{name}")
        }
    }

    /// An Application somebody may do something to. Who names no project is not told whether it is there.
    pub(super) fn app(&self, caller: &Caller, action: &str, asked: &Asked, name: &str) -> Result<Value, Refusal> {
        let given = asked.query.given("project").or_else(|| asked.query.given("projects")).unwrap_or_default();
        self.app_in(caller, action, (given, asked.query.get("appNamespace")), name)
    }

    /// The same, with project and namespace as they were given.
    pub(super) fn app_in(
        &self,
        caller: &Caller,
        action: &str,
        (project, namespace): (&str, &str),
        name: &str,
    ) -> Result<Value, Refusal> {
        let home = namespace.is_empty() || namespace == self.namespace;
        if !project.is_empty() {
            let object = if home { format!("{project}/{name}") } else { format!("{project}/{namespace}/{name}") };
            if !self.may(caller, "applications", action, &object) {
                return Err(Refusal::denied());
            }
        }
        let missing = || if project.is_empty() { Refusal::denied() } else { Refusal::not_found("applications", name) };
        // Applications in other namespaces are off, as they are by default
        let app = if home { self.store.get("Application", &self.namespace, name) } else { None };
        let app = app.ok_or_else(missing)?;
        if !self.may(caller, "applications", action, &self.rbac_name(&app)) {
            return Err(missing());
        }
        if !project.is_empty() && project_of(&app) != project {
            return Err(Refusal::not_found("applications", name));
        }
        if self.store.get("AppProject", &self.namespace, project_of(&app)).is_none() {
            let words =
                format!("app is not allowed in project \"{}\", or the project does not exist", project_of(&app));
            return Err(Refusal::invalid(words));
        }
        Ok(app)
    }

    /// An Event about an Application.
    pub(super) fn tell(&self, caller: &Caller, app: &Value, reason: &str, words: &str) {
        let who = if caller.subject.is_empty() { "Unknown user" } else { caller.username() };
        let (by, now) = (Reporter { component: COMPONENT, host: "" }, self.store.now());
        self.store.put(event(app, Said::normal(reason, &format!("{who} {words}")), by, 1, now, now));
    }
}

/// The project of an Application.
pub(super) fn project_of(app: &Value) -> &str {
    match text(app, "/spec/project") {
        "" => "default",
        project => project,
    }
}

/// The token in the cookies, put together again when it came in pieces.
fn cookie(asked: &Asked) -> Option<String> {
    let cookies: HashMap<&str, &str> =
        asked.header("cookie").split(';').filter_map(|one| one.trim().split_once('=')).collect();
    let first = cookies.get("argocd.token")?;
    let token = match first.split_once(':') {
        Some((count, head)) if count.parse::<usize>().is_ok() => {
            let rest = (1..count.parse().unwrap_or(1)).filter_map(|at| cookies.get(&*format!("argocd.token-{at}")));
            std::iter::once(head).chain(rest.copied()).collect()
        }
        _ => (*first).to_owned(),
    };
    Some(token).filter(|token| token::looks_like_one(token))
}
