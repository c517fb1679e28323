//! Where commands can be given.

use crate::config::keymap::{self, Word};

/// Where a command can be given. A key is looked up in the scopes of the visible screen, then in [`Scope::Global`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Services by environments.
    Board,
    /// The flat list.
    Fleet,
    /// Both lists.
    List,
    /// The Applications of one cell of the Board.
    Chooser,
    /// One Application.
    Detail,
    /// One object of an Application.
    Resource,
    /// Wherever an Application is selected.
    App,
    /// What was told about one Application.
    Events,
    /// Why one Application is in trouble.
    Why,
    /// Desired against live.
    Diff,
    /// The log lines of an Application.
    Logs,
    /// What would be written.
    Plan,
    /// A guarded sync.
    Guard,
    /// What was deployed before.
    Deployments,
    /// What can be done to a resource.
    Actions,
    /// What was written.
    Audit,
    /// The port-forwards that are open.
    Sessions,
    /// Where a debugger goes.
    Debug,
    /// What can be copied of an Application.
    Copy,
    /// The sources.
    Links,
    /// The help page.
    Help,
    /// Somebody logs in to an argocd-server.
    Login,
    /// The palette is open.
    Palette,
    /// Text is being typed.
    Prompt,
    /// Everywhere, except where text is being typed.
    Global,
}

impl Scope {
    /// Whether text is typed there: no key of [`Scope::Global`] works meanwhile.
    #[must_use]
    pub fn is_typing(self) -> bool {
        matches!(self, Self::Login | Self::Palette | Self::Prompt)
    }

    /// Every scope.
    pub const ALL: [Self; 25] = [
        Self::Board,
        Self::Fleet,
        Self::List,
        Self::Chooser,
        Self::Detail,
        Self::Resource,
        Self::App,
        Self::Events,
        Self::Why,
        Self::Diff,
        Self::Logs,
        Self::Plan,
        Self::Guard,
        Self::Deployments,
        Self::Actions,
        Self::Audit,
        Self::Sessions,
        Self::Debug,
        Self::Copy,
        Self::Links,
        Self::Help,
        Self::Login,
        Self::Palette,
        Self::Prompt,
        Self::Global,
    ];

    /// Its heading in help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Board => "Board",
            Self::Fleet => "Fleet",
            Self::List => "Lists",
            Self::Chooser => "Chooser",
            Self::Detail => "Application",
            Self::Resource => "Resource",
            Self::App => "On an Application",
            Self::Events => "Events",
            Self::Why => "Why",
            Self::Diff => "Diff",
            Self::Logs => "Logs",
            Self::Plan => "Plan",
            Self::Guard => "Guarded sync",
            Self::Deployments => "Deployments",
            Self::Actions => "Actions",
            Self::Audit => "Audit",
            Self::Sessions => "Sessions",
            Self::Debug => "Debug",
            Self::Copy => "Copy",
            Self::Links => "Sources",
            Self::Help => "Help",
            Self::Login => "While logging in",
            Self::Palette => "Palette",
            Self::Prompt => "While typing",
            Self::Global => "Everywhere",
        }
    }
}

impl Word for Scope {
    fn all() -> impl Iterator<Item = Self> + Clone {
        Self::ALL.into_iter()
    }

    /// Its word in keymaps: `[keys.board]`.
    fn word(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::Fleet => "fleet",
            Self::List => "list",
            Self::Chooser => "chooser",
            Self::Detail => "detail",
            Self::Resource => "resource",
            Self::App => "app",
            Self::Events => "events",
            Self::Why => "why",
            Self::Diff => "diff",
            Self::Logs => "logs",
            Self::Plan => "plan",
            Self::Guard => "guard",
            Self::Deployments => "deployments",
            Self::Actions => "actions",
            Self::Audit => "audit",
            Self::Sessions => "sessions",
            Self::Debug => "debug",
            Self::Copy => "copy",
            Self::Links => "links",
            Self::Help => "help",
            Self::Login => "login",
            Self::Palette => "palette",
            Self::Prompt => "prompt",
            Self::Global => "global",
        }
    }
}

impl keymap::Scope for Scope {
    fn chain(self) -> &'static [Self] {
        match self {
            Self::Board => &[Self::Board, Self::List, Self::App, Self::Global],
            Self::Fleet => &[Self::Fleet, Self::List, Self::App, Self::Global],
            Self::List => &[Self::List, Self::App, Self::Global],
            Self::Chooser => &[Self::Chooser, Self::App, Self::Global],
            Self::Detail => &[Self::Detail, Self::App, Self::Global],
            Self::Resource => &[Self::Resource, Self::App, Self::Global],
            Self::App => &[Self::App, Self::Global],
            Self::Events => &[Self::Events, Self::App, Self::Global],
            Self::Why => &[Self::Why, Self::App, Self::Global],
            Self::Diff => &[Self::Diff, Self::App, Self::Global],
            Self::Logs => &[Self::Logs, Self::Global],
            Self::Plan => &[Self::Plan, Self::Global],
            Self::Guard => &[Self::Guard, Self::Global],
            Self::Deployments => &[Self::Deployments, Self::Global],
            Self::Actions => &[Self::Actions, Self::Global],
            Self::Audit => &[Self::Audit, Self::Global],
            Self::Sessions => &[Self::Sessions, Self::Global],
            Self::Debug => &[Self::Debug, Self::Global],
            Self::Copy => &[Self::Copy, Self::Global],
            Self::Links => &[Self::Links, Self::Global],
            Self::Help => &[Self::Help, Self::Global],
            Self::Login => &[Self::Login],
            Self::Palette => &[Self::Palette],
            Self::Prompt => &[Self::Prompt],
            Self::Global => &[Self::Global],
        }
    }
}
