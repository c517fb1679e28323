//! Which clusters there are: the kubeconfig, found and merged as kubectl does.

use std::path::{Path, PathBuf};

use kube::config::{Cluster, Context, Kubeconfig, KubeconfigError, NamedContext};

use crate::domain::text::{clean, without_credentials};
use crate::source::SourceError;

/// The name of the only context there is inside a cluster without a kubeconfig.
pub const IN_CLUSTER: &str = "in-cluster";

/// Where the kubeconfig is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KubeconfigPlace {
    /// The files of `KUBECONFIG`, else `~/.kube/config`, else the service account of the pod we run in.
    #[default]
    Environment,
    /// These files, merged in this order.
    Files(Vec<PathBuf>),
}

/// One context, as a list of sources shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextEntry {
    /// Its name, as it is: `--context` takes it. Clean it before drawing.
    pub name: String,
    /// Address of its API server without credentials; empty when the kubeconfig lacks its cluster.
    pub server: String,
    /// Where Argo CD is likely to live: the context's namespace when its name speaks of Argo CD, else `argocd`.
    pub argocd_namespace: String,
    /// Whether it is the current context.
    pub current: bool,
}

/// Every context the kubeconfig has, in its order.
///
/// # Errors
/// When a file cannot be read or is not a kubeconfig, or there is none and we do not run inside a cluster.
pub fn contexts(place: &KubeconfigPlace) -> Result<Vec<ContextEntry>, SourceError> {
    let Some(found) = Found::load(place)? else { return Ok(vec![ContextEntry::in_cluster()]) };
    Ok(found.config.contexts.iter().map(|named| found.entry(named)).collect())
}

/// The context of a name, or the current one.
///
/// # Errors
/// As [`contexts`]; and when there is no such context, with the name that is spelled most like it.
pub fn context(place: &KubeconfigPlace, name: Option<&str>) -> Result<ContextEntry, SourceError> {
    match Found::load(place)? {
        Some(found) => found.named(name).map(|named| found.entry(named)),
        None if name.is_none_or(|n| n == IN_CLUSTER) => Ok(ContextEntry::in_cluster()),
        None => Err(SourceError::UnknownContext {
            name: name.unwrap_or_default().to_owned(),
            place: "the pod's service account".to_owned(),
            nearest: None,
            known: vec![IN_CLUSTER.to_owned()],
        }),
    }
}

impl ContextEntry {
    fn in_cluster() -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let (host, port) = (variable("KUBERNETES_SERVICE_HOST"), variable("KUBERNETES_SERVICE_PORT"));
        Self {
            name: IN_CLUSTER.into(),
            server: if port.is_empty() { format!("https://{host}") } else { format!("https://{host}:{port}") },
            argocd_namespace: argocd_namespace(None),
            current: true,
        }
    }
}

/// Where Argo CD is likely to live, going by a context's namespace.
pub(super) fn argocd_namespace(context_namespace: Option<&str>) -> String {
    context_namespace.filter(|n| n.contains("argo")).unwrap_or("argocd").to_owned()
}

/// A kubeconfig and where it came from.
pub(super) struct Found {
    /// All files, merged; the paths in it are absolute.
    pub config: Kubeconfig,
    /// The files, for messages.
    place: String,
}

/// A context with what it refers to.
pub(super) struct Chosen {
    /// Its name.
    pub name: String,
    /// What it says itself.
    pub context: Context,
    /// Its cluster.
    pub cluster: Cluster,
    /// Its user; nobody when the kubeconfig lacks it, as for kubectl.
    pub user: kube::config::AuthInfo,
}

