//! `contar-primos`, o programa que a lição 14 constrói, e o gêmeo dele em Python: o que aceitam, o que recusam, e o que
//! deixam no disco quando algo dá errado.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use licoes::load::model::Model;
use licoes::load::workload::count_primes;
use licoes::system::scratch::Scratch;
use rustix::process::{Pid, Signal, getuid, kill_process_group};

use crate::harness::skip;
use crate::lessons::group;
use crate::support::{eventually, folder};
use crate::workspace::{program, root, stderr, stdout};

crate::cases! {
    60 => every_model_writes_the_same_table_and_ends_with_the_total,
    60 => python_writes_the_same_table_and_ends_with_the_total,
    30 => a_bad_line_is_one_portuguese_line_and_exit_code_2,
    20 => the_help_of_the_program_is_in_portuguese,
    30 => a_place_that_cannot_be_written_is_one_line_before_the_count,
    30 => a_file_that_exists_is_only_replaced_if_asked,
    30 => a_folder_without_permission_is_one_line,
    60 => ctrl_c_leaves_neither_file_nor_process,
    20 => a_scratch_folder_goes_with_a_killed_program,
}

fn rust(folder: &Path) -> Command {
    let mut command = program("contar-primos", folder);
    command.current_dir(folder);
    command
}

fn python(folder: &Path) -> Command {
    if Command::new("python3").arg("--version").output().is_err() {
        skip("não há python3 no PATH");
    }
    let mut command = Command::new("python3");
    let script = root().join("lessons/14-exemplo-pratico/example.py");
    command.arg(script).stdin(Stdio::null()).current_dir(folder);
    command
}

/// Os dois programas, se há um Python.
fn both(folder: &Path) -> Vec<Command> {
    let has_python = Command::new("python3").arg("--version").output().is_ok();
    let python = has_python.then(|| python(folder));
    [rust(folder)].into_iter().chain(python).collect()
}

