//! Os testes da biblioteca: `cargo test -p testes`, e os do MPI, `cargo test -p testes --features mpi --test mpi`.
