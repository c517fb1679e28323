//! The shape of the code: who may use whom, how large files are, where tasks are spawned, what the map names.

mod rules;
mod scan;
