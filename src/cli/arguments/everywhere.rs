//! The flags that every verb takes.

use std::path::PathBuf;

use clap::Args;

/// Flags that every verb takes, before or after it.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Everywhere {
    /// Read settings from this file instead of the user's
    #[arg(long, value_name = "FILE", global = true, env = "PILOTHOUSE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Use this kube context; may be given several times
    #[arg(long, value_name = "C", global = true, env = "PILOTHOUSE_CONTEXT", value_delimiter = ',')]
    pub context: Vec<String>,
    /// Turn every context of the kubeconfig on
    #[arg(long, global = true, env = "PILOTHOUSE_ALL_CONTEXTS")]
    pub all_contexts: bool,
    /// Namespace Argo CD lives in
    #[arg(long, value_name = "NS", global = true, env = "PILOTHOUSE_ARGOCD_NAMESPACE")]
    pub argocd_namespace: Option<String>,
    /// Read Argo CD through its argocd-server: a URL, a context of argocd, or port-forward
    #[arg(long, value_name = "URL", global = true, env = "PILOTHOUSE_ARGOCD_SERVER")]
    pub argocd_server: Option<String>,
    /// File with the token for it, mode 0600; else ARGOCD_AUTH_TOKEN, login, or argocd's own
    #[arg(long, value_name = "FILE", global = true, env = "PILOTHOUSE_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// Do not verify TLS certificates
    #[arg(long, global = true, env = "PILOTHOUSE_INSECURE")]
    pub insecure: bool,
    /// Refuse every write
    #[arg(long, global = true, env = "PILOTHOUSE_READONLY")]
    pub readonly: bool,
    /// Use this theme
    #[arg(long, value_name = "T", global = true, env = "PILOTHOUSE_THEME")]
    pub theme: Option<String>,
    /// Draw with ASCII signs only
    #[arg(long, global = true, env = "PILOTHOUSE_ASCII")]
    pub ascii: bool,
    /// Write a log to this file, secrets taken out
    #[arg(long, value_name = "FILE", global = true, env = "PILOTHOUSE_LOG_FILE")]
    pub log_file: Option<PathBuf>,
    /// What set each setting that a flag or a variable set: its field, and `--theme` or `PILOTHOUSE_THEME`.
    #[arg(skip)]
    pub origins: Vec<(&'static str, String)>,
    /// Log more; may be given several times
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}
