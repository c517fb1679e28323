//! As much of SPDY/3.1 as port-forward needs: streams in pairs, one for data and one for errors.
//!
//! <https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/>

mod frame;
mod headers;
mod serve;

pub(super) use serve::serve;
