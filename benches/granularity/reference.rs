//! O mestre em C, `master.c`: compilado, rodado por um `mpirun`, e medido pela entrada e pela saída dele.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use licoes::measure::granularity::Sample;
use licoes::system::scratch::Scratch;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/granularity/master.c");

/// Quanto se espera que os ranks se despeçam, antes de matar o `mpirun`.
const EXIT_LIMIT: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// O programa em C, de pé. Descartado, termina.
pub struct Reference {
    mpirun: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Onde está o executável.
    _folder: Scratch,
}

impl Reference {
    /// Compila e começa o programa, com as opções que `mpirun` já tem.
    ///
    /// # Erros
    ///
    /// Uma linha: falta um programa, a compilação falhou, ou os ranks não responderam.
    pub fn start(mut mpirun: Command) -> Result<Self, String> {
        let folder = Scratch::new().map_err(|error| format!("a pasta temporária: {error}"))?;
        let program = folder.path().join("master");
        let compiled = Command::new("mpicc")
            .args(["-O3", "-o"])
            .arg(&program)
            .arg(SOURCE)
            .status()
            .map_err(missing("mpicc"))?;
        if !compiled.success() {
            return Err(format!("o mpicc terminou com {compiled}"));
        }
        mpirun.arg(&program).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut mpirun = mpirun.spawn().map_err(missing("mpirun"))?;
        let (requests, answers) = (mpirun.stdin.take(), mpirun.stdout.take());
        let answers = BufReader::new(answers.ok_or("o mpirun não tem saída")?);
        let mut reference = Reference { mpirun, requests, answers, _folder: folder };
        // A primeira medida traz as páginas dos ranks, e diz se eles estão mesmo lá.
        reference.sample(0, 1_000)?;
        Ok(reference)
    }

    /// Mede `tasks` tarefas de `turns` voltas.
    ///
    /// # Erros
    ///
    /// Uma linha: o programa terminou, ou respondeu o que não se entende.
    pub fn sample(&mut self, turns: u64, tasks: usize) -> Result<Sample, String> {
        let requests = self.requests.as_mut().ok_or("o programa em C já terminou")?;
        let mut line = String::new();
        writeln!(requests, "{turns} {tasks}")
            .and_then(|()| self.answers.read_line(&mut line))
            .map_err(|error| format!("o programa em C não responde: {error}"))?;
        let seconds = line
            .split_once(' ')
            .and_then(|(serial, parallel)| Some((serial.parse().ok()?, parallel.trim_end().parse().ok()?)));
        let (serial, parallel) = seconds.ok_or_else(|| match line.trim_end() {
            "" => "o programa em C terminou sem responder".to_owned(),
            strange => format!("o programa em C respondeu «{strange}»"),
        })?;
        Ok(Sample { tasks, serial, parallel })
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // Sem mais linhas, o rank 0 se despede dos outros e termina.
        self.requests = None;
        let exit = pidfd_open(Pid::from_child(&self.mpirun), PidfdFlags::empty());
        let in_time =
            exit.is_ok_and(|exit| poll(&mut [PollFd::new(&exit, PollFlags::IN)], Some(&EXIT_LIMIT)) == Ok(1));
        if !in_time {
            // Os ranks vão com ele: cada um termina quando deixa de ouvi-lo.
            let _ = self.mpirun.kill();
        }
        let _ = self.mpirun.wait();
    }
}

fn missing(program: &str) -> impl FnOnce(std::io::Error) -> String {
    move |error| match error.kind() {
        ErrorKind::NotFound => format!("não há {program} no PATH"),
        _ => format!("{program}: {error}"),
    }
}
