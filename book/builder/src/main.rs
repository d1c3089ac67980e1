//! `cargo livro`: constrói o livro, põe nele as medições desta máquina e o serve aqui mesmo.

use std::fs;
use std::process::ExitCode;

use livro::cli::{self, Order};
use livro::project::Project;
use livro::{assembly, preprocessor, serve};
use mdbook::errors::Result;
use registro::system;

fn main() -> ExitCode {
    let order = match cli::read(std::env::args_os()) {
        Ok(order) => order,
        Err(line) => return fail(&line, cli::BAD_USAGE),
    };
    match obey(order) {
        Ok(code) => code,
        Err(error) => fail(&format!("{error:#}"), 1),
    }
}

fn obey(order: Order) -> Result<ExitCode> {
    match order {
        Order::Help(text) => print!("{text}"),
        Order::Preprocess => preprocessor::speak(std::io::stdin(), std::io::stdout())?,
        // O protocolo do mdBook pergunta pelo código de saída.
        Order::Supports(renderer) => return Ok(ExitCode::from(u8::from(renderer != "html"))),
        Order::Build(destination) => {
            let project = Project::here()?;
            let destination = destination.unwrap_or_else(|| project.default_destination());
            if let Err(error) = fs::create_dir_all(&destination) {
                let (place, reason) = (destination.display(), system::reason(&error));
                return Ok(fail(&format!("não dá para escrever em «{place}»: {reason}"), cli::BAD_USAGE));
            }
            assembly::build(&project, &destination)?;
            println!("Livro pronto em {}", destination.join("index.html").display());
        }
        Order::Serve(port) => match serve::bind(port) {
            Ok(listener) => serve::run(Project::here()?, listener)?,
            Err(line) => return Ok(fail(&line, cli::BAD_USAGE)),
        },
    }
    Ok(ExitCode::SUCCESS)
}

fn fail(line: &str, code: u8) -> ExitCode {
    eprintln!("livro: {line}");
    ExitCode::from(code)
}
