//! Conta os primos abaixo de um limite, com o modelo que se pedir, e guarda o que achou em cada fatia.
//!
//! É um programa inteiro, para ser o começo do seu: copie esta pasta para o `src` de um projeto novo e troque a tarefa,
//! que está em `table.rs`.

mod arguments;
mod models;
mod program;
mod table;

use std::io::{self, Write};
use std::process::ExitCode;

use arguments::{Arguments, Request};
use multiprocessamento::init;

// ANCHOR: main
fn main() -> ExitCode {
    init();
    let request = match Arguments::parse(std::env::args_os()) {
        Ok(request) => request,
        Err(line) => return fail(&line, 2),
    };
    let done = match request {
        Request::Help(text) => Ok(text),
        Request::Count(arguments) => program::count(&arguments),
    };
    let shown = done.and_then(|text| {
        let written = io::stdout().write_all(text.as_bytes());
        written.map_err(|error| format!("não dá para escrever a saída: {error}"))
    });
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => fail(&line, 1),
    }
}

fn fail(line: &str, code: u8) -> ExitCode {
    eprintln!("erro: {line}");
    ExitCode::from(code)
}
// ANCHOR_END: main
