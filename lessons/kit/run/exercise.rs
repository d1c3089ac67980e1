//! A conferência dos exercícios.
//!
//! A resposta do leitor é um binário próprio, compilado só quando ele pede: um erro de digitação ali
//! aparece como o compilador o diz, e não para mais nada.

use std::collections::BTreeMap;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use console::style;
use multiprocessamento::{Error, Process};
use registro::format::{percent, seconds};
use registro::{DOES_NOT_COMPILE, kept, system};

use crate::measure::trace::Piece;
use crate::run::lesson::Info;
use crate::run::panics;
use crate::run::report::{print, show};

/// A conferência de uma resposta, ponto a ponto.
pub struct Check {
    lesson: u32,
    failed: usize,
    /// Se um ponto já ficou esperando para sempre.
    stuck: bool,
    watchdog: Watchdog,
}

/// Quanto um ponto conferido num processo à parte pode levar. As contas dos exercícios levam uma fração disto mesmo
/// numa máquina ocupada; quem passa daqui espera por algo que não vem.
const PATIENCE: Duration = Duration::from_secs(3);

impl Check {
    /// Começa a conferir o exercício da lição `lesson`.
    pub fn new(lesson: u32) -> Self {
        print(&style(format!("Exercício {lesson}")).bold().to_string());
        Check { lesson, failed: 0, stuck: false, watchdog: Watchdog::start(lesson) }
    }

    /// Confere um ponto: `test` devolve o que está errado. Um pânico conta como erro.
    pub fn point(&mut self, name: &str, test: impl FnOnce() -> Result<(), String>) {
        self.run_point(name, Box::new(test));
    }

    /// O mesmo. Com a caixa, isto se compila uma vez só, e não uma por ponto.
    fn run_point(&mut self, name: &str, test: Box<dyn FnOnce() -> Result<(), String> + '_>) {
        self.watchdog.expect(name);
        let outcome = panics::catch(test).unwrap_or_else(|panic| Err(explain(&panic)));
        self.watchdog.expect(Watchdog::BETWEEN_POINTS);
        match outcome {
            Ok(()) => say(&format!("  {} {name}", style("✔").green())),
            Err(reason) => {
                self.failed += 1;
                print_failure(name, &reason);
            }
        }
    }

    /// Confere um ponto num processo à parte, que é morto, com os filhos que criou, se não terminar logo: uma resposta
    /// que espera para sempre é um erro como outro. Depois da primeira, as outras do mesmo tipo não se conferem.
    pub fn point_in_time<F>(&mut self, name: &str, test: F)
    where
        F: Fn() -> Result<(), String> + Copy + Send + 'static,
    {
        self.run_point_in_time(name, &move || Process::start(move |()| test(), ()));
    }

    fn run_point_in_time(
        &mut self,
        name: &str,
        start: &dyn Fn() -> Result<Process<Result<(), String>>, Error>,
    ) {
        let was_stuck = self.stuck;
        let mut is_stuck = false;
        self.point(name, || {
            if was_stuck {
                return Err("não conferido: antes, a resposta precisa terminar".to_owned());
            }
            match start().and_then(|mut process| process.join_timeout(PATIENCE)) {
                Ok(outcome) => outcome,
                Err(Error::TimedOut(limit)) => {
                    is_stuck = true;
                    Err(format!(
                        "não terminou em {}: alguém espera para sempre",
                        seconds(limit.as_secs_f64())
                    ))
                }
                Err(error) => Err(explain(&error)),
            }
        });
        self.stuck |= is_stuck;
    }

    /// Diz o resultado. Código de saída: 0 se tudo passou, 1 se falta algo.
    pub fn finish(self) -> ExitCode {
        if self.failed == 0 {
            print("Tudo certo.");
            return ExitCode::SUCCESS;
        }
        say(&not_yet(self.lesson));
        ExitCode::FAILURE
    }
}

/// Na largura do terminal; fora de um, quem lê é outro programa, que conta com um ponto por linha.
fn say(text: &str) {
    if std::io::stdout().is_terminal() { show(text) } else { print(text) }
}

