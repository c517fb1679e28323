//! The budgets, measured: `cargo bench --bench budgets [FILTER]`.

mod decode;
mod logs;

fn main() {
    divan::main();
}
