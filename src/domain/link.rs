//! How a source is doing, and what is known of it.

use super::{Symbol, Timestamp};

/// The state of the connection to one source. Data already shown stays whatever this says.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Link {
    /// Known, but nobody asked for it.
    #[default]
    Off,
    /// Asked for; `loaded` Applications have arrived so far.
    Connecting {
        /// Applications read in the first list so far.
        loaded: usize,
    },
    /// Listed and watched.
    Live,
    /// Connected, but not a byte for 75 s, bookmarks included.
    Stale {
        /// The moment of the last byte.
        since: Timestamp,
    },
    /// The server knows who we are and refuses.
    Denied {
        /// The right that is missing, in the server's own words.
        what: String,
    },
    /// Our credentials are missing, expired or refused, or could not be made.
    Auth {
        /// Why, in one line.
        why: String,
    },
    /// Not reachable, or not speaking the protocol.
    Down {
        /// Why, in one line.
        why: String,
        /// When the next attempt starts.
        retry_at: Timestamp,
        /// Since when nothing has been read: the age of what is shown.
        since: Timestamp,
    },
}

impl Link {
    /// The one word of DESIGN section 2.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Connecting { .. } => "connecting",
            Self::Live => "live",
            Self::Stale { .. } => "stale",
            Self::Denied { .. } => "denied",
            Self::Auth { .. } => "auth",
            Self::Down { .. } => "down",
        }
    }

    /// Whether what is shown of this source may have been overtaken.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        matches!(self, Self::Stale { .. } | Self::Denied { .. } | Self::Auth { .. } | Self::Down { .. })
    }
}

/// What is known of a source beside its link, for the links view.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SourceFacts {
    /// The kube context it is read through; empty inside of a cluster, where none is needed.
    pub context: Symbol,
    /// Address of its API server, credentials taken out.
    pub server: String,
    /// Namespace its Argo CD lives in.
    pub argocd_namespace: Symbol,
    /// Who we are there, as far as we know.
    pub user: String,
    /// How Applications are read: `streaming list`, `paged list`, and whether only one namespace could be read.
    pub road: String,
    /// The argocd-server that is asked beside the Kubernetes API; `None` where there is only one of them.
    pub beside: Option<String>,
    /// What to try when the link is not live.
    pub hint: Option<String>,
    /// Objects that could not be read as Applications since the start.
    pub odd: u32,
    /// The first words about the last odd object.
    pub odd_example: Option<String>,
}
