//! The budgets, measured: `cargo bench --bench budgets [FILTER]`.

mod decode;

fn main() {
    divan::main();
}
