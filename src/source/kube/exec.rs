//! A command in a container of a pod: what it prints, once it has ended.

use serde_json::Value;
use thiserror::Error;

use super::channels::{ChannelError, next, open};
use super::cluster::Cluster;
use super::request::escape;
use crate::domain::text::clean;

const STDOUT: u8 = 1;
const STATUS: u8 = 3;
/// The most that is read of what a command prints, in bytes.
const LARGEST: usize = 1 << 20;
/// How long a command may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Why a command printed nothing we can use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExecError {
    /// It did not run, or not to its end.
    #[error("{0}")]
    Channel(#[from] ChannelError),
    /// It ended with an error, in the words of the container runtime.
    #[error("{0}")]
    Failed(String),
}

/// Runs a command and takes what it prints; nothing is written to it.
///
/// # Errors
/// When it may not be run, cannot be run, or ends with an error.
pub async fn exec(
    cluster: &Cluster,
    namespace: &str,
    pod: &str,
    container: &str,
    command: &[&str],
) -> Result<String, ExecError> {
    let words: Vec<String> = command.iter().map(|word| format!("command={}", escape(word))).collect();
    let path = format!(
        "/api/v1/namespaces/{}/pods/{}/exec?container={}&stdout=true&stderr=true&{}",
        escape(namespace),
        escape(pod),
        escape(container),
        words.join("&")
    );
    let mut socket = open(cluster, &path).await?;
    let mut printed = Vec::new();
    let mut late = cluster.clock().sleep(PATIENCE);
    loop {
        let message = tokio::select! {
            message = next(&mut socket) => message,
            () = &mut late => {
                return Err(ChannelError::Failed(format!("it ran for more than {} s", PATIENCE.as_secs())).into());
            }
        };
        match message {
            Some(Ok((STDOUT, bytes))) if printed.len() < LARGEST => printed.extend_from_slice(&bytes),
            Some(Ok((STATUS, bytes))) => return ending(&bytes, &printed),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            // servers that know no status channel
            None => return Ok(String::from_utf8_lossy(&printed).into_owned()),
        }
    }
}

/// How it ended, as the last channel says.
fn ending(status: &[u8], printed: &[u8]) -> Result<String, ExecError> {
    let status: Value = serde_json::from_slice(status).unwrap_or_default();
    if status["status"] == "Success" {
        return Ok(String::from_utf8_lossy(printed).into_owned());
    }
    let said = status["message"].as_str().unwrap_or("the command failed");
    Err(ExecError::Failed(clean(said).into_owned()))
}
