//! Drawing parts that know nothing of Kubernetes: cells, columns, windows over long lists, text input, colours of
//! foreign text, wrapping.

pub mod columns;
pub mod marked;
pub mod panel;
pub mod pen;
pub mod prompt;
pub mod sgr;
pub mod window;
pub mod wrap;
pub mod yaml;

pub use panel::Panel;
pub use pen::Pen;
pub use prompt::Prompt;
pub use window::Window;
