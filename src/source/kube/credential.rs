//! Credentials from exec plugins of the kubeconfig, run by us: never on our terminal, never for longer than
//! [`LIMIT`], and never in the way of another source.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use kube::config::{Cluster, ExecConfig, ExecInteractiveMode};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::fault::{Fault, Kind};
use crate::domain::text::clean;
use crate::domain::{Clock, Timestamp};

/// How long a plugin may take.
const LIMIT: Duration = Duration::from_secs(20);
/// A credential this close to its end is made anew.
const MARGIN: Duration = Duration::from_mins(1);
/// How much of a plugin's output is read, in bytes.
const OUTPUT: u64 = 1 << 20;
/// The versions of the protocol there are; `v1alpha1` is gone from Kubernetes.
const VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/// What a plugin handed out.
#[derive(Clone)]
pub(super) struct Credential {
    /// A bearer token.
    pub token: Option<String>,
    /// A client certificate and its key, in PEM.
    pub certificate: Option<(String, String)>,
    expires: Option<Timestamp>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl Credential {
    /// When it is to be made anew, a while before its end; none when it has no end.
    pub fn stale_at(&self) -> Option<Timestamp> {
        self.expires.map(|end| end.checked_sub(MARGIN).unwrap_or(Timestamp::MIN))
    }

    /// Whether it still holds for a while.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.stale_at().is_none_or(|at| now < at)
    }
}

#[derive(Deserialize)]
struct ExecCredential {
    #[serde(rename = "apiVersion")]
    version: String,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<Timestamp>,
}

/// Runs the plugin. Dropping the future ends the plugin and all it started.
pub(super) async fn make(
    exec: &ExecConfig,
    cluster: &Cluster,
    ca: Option<&[u8]>,
    clock: &dyn Clock,
) -> Result<Credential, Fault> {
    let refused = |why: String| Fault::new(Kind::Auth, why);
    let program = exec.command.as_deref().unwrap_or_default();
    let name = clean(program.rsplit('/').next().unwrap_or(program)).into_owned();
    let version = exec.api_version.as_deref().unwrap_or_default();
    if !VERSIONS.contains(&version) {
        return Err(refused(format!("credential plugin `{name}` wants `{}`", clean(version)))
            .hint(format!("supported: {}", VERSIONS.join(", "))));
    }
    if exec.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(refused(format!("credential plugin `{name}` works only in a terminal of its own"))
            .hint("log in with kubectl first and set interactiveMode to IfAvailable"));
    }
    let mut child = spawn(exec, program, &info(exec, cluster, ca, version)).map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let why = if missing { "is not installed".to_owned() } else { format!("cannot be started: {error}") };
        let fault = refused(format!("credential plugin `{name}` {why}"));
        match exec.install_hint.as_deref().filter(|_| missing) {
            Some(hint) => fault.hint(clean(hint)),
            None => fault.hint("is the command of the user in the kubeconfig right, and is it on PATH?"),
        }
    })?;
    let mut group = Group::of(&child);
    let finished = tokio::select! {
        finished = finish(&mut child) => finished,
        () = clock.sleep(LIMIT) => return Err(refused(format!("credential plugin `{name}` gave no answer within {} s", LIMIT.as_secs()))
            .hint("it may be waiting for a login: run a kubectl command in this context once")),
    };
    group.is_over = true;
    let (status, stdout, stderr) = finished.map_err(|error| refused(format!("credential plugin `{name}`: {error}")))?;
    if !status.success() {
        let said = first_line(&stderr);
        let said = if said.is_empty() { status.to_string() } else { said };
        return Err(refused(format!("credential plugin `{name}`: {said}"))
            .hint("run a kubectl command in this context to see all it says"));
    }
    // what it printed is a secret, and so is every excerpt an error could hold
    let answer: ExecCredential = serde_json::from_slice(&stdout).map_err(|_| {
        refused(format!("credential plugin `{name}` answered with something that is no ExecCredential"))
    })?;
    if answer.version != version {
        return Err(refused(format!(
            "credential plugin `{name}` answered as `{}`, not `{version}`",
            clean(&answer.version)
        )));
    }
    let status = answer.status.ok_or_else(|| refused(format!("credential plugin `{name}` gave no credentials")))?;
    let certificate = status.client_certificate_data.zip(status.client_key_data);
    if status.token.is_none() && certificate.is_none() {
        return Err(refused(format!("credential plugin `{name}` gave neither a token nor a certificate")));
    }
    Ok(Credential { token: status.token, certificate, expires: status.expiration_timestamp })
}

