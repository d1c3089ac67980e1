//! Um desvio antes de `main`, para os filhos dos programas em que `main` não é de quem chama [`init`](crate::init).
//!
//! Num `#[test]`, `main` é do arcabouço de testes: o filho, que é o mesmo executável, rodaria todos os testes outra vez, e
//! cada um criaria filhos. Por isso o convite de um filho desses diz que ele atenda já, antes de `main`. Sem um convite
//! assim na entrada padrão, o desvio não faz nada: num programa comum o filho chega a `init()` por `main`.
#![allow(unsafe_code)]

use crate::init::serve_early;

/// O sistema chama as funções desta seção antes de `main`.
// SAFETY: é o que a seção guarda, ponteiros para funções; e `detour` só usa da biblioteca padrão o que não depende de `main`.
#[used]
#[unsafe(link_section = ".init_array")]
static DETOUR: extern "C" fn() = detour;

extern "C" fn detour() {
    serve_early(|| {
        // Como a biblioteca padrão faria a caminho de `main`: escrever num pipe fechado é um erro, e não a morte.
        // SAFETY: `signal` com SIG_IGN não chama nada nosso, e ainda não há outra thread.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    });
}
