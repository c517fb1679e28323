//! What commands take when they are called by name.

use super::table::{CommandId, CommandSpec, TABLE};

/// What a command takes behind its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// The name of an Application; without one it is the selected one.
    App,
    /// The name of an environment, or `all`.
    Environment,
    /// One of [`NARROWINGS`].
    Narrowing,
    /// A namespace of Applications.
    Namespace,
    /// An AppProject.
    Project,
    /// The name of a source.
    Source,
    /// The name of a source that has an argocd-server; without one it is the one that waits for a login.
    Server,
    /// A column of the Fleet.
    Column,
    /// The name of a theme.
    Theme,
    /// The name of a keymap.
    Keymap,
    /// The name of a saved filter.
    Filter,
    /// A name for a filter that is to be saved.
    NewName,
}

impl Argument {
    /// What stands for it in help.
    #[must_use]
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::App => "APP",
            Self::Environment => "ENV",
            Self::Narrowing => "WHAT",
            Self::Namespace => "NAMESPACE",
            Self::Project => "PROJECT",
            Self::Source | Self::Server => "SOURCE",
            Self::Column => "COLUMN",
            Self::Theme | Self::Keymap | Self::Filter | Self::NewName => "NAME",
        }
    }

    /// Whether the command can be done without it.
    #[must_use]
    pub fn is_optional(self) -> bool {
        matches!(self, Self::App | Self::Server)
    }
}

/// What `:only` narrows to: the word, and the filter it stands for. `problems`, `marked` and `all` are not filters.
pub const NARROWINGS: [(&str, &str); 11] = [
    ("problems", ""),
    ("outofsync", "sync:outofsync"),
    ("trouble", "trouble:"),
    ("degraded", "health:degraded"),
    ("progressing", "health:progressing"),
    ("missing", "health:missing"),
    ("suspended", "health:suspended"),
    ("healthy", "health:healthy"),
    ("synced", "sync:synced"),
    ("marked", ""),
    ("all", ""),
];

impl CommandSpec {
    /// How it is typed into the palette, the colon that opens it included.
    #[must_use]
    pub fn usage(&self) -> String {
        let takes = self.takes.map_or_else(String::new, |takes| format!(" {}", takes.placeholder()));
        format!(":{}{takes}", self.called())
    }

    /// How it is called by name: its shortest word, else `noun.verb`.
    #[must_use]
    pub fn called(&self) -> &'static str {
        self.words.first().copied().unwrap_or(self.name)
    }
}

impl CommandId {
    /// The command that is called so.
    #[must_use]
    pub fn by_word(word: &str) -> Option<Self> {
        let spec = TABLE.iter().find(|row| row.name == word || row.words.contains(&word))?;
        Some(spec.id)
    }
}
