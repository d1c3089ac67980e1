//! O que o curso e o livro dividem: o que uma lição anota, e como se lê.
//!
//! # Layout
//!
//! * [`record`]: o registro, um evento por linha.
//! * [`legend`]: como se lê cada nome do registro; quem mede o declara.
//! * [`judge`]: o que uma medição diz de uma afirmação, e com que régua.
//! * [`model`]: os modelos da carga comum, pelo nome que têm no registro.
//! * [`fate`]: o que uma falha deixou.
//! * [`kept`]: o que uma lição guarda para o livro.
//! * [`mod@format`]: números como o leitor os lê.
//! * [`stats`]: mediana, e o intervalo em que ela está.
//! * [`system`]: o que o sistema recusou, em português.

pub mod fate;
pub mod format;
pub mod judge;
pub mod kept;
pub mod legend;
pub mod model;
pub mod record;
pub mod stats;
pub mod system;

/// Código de saída de uma conferência cuja resposta não chegou a rodar: quem confere por outro programa a distingue de uma
/// que perdeu pontos.
pub const DOES_NOT_COMPILE: u8 = 3;
