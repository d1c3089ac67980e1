//! Testes da biblioteca e das lições pela sua face pública.

mod exercises;
mod harness;
mod lessons;
mod pool;
mod structure;
mod workspace;

fn main() {
    multiprocessamento::init();
    harness::main(
        [pool::cases(), lessons::cases(), exercises::cases(), structure::cases()]
            .into_iter()
            .flatten()
            .collect(),
    );
}
