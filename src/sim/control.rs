//! Acting on a running world from outside: a small HTTP endpoint on loopback, and the client for it.

use crate::sim::fault;
use crate::sim::git::{Commits, Repo};
use crate::sim::live::deploy::webhook;
use crate::sim::live::{Act, Play};
use crate::sim::object;
use crate::sim::populate::Stage;
use crate::sim::serve::Server;
use crate::sim::time::{SimClock, read_duration, stamp};
use crate::sim::workload::Workloads;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// The actions there are, for messages.
const ACTIONS: &str = "source stop|start NAME, clock advance 10m, kill-pod|evict-pod NAMESPACE/NAME[*], \
                       log NAMESPACE/NAME[*] rate N, log NAMESPACE/NAME[*] write CONTAINER LINE, \
                       listen NAMESPACE/NAME[*] PORT http|debugpy|redis|postgres|silent|nothing|127.0.0.1:PORT, connections, \
                       fault SOURCE|all WHAT, commit NAME, login, state";

/// An action could not be asked for, or was refused.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody says which world is meant.
    #[error(
        "no simulated world is known; start one with `pilothouse sim`, or name it with --control or PILOTHOUSE_CONTROL"
    )]
    Unknown,
    /// The words do not name a world.
    #[error("`{0}` does not name a world; it should look like http://127.0.0.1:PORT/?token=...")]
    NotAControl(String),
    /// The world does not answer.
    #[error("the world at {address} does not answer: {reason}; is it still running?")]
    Unreachable {
        /// Where it should be.
        address: SocketAddr,
        /// Why.
        reason: String,
    },
    /// The world said no.
    #[error("{0}")]
    Refused(String),
    /// A file of this user could not be written, or the endpoint not opened.
    #[error("cannot use {what}: {error}")]
    Io {
        /// What.
        what: String,
        /// Why.
        error: std::io::Error,
    },
}

/// A source of a running world.
#[derive(Debug)]
pub struct Place {
    /// Its API server.
    pub server: Server,
    /// Its cluster.
    pub stage: Stage,
    /// What runs its pods.
    pub workloads: Workloads,
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
    places: Vec<Place>,
    git: GitPlace,
    kubeconfig: PathBuf,
    clock: SimClock,
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
            ["login"] => self.login(),
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

