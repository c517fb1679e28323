//! A world with an argocd-server, and ways in.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use pilothouse::domain::AppKey;
use pilothouse::sim::world::{SimOptions, World};
use pilothouse::source::argocd::{Server, ServerSpec, TokenRoad};
use serde_json::Value;

use crate::clock::WallClock;

pub const SOURCE: &str = "recorded";

const DEX: &str = r#"
[sso]
name = "Directory"
token_life = "5m"
policies = ["g, platform, role:admin"]
[[sso.person]]
name = "olena"
email = "olena@predator12.example"
groups = ["platform"]
[[sso.person]]
name = "taras"
email = "taras@predator12.example"
groups = ["developers"]
"#;

/// One world, and a folder for tokens.
pub struct Scene {
    pub world: World,
    pub ready: Value,
    pub folder: tempfile::TempDir,
}

impl Scene {
    pub fn new() -> Self {
        Self::with("")
    }

    /// The same, and what more a scenario says.
    pub fn with(more: &str) -> Self {
        let base = format!("{}/tests/fixtures/argocd-server/world.toml", env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.toml");
        std::fs::write(&path, format!("{}{more}", std::fs::read_to_string(base).unwrap())).unwrap();
        let scenario = Some(path.display().to_string());
        let world = World::start(SimOptions { scenario, ..SimOptions::default() }).unwrap();
        let ready = world.ready_line();
        Self { world, ready, folder }
    }

    /// One whose argocd-server has a Dex that sends browsers back to any port: tests run side by side, and real ones know
    /// 8085 alone.
    pub fn with_dex() -> Self {
        let scene = Self::with(DEX);
        scene.setting("dex.config", |config| format!("{config}staticClients: [{{id: argo-cd-cli, public: true}}]\n"));
        scene
    }

    /// Changes an entry of argocd-cm.
    pub fn setting(&self, key: &str, change: impl Fn(&str) -> String) {
        self.world.store(SOURCE).unwrap().update("ConfigMap", "argocd", "argocd-cm", |map| {
            map["data"][key] = change(map["data"][key].as_str().unwrap_or_default()).into();
        });
    }

    pub fn argocd(&self, field: &str) -> String {
        self.ready["sources"][SOURCE]["argocd"][field].as_str().unwrap().to_owned()
    }

    pub fn token(&self, user: &str) -> String {
        self.ready["sources"][SOURCE]["argocd"]["tokens"][user].as_str().unwrap().to_owned()
    }

    /// A file with a text only its owner may read.
    pub fn private(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The world's CA.
    pub fn ca(&self) -> PathBuf {
        let kubeconfig = std::fs::read_to_string(self.ready["kubeconfig"].as_str().unwrap()).unwrap();
        let data = kubeconfig.split("certificate-authority-data").nth(1).unwrap();
        let data: String =
            data.trim_start_matches(['"', ':', ' ']).chars().take_while(|c| !"\"\n,".contains(*c)).collect();
        let pem = base64::engine::general_purpose::STANDARD.decode(data.trim()).unwrap();
        self.private("ca.pem", &String::from_utf8(pem).unwrap())
    }

    /// A way in over TLS.
    pub fn spec(&self, user: &str) -> ServerSpec {
        ServerSpec {
            name: "web".to_owned(),
            address: self.argocd("url").parse().unwrap(),
            insecure: false,
            ca: Some(self.ca()),
            tokens: vec![TokenRoad::File(self.private(&format!("token-{user}"), &self.token(user)))],
            through: None,
        }
    }

    /// Has its argocd-server do something, as `sim ctl` does.
    pub async fn order(&self, words: &str) {
        let words: Vec<String> = ["argocd", SOURCE].into_iter().chain(words.split(' ')).map(str::to_owned).collect();
        pilothouse::sim::control::send(self.world.control(), &words).await.unwrap();
    }

    pub fn server(&self, user: &str) -> Server {
        Server::new(self.spec(user), Arc::new(WallClock))
    }
}

pub fn app(name: &str) -> AppKey {
    AppKey { source: "web".into(), namespace: "argocd".into(), name: name.into() }
}