fn not_yet(lesson: u32) -> String {
    format!("Ainda não. Uma dica: cargo run --bin lesson-{lesson} -- exercicio --dica 1")
}

fn print_failure(name: &str, reason: &str) {
    say(&format!("  {} {name}\n      {reason}", style("✘").red()));
}

/// Encerra a conferência que parou: uma resposta que não termina prenderia quem a confere, e nada mais a interrompe.
struct Watchdog {
    /// O ponto que começa agora. Fechado, a conferência acabou.
    points: Sender<String>,
}

impl Watchdog {
    /// Muito mais do que um ponto pede, até numa máquina lenta e ocupada.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// A resposta também roda antes do primeiro ponto, para dar aos outros o que conferir.
    const BETWEEN_POINTS: &str = "a resposta termina";

    fn start(lesson: u32) -> Self {
        let (points, started) = std::sync::mpsc::channel();
        std::thread::spawn(move || Watchdog::watch(lesson, &started));
        Watchdog { points }
    }

    fn expect(&self, point: &str) {
        // Sem quem vigie, a conferência segue: só não tem prazo.
        let _ = self.points.send(point.to_owned());
    }

    fn watch(lesson: u32, started: &Receiver<String>) {
        let mut point = Watchdog::BETWEEN_POINTS.to_owned();
        loop {
            match started.recv_timeout(Watchdog::PATIENCE) {
                Ok(next) => point = next,
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        let limit = seconds(Watchdog::PATIENCE.as_secs_f64());
        print_failure(
            &point,
            &format!("não terminou em {limit}: alguém espera para sempre, ou um laço não acaba"),
        );
        print("Os outros pontos não foram conferidos.");
        say(&not_yet(lesson));
        // As threads da resposta acabam aqui, e os processos que ela criou acabam com este.
        std::process::exit(1);
    }
}

fn explain(panic: &Error) -> String {
    match panic {
        Error::Panicked { message, .. } if message.starts_with("not yet implemented") => {
            "ainda por fazer: troque o todo!() pela sua resposta".to_owned()
        }
        other => other.to_string(),
    }
}

/// Confere que `got` é `expected`.
///
/// # Erros
///
/// Uma frase com os dois valores.
pub fn expect_equal<T: PartialEq + std::fmt::Debug>(got: T, expected: T) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("esperava {expected:?}, veio {got:?}")) }
}

/// Do que caberia a cada trabalhador numa divisão igual, a parte de que ele não pode ficar abaixo. Quem reparte o
/// trabalho de verdade raramente sai da metade; quem deixa tudo com um fica perto de zero.
const LEAST_SHARE: f64 = 0.25;

/// Confere que o trabalho foi mesmo repartido entre `workers` processos, nenhum deles este programa.
///
/// Olha o tempo de processador de cada PID, e não só os PIDs: um pool de dois em que um trabalha e o outro assiste
/// tem dois PIDs.
///
/// # Erros
///
/// Uma frase que diz o que faltou.
pub fn expect_shared_work<R>(pieces: &[Piece<R>], workers: usize) -> Result<(), String> {
    let mut spent: BTreeMap<u32, f64> = BTreeMap::new();
    for piece in pieces {
        *spent.entry(piece.pid).or_default() += piece.cpu_seconds;
    }
    if spent.contains_key(&std::process::id()) {
        return Err("uma parte do trabalho foi feita no programa principal".to_owned());
    }
    if spent.len() != workers {
        return Err(format!("esperava {workers} processos no trabalho, e houve {}", spent.len()));
    }
    let total: f64 = spent.values().sum();
    let least = spent.values().copied().fold(f64::INFINITY, f64::min);
    if least * (workers as f64) < LEAST_SHARE * total {
        let share = percent(least / total);
        return Err(format!("um dos {workers} processos fez só {share} do trabalho; os outros, o resto"));
    }
    Ok(())
}

