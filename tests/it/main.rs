//! Testes da biblioteca e das lições pela sua face pública.

mod harness;
mod pool;

fn main() {
    multiprocessamento::init();
    harness::main([pool::cases()].into_iter().flatten().collect());
}
