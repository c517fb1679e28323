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
    Detail,
    /// One object of an Application.
    Resource,
    /// Wherever an Application is selected.
    App,
    /// What was told about one Application.
    Events,
    /// Why one Application is in trouble.
    Why,
    /// The log lines of an Application.
    Logs,
    /// What would be written.
    Plan,
    /// What can be copied of an Application.
    Copy,
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
    pub const ALL: [Self; 16] = [
        Self::Board,
        Self::Fleet,
        Self::List,
        Self::Chooser,
        Self::Detail,
        Self::Resource,
        Self::App,
        Self::Events,
        Self::Why,
        Self::Logs,
        Self::Plan,
        Self::Copy,
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
            Self::Detail => "Application",
            Self::Resource => "Resource",
            Self::App => "On an Application",
            Self::Events => "Events",
            Self::Why => "Why",
            Self::Logs => "Logs",
            Self::Plan => "Plan",
            Self::Copy => "Copy",
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
            Self::Detail => "detail",
            Self::Resource => "resource",
            Self::App => "app",
            Self::Events => "events",
            Self::Why => "why",
            Self::Logs => "logs",
            Self::Plan => "plan",
            Self::Copy => "copy",
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
            Self::Board => &[Self::Board, Self::List, Self::App, Self::Global],
            Self::Fleet => &[Self::Fleet, Self::List, Self::App, Self::Global],
            Self::List => &[Self::List, Self::App, Self::Global],
            Self::Chooser => &[Self::Chooser, Self::App, Self::Global],
            Self::Detail => &[Self::Detail, Self::App, Self::Global],
            Self::Resource => &[Self::Resource, Self::App, Self::Global],
            Self::App => &[Self::App, Self::Global],
            Self::Events => &[Self::Events, Self::App, Self::Global],
            Self::Why => &[Self::Why, Self::App, Self::Global],
            Self::Logs => &[Self::Logs, Self::Global],
            Self::Plan => &[Self::Plan, Self::Global],
            Self::Copy => &[Self::Copy, Self::Global],
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
    ResourceOpen      "resource.open"       Detail  "open"     "Open the resource under the cursor, or the Application it is";
    ResourceSearch    "resource.search"     Resource "search"  "Search in the object; without capitals both kinds of letters match";
    ResourceNext      "resource.next"       Resource ""        "Go to the next match";
    ResourcePrior     "resource.prior"      Resource ""        "Go to the match before";
    ResourceManaged   "resource.managed"    Resource "managed fields" "Unfold or fold who has set which field";
    EventsTimeline    "events.timeline"     Events  "time line" "Change between Events and the time line";
    EventsFilter      "events.filter"       Events  "filter"   "Show only what has these words";
    EventsFollow      "events.follow"       Events  "follow"   "Stay at the top, where news come in, or at the selected line";
    LogsOpen          "logs.open"           App     "logs"     "Show the logs of its containers, live";
    LogsOpenPrevious  "logs.open-previous"  App     ""         "Show the logs of its containers before their last restart";
    LogsSearch        "logs.search"         Logs    "search"   "Search; without capitals both kinds of letters match, /x/ is an expression";
    LogsNext          "logs.next"           Logs    ""         "Go to the next match";
    LogsPrior         "logs.prior"          Logs    ""         "Go to the match before";
    LogsFilter        "logs.filter"         Logs    "filter"   "Show only lines with these words; ! before them takes such lines away";
    LogsLevel         "logs.level"          Logs    "level"    "Show only lines of the next level and worse";
    LogsStream        "logs.stream"         Logs    ""         "Show only the lines of the next container";
    LogsPause         "logs.pause"          Logs    "pause"    "Hold the view still; lines are kept as they come";
    LogsFollow        "logs.follow"         Logs    "follow"   "Stay at the newest line, or stop doing so";
    LogsTail          "logs.tail"           Logs    ""         "Show the newest lines";
    LogsHead          "logs.head"           Logs    ""         "Show the lines from their beginning";
    LogsMinutes1      "logs.minutes-1"      Logs    ""         "Show the lines of the last minute";
    LogsMinutes5      "logs.minutes-5"      Logs    ""         "Show the lines of the last 5 minutes";
    LogsMinutes15     "logs.minutes-15"     Logs    ""         "Show the lines of the last 15 minutes";
    LogsMinutes30     "logs.minutes-30"     Logs    ""         "Show the lines of the last 30 minutes";
    LogsMinutes60     "logs.minutes-60"     Logs    ""         "Show the lines of the last hour";
    LogsTimestamps    "logs.timestamps"     Logs    ""         "Show or hide the times";
    LogsWrap          "logs.wrap"           Logs    "wrap"     "Wrap long lines, or cut them";
    LogsRaw           "logs.raw"            Logs    ""         "Show JSON as it came, or readable";
    LogsPrevious      "logs.previous"       Logs    ""         "Change between these logs and those before the last restart";
    LogsSave          "logs.save"           Logs    ""         "Save what is shown to a file";
    LogsLeft          "logs.left"           Logs    ""         "Show what lies to the left of a cut line";
    LogsRight         "logs.right"          Logs    ""         "Show what lies to the right of a cut line";
    SyncOpen          "sync.open"           App     "sync"     "Show what a sync would do, to confirm it";
    RefreshNow        "refresh.now"         App     "refresh"  "Have Argo CD compare it with Git now";
    RefreshHard       "refresh.hard"        App     ""         "Have Argo CD render it anew and compare it with Git";
    OperationTerminate "operation.terminate" App    ""         "Stop the running operation";
    AutoSyncSwitch    "auto-sync.switch"    App     ""         "Switch auto-sync off, or give back what it was";
    PlanOther         "plan.other"          Plan    "other button" "Go to the other button";
    PlanChoose        "plan.choose"         Plan    "choose"   "Press the button";
    PlanAgain         "plan.again"          Plan    "plan anew" "Read everything again and plan anew";
    PlanPrune         "plan.prune"          Plan    "prune"    "Delete what left Git, or keep it";
    PlanDryRun        "plan.dry-run"        Plan    "dry run"  "Change nothing: have Argo CD say what would be";
    PlanOutOfSync     "plan.out-of-sync"    Plan    "out of sync only" "Leave alone what is in sync";
    PlanForce         "plan.force"          Plan    ""         "Delete and make anew what cannot be changed";
    PlanReplace       "plan.replace"        Plan    ""         "Replace objects instead of patching them";
    PlanServerSide    "plan.server-side"    Plan    ""         "Let the API server merge";
    PlanHooks         "plan.hooks"          Plan    "hooks"    "Leave the hooks out, or run them";
    PlanSelected      "plan.selected"       Plan    ""         "Sync only the resource that was selected";
    PlanPropagation   "plan.propagation"    Plan    ""         "Change what becomes of what is owned";
    PlanWave          "plan.wave"           Plan    ""         "Change how many Applications are acted on at a time";
    CopyTake          "copy.take"           Copy    "copy"     "Copy the selected line";
    CopyWhy           "copy.why"            Copy    ""         "Copy why it is in trouble, as text for a ticket";
    CopyName          "copy.name"           Copy    ""         "Copy the name";
    CopyRevision      "copy.revision"       Copy    ""         "Copy the revision";
    CopyImage         "copy.image"          Copy    ""         "Copy the image";
    CopyObject        "copy.object"         Copy    ""         "Copy the selected resource as YAML, its secrets masked";
    CopyArgocd        "copy.argocd"         Copy    ""         "Copy the argocd command that shows the same";
    CopyKubectl       "copy.kubectl"        Copy    ""         "Copy the kubectl command that shows the same";
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
    WhyOpen           "why.open"            App     "why"      "Show why the selected Application is in trouble";
    EventsOpen        "events.open"         App     "events"   "Show what was told about the selected Application";
    K9sOpen           "k9s.open"            App     "k9s"      "Open k9s on its cluster and namespace, to look only where production is protected";
    CopyOpen          "copy.open"           Global  ""         "Copy something of the selected Application";
    ViewLinks         "view.links"          Global  "sources"  "Show the sources and how they are doing";
    SourcesReconnect  "sources.reconnect"   Global  ""         "Connect every source anew that is on";
    ViewHelp          "view.help"           Global  "help"     "Show the keys of this screen";
    ViewBack          "view.back"           Global  "back"     "Go back; in a list, clear the filter";
    ViewQuit          "view.quit"           Global  "quit"     "Go back; in a list, quit";
    ProgramQuit       "program.quit"        Global  ""         "Quit at once";
    ProgramSuspend    "program.suspend"     Global  ""         "Hand the terminal back to the shell; fg returns";
    ProgramRedraw     "program.redraw"      Global  ""         "Draw the whole screen anew";
    PromptAccept      "prompt.accept"       Prompt  "keep"     "Keep what was typed and go back";
    PromptCancel      "prompt.cancel"       Prompt  "clear"    "Clear what was typed and go back";
    PromptDown        "prompt.down"         Prompt  ""         "Move down while typing";
    PromptUp          "prompt.up"           Prompt  ""         "Move up while typing";
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
