//! An issuer that answers what a test wants, whether it is right or not.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What it answers where tokens are given out: status and body, by the form it was sent and its own name.
pub type Giver = fn(&str, &Issuer) -> (u16, Value);

/// A listener in plain text on loopback.
#[derive(Clone)]
pub struct Issuer {
    pub url: String,
    /// What its configuration calls it.
    pub calls_itself: String,
    /// The nonce of the login that is under way.
    pub nonce: Arc<Mutex<String>>,
    /// The forms it was sent.
    pub forms: Arc<Mutex<Vec<String>>>,
    give: Giver,
    _task: Arc<JoinSet<()>>,
}

impl Issuer {
    pub async fn start(give: Giver) -> Self {
        Self::that_calls_itself(None, give).await
    }

    pub async fn that_calls_itself(name: Option<&str>, give: Giver) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let calls_itself = name.unwrap_or(&url).to_owned();
        let (nonce, forms) = (Arc::default(), Arc::default());
        let mut task = JoinSet::new();
        let served = Self { url, calls_itself, nonce, forms, give, _task: Arc::default() };
        let issuer = served.clone();
        task.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read(&mut stream).await;
                let (status, body) = issuer.answer(&request);
                let body = body.to_string();
                let head =
                    format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
        });
        Self { _task: Arc::new(task), ..served }
    }

    /// As argocd-cm has it.
    pub fn config(&self) -> String {
        format!("name: Okta\nissuer: {}\nclientID: web\ncliClientID: cli\n", self.url)
    }

    fn answer(&self, request: &str) -> (u16, Value) {
        let (head, form) = request.split_once("\r\n\r\n").unwrap();
        if head.starts_with("GET /.well-known/openid-configuration ") {
            let (name, url) = (&self.calls_itself, &self.url);
            return (
                200,
                json!({"issuer": name, "authorization_endpoint": format!("{url}/authorize?tenant=a"),
                "token_endpoint": format!("{url}/token"), "scopes_supported": ["openid", "offline_access"],
                "response_types_supported": ["code"]}),
            );
        }
        assert!(head.starts_with("POST /token "), "{head}");
        self.forms.lock().unwrap().push(form.to_owned());
        (self.give)(form, self)
    }

    /// Tokens that say something; the id_token is signed by nobody.
    pub fn tokens(&self, audience: &str, nonce: &str) -> (u16, Value) {
        let claims = json!({"iss": self.url, "aud": audience, "nonce": nonce, "sub": "olena"});
        let body = URL_SAFE_NO_PAD.encode(claims.to_string());
        let id_token = format!(
            "{}.{body}.{}",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#),
            URL_SAFE_NO_PAD.encode("unsigned-by-anybody")
        );
        (200, json!({"id_token": id_token, "refresh_token": "refresh-me-not", "token_type": "bearer"}))
    }
}

async fn read(stream: &mut tokio::net::TcpStream) -> String {
    let mut text = String::new();
    loop {
        let length = text
            .to_ascii_lowercase()
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next().and_then(|line| line.trim().parse::<usize>().ok()));
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && body.len() >= length.unwrap_or_default()
        {
            return text;
        }
        let mut bytes = [0; 4096];
        let read = stream.read(&mut bytes).await.unwrap();
        assert!(read > 0, "broke off: {text}");
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
}
