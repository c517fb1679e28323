//! The budgets, measured: `cargo bench --bench budgets [FILTER]`.

mod bytes;
mod cockpit;
#[path = "../tests/it/fixture/crowd.rs"]
mod crowd;
mod decode;
mod diff;
mod frame;
mod logs;
mod storm;

fn main() {
    divan::main();
}
