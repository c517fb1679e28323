//! One line of the palette.

use crate::command::CommandId;
use crate::domain::AppKey;

/// What a line does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Gives a command.
    Run(CommandId),
    /// Gives a command with what it takes.
    With(CommandId, Value),
    /// Goes on with what the command takes.
    Complete(CommandId),
    /// Shows a resource of an Application: its kind and its name.
    Resource(AppKey, String, String),
}

/// What a command takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An Application.
    App(AppKey),
    /// A word.
    Word(String),
}

/// One line of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it does.
    pub action: Action,
    /// What it is called.
    pub label: String,
    /// What stands behind the label to be filled in.
    pub takes: &'static str,
    /// What it does, in words.
    pub help: String,
    /// The key that does the same; empty when none does.
    pub keys: String,
    /// Why it cannot be done.
    pub reason: Option<String>,
    /// The text that gives this line again.
    pub spelled: String,
    /// Which characters of the label were typed.
    pub matched: Vec<u32>,
}
