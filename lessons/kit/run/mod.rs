//! Por onde uma lição começa e termina.
//!
//! # Layout
//!
//! * [`lesson`]: o que junta tudo; é por onde uma lição começa.
//! * [`options`]: as opções de linha de comando, as mesmas em toda lição.
//! * [`command_line`]: valores conferidos, e cada erro em uma linha em português.
//! * [`report`]: o mesmo registro no terminal e em JSON.
//! * [`layout`]: frases e tabelas na largura que o terminal tem.
//! * [`timeline`]: quem trabalhou, e quando, no terminal.
//! * [`exercise`]: a conferência dos exercícios.

pub mod command_line;
pub mod exercise;
pub mod layout;
pub mod lesson;
pub mod options;
mod panics;
pub mod report;
pub mod timeline;
