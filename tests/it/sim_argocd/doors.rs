//! The ways in: TLS, plain text, a root path, compressed, and through the pods.

use std::io::Read as _;
use std::sync::Arc;

use base64::Engine as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::client::{Ask, ask, over};
use super::scene::{NAMESPACE, Scene};

/// The world's authority, as its kubeconfig has it.
fn authority(scene: &Scene) -> Vec<u8> {
    let config: Value = serde_json::from_str(&std::fs::read_to_string(scene.world.kubeconfig()).unwrap()).unwrap();
    let ca = config["clusters"][0]["cluster"]["certificate-authority-data"].as_str().unwrap();
    base64::engine::general_purpose::STANDARD.decode(ca).unwrap()
}

async fn secure(scene: &Scene) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&authority(scene)).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", scene.port("/argocd/url"))).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await.unwrap()
}

#[tokio::test]
async fn over_tls_and_in_plain_text_it_is_the_same_server() {
    let scene = Scene::new();
    let version = Ask::get("/api/version");
    let expected = json!({"Version": "v3.6.0+unknown"});
    assert_eq!(over(secure(&scene).await, &version).await.json().await, expected);
    assert_eq!(scene.ask(&version).await.json().await, expected);
    // plain text at the secure door is sent there
    let elsewhere = ask(scene.port("/argocd/url"), &version).await;
    assert_eq!(elsewhere.status, 307);
    assert_eq!(elsewhere.header("location"), "https://localhost/api/version");
}

#[tokio::test]
async fn a_root_path_stands_before_every_path() {
    let scene = Scene::new();
    scene.store().update("ConfigMap", NAMESPACE, "argocd-cmd-params-cm", |map| {
        map["data"]["server.rootpath"] = json!("/cd");
    });
    assert_eq!(scene.ask(&Ask::get("/cd/api/version")).await.status, 200);
    assert_eq!(scene.ask(&Ask::get("/api/version")).await.status, 404);
    let url = scene.world.ready_line()["sources"]["recorded"]["argocd"]["url"].clone();
    assert!(url.as_str().unwrap().ends_with("/cd"), "{url}");
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_take_it() {
    let scene = Scene::new();
    let list = Ask::get("/api/v1/applications").token(&scene.token("admin"));
    let plain = scene.ask(&list).await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "Accept-Encoding"));
    let plain = plain.bytes().await;
    let squeezed = scene.ask(&list.with("accept-encoding", "gzip")).await;
    assert_eq!(squeezed.header("content-encoding"), "gzip");
    let squeezed = squeezed.bytes().await;
    assert!(squeezed.len() < plain.len() / 3);
    let mut read = Vec::new();
    flate2::read::GzDecoder::new(&squeezed[..]).read_to_end(&mut read).unwrap();
    let parse = |text: &[u8]| serde_json::from_slice::<Value>(text).unwrap()["items"].as_array().unwrap().len();
    assert_eq!(parse(&read), parse(&plain));
}

/// The ports of Argo CD's own pods lead to the same servers.
#[tokio::test]
async fn the_pods_of_argo_cd_can_be_dialled() {
    let scene = Scene::new();
    let store = scene.store();
    for (name, port) in [("argocd-server", 8080), ("argocd-redis", 6379)] {
        assert!(store.get("Service", NAMESPACE, name).is_some());
        let pods = store.list("Pod", Some(NAMESPACE));
        let pod = pods.iter().find(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"] == name).unwrap();
        let listeners = store.network().listeners(pod);
        let listener = listeners.iter().find(|listener| listener.port == port).expect(name);
        let pilothouse::sim::network::Speaks::To(address) = listener.speaks else { panic!("{listener:?}") };
        TcpStream::connect(address).await.unwrap();
    }
    let secret = |name: &str, key: &str| {
        let text = store.get("Secret", NAMESPACE, name).unwrap()["data"][key].as_str().unwrap().to_owned();
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(text).unwrap()).unwrap()
    };
    assert_eq!(json!(secret("argocd-initial-admin-secret", "password")), scene.ready()["argocd"]["password"]);
    let mut redis = TcpStream::connect(("127.0.0.1", scene.port("/redis"))).await.unwrap();
    redis.write_all(format!("AUTH {}\r\n", secret("argocd-redis", "auth")).as_bytes()).await.unwrap();
    let mut answer = [0; 5];
    redis.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"+OK\r\n");
}