fn spawn(exec: &ExecConfig, program: &str, info: &Value) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.args(exec.args.iter().flatten());
    for variable in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    command.env("KUBERNETES_EXEC_INFO", info.to_string());
    // a group of its own: in the background, it cannot read the keys of our terminal, and it ends with all its children
    command.process_group(0).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// `KUBERNETES_EXEC_INFO`.
fn info(exec: &ExecConfig, cluster: &Cluster, ca: Option<&[u8]>, version: &str) -> Value {
    let mut spec = json!({ "interactive": false });
    if exec.provide_cluster_info {
        let extension = cluster.extensions.iter().flatten().find(|e| e.name == "client.authentication.k8s.io/exec");
        let facts = [
            ("server", cluster.server.as_ref().map(|s| json!(s))),
            ("tls-server-name", cluster.tls_server_name.as_ref().map(|s| json!(s))),
            ("insecure-skip-tls-verify", cluster.insecure_skip_tls_verify.map(|s| json!(s))),
            ("certificate-authority-data", ca.map(|ca| json!(base64::engine::general_purpose::STANDARD.encode(ca)))),
            ("proxy-url", cluster.proxy_url.as_ref().map(|s| json!(s))),
            ("config", extension.map(|e| e.extension.clone())),
        ];
        let known = facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        spec["cluster"] = Value::Object(known.collect());
    }
    json!({ "apiVersion": version, "kind": "ExecCredential", "spec": spec })
}

async fn finish(child: &mut Child) -> std::io::Result<(std::process::ExitStatus, Vec<u8>, Vec<u8>)> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = futures::future::try_join(read(stdout), read(stderr)).await?;
    Ok((child.wait().await?, stdout, stderr))
}

async fn read(pipe: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(OUTPUT).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// The first line that says something, on one line of a screen.
fn first_line(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(&stderr[..stderr.len().min(4096)]);
    let line = text.lines().map(clean).find(|line| !line.trim().is_empty()).unwrap_or_default();
    line[..line.floor_char_boundary(200)].trim().to_owned()
}

/// Ends a plugin's whole process group, unless it ended by itself: a shell script's children outlive the shell.
struct Group {
    id: Option<Pid>,
    is_over: bool,
}

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Self { id, is_over: false }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let (Some(id), false) = (self.id, self.is_over) {
            // it may have ended in this very moment, and then there is nothing left to do
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time;

    #[test]
    fn a_credential_near_its_end_is_not_fresh() {
        let made = |expires| Credential { token: None, certificate: None, expires };
        let now = Timestamp::UNIX_EPOCH;
        assert!(made(None).is_fresh(now));
        assert!(made(Some(time::after(now, MARGIN * 2))).is_fresh(now));
        assert!(!made(Some(time::after(now, MARGIN))).is_fresh(now));
    }

    #[test]
    fn cluster_facts_are_given_only_when_asked_for() {
        let cluster = Cluster { server: Some("https://x".into()), ..Cluster::default() };
        let mut exec = ExecConfig::default();
        assert_eq!(info(&exec, &cluster, Some(b"ca"), VERSIONS[0])["spec"], json!({ "interactive": false }));
        exec.provide_cluster_info = true;
        let told = info(&exec, &cluster, Some(b"ca"), VERSIONS[0]);
        assert_eq!(told["spec"]["cluster"], json!({ "server": "https://x", "certificate-authority-data": "Y2E=" }));
        assert_eq!(told["apiVersion"], VERSIONS[0]);
    }

    #[test]
    fn complaints_lose_their_colours() {
        assert_eq!(first_line(b"\n\x1b[31mtoken \xff expired\x1b[0m\nmore"), "token \u{fffd} expired");
    }
}
