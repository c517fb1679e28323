//! Every command once.

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
    App,
    /// What was told about one Application.
    Events,
    /// The sources.
    Links,
    /// The help page.
    Help,
    /// Text is being typed.
    Prompt,
    /// Everywhere, except where text is being typed.
    Global,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 10] = [
        Self::Board,
        Self::Fleet,
        Self::List,
        Self::Chooser,
        Self::App,
        Self::Events,
        Self::Links,
        Self::Help,
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
            Self::App => "Application",
            Self::Events => "Events",
            Self::Links => "Sources",
            Self::Help => "Help",
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
            Self::App => "app",
            Self::Events => "events",
            Self::Links => "links",
            Self::Help => "help",
            Self::Prompt => "prompt",
            Self::Global => "global",
        }
    }
}

impl keymap::Scope for Scope {
    fn chain(self) -> &'static [Self] {
        match self {
            Self::Board => &[Self::Board, Self::List, Self::Global],
            Self::Fleet => &[Self::Fleet, Self::List, Self::Global],
            Self::List => &[Self::List, Self::Global],
            Self::Chooser => &[Self::Chooser, Self::Global],
            Self::App => &[Self::App, Self::Global],
            Self::Events => &[Self::Events, Self::Global],
            Self::Links => &[Self::Links, Self::Global],
            Self::Help => &[Self::Help, Self::Global],
            Self::Prompt => &[Self::Prompt],
            Self::Global => &[Self::Global],
        }
    }
}

/// What a command can do to the world (DESIGN section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risk {
    /// Reads or moves the view.
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

/// One row of the table.
#[derive(Debug)]
pub struct CommandSpec {
    /// Which command.
    pub id: CommandId,
    /// `noun.verb`, as keymaps name it.
    pub name: &'static str,
    /// A word or two for the hint line; empty keeps it out of there.
    pub title: &'static str,
    /// What it does, imperative, for help.
    pub help: &'static str,
    /// Where it can be given.
    pub scope: Scope,
    /// What it can do to the world.
    pub risk: Risk,
}

macro_rules! commands {
    ($($id:ident $name:literal $scope:ident $title:literal $help:literal;)*) => {
        /// Every command.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum CommandId {
            $(#[doc = $help] $id,)*
        }

        /// Every command, in the order of hint line and help.
        pub static TABLE: &[CommandSpec] = &[
            $(CommandSpec {
                id: CommandId::$id,
                name: $name,
                title: $title,
                help: $help,
                scope: Scope::$scope,
                risk: Risk::Look,
            },)*
        ];
    };
}

