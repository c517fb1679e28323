//! Drawing parts that know nothing of Kubernetes: cells, columns, windows over long lists, text input.

pub mod columns;
pub mod pen;
pub mod prompt;
pub mod window;

pub use pen::Pen;
pub use prompt::Prompt;
pub use window::Window;
