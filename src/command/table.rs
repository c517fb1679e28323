//! Every command once.

use super::argument::Argument;
use super::scope::Scope;
use super::when::When;
use crate::config::keymap::{self, Word};
use crate::domain::Risk;

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
    /// What has to be so for it to be done.
    pub when: When,
    /// What it is called in the palette beside its name, the preferred word first.
    pub words: &'static [&'static str],
    /// What it takes when it is called by name.
    pub takes: Option<Argument>,
    /// The verb of the command line that does the same; `ENV` and `APP` stand for names.
    pub cli: Option<&'static str>,
}

/// A column of a row: its value, or what stands where the row does not name it.
macro_rules! column {
    ($default:expr) => {
        $default
    };
    ($default:expr, $value:expr) => {
        $value
    };
}

/// A row is `Id "noun.verb" Scope "hint" "Help"`, then what is not the default, in this order:
/// `["word" "other word" Argument] when Condition risk Risk cli "verb"`.
macro_rules! commands {
    ($(
        $id:ident $name:literal $scope:ident $title:literal $help:literal
        $([$($word:literal)+ $($takes:ident)?])? $(when $when:ident)? $(risk $risk:ident)? $(cli $cli:literal)?;
    )*) => {
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
                risk: column!(Risk::Look $(, Risk::$risk)?),
                when: column!(When::Always $(, When::$when)?),
                words: &[$($($word),+)?],
                takes: column!(None $($(, Some(Argument::$takes))?)?),
                cli: column!(None $(, Some($cli))?),
            },)*
        ];
    };
}

