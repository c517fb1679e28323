//! `login --sso`, as a person on a bastion sees it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::browser::{go_back, log_in, parameter, visit};
use super::issuer::Issuer;
use super::scene::Scene;

const PROGRAM: &str = env!("CARGO_BIN_EXE_pilothouse");
const DEADLINE: Duration = Duration::from_mins(1);

fn program(scene: &Scene, args: &[&str]) -> Command {
    let home = scene.folder.path();
    let mut command = Command::new(PROGRAM);
    command.args(args).arg("-vvv").env_clear().env("HOME", home).env("USER", "tester").env("SSL_CERT_FILE", scene.ca());
    command.env("KUBECONFIG", home.join("none")).env("XDG_STATE_HOME", home.join("state"));
    command.env("SSH_CONNECTION", "203.0.113.9 51000 10.0.0.5 22").env("PILOTHOUSE_LOG_FILE", home.join("log"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// A login that waits for a browser.
struct Waiting {
    child: Child,
    url: String,
    said: String,
}

impl Waiting {
    async fn start(scene: &Scene) -> Self {
        // any port that is free
        let args = ["login", &scene.argocd("url"), "--sso", "--sso-port", "0"];
        let mut child = program(scene, &args).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (mut said, mut url) = (String::new(), String::new());
        let waits = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.trim().starts_with("http") {
                    line.trim().clone_into(&mut url);
                }
                said = format!("{said}{line}\n");
                if line.starts_with("waiting for the browser") {
                    break;
                }
            }
        };
        tokio::time::timeout(DEADLINE, waits).await.expect("it says nothing");
        child.stderr = Some(lines.into_inner().into_inner());
        Self { child, url, said }
    }

    /// Exit code, standard output, and all that was said besides.
    async fn end(self) -> (i32, String, String) {
        let Self { mut child, mut said, .. } = self;
        let (mut out, mut rest) = (String::new(), String::new());
        let ended = async {
            child.stderr.take().unwrap().read_to_string(&mut rest).await.unwrap();
            child.stdout.take().unwrap().read_to_string(&mut out).await.unwrap();
            child.wait().await.unwrap().code().unwrap()
        };
        let code = tokio::time::timeout(DEADLINE, ended).await.expect("it does not end");
        said.push_str(&rest);
        (code, out, said)
    }
}

/// Everything that was written but for the tokens themselves, where they are kept.
fn written(scene: &Scene) -> String {
    fn walk(folder: PathBuf, into: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true if entry.file_name() == "tokens" => {}
                true => walk(entry.path(), into),
                false => into.push_str(&String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap())),
            }
        }
    }
    let mut text = String::new();
    walk(scene.folder.path().to_owned(), &mut text);
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_over_ssh_is_told_line_by_line_and_nothing_secret_is_written() {
    let scene = Scene::with_dex();
    let waiting = Waiting::start(&scene).await;
    let port = parameter(&waiting.url, "redirect_uri").split(':').nth(2).unwrap().split('/').next().unwrap().to_owned();
    assert!(waiting.said.contains(&format!("ssh -L {port}:127.0.0.1:{port} tester@10.0.0.5")), "{}", waiting.said);
    assert!(waiting.said.contains("8085 alone"), "Dex knows no other port: {}", waiting.said);
    let back = log_in(&scene, &waiting.url, "olena").await;
    go_back(&back).await;
    let (code, out, said) = waiting.end().await;
    assert_eq!(code, 0, "{said}");
    assert!(out.contains("as olena@predator12.example; the token is kept in ") && out.contains("renewed"), "{out}");
    let kept = std::fs::read_dir(scene.folder.path().join("state/pilothouse/tokens")).unwrap();
    let mut secrets: Vec<String> = kept.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    assert_eq!(secrets.len(), 2);
    for secret in &mut secrets {
        if let Ok(refresh) = serde_json::from_str::<serde_json::Value>(secret) {
            refresh["refresh_token"].as_str().unwrap().clone_into(secret);
        }
    }
    secrets.push(parameter(&back, "code"));
    scene.world.clock().advance(Duration::from_mins(6));
    let url = scene.argocd("url");
    let apps = program(&scene, &["get", "apps", "-o", "json", "--argocd-server", &url]).output().await.unwrap();
    assert!(apps.status.success(), "{}", String::from_utf8_lossy(&apps.stderr));
    let log = format!("{out}{said}{}{}", written(&scene), String::from_utf8_lossy(&apps.stderr));
    assert!(log.contains("the session was renewed"), "nothing was logged");
    for secret in &secrets {
        assert!(!secret.is_empty() && !log.contains(secret.as_str()), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_one_error_with_a_hint_and_holds_no_secret() {
    let scene = Scene::new();
    let plain = program(&scene, &["login", &scene.argocd("url"), "--sso"]).output().await.unwrap();
    let said = String::from_utf8_lossy(&plain.stderr).into_owned();
    assert_eq!(plain.status.code(), Some(5));
    assert!(said.contains("has no single sign-on") && said.contains("try: pilothouse login https://"), "{said}");
    let issuer = Issuer::start(|_, issuer| issuer.tokens("cli", &issuer.nonce.lock().unwrap())).await;
    scene.setting("oidc.config", |_| issuer.config());
    scene.setting("admin.enabled", |_| "false".to_owned());
    let waiting = Waiting::start(&scene).await;
    *issuer.nonce.lock().unwrap() = parameter(&waiting.url, "nonce");
    let port: u16 = parameter(&waiting.url, "redirect_uri").split([':', '/']).nth(4).unwrap().parse().unwrap();
    let back = format!("/auth/callback?code=c0de-c0de&state={}", parameter(&waiting.url, "state"));
    visit(port, "GET", &back, "").await;
    let (code, out, said) = waiting.end().await;
    assert_eq!(code, 5, "{said}");
    let errors: Vec<_> = said.lines().skip_while(|line| !line.starts_with("error: ")).collect();
    assert!(errors[0].starts_with("error: argocd-server does not accept the token of http"), "{said}");
    assert!(errors.len() == 2 && errors[1].starts_with("  try: "), "{said}");
    let form = issuer.forms.lock().unwrap()[0].clone();
    let (_, tokens) = issuer.tokens("cli", &parameter(&waiting_url(&said), "nonce"));
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let verifier = parameter(&format!("?{form}"), "code_verifier");
    assert_eq!(verifier.len(), 43);
    let log = format!("{out}{said}{}", written(&scene));
    for secret in [verifier, "c0de-c0de".to_owned(), text("id_token"), text("refresh_token")] {
        assert!(!log.contains(&secret), "{secret}");
    }
}

fn waiting_url(said: &str) -> String {
    said.lines().find(|line| line.trim().starts_with("http")).unwrap().trim().to_owned()
}