    pub(super) fn source(&self, name: &str) -> Result<&Place, String> {
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

    /// A summary: time, sources, and how many Applications are in which state.
    fn state(&self) -> Value {
        let sources: serde_json::Map<String, Value> = self
            .places
            .iter()
            .map(|place| {
                let store = &place.stage.store;
                let mut health: BTreeMap<String, u32> = BTreeMap::new();
                let mut sync: BTreeMap<String, u32> = BTreeMap::new();
                let mut running = Vec::new();
                let apps = store.snapshot("Application", None, None).map(|now| now.objects).unwrap_or_default();
                for app in apps {
                    // not as values: 10,000 of those are more than a gigabyte
                    let brief: Brief = serde_json::from_slice(app.body()).unwrap_or_default();
                    *health.entry(brief.status.health.status).or_default() += 1;
                    *sync.entry(brief.status.sync.status).or_default() += 1;
                    if brief.operation.is_some() {
                        running.push(app.name().to_owned());
                    }
                }
                let facts = json!({
                    "server": place.server.url(),
                    "listening": place.server.is_running(),
                    "apps": store.len("Application"),
                    "pods": store.len("Pod"),
                    "health": health,
                    "sync": sync,
                    "operations": running,
                    "resourceVersion": store.resource_version(),
                    "sessions": place.server.sessions(),
                });
                (place.stage.source.clone(), facts)
            })
            .collect();
        // what a world that leaks would have more and more of
        let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        json!({"now": stamp(self.clock.now()), "tasks": tasks, "git": self.git(), "sources": sources})
    }
}

/// Namespace and name of pods.
pub(super) fn split(pods: &str) -> Result<(&str, &str), String> {
    pods.split_once('/').ok_or_else(|| format!("`{pods}` is not NAMESPACE/NAME; a * at its end stands for anything"))
}

/// What a summary counts in an Application.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Brief {
    status: BriefStatus,
    operation: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BriefStatus {
    health: Word,
    sync: Word,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Word {
    status: String,
}

/// A new bearer token: 128 random bits.
#[must_use]
pub fn token() -> String {
    let mut token = String::with_capacity(32);
    let _ = write!(token, "{:032x}", fastrand::u128(..));
    token
}

/// Opens the endpoint on a free port of loopback; returns the words that name it.
pub(super) fn serve(director: &Arc<Director>, tasks: &mut JoinSet<()>) -> Result<String, ControlError> {
    let failed = |error| ControlError::Io { what: "the control endpoint".to_owned(), error };
    let listener = StdListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let listener = TcpListener::from_std(listener).map_err(failed)?;
    let token = token();
    let control = format!("http://127.0.0.1:{port}/?token={token}");
    tasks.spawn(accept(listener, Arc::clone(director), Arc::from(token)));
    Ok(control)
}

async fn accept(listener: TcpListener, director: Arc<Director>, token: Arc<str>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let (director, token) = (Arc::clone(&director), Arc::clone(&token));
                connections.spawn(async move {
                    let service = service_fn(|request| answer(request, &director, &token));
                    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                    if let Err(error) = served.await {
                        tracing::debug!(%error, "control connection ended");
                    }
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    director: &Director,
    token: &str,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let reply = |status: StatusCode, text: String| {
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = status;
        Ok(response)
    };
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.and_then(|given| given.strip_prefix("Bearer ")) != Some(token) {
        return reply(StatusCode::UNAUTHORIZED, "the token is not this world's".to_owned());
    }
    if request.method() != Method::POST {
        return reply(StatusCode::METHOD_NOT_ALLOWED, "send POST with a JSON array of words".to_owned());
    }
    let Ok(body) = Limited::new(request.into_body(), 64 * 1024).collect().await else {
        return reply(StatusCode::BAD_REQUEST, "the request ended too early or is too long".to_owned());
    };
    let Ok(words) = serde_json::from_slice::<Vec<String>>(&body.to_bytes()) else {
        return reply(StatusCode::BAD_REQUEST, "send a JSON array of words".to_owned());
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match director.act(&words).await {
        Ok(text) => reply(StatusCode::OK, text),
        Err(text) => reply(StatusCode::BAD_REQUEST, text),
    }
}

/// Has the world named by `control` do something; its answer is a sentence or, for `state`, JSON.
///
/// # Errors
/// When the words name no world, the world does not answer, or it refuses.
pub async fn send(control: &str, action: &[String]) -> Result<String, ControlError> {
    let (address, token) = read(control).ok_or_else(|| ControlError::NotAControl(redacted(control)))?;
    let failed = |reason: String| ControlError::Unreachable { address, reason };
    let stream = TcpStream::connect(address).await.map_err(|error| failed(error.to_string()))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| failed(error.to_string()))?;
    let body = serde_json::to_vec(action).map_err(|error| failed(error.to_string()))?;
    let request = Request::post("/")
        .header(header::HOST, address.to_string())
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| failed(error.to_string()))?;
    let talk = async {
        let response = sender.send_request(request).await.map_err(|error| failed(error.to_string()))?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| failed(error.to_string()))?;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        if status.is_success() { Ok(text) } else { Err(ControlError::Refused(text)) }
    };
    tokio::pin!(talk);
    tokio::select! {
        answer = &mut talk => answer,
        ended = connection => match ended {
            Ok(()) => talk.await,
            Err(error) => Err(failed(error.to_string())),
        },
    }
}

fn read(control: &str) -> Option<(SocketAddr, &str)> {
    let (address, token) = control.trim().strip_prefix("http://")?.split_once("/?token=")?;
    Some((address.parse().ok()?, token))
}

/// What can be shown of words that should have named a world.
fn redacted(control: &str) -> String {
    let end = control.find("token=").map_or(control.len(), |at| at + "token=".len());
    let mut shown: String = control.get(..end).unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    if end < control.len() {
        shown.push_str("...");
    }
    shown
}

/// The file that keeps which world this user started last.
fn file(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let full = |name: &str| variable(name).filter(|path| path.is_absolute());
    if let Some(runtime) = full("XDG_RUNTIME_DIR") {
        return Some(runtime.join("pilothouse-sim-control"));
    }
    let state = full("XDG_STATE_HOME").or_else(|| full("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("pilothouse").join("sim-control"))
}

fn environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

/// Keeps a world as the one this user started last, readable by nobody else.
pub(super) fn remember(control: &str) -> Result<(), ControlError> {
    let path = file(environment).ok_or(ControlError::Unknown)?;
    let failed = |error| ControlError::Io { what: path.display().to_string(), error };
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    // a new file each time: the old one may have been made with other rights
    let new = path.with_extension(format!("{}", std::process::id()));
    let _ = fs::remove_file(&new);
    let mut opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(failed)?;
    opened.write_all(control.as_bytes()).and_then(|()| fs::rename(&new, &path)).map_err(failed)
}

/// Forgets a world that ends, unless another one was started since.
pub(super) fn forget(control: &str) {
    let Some(path) = file(environment) else { return };
    if fs::read_to_string(&path).is_ok_and(|known| known == control) {
        // a file that stays names a world that does not answer, which is what it then says
        let _ = fs::remove_file(path);
    }
}

/// The world to act on: `PILOTHOUSE_CONTROL`, else the one this user started last.
///
/// # Errors
/// When there is none.
pub fn remembered() -> Result<String, ControlError> {
    if let Some(control) = std::env::var("PILOTHOUSE_CONTROL").ok().filter(|control| !control.is_empty()) {
        return Ok(control);
    }
    let path = file(environment).ok_or(ControlError::Unknown)?;
    fs::read_to_string(path).map_err(|_| ControlError::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_follows_the_xdg_variables() {
        let with = |pairs: &'static [(&'static str, &'static str)]| {
            file(move |name| pairs.iter().find(|(there, _)| *there == name).map(|(_, path)| PathBuf::from(path)))
        };
        assert_eq!(
            with(&[("XDG_RUNTIME_DIR", "/run/u"), ("HOME", "/h")]).unwrap(),
            PathBuf::from("/run/u/pilothouse-sim-control")
        );
        assert_eq!(
            with(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]).unwrap(),
            PathBuf::from("/s/pilothouse/sim-control")
        );
        assert_eq!(
            with(&[("XDG_STATE_HOME", "not/full"), ("HOME", "/h")]).unwrap(),
            PathBuf::from("/h/.local/state/pilothouse/sim-control")
        );
        assert_eq!(with(&[]), None);
    }

    #[test]
    fn words_that_name_no_world_do_not_show_a_token() {
        assert!(read("http://127.0.0.1:80/?token=abc").is_some());
        assert!(read("127.0.0.1:80").is_none());
        assert_eq!(redacted("https://x/?token=secret"), "https://x/?token=...");
    }
}