impl Found {
    /// Reads and merges the files; `None` when there are none but we run inside a cluster.
    pub fn load(place: &KubeconfigPlace) -> Result<Option<Self>, SourceError> {
        let files = match place {
            KubeconfigPlace::Files(files) => files.clone(),
            KubeconfigPlace::Environment => files_of_environment(),
        };
        let mut config: Option<Kubeconfig> = None;
        for file in &files {
            // kubectl passes over the files of a list that are not there
            if let Some(next) = read(file)? {
                config = Some(match config {
                    Some(first) => first.merge(next).map_err(|_| invalid(file, None))?,
                    None => next,
                });
            }
        }
        let place_names: Vec<_> = files.iter().map(|f| f.display().to_string()).collect();
        match config {
            Some(config) => Ok(Some(Self { config, place: place_names.join(", ") })),
            None if *place == KubeconfigPlace::Environment && is_in_cluster() => Ok(None),
            None => Err(SourceError::Missing { looked_for: place_names }),
        }
    }

    fn named(&self, name: Option<&str>) -> Result<&NamedContext, SourceError> {
        let known = || self.config.contexts.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        let current = self.config.current_context.as_deref().filter(|c| !c.is_empty());
        let place = || self.place.clone();
        let Some(name) = name.or(current) else {
            return Err(SourceError::NoCurrentContext { place: place(), known: known() });
        };
        self.config.contexts.iter().find(|c| c.name == name).ok_or_else(|| {
            let (name, known) = (name.to_owned(), known());
            SourceError::UnknownContext { nearest: nearest(&name, &known), name, place: place(), known }
        })
    }

    fn entry(&self, named: &NamedContext) -> ContextEntry {
        let context = named.context.as_ref();
        let cluster = context.and_then(|c| cluster_of(&self.config, c));
        let server = cluster.and_then(|c| c.server.as_deref()).unwrap_or_default();
        ContextEntry {
            name: named.name.clone(),
            server: clean(&without_credentials(server)).into_owned(),
            argocd_namespace: argocd_namespace(context.and_then(|c| c.namespace.as_deref())),
            current: self.config.current_context.as_ref() == Some(&named.name),
        }
    }

    /// The context of a name, or the current one, with what it refers to.
    pub fn choose(&self, name: Option<&str>) -> Result<Chosen, SourceError> {
        let context = self.named(name)?;
        let name = &context.name;
        let unusable =
            |why: String, hint: &str| SourceError::Unusable { context: name.clone(), why, hint: Some(hint.to_owned()) };
        let context =
            context.context.clone().ok_or_else(|| unusable("it is empty".into(), "give it a cluster and a user"))?;
        let cluster = cluster_of(&self.config, &context).cloned().ok_or_else(|| {
            unusable(
                format!("there is no cluster `{}` in {}", context.cluster, self.place),
                "add the cluster, or correct the context",
            )
        })?;
        let named = |user: &String| self.config.auth_infos.iter().find(|u| u.name == *user);
        let user = context.user.as_ref().and_then(named).and_then(|u| u.auth_info.clone()).unwrap_or_default();
        Ok(Chosen { name: name.clone(), context, cluster, user })
    }
}

fn cluster_of<'a>(config: &'a Kubeconfig, context: &Context) -> Option<&'a Cluster> {
    config.clusters.iter().find(|c| c.name == context.cluster)?.cluster.as_ref()
}

fn files_of_environment() -> Vec<PathBuf> {
    let listed = std::env::var_os("KUBECONFIG")
        .map(|list| std::env::split_paths(&list).filter(|p| !p.as_os_str().is_empty()).collect::<Vec<_>>());
    listed.filter(|files| !files.is_empty()).unwrap_or_else(|| {
        directories::BaseDirs::new().map(|dirs| dirs.home_dir().join(".kube").join("config")).into_iter().collect()
    })
}

fn is_in_cluster() -> bool {
    std::env::var_os("KUBERNETES_SERVICE_HOST").is_some_and(|host| !host.is_empty())
}

/// `None` when the file is not there.
fn read(file: &Path) -> Result<Option<Kubeconfig>, SourceError> {
    match Kubeconfig::read_from(file) {
        Ok(config) => Ok(Some(config)),
        Err(KubeconfigError::ReadConfig(why, _)) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(KubeconfigError::ReadConfig(why, path)) => Err(SourceError::Unreadable { path, why }),
        // the parser's words quote the file, which holds credentials: only the place is passed on
        Err(KubeconfigError::Parse(why)) => Err(invalid(file, why.location().map(|at| (at.line(), at.column())))),
        Err(_) => Err(invalid(file, None)),
    }
}

