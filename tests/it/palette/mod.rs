//! What is done by name, and what lies over the screens: the palette, marks, the history of screens, counts, help.

mod hands;
mod looks;
mod names;
