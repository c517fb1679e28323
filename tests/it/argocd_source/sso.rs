//! Single sign-on: from the address a person opens to a token that is renewed, and everything that goes wrong.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use pilothouse::source::argocd::{
    PATIENCE, Pending, Server, ServerSpec, TokenRoad, can_i, keep, managed_resources, ways, who,
};
use pilothouse::source::kube::ReadError;
use serde_json::json;

use super::browser::{Page, go_back, log_in, parameter, visit};
use super::issuer::Issuer;
use super::scene::{Scene, app};
use super::tunnel;
use crate::clock::{ManualClock, WallClock};

/// A server whose token is the one a login kept.
fn server(scene: &Scene) -> (Server, PathBuf) {
    let path = scene.folder.path().join("tokens").join("here");
    let spec = ServerSpec { tokens: vec![TokenRoad::Saved(path.clone())], ..scene.spec("admin") };
    (Server::new(spec, Arc::new(WallClock)), path)
}

async fn begin(server: &Server) -> Pending {
    ways(server).await.unwrap().sso.unwrap().begin(server, 0).await.unwrap()
}

/// Logs in and keeps what that brings.
async fn enter(scene: &Scene, user: &str) -> (Server, PathBuf) {
    let (server, path) = server(scene);
    let pending = begin(&server).await;
    let browser = async {
        let back = log_in(scene, &pending.url, user).await;
        go_back(&back).await
    };
    let (credentials, page) = tokio::join!(pending.finish, browser);
    let credentials = credentials.unwrap();
    assert!(page.text.contains("Go back to the terminal"), "{}", page.text);
    assert!(page.text.contains(credentials.who()) && credentials.is_renewable());
    keep(&credentials, &path).unwrap();
    (server, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_in_a_browser_gives_a_token_with_its_groups() {
    let scene = Scene::with_dex();
    let (server, path) = enter(&scene, "olena").await;
    assert_eq!(who(&server).await.unwrap(), "olena@predator12.example");
    assert!(!managed_resources(&server, &app("backend-prod")).await.unwrap().is_empty());
    for path in [path.clone(), path.with_extension("refresh")] {
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    let ways = ways(&server).await.unwrap();
    assert!(ways.password && ways.sso.as_ref().is_some_and(|sso| sso.name == "Directory" && sso.is_dex()));
    let may = async |server: &Server| can_i(server, "applications", "sync", "predator12/backend-prod").await;
    assert_eq!(may(&server).await, Some(true), "the group platform is role:admin");
    let (taras, _) = enter(&scene, "taras").await;
    assert_eq!(who(&taras).await.unwrap(), "taras@predator12.example");
    assert_eq!(may(&taras).await, Some(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_has_run_out_is_renewed_once_for_all_who_are_refused() {
    let scene = Scene::with_dex();
    let (server, path) = enter(&scene, "olena").await;
    let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
    for _ in 0..2 {
        let before = (read(&path), read(&path.with_extension("refresh")));
        scene.world.clock().advance(std::time::Duration::from_mins(6));
        let apps: Vec<_> = ["backend-dev", "backend-prod", "frontend-dev"].map(app).into();
        // Dex takes a refresh token once: a second renewal would fail, and so would whoever waits for it; some ask before
        // the first refusal comes, some while the token is being renewed, and some afterwards
        let asked = futures::future::join_all(apps.iter().cycle().take(30).enumerate().map(async |(turn, app)| {
            for _ in 0..turn * 40 {
                tokio::task::yield_now().await;
            }
            managed_resources(&server, app).await
        }));
        let asked = asked.await;
        let failed: Vec<_> = asked.iter().filter_map(|one| one.as_ref().err()).collect();
        assert!(failed.is_empty(), "{failed:?}");
        let after = (read(&path), read(&path.with_extension("refresh")));
        assert!(before.0 != after.0 && before.1 != after.1);
    }
    // another program finds what this one renewed
    let spec = ServerSpec { tokens: vec![TokenRoad::Saved(path.clone())], ..scene.spec("admin") };
    assert_eq!(who(&Server::new(spec, Arc::new(WallClock))).await.unwrap(), "olena@predator12.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_renewed_and_an_ended_session_wants_a_person() {
    let scene = Scene::with_dex();
    let (server, path) = enter(&scene, "olena").await;
    scene.order("revoke olena").await;
    assert!(managed_resources(&server, &app("backend-dev")).await.is_ok());
    scene.order("end olena").await;
    let ended = managed_resources(&server, &app("backend-dev")).await.unwrap_err();
    let ReadError::Failed { why, hint } = ended else { panic!("{ended}") };
    assert!(why.contains("it could not be renewed: the issuer no longer takes the refresh token"), "{why}");
    assert_eq!(hint.as_deref(), Some("log in again: pilothouse login URL --sso"));
    assert!(!path.with_extension("refresh").exists(), "what is spent is forgotten");
    let (again, _) = enter(&scene, "olena").await;
    assert!(managed_resources(&again, &app("backend-dev")).await.is_ok());
    // the one that was refused finds it too
    assert!(managed_resources(&server, &app("backend-dev")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_port_forward_dex_is_asked_on_the_way_to_its_server() {
    let scene = Scene::with_dex();
    // what it calls itself leads nowhere from here
    scene.setting("url", |_| "https://argocd.example".to_owned());
    let path = scene.folder.path().join("token");
    let spec = ServerSpec { tokens: vec![TokenRoad::Saved(path.clone())], ..tunnel::spec(&scene, "admin") };
    let server = Server::new(spec, Arc::new(WallClock));
    let pending = begin(&server).await;
    assert!(pending.url.starts_with("https://argocd.example/api/dex/auth?"), "{}", pending.url);
    let browser = async {
        let back = log_in(&scene, &pending.url, "olena").await;
        go_back(&back).await
    };
    let (credentials, _) = tokio::join!(pending.finish, browser);
    keep(&credentials.unwrap(), &path).unwrap();
    scene.world.clock().advance(std::time::Duration::from_mins(6));
    assert_eq!(can_i(&server, "applications", "sync", "predator12/backend-prod").await, Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_nobody_comes_back_to_ends_and_gives_its_port_back() {
    let scene = Scene::with_dex();
    let clock = ManualClock::new();
    let server = Server::new(scene.spec("admin"), Arc::new(clock.clone()));
    let pending = begin(&server).await;
    let mut finish = pending.finish;
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut finish => break outcome,
            () = tokio::task::yield_now() => clock.advance(PATIENCE / 4),
        }
    };
    let ReadError::Failed { why, hint } = outcome.unwrap_err() else { panic!("no failure") };
    assert_eq!(why, "nobody logged in within 10 minutes");
    assert!(hint.unwrap().contains("over SSH"));
    drop(finish);
    assert!(tokio::net::TcpListener::bind(("127.0.0.1", pending.port)).await.is_ok());
}

/// What is told when a browser comes back with `query`; `{state}` stands for the right one.
async fn came_back_with(server: &Server, query: &str) -> (String, String, Page) {
    let pending = begin(server).await;
    let query = query.replace("{state}", &parameter(&pending.url, "state"));
    let path = format!("/auth/callback?{query}");
    let (outcome, page) = tokio::join!(pending.finish, visit(pending.port, "GET", &path, ""));
    let ReadError::Failed { why, hint } = outcome.unwrap_err() else { panic!("no failure") };
    (why, hint.unwrap(), page)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_browser_brings_instead_of_a_code_is_told_with_a_hint() {
    let scene = Scene::with_dex();
    let (server, _) = server(&scene);
    let denied = "error=access_denied&error_description=not%20in%20%3Cb%3Ethe%20group&state={state}";
    let (why, hint, page) = came_back_with(&server, denied).await;
    assert_eq!(why, "the issuer refused: access_denied (not in <b>the group)");
    assert!(hint.contains("access to Argo CD"), "{hint}");
    assert!(page.text.contains("(not in &lt;b&gt;the group)"), "{}", page.text);
    let (why, hint, _) = came_back_with(&server, "code=abc&state=of-yesterday").await;
    assert!(why.contains("another login") && hint.contains("open the URL"), "{why} {hint}");
    let (why, hint, page) = came_back_with(&server, "code=made-up&state={state}").await;
    assert_eq!(why, "the issuer refused: invalid_request (Invalid or expired code parameter.)");
    assert!(!hint.is_empty() && page.text.contains("Not logged in"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_port_is_one_of_this_machine_alone_and_whoever_only_looks_ends_nothing() {
    let scene = Scene::with_dex();
    let (server, _) = server(&scene);
    let pending = begin(&server).await;
    let port = pending.port;
    let taken = ways(&server).await.unwrap().sso.unwrap().begin(&server, port).await;
    let Err(ReadError::Failed { why, hint }) = taken else { panic!("the port was given twice") };
    assert_eq!(why, format!("port {port} of this machine is taken"));
    assert!(hint.unwrap().contains("Dex"));
    let browser = async {
        // a connection that says nothing, a picture, and somebody who is curious
        let _silent = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        assert_eq!(visit(port, "GET", "/favicon.ico", "").await.status, 404);
        assert_eq!(visit(port, "POST", "/auth/callback?code=x", "").await.status, 404);
        assert!(visit(port, "GET", "/auth/callback", "").await.text.contains("Nothing yet"));
        let back = log_in(&scene, &pending.url, "olena").await;
        go_back(&back).await
    };
    let (credentials, page) = tokio::join!(pending.finish, browser);
    assert_eq!(credentials.unwrap().who(), "olena@predator12.example");
    assert_eq!(page.status, 200);
    assert!(tokio::net::TcpListener::bind(("127.0.0.1", port)).await.is_ok(), "it is closed again");
}

/// What is told of a login at an issuer that behaves as `issuer` does.
async fn at(scene: &Scene, issuer: &Issuer) -> Result<(String, String), (String, String)> {
    scene.setting("oidc.config", |_| issuer.config());
    let (server, _) = server(scene);
    let failed = |error| match error {
        ReadError::Failed { why, hint } => (why, hint.unwrap()),
        other => panic!("{other}"),
    };
    let pending = ways(&server).await.unwrap().sso.unwrap().begin(&server, 0).await.map_err(failed)?;
    assert!(pending.url.starts_with(&format!("{}/authorize?tenant=a&response_type=code&client_id=cli&", issuer.url)));
    assert!(parameter(&pending.url, "scope").ends_with(" offline_access"));
    *issuer.nonce.lock().unwrap() = parameter(&pending.url, "nonce");
    let back = format!("/auth/callback?code=c0de-c0de&state={}", parameter(&pending.url, "state"));
    let (outcome, _) = tokio::join!(pending.finish, visit(pending.port, "GET", &back, ""));
    Ok(failed(outcome.unwrap_err()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_answers_for_another_login_is_not_believed() {
    let scene = Scene::new();
    let nonce = Issuer::start(|_, issuer| issuer.tokens("cli", "of-another")).await;
    assert!(at(&scene, &nonce).await.unwrap().0.contains("its nonce is not ours"));
    let audience = Issuer::start(|_, issuer| issuer.tokens("web", &issuer.nonce.lock().unwrap())).await;
    let (why, hint) = at(&scene, &audience).await.unwrap();
    assert_eq!(why, "the issuer's token is for web, not for cli");
    assert!(hint.contains("cliClientID"), "{hint}");
    let other = Issuer::that_calls_itself(Some("https://other.example"), |_, _| unreachable!()).await;
    let (why, hint) = at(&scene, &other).await.unwrap_err();
    assert!(why.ends_with("but https://other.example answers") && hint.contains("argocd-cm"), "{why} {hint}");
    // everything fits, and argocd-server knows no such key
    let unknown = Issuer::start(|_, issuer| issuer.tokens("cli", &issuer.nonce.lock().unwrap())).await;
    let (why, hint) = at(&scene, &unknown).await.unwrap();
    assert_eq!(why, format!("argocd-server does not accept the token of {}", unknown.url));
    assert!(hint.contains("clocks"), "{hint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_refuses_or_says_nothing_of_use_is_told_without_what_is_secret() {
    let scene = Scene::new();
    let refuses =
        Issuer::start(|form, _| (400, json!({"error": "invalid_client", "error_description": format!("in {form}")})))
            .await;
    let (why, hint) = at(&scene, &refuses).await.unwrap();
    assert_eq!(why, "the issuer refused: invalid_client (it repeats what is secret)");
    assert!(hint.contains("public client"), "{hint}");
    let opaque = Issuer::start(|_, _| (200, json!({"id_token": "opaque"}))).await;
    assert!(at(&scene, &opaque).await.unwrap().0.contains("its id_token is none"));
    let none = Issuer::start(|_, _| (200, json!({"access_token": "x"}))).await;
    assert!(at(&scene, &none).await.unwrap().0.contains("there is no id_token in it"));
    let broken = Issuer::start(|_, _| (502, json!("<html>"))).await;
    assert!(at(&scene, &broken).await.unwrap().0.contains("502 Bad Gateway"));
    let gone = Issuer::start(|_, _| unreachable!()).await;
    let config = gone.config();
    drop(gone);
    scene.setting("oidc.config", |_| config.clone());
    let (server, _) = server(&scene);
    let begun = ways(&server).await.unwrap().sso.unwrap().begin(&server, 0).await;
    let Err(ReadError::Failed { why, hint }) = begun else { panic!("it has gone") };
    assert!(why.starts_with("the issuer cannot be asked for its configuration: "), "{why}");
    assert!(hint.is_some());
}
