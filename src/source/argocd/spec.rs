//! Which argocd-server, and how to get in.

use std::path::PathBuf;

use super::address::Address;
use super::token::TokenRoad;
use super::tunnel::Through;
use crate::domain::text::clean;

/// Which argocd-server, and how to get in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSpec {
    /// The source's name: in rows, in links, on screen.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// Take any certificate.
    pub insecure: bool,
    /// The CA its certificate is checked against, in PEM; the system's where there is none.
    pub ca: Option<PathBuf>,
    /// Where a token can come from, in order.
    pub tokens: Vec<TokenRoad>,
    /// The cluster it is reached in, where the address is a port-forward.
    pub through: Option<Through>,
}

impl ServerSpec {
    /// Where it is, for people.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.through {
            Some(through) => {
                let context = through.cluster.context.as_deref().map_or_else(|| "in-cluster".into(), clean);
                format!("{} in {context}", self.address)
            }
            None => self.address.to_string(),
        }
    }

    /// What `login` is told to get there.
    pub(super) fn asked(&self) -> String {
        match self.through.as_ref().and_then(|through| through.cluster.context.as_deref()) {
            Some(context) => format!("{} --context {}", self.address, clean(context)),
            None => self.address.to_string(),
        }
    }

    /// Whether nothing is encrypted on the way; what goes through the Kubernetes API always is.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.address.is_plain() && self.through.is_none()
    }
}
