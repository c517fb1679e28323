//! What comes in and what goes out.

use crossterm::event::Event;

use super::login;
use super::looks::Looks;
use super::memory::Keep;
use crate::action::{Order, Proposal};
use crate::config::settings::Settings;
use crate::debug::Entry;
use crate::domain::{AppKey, ObjectName, Symbol};
use crate::forward::Wish;
use crate::store::Delta;
use crate::store::logs::Excerpt;
use crate::view::desk::News;

/// Something happened.
#[derive(Debug)]
pub enum Msg {
    /// A key, a paste, the mouse, another size.
    Input(Event),
    /// Sources have news.
    Data(Vec<Delta>),
    /// Files of settings, keys or looks were saved, and have been read again.
    Looks(Box<Looks>),
    /// What becomes of plans and writes.
    Desk(News),
    /// What becomes of a login to the argocd-server of a source.
    Login(Symbol, login::News),
    /// Nothing but time has passed.
    Clock,
}

/// What the pure half asks of the runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// End the program.
    Quit,
    /// Hand the terminal back to the shell until continued.
    Suspend,
    /// Forget what is on screen and draw all of it.
    Redraw,
    /// Turn a source on or off.
    Toggle(Symbol),
    /// Put text into the terminal's clipboard, and say how that went.
    Copy {
        /// What it is, in words.
        what: String,
        /// The text.
        text: String,
    },
    /// Lend the terminal to k9s.
    K9s {
        /// The source whose context leads to the cluster.
        source: Symbol,
        /// The namespace it opens.
        namespace: Symbol,
        /// It may not change anything there.
        readonly: bool,
    },
    /// Read a live object and copy it.
    CopyObject {
        /// The source whose context leads to its cluster.
        context: Symbol,
        /// Which.
        object: ObjectName,
    },
    /// Write a file that nobody else may read, and say how that went.
    Save {
        /// Its name, without a folder.
        name: String,
        /// What stands in it.
        excerpt: Box<Excerpt>,
    },
    /// Open a port-forward; whether it was confirmed.
    Forward(Box<Wish>, bool),
    /// Stop a session; `None` means all of them.
    StopSession(Option<u64>),
    /// Look at where a debugger would go, and lead it there; whether that was confirmed.
    Debug(AppKey, bool),
    /// Show how launch.json would change, or write it.
    Launch {
        /// What it is to hold.
        entry: Entry,
        /// The change was shown, and agreed to.
        agreed: bool,
    },
    /// Plan something.
    Plan(Proposal),
    /// Carry out what was planned and confirmed.
    Act(Box<Order>),
    /// Plan and carry out at once what needs no confirmation.
    AtOnce(Proposal),
    /// Read what was written before.
    Recall,
    /// Note that a person knows of writes nobody knows the end of, by their ids.
    Acknowledge(Vec<String>),
    /// Answer a guarded sync that asks whether to go back.
    Answer {
        /// Its number.
        number: u64,
        /// Go back.
        back: bool,
    },
    /// Have settings that were saved take hold.
    Settings(Box<Settings>),
    /// Log in to the argocd-server of a source.
    LogIn(Symbol, login::Step),
    /// Connect a source anew; `None` means every one that is on.
    Reconnect(Option<Symbol>),
    /// Look as the theme of this name says.
    Theme(String),
    /// Use the keymap of this name.
    Keymap(String),
    /// Keep something for the next start.
    Keep(Keep),
}
