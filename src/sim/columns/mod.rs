//! What the printer shows of each kind: the columns of `kubectl get`, and the cells taken from an object when it is
//! written. Cells that tell an age are worded when they are asked for.

mod age;
mod cell;
mod read;
mod table;

mod cluster;
mod config;
mod event;
mod network;
mod pod;
mod storage;
mod workload;

pub use age::human;
pub use cell::Cell;
pub use table::{Column, cells, of};
