//! Cada lição, rodada como o leitor a roda.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use licoes::load::model::{BUILT, Model};
use licoes::load::workload::count_primes;
use registro::record::{Claim, Event, Verdict};

use crate::harness::skip;
use crate::workspace::{Lesson, events, legends, lessons, program, read, run, stderr, stdout, undeclared};

/// Segundos para percorrer todas as lições, numa máquina ocupada.
const ALL_LESSONS: u64 = 300;

crate::cases! {
    ALL_LESSONS => every_lesson_records_six_agreeing_models_and_a_verdict_per_claim,
    ALL_LESSONS => the_report_shows_table_timeline_and_verdicts_without_colours_in_a_file,
    60 => bad_options_get_one_portuguese_line_and_exit_code_2,
    20 => help_is_in_portuguese,
    60 => a_reader_that_leaves_early_ends_the_lesson_quietly,
    ALL_LESSONS => a_chosen_model_is_measured_beside_the_serial_one_only,
    60 => a_killed_lesson_leaves_no_worker_one_second_later,
    60 => ctrl_c_ends_the_whole_tree_quietly,
    60 => a_record_that_cannot_be_saved_is_a_warning_not_a_failure,
    60 => a_full_disk_is_told_and_keeps_nothing_half_written,
    ALL_LESSONS => python_and_rust_count_the_same_primes,
    ALL_LESSONS => every_lesson_is_whole_without_python,
    ALL_LESSONS => every_lesson_is_whole_on_one_core,
    ALL_LESSONS => a_first_look_refutes_nothing_and_never_takes_the_place_of_a_careful_measure,
    ALL_LESSONS => the_report_fits_a_narrow_terminal,
    20 => exercicio_is_accepted_with_its_accent,
}

const SMALL: [&str; 4] = ["--limite", "10.000", "--repeticoes", "3"];

fn every_lesson_records_six_agreeing_models_and_a_verdict_per_claim() {
    let records = tempfile::tempdir().expect("pasta");
    for lesson in lessons() {
        let output = run(lesson.number, &[SMALL.as_slice(), &["--json"]].concat(), records.path());
        assert!(output.status.success(), "{}: {}", lesson.slug, stderr(&output));
        assert_eq!(stderr(&output), "");
        let text = stdout(&output);
        let events = events(&text);

        let Some(Event::Start(start)) = events.first() else { panic!("o primeiro evento é start") };
        assert_eq!((start.lesson, start.workload.limit), (lesson.number, 10_000));
        assert_eq!(undeclared(&events), [""; 0], "{}: falta em legend.rs", lesson.slug);
        let reference =
            crate::workspace::events(&read(&format!("book/records/lesson-{}.json", lesson.number)));
        assert_eq!(
            legends(&events),
            legends(&reference),
            "{}: as linhas de legenda de book/records/lesson-{}.json são as de antes",
            lesson.slug,
            lesson.number
        );
        let ids: BTreeSet<_> =
            legends(&events).iter().map(|legend| (legend.kind as u8, &legend.id)).collect();
        assert_eq!(ids.len(), legends(&events).len(), "{}: cada nome, uma vez só", lesson.slug);
        assert!(matches!(events.last(), Some(Event::End(_))), "o último evento é end");

        let results: Vec<_> = events
            .iter()
            .filter_map(|event| if let Event::Result(result) = event { Some(result) } else { None })
            .collect();
        let models: Vec<&str> = results.iter().map(|result| result.model.as_str()).collect();
        assert_eq!(models, BUILT.iter().map(|model| model.id()).collect::<Vec<_>>());
        for result in results {
            assert_eq!(result.checksum, count_primes(0..10_000), "{}", result.model);
            assert_eq!(result.seconds.len(), 3);
            assert!(result.seconds.iter().all(|seconds| *seconds > 0.0));
        }
        let traced: BTreeSet<&str> = events
            .iter()
            .filter_map(|event| if let Event::Span(span) = event { Some(span.model.as_str()) } else { None })
            .collect();
        // E os que a lição acrescenta.
        assert!(traced.is_superset(&BTreeSet::from(Model::ALL.map(Model::id))), "{traced:?}");

        let claims: Vec<(&str, bool)> = events
            .iter()
            .filter_map(|event| if let Event::Claim(claim) = event { Some(claim) } else { None })
            .map(|claim| {
                assert!(!claim.text.is_empty());
                explained(claim);
                (claim.id.as_str(), claim.verdict.is_some())
            })
            .collect();
        let declared = lesson.declared();
        let expected: Vec<(&str, bool)> =
            declared.claims.iter().map(|claim| (claim.id.as_str(), !claim.is_definition)).collect();
        assert_eq!(claims, expected, "as afirmações da lição {}", lesson.number);

        let saved = fs::read_to_string(records.path().join(format!("lesson-{}.json", lesson.number)));
        assert_eq!(saved.expect("registro guardado"), text);
    }
    let files = fs::read_dir(records.path()).expect("pasta").count();
    assert_eq!(files, lessons().len(), "só os registros, sem arquivo pela metade");
}

