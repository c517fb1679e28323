//! The keymap as the views may know it.

use crate::command::hint::{self, HelpSection, Hint};
use crate::command::{CommandId, Keymap, Scope};
use crate::view::Keys;

/// The effective keymap.
#[derive(Debug, PartialEq, Eq)]
pub struct Bindings(pub Keymap);

impl Keys for Bindings {
    fn hints(&self, scopes: &[Scope]) -> Vec<Hint> {
        hint::hints(&self.0, scopes)
    }

    fn help(&self, scopes: &[Scope]) -> Vec<HelpSection> {
        hint::help(&self.0, scopes)
    }

    fn key(&self, scopes: &[Scope], id: CommandId) -> Option<String> {
        hint::Shortest::new(&self.0, scopes).of(id)
    }
}
