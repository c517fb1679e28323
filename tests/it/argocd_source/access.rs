//! Getting in: TLS, tokens, and what is said when it does not work.

use std::sync::Arc;

use pilothouse::source::argocd::{Server, ServerSpec, TokenRoad, managed_resources};

use super::scene::{Scene, app};
use crate::clock::WallClock;

async fn asked(spec: ServerSpec) -> Result<usize, String> {
    let server = Server::new(spec, Arc::new(WallClock));
    managed_resources(&server, &app("backend-dev")).await.map(|all| all.len()).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_git_wants_is_read_with_a_url_and_a_token() {
    let scene = Scene::new();
    let all = managed_resources(&scene.server("admin"), &app("backend-dev")).await.unwrap();
    let deployment = all.iter().find(|one| &*one.kind == "Deployment").unwrap();
    assert_eq!((&*deployment.group, &*deployment.namespace), ("apps", "predator12-dev"));
    assert!(deployment.target.is_some() && deployment.live.is_some() && !deployment.differs());
    assert!(all.iter().all(|one| !one.hook));
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_verified_unless_somebody_says_otherwise() {
    let scene = Scene::new();
    let trusted = scene.spec("admin");
    assert!(asked(trusted.clone()).await.unwrap() > 0);
    let unknown = asked(ServerSpec { ca: None, ..trusted.clone() }).await.unwrap_err();
    assert!(unknown.contains("from a CA we do not know"), "{unknown}");
    assert!(asked(ServerSpec { ca: None, insecure: true, ..trusted.clone() }).await.unwrap() > 0);
    let plain = ServerSpec { ca: None, address: scene.argocd("plainUrl").parse().unwrap(), ..trusted.clone() };
    assert!(asked(plain).await.unwrap() > 0);
    let wrong_door = scene.argocd("url").replace("https://", "http://");
    let redirected = asked(ServerSpec { address: wrong_door.parse().unwrap(), ..trusted.clone() }).await.unwrap_err();
    assert!(redirected.contains("sends us elsewhere: https://127.0.0.1"), "{redirected}");
    let below = format!("{}/argo", scene.argocd("url"));
    let not_there = asked(ServerSpec { address: below.parse().unwrap(), ..trusted }).await.unwrap_err();
    assert!(
        not_there.contains("is not there") || not_there.contains("no argocd-server at this address"),
        "{not_there}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_believed_gives_way_to_the_next_and_none_is_ever_told() {
    let scene = Scene::new();
    let good = scene.token("admin");
    let bad = format!("{}AAAAAAAA", &good[..good.len() - 8]);
    let (good_file, bad_file) = (scene.private("good", &good), scene.private("bad", &bad));
    let spec = |tokens| ServerSpec { tokens, ..scene.spec("admin") };
    let roads = vec![TokenRoad::File(bad_file.clone()), TokenRoad::Saved(good_file)];
    assert!(asked(spec(roads)).await.unwrap() > 0);
    let refused = asked(spec(vec![TokenRoad::File(bad_file.clone())])).await.unwrap_err();
    assert!(refused.contains("argocd-server does not accept our token: invalid session"), "{refused}");
    let none = asked(spec(vec![TokenRoad::Saved(scene.folder.path().join("none"))])).await.unwrap_err();
    assert!(none.contains("no token for https://127.0.0.1"), "{none}");
    let server = Server::new(spec(vec![TokenRoad::File(bad_file)]), Arc::new(WallClock));
    let shown = format!("{server:?} {:?}", server.spec());
    for secret in [&good, &bad] {
        assert!(!format!("{refused}{none}{shown}").contains(&**secret), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_in_the_servers_words() {
    let scene = Scene::new();
    let missing = managed_resources(&scene.server("admin"), &app("nothing")).await.unwrap_err();
    assert_eq!(missing.to_string(), "permission denied");
}