fn the_report_shows_table_timeline_and_verdicts_without_colours_in_a_file() {
    let records = tempfile::tempdir().expect("pasta");
    for lesson in lessons() {
        let output = run(lesson.number, &SMALL, records.path());
        let text = stdout(&output);
        for expected in
            ["aceleração", "pool de processos", "1.229", "Linha do tempo", "As afirmações, e o que se mediu"]
        {
            assert!(text.contains(expected), "{}: falta {expected:?} em\n{text}", lesson.slug);
        }
        assert!(!text.contains('\x1b') && output.stderr.is_empty(), "nada de cores nem de barra num arquivo");
    }
}

fn bad_options_get_one_portuguese_line_and_exit_code_2() {
    let records = tempfile::tempdir().expect("pasta");
    let bad: [(&[&str], &str); 11] = [
        (&["--trabalhadores", "0"], "--trabalhadores"),
        (&["--trabalhadores", "-1"], "--trabalhadores"),
        (&["--trabalhadores", "100000"], "--trabalhadores"),
        (&["--limite", "abc"], "--limite"),
        (&["--limite", "99999999999999999999"], "--limite"),
        (&["--repeticoes", "1,5"], "--repeticoes"),
        (&["--modelo", "xyz"], "xyz"),
        (&["--desconhecida"], "--desconhecida"),
        (&["exercícios"], "exercícios"),
        (&["--limite"], "--limite"),
        (&["exercicio", "--dica", "99"], "dicas"),
    ];
    for (arguments, named) in bad {
        let output = run(1, arguments, records.path());
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert_eq!((stdout(&output).as_str(), error.lines().count()), ("", 1), "{arguments:?}: {error}");
        assert!(error.starts_with("erro: ") && error.contains(named), "{arguments:?}: {error}");
    }
    assert_eq!(fs::read_dir(records.path()).expect("pasta").count(), 0, "nada foi guardado");
}

fn help_is_in_portuguese() {
    let records = tempfile::tempdir().expect("pasta");
    let help = stdout(&run(1, &["--ajuda"], records.path()));
    for option in
        ["--trabalhadores", "--limite", "--repeticoes", "--modelo", "--rapido", "--json", "exercicio"]
    {
        assert!(help.contains(option), "falta {option} em\n{help}");
    }
    for english in ["Usage", "Options", "Arguments", "default", "possible values", "Print help"] {
        assert!(!help.contains(english), "{english:?} em\n{help}");
    }
}

fn a_reader_that_leaves_early_ends_the_lesson_quietly() {
    let records = tempfile::tempdir().expect("pasta");
    for mode in [&[][..], &["--json"]] {
        let mut command = program("lesson-1", records.path());
        command.args(SMALL).args(mode).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("a lição roda");
        let mut first = [0; 1];
        child.stdout.take().expect("saída").read_exact(&mut first).expect("o começo");
        let output = child.wait_with_output().expect("a lição termina");
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    }
}

fn a_chosen_model_is_measured_beside_the_serial_one_only() {
    let records = tempfile::tempdir().expect("pasta");
    for lesson in lessons() {
        let chosen = [SMALL.as_slice(), &["--json", "--modelo", "process-pool"]].concat();
        let output = run(lesson.number, &chosen, records.path());
        assert!(output.status.success(), "{}", stderr(&output));
        let events = events(&stdout(&output));
        let models: Vec<_> = events
            .iter()
            .filter_map(|event| if let Event::Result(result) = event { Some(&result.model) } else { None })
            .collect();
        assert_eq!(models, ["serial", "process_pool"]);
    }
}

/// Os processos vivos de um grupo.
pub(crate) fn group(pgid: u32) -> Vec<u32> {
    let mut pids = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let fields: Vec<&str> =
            stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        if fields.first() != Some(&"Z") && fields.get(2) == Some(&pgid.to_string().as_str()) {
            pids.push(pid);
        }
    }
    pids
}

/// Começa uma lição longa num grupo só dela e espera até que haja trabalhadores.
fn long_lesson(records: &std::path::Path) -> std::process::Child {
    let mut command = program("lesson-1", records);
    command.args([
        "--limite",
        "1.000.000",
        "--repeticoes",
        "200",
        "--modelo",
        "process_pool",
        "--trabalhadores",
        "2",
    ]);
    command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("a lição roda");
    while group(child.id()).len() < 3 {
        sleep(Duration::from_millis(1));
    }
    child
}

