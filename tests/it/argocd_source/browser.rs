//! What a person does in a browser: opens the address, fills in the form, is sent back.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::scene::Scene;

const DEADLINE: Duration = Duration::from_mins(1);

/// An answer, as far as a browser looks at it.
pub struct Page {
    pub status: u16,
    pub location: String,
    pub text: String,
}

/// Asks a port of this machine, in plain text.
pub async fn visit(port: u16, method: &str, path: &str, form: &str) -> Page {
    let asked = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let text = tokio::time::timeout(DEADLINE, asked).await.expect("no answer");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text}"));
    let location = head.lines().filter_map(|line| line.split_once(": ")).find(|(name, _)| *name == "location");
    Page {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        location: location.map(|(_, value)| value.to_owned()).unwrap_or_default(),
        text: body.to_owned(),
    }
}

/// Port, path and query of an address.
pub fn parts(url: &str) -> (u16, String) {
    let rest = url.split_once("://").unwrap().1;
    let (authority, path) = rest.split_once('/').unwrap();
    (authority.rsplit(':').next().unwrap().parse().unwrap_or(443), format!("/{path}"))
}

/// A parameter of an address.
pub fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    let found = form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name);
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Opens the address of a login and fills in Dex's form: where that sends the browser.
pub async fn log_in(scene: &Scene, url: &str, user: &str) -> String {
    let (port, _) = parts(&format!("{}/", scene.argocd("plainUrl")));
    let mut path = parts(url).1;
    let form = loop {
        let page = visit(port, "GET", &path, "").await;
        if page.location.is_empty() {
            break page;
        }
        path = parts(&page.location).1;
    };
    assert!(form.status == 200 && form.text.contains("Log in to Your Account"), "{}: {}", form.status, form.text);
    let wrong = visit(port, "POST", &path, &format!("login={user}&password=wrong")).await;
    assert!(wrong.location.is_empty() && wrong.text.contains("Invalid Username"), "{}", wrong.text);
    let password = scene.ready["sources"][super::scene::SOURCE]["argocd"]["sso"][user].as_str().unwrap().to_owned();
    let back = visit(port, "POST", &path, &format!("login={user}&password={password}")).await;
    assert!(!back.location.is_empty(), "{}: {}", back.status, back.text);
    back.location
}

/// Goes where a browser is sent back to.
pub async fn go_back(location: &str) -> Page {
    let (port, path) = parts(location);
    visit(port, "GET", &path, "").await
}
