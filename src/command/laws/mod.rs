//! What must hold of the table and of every keymap, as tests.
//!
//! ```text
//! table: every command can be reached      habits: hands find their keys      patches: files of one's own
//! ```

mod habits;
mod patches;
mod table;