fn a_killed_lesson_leaves_no_worker_one_second_later() {
    let records = tempfile::tempdir().expect("pasta");
    let mut lesson = long_lesson(records.path());
    let pgid = lesson.id();
    lesson.kill().expect("SIGKILL");
    let killed = Instant::now();
    lesson.wait().expect("a lição terminou");
    while !group(pgid).is_empty() {
        assert!(killed.elapsed() < Duration::from_secs(1), "ainda vivos: {:?}", group(pgid));
        sleep(Duration::from_millis(5));
    }
}

fn ctrl_c_ends_the_whole_tree_quietly() {
    let records = tempfile::tempdir().expect("pasta");
    let lesson = long_lesson(records.path());
    let pgid = lesson.id();
    let status = Command::new("kill").args(["-INT", "--", &format!("-{pgid}")]).status().expect("kill");
    assert!(status.success());
    let output = lesson.wait_with_output().expect("a lição terminou");
    // Morto por SIGINT: é o que um shell mostra como código 130.
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(2));
    assert_eq!(stderr(&output), "");
    let sent = Instant::now();
    while !group(pgid).is_empty() {
        assert!(sent.elapsed() < Duration::from_secs(1), "ainda vivos: {:?}", group(pgid));
        sleep(Duration::from_millis(5));
    }
}

fn a_record_that_cannot_be_saved_is_a_warning_not_a_failure() {
    let records = tempfile::tempdir().expect("pasta");
    let blocked = records.path().join("arquivo");
    fs::write(&blocked, "não é uma pasta").expect("arquivo");
    let output = run(1, &SMALL, &blocked);
    assert!(output.status.success());
    assert_eq!(stderr(&output), "aviso: o registro não foi guardado: já existe um arquivo com esse nome\n");
}

/// Um disco de verdade, de uma página só, que some com os processos que o veem.
fn a_full_disk_is_told_and_keeps_nothing_half_written() {
    let disk = tempfile::tempdir().expect("pasta");
    let mount = r#"mount -t tmpfs -o size=4k tmpfs "$CADERNO_REGISTROS" || exit 99
        "$0" --limite 10.000 --repeticoes 3; ls -A "$CADERNO_REGISTROS" >&2"#;
    let lesson = program("lesson-1", disk.path());
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", mount])
        .arg(lesson.get_program())
        .env("CADERNO_REGISTROS", disk.path())
        .stdin(Stdio::null())
        .output();
    match output {
        // O `unshare` diz em inglês o que o sistema não deixa.
        Err(_) => skip("não há unshare"),
        Ok(output) if stdout(&output).is_empty() => skip(&stderr(&output)),
        Ok(output) => {
            assert_eq!(stderr(&output), "aviso: o registro não foi guardado: o disco está cheio\n");
        }
    }
}

fn python_and_rust_count_the_same_primes() {
    const LIMIT: u64 = 200_000;
    if Command::new("python3").arg("--version").output().is_err() {
        println!("pulado: não há python3 no PATH");
        return;
    }
    for lesson in lessons() {
        let output = Command::new("python3")
            .arg(lesson.folder.join("example.py"))
            .arg(LIMIT.to_string())
            .stdin(Stdio::null())
            .output()
            .expect("python3 roda");
        assert!(output.status.success(), "{}: {}", lesson.slug, stderr(&output));
        let text = stdout(&output);
        let checksum = text.lines().last().and_then(|line| line.parse().ok());
        assert_eq!(checksum, Some(count_primes(0..LIMIT)), "{}", lesson.slug);
    }
}

/// Roda a lição como `command` diz, confere que ela chegou ao fim, e devolve as afirmações julgadas.
fn whole(lesson: &Lesson, command: &mut Command) -> Vec<Claim> {
    let output = command.args(SMALL).arg("--json").output().expect("a lição roda");
    assert!(output.status.success(), "{}: {}", lesson.slug, stderr(&output));
    assert_eq!(stderr(&output), "", "{}", lesson.slug);
    let events = events(&stdout(&output));
    assert!(matches!(events.last(), Some(Event::End(_))), "{}: o último evento é end", lesson.slug);
    assert_eq!(undeclared(&events), [""; 0], "{}: falta em legend.rs", lesson.slug);
    let claims = events.into_iter().filter_map(|event| match event {
        Event::Claim(claim) => Some(claim),
        _ => None,
    });
    claims.inspect(explained).collect()
}

