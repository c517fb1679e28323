//! What a command can do to the world.

/// How far a command reaches, harmless first (DESIGN section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Risk {
    /// Reads or moves the view.
    #[default]
    Look,
    /// Asks Argo CD to look again.
    Nudge,
    /// Opens a session into a pod.
    Session,
    /// Changes what runs.
    Change,
    /// Changes what runs in a way that is hard to take back.
    Danger,
}

impl Risk {
    /// Every risk, harmless first.
    pub const ALL: [Self; 5] = [Self::Look, Self::Nudge, Self::Session, Self::Change, Self::Danger];

    /// The word in the audit log and in help.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Nudge => "nudge",
            Self::Session => "session",
            Self::Change => "change",
            Self::Danger => "danger",
        }
    }
}
