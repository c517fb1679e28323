//! One file a screen. A view reads the store, remembers its own cursor, and draws only what is visible.
//!
//! It may not name a source, the runtime, the wall clock or a colour: data comes from [`Seen`], time too, and looks
//! come from a [`Role`](crate::config::theme::Role). Add a screen as a file here, a scope in the command table, and
//! one row in [`REGISTRY`].

pub mod actions;
pub mod app;
pub mod audit;
pub mod board;
pub mod chooser;
mod compared;
pub mod complaints;
pub mod copy;
pub mod debug;
pub mod deployments;
pub mod desk;
pub mod detail;
pub mod diff;
pub mod empty;
pub mod events;
mod finder;
pub mod fleet;
mod forecast;
pub mod guard;
pub mod help;
pub mod lens;
pub mod links;
pub mod logs;
pub mod plan;
pub mod resource;
pub mod seen;
pub mod sessions;
pub mod status;
mod strip;
mod travel;
pub mod why;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::action::{Order, Proposal};
use crate::command::{CommandId, Scope};
use crate::debug::Entry;
use crate::domain::{AppKey, ObjectName, Symbol};
use crate::forward::Wish;
use crate::store::Interest;
use crate::store::logs::{Excerpt, LogQuery};
pub use desk::Desk;
pub use lens::Lens;
pub use seen::{Keys, Seen, Work};

/// What a view did with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// It was its own.
    Yes,
    /// Somebody else's.
    No,
}

/// What a command asks of the world outside the views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Show another screen on top.
    Push(ScreenId),
    /// Leave this screen.
    Pop,
    /// Show another screen in place of the lowest one.
    Home(ScreenId),
    /// Turn a source on or off.
    Toggle(Symbol),
    /// Connect a source anew; `None` means every one that is on.
    Reconnect(Option<Symbol>),
    /// Log in to the argocd-server of a source.
    LogIn(Symbol),
    /// Say something for a while.
    Say(String),
    /// Let the person type; [`View::typed`] is told.
    Ask(Ask, String),
    /// Put text into the clipboard of whoever sits at the terminal, and say that it was.
    Copy {
        /// What it is, in words: `the name`.
        what: String,
        /// The text; what steers terminals is taken out of it.
        text: String,
    },
    /// Read a live object through a context, mask what is secret in it, and copy it as YAML.
    CopyObject {
        /// The source whose context leads to the cluster it is in.
        context: Symbol,
        /// Which.
        object: ObjectName,
    },
    /// Show the plan of something that would be written, and have it made.
    Propose(Proposal),
    /// Plan something that would be written. It is shown by [`Desk::draft`] once it is made.
    Plan(Proposal),
    /// Carry out what was planned and confirmed.
    Act(Box<Order>),
    /// Plan and carry out at once what needs no confirmation.
    AtOnce(Proposal),
    /// Read what was written before.
    Recall,
    /// Open a port-forward; whether it was confirmed.
    Forward(Box<Wish>, bool),
    /// Stop a session; `None` means all of them.
    StopSession(Option<u64>),
    /// Look at where a debugger would go, and lead it there.
    Debug {
        /// The Application.
        app: AppKey,
        /// The person said yes.
        confirmed: bool,
    },
    /// Remember which folder of a service's pods is the workspace.
    Folder {
        /// The service.
        service: Symbol,
        /// The folder.
        remote: String,
    },
    /// Show how launch.json would change, or write it.
    Launch {
        /// What it is to hold.
        entry: Entry,
        /// The change was shown, and agreed to.
        agreed: bool,
    },
    /// Note that a person knows of writes nobody knows the end of, by their ids.
    Acknowledge(Vec<String>),
    /// Answer a guarded sync that asks whether to go back.
    Answer {
        /// Its number.
        number: u64,
        /// Go back.
        back: bool,
    },
    /// Write a file of this name that nobody else may read.
    Save {
        /// Its name, without a folder.
        name: String,
        /// What stands in it.
        excerpt: Box<Excerpt>,
    },
}

/// What a screen asks the person to type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Words to find.
    Search,
    /// Words to narrow to.
    Filter,
    /// The words that stand for a yes.
    Phrase,
    /// A number.
    Number,
    /// Ports to forward.
    Ports,
    /// A yes, or not.
    Yes,
    /// A revision of Git.
    Revision,
    /// A folder of a pod.
    Folder,
}

impl Ask {
    /// The sign before what is typed.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Search => "/",
            Self::Filter => "&",
            Self::Phrase | Self::Number | Self::Revision | Self::Ports | Self::Yes | Self::Folder => ":",
        }
    }
}

/// How far typing has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    /// The text changed.
    Changed,
    /// This is what is wanted.
    Accepted,
    /// Nothing is wanted.
    Cancelled,
}