fn run(mut command: Command, arguments: &[&str]) -> Output {
    command.args(arguments).output().expect("o programa roda")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a pasta").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A tabela que tem que sair, feita sem o programa.
fn table(limit: u64, slices: u64) -> String {
    let mut text = "inicio,fim,primos,total\n".to_owned();
    for slice in 0..slices {
        let (start, end) = (limit * slice / slices, limit * (slice + 1) / slices);
        let (primes, total) = (count_primes(start..end), count_primes(0..end));
        text += &format!("{start},{end},{primes},{total}\n");
    }
    text
}

/// Roda o programa com cada modelo, e confere a tabela e o resumo.
fn each_model(models: &[&str], command: impl Fn(&Path) -> Command) {
    for model in models {
        for (limit, slices, workers) in [("10.007", "7", "3"), ("5", "9", "1"), ("1", "1", "4")] {
            let folder = folder();
            let arguments = [
                limit,
                "--modelo",
                model,
                "--fatias",
                slices,
                "--trabalhadores",
                workers,
                "--saida",
                "a,b.csv",
            ];
            let output = run(command(folder.path()), &arguments);
            assert!(output.status.success(), "{model}: {}", stderr(&output));
            assert_eq!(stderr(&output), "", "{model}: o andamento é só para um terminal");
            let limit = limit.replace('.', "").parse().unwrap();
            let written = fs::read_to_string(folder.path().join("a,b.csv")).unwrap();
            assert_eq!(written, table(limit, slices.parse().unwrap()), "{model}");
            let total = count_primes(0..limit).to_string();
            assert_eq!(stdout(&output).lines().last(), Some(total.as_str()), "{model}");
            assert_eq!(names(folder.path()), ["a,b.csv"], "{model}");
        }
    }
}

fn every_model_writes_the_same_table_and_ends_with_the_total() {
    each_model(&Model::ALL.map(Model::id), rust);
}

fn python_writes_the_same_table_and_ends_with_the_total() {
    each_model(&["serial", "threads", "thread_pool", "process-pool", "processes"], python);
}

fn a_bad_line_is_one_portuguese_line_and_exit_code_2() {
    let bad: [(&[&str], &str); 10] = [
        (&["abc"], "LIMITE"),
        (&["-1"], "LIMITE"),
        (&["0"], "LIMITE"),
        (&["99999999999999999999"], "LIMITE"),
        (&["--fatias", "0"], "--fatias"),
        (&["--trabalhadores", "1,5"], "--trabalhadores"),
        (&["--modelo", "xyz"], "xyz"),
        (&["--saida"], "veja --"),
        (&["--desconhecida"], "veja --"),
        (&["1", "2"], "veja --"),
    ];
    let folder = folder();
    for (arguments, named) in bad {
        for command in both(folder.path()) {
            let output = run(command, arguments);
            let error = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
            assert_eq!((stdout(&output).as_str(), error.lines().count()), ("", 1), "{arguments:?}: {error}");
            assert!(error.starts_with("erro: ") && error.contains(named), "{arguments:?}: {error}");
        }
    }
    assert!(names(folder.path()).is_empty());
}

fn the_help_of_the_program_is_in_portuguese() {
    let folder = folder();
    let output = run(rust(folder.path()), &["--ajuda"]);
    let help = stdout(&output);
    assert!(output.status.success() && help.contains("--substituir"), "{help}");
    for english in ["Usage", "Options", "Arguments", "default", "possible values", "Print help"] {
        assert!(!help.contains(english), "{english:?} em\n{help}");
    }
}

/// A maior conta que o programa aceita: se ele a começasse, o teste passaria do tempo.
const HUGE: &str = "1.000.000.000";

fn a_place_that_cannot_be_written_is_one_line_before_the_count() {
    let folder = folder();
    fs::write(folder.path().join("arquivo"), "de antes").unwrap();
    symlink("arquivo", folder.path().join("atalho")).unwrap();
    fs::create_dir(folder.path().join("pasta")).unwrap();
    let long = "x".repeat(300);
    let bad = [
        ("não/existe.csv", "a pasta não existe"),
        ("arquivo/primos.csv", "passa por um arquivo"),
        ("pasta", "não é um arquivo comum"),
        ("atalho", "não é um arquivo comum"),
        ("/dev/null", "não é um arquivo comum"),
        // A pasta existe, e recusa: dizer que não existe mandaria procurar o erro no lugar errado.
        ("/proc/primos.csv", "não aceita arquivos"),
        (long.as_str(), "não dá para escrever"),
    ];
    for (path, reason) in bad {
        for command in both(folder.path()) {
            let output = run(command, &[HUGE, "--saida", path, "--substituir"]);
            let error = stderr(&output);
            assert_eq!(output.status.code(), Some(1), "{path}: {error}");
            assert_eq!((stdout(&output).as_str(), error.lines().count()), ("", 1), "{path}: {error}");
            assert!(error.starts_with("erro: ") && error.contains(reason), "{path}: {error}");
        }
    }
    assert_eq!(names(folder.path()), ["arquivo", "atalho", "pasta"]);
    assert_eq!(fs::read_to_string(folder.path().join("arquivo")).unwrap(), "de antes");
}

fn a_file_that_exists_is_only_replaced_if_asked() {
    let folder = folder();
    let path = folder.path().join("primos.csv");
    for command in both(folder.path()) {
        fs::write(&path, "de antes").unwrap();
        let output = run(command, &[HUGE, "--saida", "primos.csv"]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).contains("já existe"), "{}", stderr(&output));
        assert_eq!(fs::read_to_string(&path).unwrap(), "de antes");
    }
    for command in both(folder.path()) {
        fs::write(&path, "de antes").unwrap();
        let output = run(command, &["100", "--fatias", "2", "--saida", "primos.csv", "--substituir"]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(fs::read_to_string(&path).unwrap(), table(100, 2));
    }
    assert_eq!(names(folder.path()), ["primos.csv"]);
}

fn a_folder_without_permission_is_one_line() {
    if getuid().is_root() {
        skip("para o root, toda pasta tem permissão");
    }
    let folder = folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    for command in both(folder.path()) {
        let output = run(command, &[HUGE, "--saida", "primos.csv"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).ends_with("sem permissão\n"), "{}", stderr(&output));
    }
}

fn ctrl_c_leaves_neither_file_nor_process() {
    for model in ["process_pool", "processes", "thread_pool"] {
        let folder = folder();
        fs::write(folder.path().join("primos.csv"), "de antes").unwrap();
        let mut command = rust(folder.path());
        command.args(["200.000.000", "--fatias", "100.000", "--trabalhadores", "2", "--modelo", model]);
        command.args(["--saida", "primos.csv", "--substituir"]).process_group(0);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let pgid = child.id();
        let busy = if model == "thread_pool" { 1 } else { 3 };
        eventually("o programa trabalha", || group(pgid).len() == busy);
        sleep(Duration::from_millis(100));
        kill_process_group(Pid::from_raw(pgid.cast_signed()).unwrap(), Signal::INT).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.signal(), Some(2), "{model}");
        assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), ("", ""), "{model}");
        eventually("todos terminaram", || group(pgid).is_empty());
        assert_eq!(names(folder.path()), ["primos.csv"], "{model}");
        assert_eq!(fs::read_to_string(folder.path().join("primos.csv")).unwrap(), "de antes");
    }
}

/// Cria uma pasta, diz onde ela está e espera ser morto.
pub(crate) fn keep_a_scratch_folder() -> Result<(), multiprocessamento::Error> {
    let scratch = Scratch::new().expect("a pasta");
    println!("{}", scratch.path().display());
    loop {
        sleep(Duration::from_secs(3600));
    }
}

fn a_scratch_folder_goes_with_a_killed_program() {
    let mut command = crate::helper::command("pasta-temporária");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let path = PathBuf::from(line.trim());
    fs::write(path.join("arquivo"), "algo").unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("a pasta sumiu", || !path.exists());
}
