//! Lição 7: dois processos conversam por um pipe, esperam um pelo outro, e trabalham em linha.

mod claims;
mod deadlock;
mod legend;
mod pipeline;

use std::process::ExitCode;
use std::time::Duration;

use claims::{Conversation, Line};
use deadlock::Way;
use licoes::measure::exchange::{self, by_pipe};
use licoes::run::lesson::{self, Failure, Info, Lesson};
use multiprocessamento::{Connection, Error, Process, init, pipe};
use registro::format::{decimal, seconds};

const INFO: Info = Info {
    number: 7,
    title: "Pipe",
    legend: legend::LEGEND,
    hints: include_str!("hints.md"),
};
/// Perguntas de uma conversa.
const TURNS: u64 = 1_000;
/// Quanto se espera por uma resposta antes de dá-la por perdida.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    init();
    lesson::run(INFO, story)
}

fn story(lesson: &mut Lesson) -> Result<(), Failure> {
    let total = lesson.compare_models()?.measured[0].checksum;
    two_writers(lesson)?;
    exchange::chart(lesson, "pipe", by_pipe)?;
    two_stages(lesson, total)?;

    let conversation = converse(TURNS)?;
    lesson.claim(claims::two_processes_talk(TURNS, &conversation));
    Ok(())
}

/// A falha, dois que só escrevem, e os dois consertos com o preço de cada um.
fn two_writers(lesson: &mut Lesson) -> Result<(), Failure> {
    deadlock::chart(lesson)?;
    let (few, many) = (deadlock::few()?, deadlock::MANY);
    lesson.metric("few", "pipe", few as f64, "mensagens");
    lesson.metric("many", "pipe", many as f64, "mensagens");
    for (count, limit) in [(few, 4 * deadlock::LIMIT), (many, deadlock::LIMIT)] {
        let outcome = match deadlock::meet([Way::Write; 2], count, limit)? {
            Some(taken) => format!("terminaram em {}", seconds(taken)),
            None => format!("mortos depois de {}", seconds(limit.as_secs_f64())),
        };
        lesson.say(&format!(
            "Dois que escrevem {count} mensagens antes de ler: {outcome}."
        ));
    }
    for (name, ways, what) in [
        ("turns", [Way::Write, Way::Read], "um escreve e o outro lê primeiro"),
        ("reader_thread", [Way::Both; 2], "os dois leem numa thread à parte"),
    ] {
        let taken = deadlock::typical(ways, lesson.options().repetitions)?;
        lesson.metric(name, "pipe", taken, "s");
        lesson.say(&format!("As mesmas {many}, quando {what}: {}.", seconds(taken)));
    }
    Ok(())
}

/// A carga comum em dois estágios, com o trabalho dividido entre eles de várias maneiras.
fn two_stages(lesson: &mut Lesson, total: u64) -> Result<(), Failure> {
    let repetitions = lesson.options().repetitions.min(5);
    let runs = pipeline::sweep(&lesson.slices(), lesson.options().limit, repetitions)?;
    if runs.iter().any(|run| run.primes != total) {
        return Err("os dois estágios contaram outro número de primos".into());
    }
    for run in &runs {
        let x = (100.0 * run.first_share(), "% da conta no primeiro estágio");
        lesson.point("speedup_by_share", "pipe", x, (run.speedup, "aceleração"));
    }
    let even = runs.iter().max_by(|a, b| a.allowed().total_cmp(&b.allowed()));
    let even = even.ok_or("nada foi medido")?;
    lesson.spans(&even.spans());
    lesson.metric("pipeline_speedup", "pipe", even.speedup, "");
    lesson.metric("pipeline_allowed", "pipe", even.allowed(), "");
    lesson.say(&format!(
        "Dois estágios, na divisão mais igual: aceleração de {}; o mais lento permitiria {}.",
        decimal(even.speedup, 2),
        decimal(even.allowed(), 2)
    ));
    Ok(())
}

// ANCHOR: converse
/// Faz `turns` perguntas a outro processo, e guarda as respostas.
fn converse(turns: u64) -> Result<Conversation, Error> {
    let (ours, theirs) = pipe()?;
    let partner = Process::start(answer, theirs)?;
    let mut answers = Vec::new();
    for number in 0..turns {
        ours.send(&Line::new(number, number))?;
        let Ok(line) = ours.recv_timeout(PATIENCE) else { break };
        answers.push(line);
    }
    drop(ours); // sem este lado, o `recv` do outro acaba
    let partner_pid = partner.pid();
    Ok(Conversation { partner_pid, answers, heard: partner.join()?? })
}

/// O outro lado: responde com o quadrado, até ninguém mais perguntar.
fn answer(channel: Connection<Line, Line>) -> Result<Vec<Line>, Error> {
    let mut heard = Vec::new();
    while let Ok(line) = channel.recv() {
        channel.send(&Line::new(line.number, line.value * line.value))?;
        heard.push(line);
    }
    Ok(heard)
}
// ANCHOR_END: converse
