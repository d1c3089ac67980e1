//! O Python ao lado das lições: quem serve, quem não serve, e que nada dele fica para trás.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use licoes::python::Python;
use registro::record::{Event, Verdict};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;

use crate::harness::skip;
use crate::lessons::group;
use crate::support::{Identity, children_of, eventually, folder, kill};
use crate::workspace::{events, program, run, stderr, stdout};

crate::cases! {
    30 => a_python_that_does_not_serve_gets_one_line_and_exit_code_2,
    30 => a_script_that_raises_is_one_line,
    30 => a_script_that_writes_too_much_of_everything_is_read_to_the_end,
    240 => a_script_that_never_ends_is_ended_with_its_workers,
    30 => what_a_script_leaves_behind_is_ended,
    30 => the_work_of_forkserver_workers_is_accounted_for,
    60 => a_killed_lesson_takes_the_workers_of_its_python,
    60 => ctrl_c_ends_lesson_and_python_quietly,
    60 => without_python_lesson_4_is_whole_and_says_so,
    60 => a_python_without_the_gil_joins_in,
}

const LONG: Duration = Duration::from_secs(20);

fn python() -> Python {
    Python::ask(Path::new("python3")).unwrap_or_else(|reason| skip(&reason))
}

fn script(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("programa.py");
    fs::write(&path, text).expect("escrever o programa");
    path
}

/// Um programa que se pode executar.
fn executable(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("executável");
    fs::write(&path, text).expect("escrever o executável");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissão");
    path
}

/// Roda `text` até o fim; devolve os números que ele escreveu e como terminou.
fn run_script(text: &str, limit: Duration) -> (Vec<u32>, Result<(), String>) {
    #[derive(Deserialize)]
    struct Line {
        number: u32,
    }
    let (folder, python, mut numbers) = (folder(), python(), Vec::new());
    let script = script(folder.path(), text);
    let outcome = python.run(&script, &[""; 0], limit, |line: Line| numbers.push(line.number));
    (numbers, outcome)
}

fn a_python_that_does_not_serve_gets_one_line_and_exit_code_2() {
    let (records, folder) = (folder(), folder());
    let garbage = executable(folder.path(), "#!/bin/sh\nyes | head -n 5000\nexit 0\n");
    let wrong = [
        ("/não/existe", "não existe"),
        ("/", "não pode ser executado"),
        ("true", "não é um Python 3"),
        ("false", "não é um Python 3"),
        (garbage.to_str().expect("UTF-8"), "não é um Python 3"),
    ];
    for (path, reason) in wrong {
        let output = run(4, &["--python", path], records.path());
        let error = stderr(&output);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{path}: {error}");
        assert_eq!(error.lines().count(), 1, "{path}: {error}");
        assert!(error.starts_with("erro: --python «") && error.contains(reason), "{path}: {error}");
    }
}

fn a_script_that_raises_is_one_line() {
    let (numbers, outcome) = run_script("print('{\"number\": 7}')\nraise ValueError('assim não')", LONG);
    assert_eq!(numbers, [7]);
    let error = outcome.expect_err("levantou");
    assert!(error.starts_with("o Python 3") && error.ends_with(": ValueError: assim não"), "{error}");

    let (_, outcome) = run_script("import os; os.abort()", LONG);
    assert!(outcome.expect_err("morreu").ends_with("morto por SIGABRT (sinal 6)"));
    let (_, outcome) = run_script("print('{\"number\": -1}')", LONG);
    let error = outcome.expect_err("não é o que se esperava");
    assert!(error.contains("escreveu") && error.lines().count() == 1, "{error}");
}

fn a_script_that_writes_too_much_of_everything_is_read_to_the_end() {
    let text = "import sys\nfor i in range(5000):\n    print('{\"number\": %d}' % i)\n    print('?' * 50, file=sys.stderr)\n    sys.stdout.buffer.write(b'\\xff\\n')";
    let (numbers, outcome) = run_script(text, LONG);
    assert_eq!((numbers.len(), outcome), (5000, Ok(())));
}

