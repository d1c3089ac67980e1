//! O que as lições do caderno dividem entre si.
//!
//! # Layout
//!
//! * [`load`]: o que se mede: a conta de primos, e os modelos que a fazem.
//! * [`measure`]: como se mede.
//! * [`run`]: por onde uma lição começa, as opções dela, o relatório, e a conferência dos exercícios.
//! * [`python`]: um Python da máquina, e o gêmeo em Python de uma lição.
//! * [`system`]: morrer de propósito, pastas que somem, dois hosts nesta máquina.

pub mod load;
pub mod measure;
pub mod python;
pub mod run;
pub mod system;

/// Os trechos escritos no livro e nos README, conferidos por `cargo test --doc`.
#[cfg(doctest)]
mod pages {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../src/README.md")]
    struct LibraryReadme;
}
