//! As comparações do caderno: `cargo bench`, e uma só com `cargo bench --bench granularity`.
