//! Um cargo e uma lição de mentira: o servidor os roda como rodaria os de verdade.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use registro::record::{Event, Progress};

use crate::invented;
use crate::sandbox::Sandbox;
use crate::server::eventually;

/// O cargo, na caixa.
pub(crate) const CARGO: &str = "bin/cargo";
const LESSON: &str = "bin/lesson";

/// Duas linhas de andamento, uma sobre a outra, e onde o executável ficou.
const COMPILE: &str = r#"
echo '   Compiling multiprocessamento v0.1.0' >&2
printf '    Building [====>     ] 1/2: serde\r    Building [========> ] 2/2: lesson(bin)\n' >&2
echo '{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}'
echo '{"reason":"compiler-artifact","target":{"name":"'"$3"'"},"executable":"'"$PWD"'/bin/lesson"}'
"#;

/// Anota os números deste programa e de um filho, e espera por ele.
pub(crate) const WAIT_FOREVER: &str = "sleep 300 & echo $$ $! >pids.part; mv pids.part pids; wait\n";

/// Uma caixa em que a lição faz o que este roteiro do shell diz.
pub(crate) fn sandbox(lesson: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    // O que se executa não muda mais: o sistema recusa um programa que alguém ainda tem aberto para escrever.
    for (name, script) in [(CARGO, "compile.sh"), (LESSON, "story.sh")] {
        sandbox.write(name, &format!("#!/bin/sh\nexec /bin/sh bin/{script} \"$@\"\n"));
        fs::set_permissions(sandbox.path(name), Permissions::from_mode(0o755)).expect("executável");
    }
    compile(&sandbox, COMPILE);
    story(&sandbox, lesson);
    sandbox
}

/// Troca o que o cargo faz.
pub(crate) fn compile(sandbox: &Sandbox, script: &str) {
    sandbox.write("bin/compile.sh", script);
}

/// Troca o que a lição faz.
pub(crate) fn story(sandbox: &Sandbox, script: &str) {
    sandbox.write("bin/story.sh", script);
}

/// Uma lição que mede: conta o registro inventado linha a linha, e o guarda no fim.
pub(crate) fn measure(sandbox: &Sandbox) {
    let mut events = invented::events(3);
    let progress = Progress { model: "process_pool".to_owned(), done: 1, total: 2, seconds: None };
    let named = events.iter().rposition(|event| matches!(event, Event::Legend(_)));
    events.insert(named.map_or(1, |last| last + 1), Event::Progress(progress));
    sandbox.write("events", &invented::lines(&events));
    sandbox.write("record", &invented::record(3));
    story(
        sandbox,
        "echo \"$@\" >arguments\n\
         while read -r line; do printf '%s\\n' \"$line\"; done <events\n\
         mkdir -p caderno; cp record caderno/.lesson-3; mv caderno/.lesson-3 caderno/lesson-3.json\n",
    );
}

/// Os programas que `WAIT_FOREVER` anotou.
pub(crate) fn waiting(sandbox: &Sandbox) -> Vec<u32> {
    eventually("a lição começa", || sandbox.path("pids").exists());
    let pids = sandbox.read("pids").split_whitespace().map(|pid| pid.parse().expect("um pid")).collect();
    fs::remove_file(sandbox.path("pids")).expect("apaga");
    pids
}

/// Espera que todos terminem.
pub(crate) fn all_end(pids: &[u32]) {
    pids.iter().for_each(|pid| eventually(&format!("{pid} termina"), || has_ended(*pid)));
}

/// Um zumbi já terminou: quem o recolhe é o sistema, quando quiser.
pub(crate) fn has_ended(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
}
