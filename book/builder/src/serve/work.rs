//! O que uma página pode pedir que se faça: medir com a lição, e conferir o exercício.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use registro::DOES_NOT_COMPILE;
use serde_json::json;

use super::cargo;
use super::live::Live;
use super::news::Outlet;
use super::order::Order;
use super::program::{self, LIMITS, Line, Stopped};
use super::turn::Taken;
use crate::project::Project;

/// Um trabalho, do pedido à última notícia.
pub(super) type Work = fn(&Project, &Order, &Outlet) -> Result<(), Stopped>;

/// Faz o trabalho e conta à página como ele terminou.
pub(super) fn tell(work: Work, project: &Project, order: &Order, outlet: &Outlet, turn: Taken) {
    let outcome = work(project, order, outlet);
    // Antes da última notícia: quem a recebe já pode pedir outro.
    drop(turn);
    match outcome {
        // Se a página já foi embora, ninguém espera por esta.
        Ok(()) => drop(outlet.send("fim", json!({}))),
        Err(Stopped::Failed(line)) => outlet.fail(&line),
        Err(Stopped::Abandoned) => {}
    }
}

/// Roda a lição, e envia as figuras à medida que mudam.
pub(super) fn measure(project: &Project, order: &Order, outlet: &Outlet) -> Result<(), Stopped> {
    let command = command(project, order, outlet)?;
    let mut live = Live::new(project, &order.lesson);
    let mut said = String::new();
    let status = program::run(command, &LIMITS, outlet, |line| {
        match line {
            Line::Out(line) => {
                if let Ok(event) = serde_json::from_str(&line) {
                    live.event(event, outlet)?;
                }
            }
            Line::Error(line) => said = line,
        }
        Ok(())
    })?;
    if !status.success() {
        return Err(Stopped::Failed(reason(&said, status)));
    }
    // A lição mediu, e diz o que não conseguiu: guardar o registro, ou ter a máquina só para ela.
    if let Some(warning) = said.strip_prefix("aviso: ") {
        outlet.send("aviso", json!({ "linha": warning }))?;
    }
    Ok(())
}

/// A última linha que a lição disse é a do erro dela; se não disse nada, como terminou.
fn reason(said: &str, status: ExitStatus) -> String {
    match (said, status.signal()) {
        ("", Some(signal)) => format!("a lição foi encerrada pelo sinal {signal}"),
        ("", None) => "a lição falhou sem dizer por quê".to_owned(),
        (said, _) => said.strip_prefix("erro: ").unwrap_or(said).to_owned(),
    }
}

/// Confere o exercício: uma notícia para cada ponto conferido, e uma para cada outra linha. As do compilador vêm inteiras.
pub(super) fn check(project: &Project, order: &Order, outlet: &Outlet) -> Result<(), Stopped> {
    let command = command(project, order, outlet)?;
    let status = program::run(command, &LIMITS, outlet, |line| {
        let text = match line {
            Line::Out(text) => text,
            Line::Error(text) => return Ok(outlet.send("compilador", json!({ "texto": text }))?),
        };
        let point = |sign| text.trim_start().strip_prefix(sign).map(str::trim);
        Ok(match (point('✔'), point('✘')) {
            (Some(name), _) => outlet.send("ponto", json!({ "texto": name, "passou": true })),
            (_, Some(name)) => outlet.send("ponto", json!({ "texto": name, "passou": false })),
            _ => outlet.send("linha", json!({ "texto": text })),
        }?)
    })?;
    let compiles = status.code() != Some(i32::from(DOES_NOT_COMPILE));
    Ok(outlet.send("conferido", json!({ "certo": status.success(), "compila": compiles }))?)
}

/// O comando que roda a lição pedida, já compilada.
fn command(project: &Project, order: &Order, outlet: &Outlet) -> Result<Command, Stopped> {
    let name = format!("lesson-{}", order.lesson.number);
    let mut command = Command::new(cargo::build(project, &name, outlet)?);
    // Cores são do terminal; e para o compilador, que a lição chama, também.
    command.args(&order.arguments).env_remove("CLICOLOR_FORCE").current_dir(project.root());
    command.envs([("NO_COLOR", "1"), ("CARGO_TERM_COLOR", "never")]);
    outlet.send("compilado", json!({}))?;
    Ok(command)
}
