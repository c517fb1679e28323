//! A source that is a URL and a token, over the wire.

mod access;
mod gaps;
mod program;
mod running;
mod scene;
mod stream;
mod tunnel;
mod wire;
