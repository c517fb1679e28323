//! The palette: everything that can be done or gone to, by its name.

mod draw;
mod entry;
mod keys;
mod offer;
mod rank;
mod state;
mod value;

pub use draw::{draw, place_in};
pub use entry::{Action, Entry, Value};
pub use keys::{command, press};
pub use offer::Offer;
pub use state::Palette;
