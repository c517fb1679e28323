//! Answers that go on: Applications, ApplicationSets, trees and logs as they change.

pub(super) mod applications;
mod flow;
pub(super) mod logs;
pub(super) mod sets;
pub(super) mod tree;

pub(super) use flow::{Wish, send};