commands! {
    AppOpen           "app.open"            List    "open"     "Open the selected Application";
    ChooserOpen       "chooser.open"        Chooser "open"     "Open the selected Application";
    EventsTimeline    "events.timeline"     Events  "time line" "Change between Events and the time line";
    SourceToggle      "source.toggle"       Links   "on/off"   "Turn the selected source on or off";
    SourceReconnect   "source.reconnect"    Links   "reconnect" "Connect the selected source anew";
    FleetSort         "fleet.sort"          Fleet   "sort"     "Sort by the next column";
    FleetReverse      "fleet.reverse"       Fleet   ""         "Sort the other way round";
    FilterOpen        "filter.open"         List    "filter"   "Filter by words";
    FilterProblems    "filter.problems"     List    "problems" "Show only what somebody should look at";
    ViewSwitch        "view.switch"         List    "board/fleet" "Change between Board and Fleet";
    Environment1      "environment.1"       List    ""         "Show only the first environment";
    Environment2      "environment.2"       List    ""         "Show only the second environment";
    Environment3      "environment.3"       List    ""         "Show only the third environment";
    Environment4      "environment.4"       List    ""         "Show only the fourth environment";
    Environment5      "environment.5"       List    ""         "Show only the fifth environment";
    Environment6      "environment.6"       List    ""         "Show only the sixth environment";
    Environment7      "environment.7"       List    ""         "Show only the seventh environment";
    Environment8      "environment.8"       List    ""         "Show only the eighth environment";
    Environment9      "environment.9"       List    ""         "Show only the ninth environment";
    EnvironmentAll    "environment.all"     List    ""         "Show every environment";
    CursorLeft        "cursor.left"         Board   ""         "Move to the environment on the left";
    CursorRight       "cursor.right"        Board   ""         "Move to the environment on the right";
    CursorDown        "cursor.down"         Global  ""         "Move down";
    CursorUp          "cursor.up"           Global  ""         "Move up";
    CursorTop         "cursor.top"          Global  ""         "Move to the top";
    CursorBottom      "cursor.bottom"       Global  ""         "Move to the bottom";
    HalfPageDown      "page.half-down"      Global  ""         "Move half a page down";
    HalfPageUp        "page.half-up"        Global  ""         "Move half a page up";
    PageDown          "page.down"           Global  ""         "Move a page down";
    PageUp            "page.up"             Global  ""         "Move a page up";
    EventsOpen        "events.open"         Global  "events"   "Show what was told about the selected Application";
    ViewLinks         "view.links"          Global  "sources"  "Show the sources and how they are doing";
    SourcesReconnect  "sources.reconnect"   Global  ""         "Connect every source anew that is on";
    ViewHelp          "view.help"           Global  "help"     "Show the keys of this screen";
    ViewBack          "view.back"           Global  "back"     "Go back; in a list, clear the filter";
    ViewQuit          "view.quit"           Global  "quit"     "Go back; in a list, quit";
    ProgramQuit       "program.quit"        Global  ""         "Quit at once";
    ProgramSuspend    "program.suspend"     Global  ""         "Hand the terminal back to the shell; fg returns";
    ProgramRedraw     "program.redraw"      Global  ""         "Draw the whole screen anew";
    PromptAccept      "prompt.accept"       Prompt  "keep"     "Keep the filter and go back to the list";
    PromptCancel      "prompt.cancel"       Prompt  "clear"    "Clear the filter and go back to the list";
    PromptDown        "prompt.down"         Prompt  ""         "Move down in the list while typing";
    PromptUp          "prompt.up"           Prompt  ""         "Move up in the list while typing";
}

impl CommandId {
    /// Its row.
    #[must_use]
    pub fn spec(self) -> &'static CommandSpec {
        &TABLE[self as usize]
    }

    /// The command with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        TABLE.iter().find(|c| c.name == name).map(|c| c.id)
    }

    /// The number of the environment it shows alone.
    #[must_use]
    pub fn environment_number(self) -> Option<usize> {
        let number = self as usize;
        let first = Self::Environment1 as usize;
        (first..=Self::Environment9 as usize).contains(&number).then(|| number - first + 1)
    }
}

impl Word for CommandId {
    fn all() -> impl Iterator<Item = Self> + Clone {
        TABLE.iter().map(|row| row.id)
    }

    fn word(self) -> &'static str {
        self.spec().name
    }
}

impl keymap::Command for CommandId {
    type Scope = Scope;

    fn scope(self) -> Scope {
        self.spec().scope
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn rows_are_unique_complete_and_in_the_order_of_their_ids() {
        let names: BTreeSet<_> = TABLE.iter().map(|c| c.name).collect();
        assert_eq!(names.len(), TABLE.len());
        for (n, row) in TABLE.iter().enumerate() {
            assert_eq!(row.id as usize, n);
            assert_eq!(CommandId::parse(row.name), Some(row.id));
            assert!(row.help.starts_with(char::is_uppercase) && !row.help.ends_with('.'), "{}", row.name);
            let (noun, verb) = row.name.split_once('.').unwrap();
            assert!(!noun.is_empty() && !verb.is_empty());
        }
    }

    #[test]
    fn environments_are_numbered_as_their_keys_are() {
        assert_eq!(CommandId::Environment1.environment_number(), Some(1));
        assert_eq!(CommandId::Environment9.environment_number(), Some(9));
        assert_eq!(CommandId::EnvironmentAll.environment_number(), None);
    }
}
