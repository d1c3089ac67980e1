//! O que todo pool precisa, com threads, com processos ou com ranks: dar blocos, e ter as respostas na ordem.
//!
//! De baixo para cima: [`wake`], o aviso a um futuro; [`promise`] e [`result`], os dois lados de uma resposta;
//! [`lane`], por onde os blocos vão e voltam; [`stream`], a janela, sobre a qual se fazem `map` e `imap`; [`imap`],
//! [`chunked`] e [`as_completed`], o que o usuário tem nas mãos. E aquilo de que só precisa quem pode morrer:
//! [`attempts`], quantas vezes um bloco se perde; [`deadline`], até quando pode durar.

pub(crate) mod as_completed;
pub(crate) mod attempts;
pub(crate) mod chunked;
pub(crate) mod deadline;
pub(crate) mod imap;
pub(crate) mod lane;
pub(crate) mod promise;
pub(crate) mod result;
pub(crate) mod stream;
pub(crate) mod wake;