const TELL_WORKERS: &str = "
import multiprocessing, os, time

def tell(_):
    print('{\"number\": %d}' % os.getpid(), flush=True)
    time.sleep(1000)

if __name__ == '__main__':
    print('{\"number\": %d}' % os.getpgrp(), flush=True)
    context = multiprocessing.get_context('METHOD')
    context.Pool(2).map(tell, range(2), chunksize=1)
";

fn a_script_that_never_ends_is_ended_with_its_workers() {
    for method in ["fork", "spawn", "forkserver"] {
        let text = TELL_WORKERS.replace("METHOD", method);
        let told = until_it_told_all(&text);
        assert_eq!(told.len(), 3, "{method}: o grupo e os dois trabalhadores");
    }
}

/// O que o programa disse até ser encerrado. Numa máquina ocupada, os trabalhadores dele demoram a nascer: se ainda não
/// tinham nascido, dá-se mais tempo a outro.
fn until_it_told_all(text: &str) -> Vec<u32> {
    let mut told = Vec::new();
    for seconds in [4, 30, 30] {
        let outcome;
        (told, outcome) = run_script(text, Duration::from_secs(seconds));
        assert!(outcome.expect_err("não acaba").ends_with(&format!("não terminou em {seconds} s")));
        // O último a sair é quem apaga os semáforos de /dev/shm; a suíte confere que apagou.
        eventually("o grupo se foi", || told.first().is_none_or(|leader| group(*leader).is_empty()));
        if told.len() == 3 {
            break;
        }
    }
    told
}

fn what_a_script_leaves_behind_is_ended() {
    let text = "import subprocess\nleft = subprocess.Popen(['sleep', '1000'], stdout=subprocess.DEVNULL)\nprint('{\"number\": %d}' % left.pid)";
    let (left, outcome) = run_script(text, LONG);
    assert_eq!(outcome, Ok(()));
    let left: Vec<_> = left.into_iter().filter_map(Identity::of).collect();
    eventually("o que ficou se foi", || left.iter().all(Identity::is_gone));
}

/// No Python 3.14 o forkserver é o padrão, e os trabalhadores são filhos dele, e não do programa.
fn the_work_of_forkserver_workers_is_accounted_for() {
    let text = "
import multiprocessing, time

def burn(_):
    while time.process_time() < 0.5:
        pass

if __name__ == '__main__':
    with multiprocessing.get_context('forkserver').Pool(1) as pool:
        pool.map(burn, range(1))
";
    let before = children_ticks();
    assert_eq!(run_script(text, LONG).1, Ok(()));
    let seconds = (children_ticks() - before) / rustix::param::clock_ticks_per_second() as f64;
    assert!(seconds >= 0.45, "só {seconds} s");
}

/// Tempo de processador dos filhos já recolhidos deste processo, em passos do relógio.
fn children_ticks() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("/proc");
    let fields = stat.rsplit_once(')').expect("o nome").1.split_whitespace();
    fields.skip(13).take(2).map(|ticks| ticks.parse::<f64>().expect("um número")).sum()
}

/// A lição 4 no meio da medida do `Pool` do Python, e os processos dela.
fn lesson_with_a_python_pool(records: &Path) -> (Child, Vec<Identity>) {
    python();
    let mut command = program("lesson-4", records);
    let long = ["--limite", "200000", "--repeticoes", "40", "--modelo", "serial", "--trabalhadores", "2"];
    command.args(long).process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
    let lesson = command.spawn().expect("a lição roda");
    while tree_of(lesson.id()).into_iter().filter(|&pid| is_python(pid)).count() < 3 {
        std::thread::sleep(Duration::from_millis(2));
    }
    let tree = tree_of(lesson.id()).into_iter().filter_map(Identity::of).collect();
    (lesson, tree)
}

fn tree_of(pid: u32) -> Vec<u32> {
    let children = children_of(pid);
    children.iter().flat_map(|&child| tree_of(child)).chain([pid]).collect()
}

fn is_python(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("python"))
}