/// Every screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScreenId {
    /// Services by environments.
    Board,
    /// The flat list.
    Fleet,
    /// The Applications of one cell of the Board.
    Chooser,
    /// One Application.
    App,
    /// One object of an Application.
    Resource,
    /// What was told about one Application.
    Events,
    /// Why one Application is in trouble.
    Why,
    /// Desired against live.
    Diff,
    /// The log lines of one Application.
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
    /// What of the selected Application can be copied.
    Copy,
    /// The sources.
    Links,
    /// What is wrong in files.
    Complaints,
    /// The keys.
    Help,
}

/// Name, scope and maker of a screen.
#[derive(Debug)]
pub struct Screen {
    /// Which one.
    pub id: ScreenId,
    /// Its word on the command line.
    pub word: &'static str,
    /// Makes it anew.
    pub make: fn() -> Box<dyn View>,
}

/// Every screen there is.
pub static REGISTRY: [Screen; 20] = [
    Screen { id: ScreenId::Board, word: "board", make: || Box::new(board::Board::default()) },
    Screen { id: ScreenId::Fleet, word: "fleet", make: || Box::new(fleet::Fleet::default()) },
    Screen { id: ScreenId::Chooser, word: "chooser", make: || Box::new(chooser::Chooser::default()) },
    Screen { id: ScreenId::App, word: "app", make: || Box::new(app::App::default()) },
    Screen { id: ScreenId::Resource, word: "resource", make: || Box::new(resource::Resource::default()) },
    Screen { id: ScreenId::Events, word: "events", make: || Box::new(events::Events::default()) },
    Screen { id: ScreenId::Why, word: "why", make: || Box::new(why::Why::default()) },
    Screen { id: ScreenId::Diff, word: "diff", make: || Box::new(diff::Diff::default()) },
    Screen { id: ScreenId::Logs, word: "logs", make: || Box::new(logs::Logs::default()) },
    Screen { id: ScreenId::Plan, word: "plan", make: || Box::new(plan::Plan::default()) },
    Screen { id: ScreenId::Guard, word: "guard", make: || Box::new(guard::Guard::default()) },
    Screen { id: ScreenId::Deployments, word: "deployments", make: || Box::new(deployments::Deployments::default()) },
    Screen { id: ScreenId::Actions, word: "actions", make: || Box::new(actions::Actions::default()) },
    Screen { id: ScreenId::Audit, word: "audit", make: || Box::new(audit::Audit::default()) },
    Screen { id: ScreenId::Sessions, word: "sessions", make: || Box::new(sessions::Sessions::default()) },
    Screen { id: ScreenId::Debug, word: "debug", make: || Box::new(debug::Debug::default()) },
    Screen { id: ScreenId::Copy, word: "copy", make: || Box::new(copy::Copy::default()) },
    Screen { id: ScreenId::Links, word: "links", make: || Box::new(links::Links::default()) },
    Screen { id: ScreenId::Complaints, word: "complaints", make: || Box::new(complaints::Complaints::default()) },
    Screen { id: ScreenId::Help, word: "help", make: || Box::new(help::Help::default()) },
];

impl ScreenId {
    /// A new screen of this kind.
    #[must_use]
    pub fn make(self) -> Box<dyn View> {
        REGISTRY.iter().find(|s| s.id == self).map_or_else(|| Box::new(board::Board::default()) as _, |s| (s.make)())
    }
}

/// A screen.
pub trait View {
    /// Which one it is.
    fn id(&self) -> ScreenId;

    /// The commands it handles, beside the global ones; the first is its own.
    fn scopes(&self) -> &'static [Scope];

    /// What it shows beyond the rows, what is nearest to the selection first; it is read while it is looked at.
    fn interests(&self, _: &Lens, _: &Seen<'_>) -> Vec<Interest> {
        Vec::new()
    }

    /// Does a command of its scopes.
    fn command(&mut self, id: CommandId, lens: &mut Lens, seen: &Seen<'_>) -> (Handled, Vec<Effect>);

    /// Puts the cursor where the person points, a place counted from the beginning of its own; whether there is something
    /// to put it on. Screens that only scroll have nothing.
    fn point(&mut self, _: Position, _: &mut Lens, _: &Seen<'_>) -> bool {
        false
    }

    /// Takes what is typed after [`Effect::Ask`]; every change of it, then how it ended.
    fn typed(&mut self, _: Ask, _: &str, _: Typing, _: &Seen<'_>) -> Vec<Effect> {
        Vec::new()
    }

    /// What stands before what is typed, in at most `width` cells.
    fn label(&self, ask: Ask, _: &Seen<'_>, _: u16) -> String {
        ask.sign().to_owned()
    }

    /// The logs this screen shows, if it shows any: the runtime brings them into [`Seen::logs`].
    fn wanted(&self, _: &Lens) -> Option<LogQuery> {
        None
    }

    /// Brings cursor and indexes up to date with the store and the room there is. Called before every draw.
    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect);

    /// Draws what is visible.
    fn draw(&self, lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer);
}