/// O que não se decidiu diz por quê, e só isso; o que se decidiu tem com quê.
fn explained(claim: &Claim) {
    let is_undecided = claim.verdict == Some(Verdict::Inconclusive);
    assert_eq!(claim.reason.as_ref().is_some_and(|reason| reason.len() > 20), is_undecided, "{claim:?}");
    assert!(is_undecided || !claim.evidence.is_empty(), "{claim:?}");
    assert_eq!(claim.bound.is_some(), claim.threshold.is_some(), "{claim:?}");
}

fn a_first_look_refutes_nothing_and_never_takes_the_place_of_a_careful_measure() {
    let records = tempfile::tempdir().expect("pasta");
    let quick = ["--rapido", "--json"];
    let judged = |output: &std::process::Output| -> Vec<Claim> {
        let events = events(&stdout(output)).into_iter();
        let claims =
            events.filter_map(|event| if let Event::Claim(claim) = event { Some(claim) } else { None });
        claims.inspect(explained).collect()
    };
    for lesson in lessons() {
        let output = run(lesson.number, &quick, records.path());
        assert!(output.status.success(), "{}: {}", lesson.slug, stderr(&output));
        let refuted = judged(&output).into_iter().find(|claim| claim.verdict == Some(Verdict::Refuted));
        assert_eq!(refuted, None, "{}", lesson.slug);
    }
    let first = judged(&run(1, &quick, records.path()));
    assert_eq!(first[0].verdict, Some(Verdict::Inconclusive), "o tempo do Pool não se decide num relance");
    let names = || {
        let files = fs::read_dir(records.path()).expect("pasta").flatten();
        let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
        names
            .filter(|name| name.starts_with("lesson-1.") || name.starts_with("lesson-1-"))
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(names(), BTreeSet::from(["lesson-1-rapida.json".to_owned()]));
    run(1, &SMALL, records.path());
    assert_eq!(names(), BTreeSet::from(["lesson-1.json".to_owned()]), "a inteira dispensa a olhada");
    let careful = fs::read_to_string(records.path().join("lesson-1.json")).expect("registro");
    run(1, &quick, records.path());
    assert_eq!(fs::read_to_string(records.path().join("lesson-1.json")).expect("registro"), careful);
}

/// As opções e o relatório de uma lição cabem nas colunas que há.
fn the_report_fits_a_narrow_terminal() {
    let records = tempfile::tempdir().expect("pasta");
    for lesson in lessons() {
        for columns in [60, 80] {
            let mut command = program(&format!("lesson-{}", lesson.number), records.path());
            let output =
                command.args(SMALL).env("COLUMNS", columns.to_string()).output().expect("a lição roda");
            let text = stdout(&output);
            let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > columns).collect();
            assert!(wide.is_empty(), "{}, {columns} colunas: {wide:#?}", lesson.slug);
        }
    }
}

fn exercicio_is_accepted_with_its_accent() {
    let records = tempfile::tempdir().expect("pasta");
    for word in ["exercício", "exerci\u{301}cio"] {
        let output = run(1, &[word, "--dica", "1"], records.path());
        assert!(
            output.status.success() && stdout(&output).starts_with("Dica 1"),
            "{word}: {}",
            stderr(&output)
        );
    }
}

fn every_lesson_is_whole_without_python() {
    let (records, empty) = (tempfile::tempdir().expect("pasta"), tempfile::tempdir().expect("pasta"));
    for lesson in lessons() {
        let mut command = program(&format!("lesson-{}", lesson.number), records.path());
        let claims = whole(&lesson, command.env("PATH", empty.path()));
        assert_eq!(claims.len(), lesson.declared().claims.len(), "{}", lesson.slug);
    }
}

fn every_lesson_is_whole_on_one_core() {
    if Command::new("taskset").arg("--version").output().is_err() {
        skip("não há taskset no PATH");
    }
    let records = tempfile::tempdir().expect("pasta");
    let status = fs::read_to_string("/proc/self/status").expect("/proc");
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("a lista");
    let core = allowed.trim().split([',', '-']).next().expect("um núcleo");
    for lesson in lessons() {
        let own = program(&format!("lesson-{}", lesson.number), records.path());
        let mut command = Command::new("taskset");
        command.args(["-c", core]).arg(own.get_program()).env("CADERNO_REGISTROS", records.path());
        let declared = lesson.declared().claims;
        let needs_two = |id: &str| declared.iter().any(|claim| claim.id == id && claim.needs_two_cores);
        let confirmed = whole(&lesson, command.stdin(Stdio::null()))
            .into_iter()
            .find(|claim| needs_two(&claim.id) && claim.verdict == Some(Verdict::Confirmed));
        assert_eq!(confirmed, None, "{}: com um núcleo só", lesson.slug);
    }
}
