//! The screen of logs, driven by keys on plain values.

mod cockpit;
mod keys;
mod looks;
