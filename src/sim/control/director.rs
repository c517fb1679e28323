//! Who does what is asked of a running world.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::sim::fault;
use crate::sim::git::{Commits, Repo};
use crate::sim::live::deploy::webhook;
use crate::sim::live::{Act, Play};
use crate::sim::object;
use crate::sim::populate::Stage;
use crate::sim::redis;
use crate::sim::serve::Server;
use crate::sim::server;
use crate::sim::time::{SimClock, read_duration, stamp};
use crate::sim::workload::Workloads;

/// The actions there are, for messages.
const ACTIONS: &str = "source stop|start NAME, clock advance 10m, kill-pod|evict-pod NAMESPACE/NAME[*], \
                       log NAMESPACE/NAME[*] rate N, log NAMESPACE/NAME[*] write CONTAINER LINE, \
                       listen NAMESPACE/NAME[*] PORT http|debugpy|redis|postgres|silent|nothing|127.0.0.1:PORT, connections, \
                       fault SOURCE|all WHAT, argocd SOURCE stop|start|revoke USER|end USER|fault WHAT, redis SOURCE stop|start, \
                       drift APP [KIND/NAME] POINTER VALUE [by MANAGER], commit NAME, login, state";

/// A source of a running world.
#[derive(Debug)]
pub struct Place {
    /// Its API server.
    pub server: Server,
    /// Its cluster.
    pub stage: Stage,
    /// What runs its pods.
    pub workloads: Workloads,
    /// Its argocd-server.
    pub argocd: server::Server,
    /// Its Argo CD's Redis.
    pub redis: redis::Server,
    /// Where its Prometheus listens.
    pub prometheus: String,
}

/// The repository of a running world.
#[derive(Debug, Clone)]
pub struct GitPlace {
    /// What Applications call it.
    pub url: String,
    /// What lies there.
    pub repo: Repo,
    /// What waits to be pushed there.
    pub commits: Arc<Commits>,
}

/// What can be done to a running world.
#[derive(Debug)]
pub struct Director {
    pub(super) places: Vec<Place>,
    git: GitPlace,
    kubeconfig: PathBuf,
    pub(super) clock: SimClock,
    sender: mpsc::Sender<Act>,
}

impl Director {
    /// A director over these sources, which `kubeconfig` names; acts go to whoever performs the agenda.
    #[must_use]
    pub fn new(
        places: Vec<Place>,
        git: GitPlace,
        kubeconfig: PathBuf,
        clock: SimClock,
        sender: mpsc::Sender<Act>,
    ) -> Self {
        Self { places, git, kubeconfig, clock, sender }
    }

