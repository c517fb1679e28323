//! Logins.

use clap::Args;

use crate::source::argocd;

/// `login`.
#[derive(Debug, Args)]
pub struct Login {
    /// URL of the argocd-server, a source of the settings, a context of argocd, or port-forward
    #[arg(value_name = "URL")]
    pub url: String,
    /// Log in with the password of this account; of admin when nothing else is said or offered
    #[arg(long, value_name = "NAME", conflicts_with = "sso")]
    pub username: Option<String>,
    /// Log in through the identity provider: prints an address to open in any browser, and the ssh line that leads it back
    #[arg(long)]
    pub sso: bool,
    /// Port of this machine the browser comes back to; Argo CD's Dex knows 8085 alone
    #[arg(long, value_name = "PORT", default_value_t = argocd::PORT, requires = "sso")]
    pub sso_port: u16,
}
