//! Argo CD's Redis: trees and comparisons under the keys Argo CD gives them, read-only, and a word when one was renewed.
//!
//! ```text
//! listen < session: connections, and what is said over one
//!   command: what each is answered      wire: both versions of the protocol
//!     keys: what there is, and how long it will be
//! ```

mod command;
mod keys;
mod listen;
mod session;
mod wire;

pub use listen::Server;