fn invalid(file: &Path, at: Option<(u64, u64)>) -> SourceError {
    let (line, column) = at.unwrap_or_default();
    SourceError::Invalid { path: file.to_owned(), line, column }
}

/// The known name that is spelled most like `name`, if any is near enough to be meant.
fn nearest(name: &str, known: &[String]) -> Option<String> {
    let likeness = |other: &String| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
    let best = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) > 0.7).then(|| best.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, name: &str, text: &str) -> PathBuf {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn file(context: &str, server: &str, current: bool) -> String {
        let current = if current { format!("current-context: {context}\n") } else { String::new() };
        format!(
            "apiVersion: v1\nkind: Config\n{current}clusters:\n- name: {context}\n  cluster:\n    server: {server}\n\
             contexts:\n- name: {context}\n  context:\n    cluster: {context}\n    user: {context}\n    namespace: argo-system\n"
        )
    }

    #[test]
    fn several_files_are_merged_and_the_first_wins() {
        let dir = tempfile::tempdir().unwrap();
        let one = write(dir.path(), "one", &file("minikube", "https://user:pw@10.0.0.1:6443", true));
        let two = write(
            dir.path(),
            "two",
            &format!("{}---\n{}", file("minikube", "https://other", true), file("cloud", "https://cloud", true)),
        );
        let place = KubeconfigPlace::Files(vec![one, dir.path().join("missing"), two]);
        let entries = contexts(&place).unwrap();
        let brief: Vec<_> = entries.iter().map(|e| (&*e.name, &*e.server, e.current)).collect();
        assert_eq!(brief, [("minikube", "https://10.0.0.1:6443", true), ("cloud", "https://cloud", false)]);
        assert_eq!(entries[0].argocd_namespace, "argo-system");
    }

    #[test]
    fn what_cannot_be_used_says_where_and_what_to_try() {
        let dir = tempfile::tempdir().unwrap();
        let good = write(dir.path(), "good", &file("predator-cloud", "https://x", false));
        let bad = write(dir.path(), "bad", "apiVersion: v1\nusers:\n- name: a\n  user:\n    token: [s3cret\n");
        let load = |files: Vec<PathBuf>| Found::load(&KubeconfigPlace::Files(files));

        let error = load(vec![bad.clone()]).err().unwrap();
        let text = error.to_string();
        assert!(text.starts_with(&format!("{}:", bad.display())) && !text.contains("s3cret"), "{text}");

        let error = load(vec![dir.path().join("missing")]).err().unwrap();
        assert!(error.to_string().contains("missing") && error.hint().unwrap().contains("demo"));

        let error = load(vec![dir.path().to_owned()]).err().unwrap();
        assert!(matches!(error, SourceError::Unreadable { .. }), "{error}");

        let found = load(vec![good]).unwrap().unwrap();
        let error = found.choose(Some("predator-clod")).err().unwrap();
        assert!(error.to_string().ends_with("did you mean `predator-cloud`?"), "{error}");
        let error = found.choose(Some("zzz")).err().unwrap();
        assert!(!error.to_string().contains("did you mean"), "{error}");
        assert!(error.hint().unwrap().contains("predator-cloud"));
        assert!(matches!(found.choose(None).err().unwrap(), SourceError::NoCurrentContext { .. }));
    }

    #[test]
    fn a_context_without_its_cluster_is_listed_but_cannot_be_chosen() {
        let dir = tempfile::tempdir().unwrap();
        let path =
            write(dir.path(), "c", "contexts:\n- name: a\n  context: {cluster: gone, user: x}\ncurrent-context: a\n");
        let place = KubeconfigPlace::Files(vec![path]);
        assert_eq!(contexts(&place).unwrap()[0].server, "");
        let error = Found::load(&place).unwrap().unwrap().choose(None).err().unwrap();
        assert!(error.to_string().contains("no cluster `gone`"), "{error}");
    }
}