commands! {
    AppOpen           "app.open"            List    "open"     "Open the selected Application" ["open" "app" "resources" "res" App] when Selected cli "snapshot --view app --app APP";
    ChooserOpen       "chooser.open"        Chooser "open"     "Open the selected Application";
    ResourceOpen      "resource.open"       Detail  "open"     "Open the resource under the cursor, or the Application it is";
    ResourceSearch    "resource.search"     Resource "search"  "Search in the object; without capitals both kinds of letters match";
    ResourceNext      "resource.next"       Resource ""        "Go to the next match";
    ResourcePrior     "resource.prior"      Resource ""        "Go to the match before";
    ResourceManaged   "resource.managed"    Resource "managed fields" "Unfold or fold who has set which field";
    EventsTimeline    "events.timeline"     Events  "timeline" "Change between Events and the timeline";
    SearchOpen        "search.open"         Detail  "search"   "Search; without capitals both kinds of letters match";
    SearchNext        "search.next"         Detail  ""         "Go to the next match";
    SearchPrior       "search.prior"        Detail  ""         "Go to the match before";
    WhySearch         "why.search"          Why     "search"   "Search; without capitals both kinds of letters match";
    WhyNext           "why.next"            Why     ""         "Go to the next match";
    WhyPrior          "why.prior"           Why     ""         "Go to the match before";
    DiffSides         "diff.sides"          Diff    "sides"    "Show both sides beside each other, or one below the other";
    DiffNextHunk      "diff.next-hunk"      Diff    "hunks"    "Go to the next change";
    DiffPriorHunk     "diff.prior-hunk"     Diff    ""         "Go to the change before";
    DiffFold          "diff.fold"           Diff    "unfold"   "Unfold the equal lines, or fold the resource under the cursor";
    DiffCollapse      "diff.collapse"       Diff    "collapse" "Show only the names of resources, or all of them";
    DiffMore          "diff.more"           Diff    "context"  "Show more equal lines around a change";
    DiffLess          "diff.less"           Diff    ""         "Show fewer equal lines around a change";
    DiffWrap          "diff.wrap"           Diff    ""         "Wrap long lines, or cut them";
    DiffBlind         "diff.blind"          Diff    ""         "Take white space for a change, or not";
    DiffIgnored       "diff.ignored"        Diff    ""         "Show the differences that rules ignore, or only how many they are";
    DiffCopy          "diff.copy"           Diff    "copy"     "Copy the change under the cursor";
    DiffSilence       "diff.silence"        Diff    ""         "Copy the ignoreDifferences entry for a field that a controller keeps";
    DiffAgainst       "diff.against"        Diff    "against"  "Compare with a deployment, a revision or another environment" cli "diff APP --against env:E";
    DiffBase          "diff.base"           Diff    ""         "Compare two of those: choose what stands in place of what runs" cli "diff APP --against rev:A..B";
    DiffSearch        "diff.search"         Diff    "search"   "Search; without capitals both kinds of letters match";
    DiffNext          "diff.next"           Diff    ""         "Go to the next match";
    DiffPrior         "diff.prior"          Diff    ""         "Go to the match before";
    HelpSearch        "help.search"         Help    "search"   "Show only keys and commands with these words";
    DiffOpen          "diff.open"           App     "diff"     "Show what Git wants against what runs, and who made it differ" ["diff" App] when Selected cli "diff APP";
    LogsOpen          "logs.open"           App     "logs"     "Show the logs of its containers, live" ["logs" App] when Selected cli "logs APP -f";
    LogsOpenHooks     "logs.open-hooks"     App     ""         "Show the logs of the hooks of its operation, live" ["hook-logs" App] when Selected;
    LogsOpenPrevious  "logs.open-previous"  App     ""         "Show the logs of its containers before their last restart" ["logs-previous" App] when Selected cli "logs APP --previous";
    EventsFilter      "events.filter"       Events  "filter"   "Show only what has these words";
    EventsFollow      "events.follow"       Events  "follow"   "Stay at the top, where news come in, or at the selected line";
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
    AppSync           "app.sync"            App     "sync"     "Show what a sync would do, to confirm it" ["sync" App] when Writable risk Change cli "sync APP";
    AppSyncGuarded    "app.sync-guarded"    App     ""         "Show what a sync would do that is watched, and rolled back when it fails" ["guarded-sync" App] when Writable risk Danger cli "sync APP --guard 5m";
    AppRefresh        "app.refresh"         App     "refresh"  "Have Argo CD compare it with Git now" ["refresh" App] when Writable risk Nudge cli "refresh APP";
    AppRefreshHard    "app.refresh-hard"    App     ""         "Have Argo CD render it anew and compare it with Git" ["hard-refresh" "refresh!" App] when Writable risk Nudge cli "refresh APP --hard";
    AppTerminate      "app.terminate"       App     ""         "Stop the running operation" ["terminate" App] when Operating risk Change cli "terminate APP";
    AppAutoSync       "app.auto-sync"       App     ""         "Switch auto-sync off, or give back what it was" ["auto-sync" App] when Writable risk Change cli "autosync off APP";
    AppDelete         "app.delete"          App     ""         "Delete the Application" ["delete" App] when Writable risk Danger cli "delete APP";
    DeploymentsOpen   "deployments.open"    App     "roll back" "Show what was deployed before, to go back to it" ["rollback" "deployments" App] when Selected cli "history APP";
    ActionsOpen       "actions.open"        App     ""         "Show what can be done to the resource under the cursor, and to its Application" ["actions" App] when Around;
    DeploymentsChoose "deployments.choose"  Deployments "roll back" "Show what going back to the selected deployment would do, to confirm it" when Writable risk Danger cli "rollback APP";
    DeploymentsDiff   "deployments.diff"    Deployments "diff" "Show the selected deployment against what runs, line by line";
    DeploymentsAgain  "deployments.again"   Deployments "read anew" "Read the deployments again";
    ActionsChoose     "actions.choose"      Actions "choose"   "Show what the selected action would do, to confirm it";
    AuditAgain        "audit.again"         Audit   "read anew" "Read what was written again";
    ForwardOpen       "forward.open"        App     ""         "Forward a port to whatever pod answers for it" ["forward" App] when Selected risk Session cli "forward APP";
    DebugOpen         "debug.open"          App     "debug"    "Look what attaching a debugger would do, and lead it to the right pod" ["debug" App] when Selected risk Session cli "debug APP";
    SessionStop       "session.stop"        Sessions "stop"    "Stop the selected session";
    SessionStopAll    "session.stop-all"    Sessions ""        "Stop every session";
    SessionCopy       "session.copy"        Sessions "copy ssh" "Copy the ssh line of the selected session";
    SessionStart      "session.start"       Sessions "start"   "Start the selected forward of the settings" risk Session cli "forward APP";
    DebugConfirm      "debug.confirm"       Debug   ""         "Say yes where debugging takes one";
    DebugCopy         "debug.copy"          Debug   "copy entry" "Copy the launch entry";
    DebugCopyLine     "debug.copy-line"     Debug   "copy ssh" "Copy the ssh line";
    DebugWrite        "debug.write"         Debug   "launch.json" "Show how launch.json would change; the same again writes it";
    DebugAgain        "debug.again"         Debug   "look again" "Look at the pod again";
    DebugInject       "debug.inject"        Debug   ""         "Plan putting a debugger into the pod, where nothing listens" when Writable risk Change cli "inject-debugger APP --pod P --container C --image IMAGE";
    DebugFolder       "debug.folder"        Debug   ""         "Say which folder of the pods is the workspace";
    DebugStop         "debug.stop"          Debug   "stop"     "Stop leading the debugger there";
    AuditAcknowledge  "audit.acknowledge"   Audit   "acknowledge" "Note that you know of the writes nobody knows the end of: they are not told again";
    GuardOther        "guard.other"         Guard   "other button" "Go to the other button";
    GuardChoose       "guard.choose"        Guard   "choose"   "Press the button, or leave the screen";
    PlanOther         "plan.other"          Plan    "other button" "Go to the other button";
    PlanChoose        "plan.choose"         Plan    "choose"   "Press the button";
    PlanAgain         "plan.again"          Plan    "plan anew" "Read everything again and plan anew";
    PlanDiff          "plan.diff"           Plan    "diff"     "Show what differs, line by line";
    PlanPrune         "plan.prune"          Plan    "prune"    "Delete what left Git, or keep it";
    PlanDryRun        "plan.dry-run"        Plan    "dry run"  "Change nothing: have Argo CD say what would be";
    PlanOutOfSync     "plan.out-of-sync"    Plan    "out of sync only" "Leave alone what is in sync";
    PlanForce         "plan.force"          Plan    ""         "Delete and make anew what cannot be changed";
    PlanReplace       "plan.replace"        Plan    ""         "Replace objects instead of patching them";
    PlanServerSide    "plan.server-side"    Plan    ""         "Let the API server merge";
    PlanHooks         "plan.hooks"          Plan    "hooks"    "Leave the hooks out, or run them";
    PlanSelected      "plan.selected"       Plan    ""         "Sync only the resource that was selected";
    PlanPropagation   "plan.propagation"    Plan    ""         "Change what becomes of what is owned";
    PlanGuard         "plan.guard"          Plan    "guard"    "Have it watched, and rolled back when it fails, or not";
    PlanRevision      "plan.revision"       Plan    ""         "Sync to another revision than the one it follows";
    PlanRetries       "plan.retries"        Plan    ""         "Change how often it is tried again when it fails";
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
    LoginAccept       "login.accept"        Login   "log in"   "Go on, or log in";
    LoginOther        "login.other"         Login   "other field" "Go to the other field";
    LoginBrowser      "login.browser"       Login   ""         "Log in through the identity provider, in a browser";
    LoginCopy         "login.copy"          Login   ""         "Copy the address that is to be opened in a browser";
    LoginCancel       "login.cancel"        Login   "give up"  "Give up";
    FleetSort         "fleet.sort"          Fleet   "sort"     "Sort by the next column";
    FleetReverse      "fleet.reverse"       Fleet   ""         "Sort the other way round";
    FilterOpen        "filter.open"         List    "filter"   "Filter by words";
    FilterProblems    "filter.problems"     List    "problems" "Show only what somebody should look at" ["problems"];
    ViewSwitch        "view.switch"         List    "board/fleet" "Change between Board and Fleet";
    Environment1      "environment.1"       List    ""         "Show only the first environment" when Numbered cli "get apps --env ENV";
    Environment2      "environment.2"       List    ""         "Show only the second environment" when Numbered cli "get apps --env ENV";
    Environment3      "environment.3"       List    ""         "Show only the third environment" when Numbered cli "get apps --env ENV";
    Environment4      "environment.4"       List    ""         "Show only the fourth environment" when Numbered cli "get apps --env ENV";
    Environment5      "environment.5"       List    ""         "Show only the fifth environment" when Numbered cli "get apps --env ENV";
    Environment6      "environment.6"       List    ""         "Show only the sixth environment" when Numbered cli "get apps --env ENV";
    Environment7      "environment.7"       List    ""         "Show only the seventh environment" when Numbered cli "get apps --env ENV";
    Environment8      "environment.8"       List    ""         "Show only the eighth environment" when Numbered cli "get apps --env ENV";
    Environment9      "environment.9"       List    ""         "Show only the ninth environment" when Numbered cli "get apps --env ENV";
    EnvironmentAll    "environment.all"     List    ""         "Show every environment" ["everything" "all"] cli "get apps";
    MarkToggle        "mark.toggle"         List    ""         "Mark the selected Application, or take its mark away" when Selected;
    MarkShown         "mark.shown"          List    ""         "Mark every Application that is shown" ["mark-all"];
    MarkClear         "mark.clear"          List    ""         "Take every mark away" ["unmark"] when Marked;
    FleetSortBy       "fleet.sort-by"       Global  ""         "Sort the Fleet by a column" ["sort" Column];
    EnvironmentOnly   "environment.only"    Global  ""         "Show only one environment" ["env" "environment" Environment] cli "get apps --env ENV";
    FilterOnly        "filter.only"         Global  ""         "Show only what is in one state" ["only" Narrowing];
    FilterNamespace   "filter.namespace"    Global  ""         "Show only what is in one namespace" ["ns" "namespace" "namespaces" Namespace];
    FilterProject     "filter.project"      Global  ""         "Show only what is in one project" ["project" "proj" "projects" Project];
    FilterSource      "filter.source"       Global  ""         "Show only what one source tells" ["ctx" "context" "source" "cluster" "clusters" "cls" Source];
    FilterUse         "filter.use"          Global  ""         "Filter by a saved filter" ["filter" Filter];
    FilterSave        "filter.save"         Global  ""         "Save the filter under a name" ["save-filter" NewName] when Filtered;
    FilterForget      "filter.forget"       Global  ""         "Forget a filter that was saved here" ["forget-filter" Filter];
    ThemeChoose       "theme.choose"        Global  ""         "Look different for now" ["theme" Theme];
    KeymapChoose      "keymap.choose"       Global  ""         "Use other keys for now" ["keymap" Keymap];
    ViewBoard         "view.board"          Global  ""         "Show the Board: services by environments" ["board"] cli "snapshot --view board";
    ViewFleet         "view.fleet"          Global  ""         "Show the Fleet: every Application in one list" ["fleet" "apps" "applications"] cli "snapshot --view fleet";
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
    WhyOpen           "why.open"            App     "why"      "Show why the selected Application is in trouble" ["why" App] when Selected cli "get why APP";
    EventsOpen        "events.open"         App     "events"   "Show what was told about the selected Application" ["events" App] when Selected cli "get events";
    K9sOpen           "k9s.open"            App     "k9s"      "Open k9s on its cluster and namespace, to look only where production is protected" ["k9s"] when Selected;
    CopyOpen          "copy.open"           Global  "copy"     "Copy something of the selected Application" ["copy" "yank"] when Selected;
    AuditOpen         "audit.open"          Global  ""         "Show what this tool wrote, as whom and with what outcome" ["audit"] cli "audit";
    SessionsOpen      "sessions.open"       Global  ""         "Show the port-forwards that are open" ["sessions" "forwards"];
    ViewLinks         "view.links"          Global  "sources"  "Show the sources and how they are doing" ["sources" "links" "contexts"];
    SourcesReconnect  "sources.reconnect"   Global  ""         "Connect every source anew that is on" ["reconnect"] when Connected;
    SourceLogin       "source.login"        Global  "log in"   "Log in to an argocd-server" ["login" Server] when Served cli "login URL";
    PaletteOpen       "palette.open"        Global  "commands" "Type a command, an Application or an environment by its name";
    HistoryBack       "history.back"        Global  ""         "Go back to the screen visited before" when Visited;
    HistoryForward    "history.forward"     Global  ""         "Go forward again" when Left;
    HistoryLast       "history.last"        Global  ""         "Change between this screen and the one visited before" ["last"] when Visited;
    ViewHelp          "view.help"           Global  "help"     "Show the keys of this screen" ["help" "keys"] cli "keys";
    ViewComplaints    "view.complaints"     Global  ""         "Show everything that is wrong in the files of settings, keys and looks" ["complaints"] cli "config check";
    ViewBack          "view.back"           Global  "back"     "Go back; in a list, clear the filter" ["back" "up"];
    ViewQuit          "view.quit"           Global  "quit"     "Go back; in a list, quit";
    ProgramQuit       "program.quit"        Global  ""         "Quit at once" ["quit" "q" "q!" "qa" "qa!" "wq" "wq!" "exit"];
    ProgramSuspend    "program.suspend"     Global  ""         "Hand the terminal back to the shell; fg returns";
    ProgramRedraw     "program.redraw"      Global  ""         "Draw the whole screen anew";
    PaletteRun        "palette.run"         Palette "do it"    "Do what is selected";
    PaletteComplete   "palette.complete"    Palette "complete" "Complete what is typed to what is selected";
    PaletteUp         "palette.up"          Palette ""         "Select the one above; at the top, what was typed before";
    PaletteDown       "palette.down"        Palette ""         "Select the one below, or what was typed after";
    PaletteClose      "palette.close"       Palette "close"    "Close the palette";
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