fn assert_gone(tree: &[Identity]) {
    let start = Instant::now();
    while let Some(alive) = tree.iter().find(|process| !process.is_gone()) {
        assert!(start.elapsed() < Duration::from_secs(2), "ainda vivo: {}", alive.pid);
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn a_killed_lesson_takes_the_workers_of_its_python() {
    let records = folder();
    let (mut lesson, tree) = lesson_with_a_python_pool(records.path());
    kill(lesson.id(), Signal::KILL);
    lesson.wait().expect("a lição terminou");
    assert_gone(&tree);
}

fn ctrl_c_ends_lesson_and_python_quietly() {
    let records = folder();
    let (lesson, tree) = lesson_with_a_python_pool(records.path());
    let group = Pid::from_raw(lesson.id().cast_signed()).expect("um PID");
    kill_process_group(group, Signal::INT).expect("SIGINT");
    let output = lesson.wait_with_output().expect("a lição terminou");
    assert_eq!((output.status.signal(), stderr(&output).as_str()), (Some(2), ""));
    assert_gone(&tree);
}

const SMALL: [&str; 4] = ["--limite", "10.000", "--repeticoes", "3"];

/// Os vereditos de um registro, por afirmação.
fn verdicts(record: &str) -> Vec<(String, Option<Verdict>, String)> {
    let claims = events(record).into_iter().filter_map(|event| match event {
        // O que não se decidiu diz por quê.
        Event::Claim(claim) => Some((claim.id, claim.verdict, claim.reason.unwrap_or(claim.evidence))),
        _ => None,
    });
    claims.collect()
}

fn without_python_lesson_4_is_whole_and_says_so() {
    let (records, empty) = (folder(), folder());
    let lesson = |arguments: &[&str]| {
        let mut command = program("lesson-4", records.path());
        let output = command.args(SMALL).args(arguments).env("PATH", empty.path()).output().expect("roda");
        assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
        stdout(&output)
    };
    let text = lesson(&[]);
    assert!(text.contains("Python com o GIL: nenhum foi encontrado."), "{text}");
    assert!(text.contains("Rust, com uma trava só em cada processo"), "{text}");
    let claims = verdicts(&lesson(&["--json", "--trabalhadores", "2"]));
    for (id, verdict, evidence) in &claims[..2] {
        assert_eq!(*verdict, Some(Verdict::Inconclusive), "{id}");
        assert!(evidence.contains("nenhum foi encontrado") || evidence.contains("um núcleo"), "{evidence}");
    }
}

fn a_python_without_the_gil_joins_in() {
    python();
    let (records, folder) = (folder(), folder());
    // Um Python comum que diz não ter o GIL: basta para saber o que a lição faz com ele.
    let pretend = "import sys; sys._is_gil_enabled = lambda: False; exec(sys.argv.pop(1))";
    let text = format!("#!/bin/sh\ncode=\"$2\"\nshift 2\nexec python3 -c '{pretend}' \"$code\" \"$@\"\n");
    let free = executable(folder.path(), &text);
    let free = free.to_str().expect("UTF-8");
    let measured = |pythons: &[&str]| {
        let output = run(4, &[&SMALL, &["--json"][..], pythons].concat(), records.path());
        assert!(output.status.success(), "{}", stderr(&output));
        let text = stdout(&output);
        let speedup = |event| match event {
            Event::Metric(metric) if metric.name == "speedup" => Some(metric.model),
            _ => None,
        };
        let models: Vec<String> = events(&text).into_iter().filter_map(speedup).collect();
        (models.join(" "), verdicts(&text))
    };
    let (models, claims) = measured(&["--python", free]);
    assert_eq!(models, "python_free_threads global_lock threads process_pool");
    assert!(claims[..2].iter().all(|(_, verdict, _)| *verdict == Some(Verdict::Inconclusive)));
    let (models, _) = measured(&["--python", free, "--python", "python3"]);
    let all = "python_threads python_pool python_free_threads global_lock threads process_pool";
    assert_eq!(models, all);
}
