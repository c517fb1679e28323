//! The world's Dex, held to OpenID Connect and to what argocd-server makes of its tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};

use super::client::{Ask, ask};
use crate::argocd_source::browser::{Page, log_in, parameter, parts, visit};
use crate::argocd_source::scene::Scene;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const BACK: &str = "http://localhost:8085/auth/callback";

fn port(scene: &Scene) -> u16 {
    parts(&format!("{}/", scene.argocd("plainUrl"))).0
}

async fn get(scene: &Scene, path: &str, token: &str) -> (u16, Value) {
    let reply = ask(port(scene), &Ask::get(path).token(token)).await;
    (reply.status, reply.json().await)
}

/// Where a client sends a browser.
fn address(scene: &Scene, back: &str) -> String {
    let scope = "openid+profile+email+groups+federated:id+offline_access";
    format!(
        "{}/api/dex/auth?response_type=code&client_id=argo-cd-cli&redirect_uri={back}&scope={scope}&state=s&nonce=n\
         &code_challenge={CHALLENGE}&code_challenge_method=S256",
        scene.argocd("url")
    )
}

async fn token(scene: &Scene, form: &str) -> (u16, Value) {
    let Page { status, text, .. } = visit(port(scene), "POST", "/api/dex/token", form).await;
    (status, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

fn for_code(code: &str, verifier: &str) -> String {
    format!(
        "grant_type=authorization_code&code={code}&client_id=argo-cd-cli&code_verifier={verifier}&redirect_uri={BACK}"
    )
}

async fn code(scene: &Scene) -> String {
    parameter(&log_in(scene, &address(scene, BACK), "olena").await, "code")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_is_verified_by_the_key_set_and_says_who_it_is() {
    let scene = Scene::with_dex();
    let (_, known) = get(&scene, "/api/dex/.well-known/openid-configuration", "").await;
    let issuer = format!("{}/api/dex", scene.argocd("url"));
    assert_eq!((&known["issuer"], &known["response_types_supported"]), (&json!(issuer), &json!(["code"])));
    let (status, given) = token(&scene, &for_code(&code(&scene).await, VERIFIER)).await;
    assert_eq!((status, &given["token_type"], &given["expires_in"]), (200, &json!("bearer"), &json!(299)), "{given}");
    let id_token = given["id_token"].as_str().unwrap();
    let (_, keys) = get(&scene, "/api/dex/keys", "").await;
    let part = |name: &str| BASE64.decode(keys["keys"][0][name].as_str().unwrap()).unwrap();
    let point: Vec<u8> = [vec![4], part("x"), part("y")].concat();
    let (words, mark) = id_token.rsplit_once('.').unwrap();
    let mark = BASE64.decode(mark).unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(words.as_bytes(), &mark).unwrap();
    let claims: Value = serde_json::from_slice(&BASE64.decode(words.split('.').nth(1).unwrap()).unwrap()).unwrap();
    assert_eq!(
        (&claims["aud"], &claims["nonce"], &claims["groups"]),
        (&json!("argo-cd-cli"), &json!("n"), &json!(["platform"]))
    );
    assert_eq!(claims["federated_claims"], json!({"connector_id": "ldap", "user_id": "olena"}));
    let (_, who) = get(&scene, "/api/v1/session/userinfo", id_token).await;
    let expected =
        json!({"loggedIn": true, "username": "olena@predator12.example", "iss": issuer, "groups": ["platform"]});
    assert_eq!(who, expected);
    scene.world.clock().advance(std::time::Duration::from_mins(6));
    let (status, late) = get(&scene, "/api/v1/account", id_token).await;
    assert_eq!((status, &late["message"]), (401, &json!("invalid session: failed to verify the token")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_and_a_refresh_token_are_good_once_and_only_with_the_verifier() {
    let scene = Scene::with_dex();
    let (status, refused) = token(&scene, &for_code(&code(&scene).await, "another")).await;
    assert_eq!(
        (status, &refused["error"], &refused["error_description"]),
        (400, &json!("invalid_grant"), &json!("Invalid code_verifier."))
    );
    let code = code(&scene).await;
    let (status, given) = token(&scene, &for_code(&code, VERIFIER)).await;
    assert_eq!(status, 200);
    assert_eq!(token(&scene, &for_code(&code, VERIFIER)).await.0, 400);
    let refresh = format!(
        "grant_type=refresh_token&client_id=argo-cd-cli&refresh_token={}",
        given["refresh_token"].as_str().unwrap()
    );
    let (status, renewed) = token(&scene, &refresh).await;
    assert_eq!(status, 200, "{renewed}");
    assert_ne!(renewed["id_token"], given["id_token"]);
    let (status, again) = token(&scene, &refresh).await;
    assert_eq!((status, &again["error"]), (400, &json!("invalid_request")));
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_sent_back_to_what_argo_cd_registers_and_the_settings_name_the_directory() {
    let scene = Scene::with_dex();
    let (_, settings) = get(&scene, "/api/v1/settings", "").await;
    let connectors = json!([{"name": "Directory", "type": "ldap", "id": "ldap"}]);
    assert_eq!((&settings["dexConfig"]["connectors"], &settings["url"]), (&connectors, &json!(scene.argocd("url"))));
    scene.setting("dex.config", |config| config.split("staticClients").next().unwrap().to_owned());
    let open = async |back: &str| {
        let mut path = parts(&address(&scene, back)).1;
        loop {
            let page = visit(port(&scene), "GET", &path, "").await;
            if page.location.is_empty() {
                break page;
            }
            path = parts(&page.location).1;
        }
    };
    assert_eq!(open(BACK).await.status, 200);
    let other = open("http://localhost:9000/auth/callback").await;
    assert!(other.status == 400 && other.text.contains("Unregistered redirect_uri"), "{}", other.text);
    scene.setting("dex.config", |_| String::new());
    assert_eq!(visit(port(&scene), "GET", "/api/dex/keys", "").await.status, 404);
    assert_eq!(get(&scene, "/api/v1/settings", "").await.1["dexConfig"], Value::Null);
}
