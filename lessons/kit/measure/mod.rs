//! Como se mede.
//!
//! # Layout
//!
//! * [`compare`]: os modelos lado a lado, repetição a repetição.
//! * [`birth`]: o que um trabalhador custa antes da primeira tarefa.
//! * [`crew`]: trabalhadores que já nasceram, à espera de tarefas.
//! * [`granularity`]: quanto rende cada modelo com tarefas cada vez menores.
//! * [`exchange`]: o preço de uma mensagem, por canal e por tamanho.
//! * [`tally`]: quanto se perdeu de uma conta que vários fazem juntos.
//! * [`together`]: vários processos, ou threads, que largam juntos.
//! * [`trace`]: quem fez cada pedaço, em que núcleo, de quando a quando.
//! * [`machine`]: onde se está medindo, e se mais alguém a ocupa.
//! * [`fate`]: o que uma falha deixou.
//! * [`source`]: quantas linhas uma maneira de fazer pede.

pub mod birth;
pub mod compare;
pub mod crew;
pub mod exchange;
pub mod fate;
pub mod granularity;
pub mod machine;
pub mod source;
pub mod tally;
pub mod together;
pub mod trace;