    /// The sources in order.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// A source by name.
    #[must_use]
    pub fn place(&self, source: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.stage.source == source)
    }

    /// Where the repository is: what Applications call it, the folder that `git clone` wants, and how often each
    /// commit that waits was pushed.
    #[must_use]
    pub fn git(&self) -> Value {
        let waiting = self.git.commits.names().collect::<BTreeMap<_, _>>();
        json!({"url": self.git.url, "path": self.git.repo.path(), "waiting": waiting})
    }

    /// Where the kubeconfig is.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The world's clock.
    #[must_use]
    pub fn clock(&self) -> &SimClock {
        &self.clock
    }

    /// Does what the words say; the answer is a sentence or, for `state`, JSON.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what there is.
    pub async fn act(&self, words: &[&str]) -> Result<String, String> {
        match words {
            ["state"] => Ok(self.state().to_string()),
            ["source", "stop", name] => {
                self.source(name)?.server.stop().await;
                Ok(format!("source {name} is stopped"))
            }
            ["source", "start", name] => {
                let server = &self.source(name)?.server;
                server.start_again().map_err(|error| format!("source {name} cannot listen again: {error}"))?;
                Ok(format!("source {name} listens at {}", server.url()))
            }
            ["clock", "advance", by] => {
                let duration =
                    read_duration(by).ok_or_else(|| format!("`{by}` is not a duration; write 300ms, 90s, 5m or 2d"))?;
                // what was written before is noticed at its own time, and not after the skip
                self.caught_up().await?;
                self.clock.advance(duration);
                self.caught_up().await?;
                Ok(format!("it is {}", stamp(self.clock.now())))
            }
            ["kill-pod", pods] => self.end_pods(pods, "killed", Workloads::kill).await,
            ["evict-pod", pods] => self.end_pods(pods, "evicted", Workloads::evict).await,
            ["log", pods, "rate" | "--rate", rate] => {
                let rate = rate.parse().map_err(|_| format!("`{rate}` is not a number of lines a second"))?;
                split(pods)?;
                let now = self.clock.now();
                let count: usize = self.places.iter().map(|p| p.stage.store.logs().number(pods, rate, now)).sum();
                Ok(format!("{count} containers print {rate} numbered lines a second"))
            }
            ["log", pods, "write", container, line] => {
                let now = self.clock.now();
                let mut count = 0;
                for (place, namespace, name) in self.pods(pods)? {
                    let pod = object::key(&namespace, &name);
                    count += usize::from(place.stage.store.logs().write(&pod, container, line, now));
                }
                let refusal = || format!("no source runs a container {container} in a pod {pods}");
                (count > 0).then(|| format!("written to {count} containers")).ok_or_else(refusal)
            }
            ["fault", source, words @ ..] => self.fault(source, words).await,
            ["fault"] => Err(format!("no fault; there are:\n{}", fault::HELP)),
            ["argocd", name, words @ ..] => self.source(name)?.argocd.order(words).await,
            ["redis", name, words @ ..] => self.source(name)?.redis.order(words).await,
            ["login"] => self.login(),
            ["drift", app, words @ ..] => self.drift(app, words),
            ["listen", pods, port, what] => self.listen(pods, port, what),
            ["commit", name] => {
                let (branch, made) = self.git.commits.push(name, self.clock.now())?;
                for place in &self.places {
                    webhook(&place.stage, &branch);
                }
                Ok(format!("pushed {made} to {branch}"))
            }
            ["connections"] => Ok(self.connections().to_string()),
            [] => Err(format!("no action; there are: {ACTIONS}")),
            _ => Err(format!("there is no action `{}`; there are: {ACTIONS}", words.join(" "))),
        }
    }

    pub(in crate::sim) fn source(&self, name: &str) -> Result<&Place, String> {
        let there = || self.places.iter().map(|place| place.stage.source.as_str()).collect::<Vec<_>>().join(", ");
        self.place(name).ok_or_else(|| format!("there is no source `{name}`; there are: {}", there()))
    }

    /// Waits until everything that is due by now has happened.
    async fn caught_up(&self) -> Result<(), String> {
        let (done, seen) = oneshot::channel();
        let ended = "the world has ended";
        let act: Act = Box::new(move |_| {
            // whoever asked may have gone
            let _ = done.send(());
        });
        self.sender.send(act).await.map_err(|_| ended.to_owned())?;
        seen.await.map_err(|_| ended.to_owned())
    }

    /// The pods of all sources whose place is `NAMESPACE/NAME`, or begins so when a `*` ends it.
    fn pods(&self, pods: &str) -> Result<Vec<(&Place, String, String)>, String> {
        let (namespace, name) = split(pods)?;
        let mut found = Vec::new();
        for place in &self.places {
            let all = place.stage.store.snapshot("Pod", Some(namespace), None).map(|now| now.objects);
            for pod in all.unwrap_or_default() {
                if name.strip_suffix('*').map_or(pod.name() == name, |head| pod.name().starts_with(head)) {
                    found.push((place, pod.namespace().to_owned(), pod.name().to_owned()));
                }
            }
        }
        if found.is_empty() { Err(format!("no source has a pod {pods}")) } else { Ok(found) }
    }

    /// Ends pods, and waits until it is done.
    async fn end_pods(
        &self,
        pods: &str,
        word: &str,
        end: fn(&Workloads, &str, &str, &mut Play<'_>) -> bool,
    ) -> Result<String, String> {
        let mut told = Vec::new();
        for (place, namespace, name) in self.pods(pods)? {
            told.push(format!("{word} pod {namespace}/{name} in {}", place.stage.source));
            let workloads = place.workloads.clone();
            let act: Act = Box::new(move |play| {
                end(&workloads, &namespace, &name, play);
            });
            self.sender.send(act).await.map_err(|_| "the world has ended".to_owned())?;
        }
        self.caught_up().await?;
        Ok(told.join("\n"))
    }
}

/// Namespace and name of pods.
pub(in crate::sim) fn split(pods: &str) -> Result<(&str, &str), String> {
    pods.split_once('/').ok_or_else(|| format!("`{pods}` is not NAMESPACE/NAME; a * at its end stands for anything"))
}