/// Confere que este processo não deixou filhos: nem vivos, nem por recolher.
///
/// # Erros
///
/// Uma frase que diz quantos ficaram.
pub fn expect_no_children() -> Result<(), String> {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = tasks.map(|task| std::fs::read_to_string(task.path().join("children")).unwrap_or_default());
    match lists.map(|list| list.split_whitespace().count()).sum() {
        0 => Ok(()),
        1 => Err("um processo ficou para trás".to_owned()),
        left => Err(format!("{left} processos ficaram para trás")),
    }
}

/// Compila o exercício e o roda, com o mesmo cargo e o mesmo perfil desta lição; se passou, guarda a resposta, que o
/// livro mostra como resolvida.
pub(super) fn build_and_run(lesson: u32) -> ExitCode {
    let name = format!("exercicio-{lesson}");
    // Lida antes de compilar: o que o leitor escrever durante a conferência ainda não passou.
    let answer = answer_file(lesson).and_then(fs::read_to_string);
    match build(&name).and_then(|program| Command::new(program).status()) {
        Ok(status) if status.success() => {
            let kept = answer.and_then(|answer| kept::save_answer(&kept::folder(), lesson, &answer));
            if let Err(error) = kept {
                eprintln!("aviso: não consegui guardar que o exercício passou: {}", system::reason(&error));
            }
            ExitCode::SUCCESS
        }
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("erro: {}", system::reason(&error));
            ExitCode::from(DOES_NOT_COMPILE)
        }
    }
}

/// O arquivo em que o leitor responde.
fn answer_file(lesson: u32) -> std::io::Result<PathBuf> {
    let lessons = fs::read_dir(env!("CARGO_MANIFEST_DIR"))?;
    let is_of = |name: &str| name.split_once('-').is_some_and(|(number, _)| number.parse() == Ok(lesson));
    let mut folders = lessons.flatten().filter(|folder| folder.file_name().to_str().is_some_and(is_of));
    let folder = folders.next().ok_or(std::io::ErrorKind::NotFound)?;
    Ok(folder.path().join("exercise.rs"))
}

fn build(name: &str) -> std::io::Result<std::path::PathBuf> {
    // O exercício é compilado ao lado deste programa: `target/<perfil>/exercicio-N`.
    let program = std::env::current_exe()?.with_file_name(name);
    let folder = program.parent().unwrap_or(Path::new("."));
    let profile = match folder.file_name().and_then(|folder| folder.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--features", "exercicios", "--bin", name, "--profile", profile])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "--target-dir"])
        .arg(folder.parent().unwrap_or(folder))
        .stdin(Stdio::null())
        .status()?;
    if built.success() {
        return Ok(program);
    }
    Err(std::io::Error::other("o exercício ainda não compila; a mensagem do compilador está acima"))
}

/// Mostra uma dica.
pub(super) fn show_hint(info: Info, number: usize) -> ExitCode {
    let hints: Vec<&str> = info.hints.split("\n---\n").map(str::trim).collect();
    let Some(hint) = hints.get(number - 1) else {
        eprintln!("erro: o exercício {} tem {} dicas", info.number, hints.len());
        return ExitCode::from(2);
    };
    show(&format!("Dica {number} de {}\n\n{}", hints.len(), unbroken(hint)));
    ExitCode::SUCCESS
}

/// Cada parágrafo numa linha só: quem a quebra é a largura do terminal.
fn unbroken(text: &str) -> String {
    text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(pid: u32, cpu_seconds: f64) -> Piece<()> {
        Piece { value: (), pid, tid: pid, cpu: 0, start: 0.0, end: 1.0, cpu_seconds }
    }

    #[test]
    fn work_shared_by_all_passes_even_when_uneven() {
        assert_eq!(expect_shared_work(&[piece(1, 0.3), piece(2, 0.7)], 2), Ok(()));
    }

    #[test]
    fn a_worker_that_only_watches_is_seen() {
        let watched = expect_shared_work(&[piece(1, 0.99), piece(2, 0.01)], 2);
        assert!(watched.is_err_and(|reason| reason.contains("1 %")));
        assert!(expect_shared_work(&[piece(1, 1.0)], 2).is_err());
        assert!(expect_shared_work(&[piece(std::process::id(), 0.5), piece(1, 0.5)], 2).is_err());
    }
}
