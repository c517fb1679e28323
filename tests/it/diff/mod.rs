//! Desired against live: as Argo CD itself told it, and through a world.

mod cache;
mod heard;
mod live;
mod recorded;
mod rungs;
mod screen;
