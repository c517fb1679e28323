//! A connection to Argo CD's Redis.

use std::pin::Pin;
use std::sync::atomic::AtomicU64;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::DuplexStream;

use super::super::ChannelError;
use super::super::cluster::Cluster;
use super::super::component::{fetch, running_pod};
use super::super::forward::{Carried, dial};
use super::super::request::escape;
use super::talk::{Refusal, Talk};

/// What marks the pods that lead to it, with and without high availability.
const PODS: &str = "app.kubernetes.io/name in (argocd-redis-ha-haproxy,argocd-redis)";
const PORT: u16 = 6379;
/// The Secret with its password.
const SECRET: &str = "argocd-redis";

/// A connection, and what carries its bytes as long as somebody waits for an answer.
pub(super) struct Line {
    talk: Talk<DuplexStream>,
    carried: Pin<Box<dyn Future<Output = Carried> + Send>>,
    /// Why its password could not be read.
    unread: Option<String>,
}

impl Line {
    /// Dials the Redis of the Argo CD in a namespace, and says who we are.
    ///
    /// # Errors
    /// In one line, what is not there or which right is missing.
    pub async fn dial(argo: &Cluster, namespace: &str) -> Result<Self, String> {
        let pod = running_pod(argo, namespace, PODS, "Argo CD's Redis").await?;
        let (password, unread) = match password(argo, namespace).await {
            Ok(password) => (password, None),
            Err(why) => (None, Some(why)),
        };
        let upstream = dial(argo, namespace, &pod, PORT).await.map_err(|error| match error {
            ChannelError::Denied(_) => format!("may not create pods/portforward in {namespace}"),
            error => format!("Redis cannot be reached: {error}"),
        })?;
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let carried = async move {
            let (up, down) = (AtomicU64::new(0), AtomicU64::new(0));
            upstream.carry(theirs, &[], &up, &down).await
        };
        let mut line = Self { talk: Talk::new(ours), carried: Box::pin(carried), unread };
        if let Some(password) = password {
            line.say(async |talk| talk.authenticate(&password).await).await?;
        }
        Ok(line)
    }

    /// The value of a key, if there is one.
    pub async fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.say(async |talk| talk.get(key).await).await
    }

    /// The keys that fit a pattern, among the first `rounds` thousand or so.
    pub async fn keys(&mut self, pattern: &str, rounds: usize) -> Result<Vec<String>, String> {
        self.say(async |talk| talk.keys(pattern, rounds).await).await
    }

    /// Listens to the channels that fit a pattern; nothing else can be asked on this line from then on.
    pub async fn subscribe(&mut self, pattern: &str) -> Result<(), String> {
        self.say(async |talk| talk.subscribe(pattern).await).await
    }

    /// Waits for the next message. Whoever stops waiting misses nothing.
    pub async fn message(&mut self) -> Result<(), String> {
        self.say(async |talk| talk.message().await).await
    }

    async fn say<T>(
        &mut self,
        ask: impl AsyncFnOnce(&mut Talk<DuplexStream>) -> Result<T, Refusal>,
    ) -> Result<T, String> {
        let Self { talk, carried, unread } = self;
        let answer = tokio::select! {
            answer = ask(talk) => answer,
            ended = carried => return Err(broken(ended)),
        };
        answer.map_err(|refusal| match (refusal, unread) {
            (Refusal::Password, None) => format!("Redis does not take the password of secrets/{SECRET}"),
            (Refusal::Password, Some(why)) => why.clone(),
            (Refusal::Other(why), _) => why,
        })
    }
}

fn broken(ended: Carried) -> String {
    match ended {
        Carried::Broken(why) => format!("the way to Redis broke: {why}"),
        Carried::Left | Carried::Closed => "Redis closed the connection".to_owned(),
    }
}

/// Its password; nothing where there is no Secret.
async fn password(argo: &Cluster, namespace: &str) -> Result<Option<String>, String> {
    let uri = format!("/api/v1/namespaces/{}/secrets/{SECRET}", escape(namespace));
    let secret = fetch(argo, &uri, &format!("get secrets/{SECRET} in {namespace}")).await?;
    let encoded = secret.as_ref().and_then(|secret| secret.pointer("/data/auth")?.as_str());
    let decoded = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
    Ok(decoded.and_then(|bytes| String::from_utf8(bytes).ok()))
}
