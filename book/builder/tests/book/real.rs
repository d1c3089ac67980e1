//! O que se pede a um cargo e a uma lição de mentira, pedido aos de verdade.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::fake::CARGO;
use crate::sandbox::Sandbox;
use crate::server::Server;

const ANSWER: &str = "lessons/01-primeiros-passos/exercise.rs";
const SOLUTION: &str = "lessons/01-primeiros-passos/solution.rs";

/// O que a solução responde. O exercício do leitor pode já estar resolvido: as respostas deste teste saem todas dela.
const RIGHT: &str = "pool.map(visitar, numeros)";

/// O projeto inteiro, com o cargo desta máquina; o que ele compila fica de uma vez para a outra.
fn project() -> Sandbox {
    let project = Sandbox::whole();
    let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/compilado");
    project.write(CARGO, &format!("#!/bin/sh\nCARGO_TARGET_DIR='{target}' exec cargo \"$@\"\n"));
    fs::set_permissions(project.path(CARGO), Permissions::from_mode(0o755)).expect("executável");
    project
}

/// As notícias de uma conferência, sem as da compilação da lição.
fn check(server: &Server) -> Vec<(String, Value)> {
    let answer = server.post("/conferir", r#"{"licao": 1}"#);
    assert!(answer.status.starts_with("HTTP/1.1 200"), "{}", answer.status);
    let mut news = answer.all();
    news.retain(|(kind, _)| !matches!(kind.as_str(), "compilando" | "compilado"));
    news
}

fn told(news: &[(String, Value)], wanted: &str) -> String {
    let texts = news.iter().filter(|(kind, _)| kind == wanted).filter_map(|(_, what)| what["texto"].as_str());
    texts.collect::<Vec<_>>().join("\n")
}

#[test]
fn an_answer_goes_from_a_typo_to_solved_with_the_real_cargo() {
    let project = project();
    let server = Server::start(&project);
    let has = |news: &[(String, Value)], what: Value| news.contains(&("conferido".to_owned(), what));

    let solution = project.read(SOLUTION);
    assert!(solution.contains(RIGHT));
    let answer = |text: &str| project.write(ANSWER, &solution.replace(RIGHT, text));

    answer("Ok(\"dois\")");
    let news = check(&server);
    let said = told(&news, "compilador");
    assert!(said.contains("error[E0308]: mismatched types") && said.contains("--> lessons/01-"), "{said}");
    assert!(said.contains("\n   |") && !said.contains('\u{1b}'), "inteira, e sem cores: {said}");
    assert!(has(&news, json!({"certo": false, "compila": false})), "{news:?}");

    answer("todo!()");
    let news = check(&server);
    assert!(has(&news, json!({"certo": false, "compila": true})), "{news:?}");
    assert!(told(&news, "linha").contains("ainda por fazer"), "{news:?}");
    assert_eq!(server.data("/progresso")[0]["exercicio"], "por fazer");

    answer(RIGHT);
    let news = check(&server);
    assert!(has(&news, json!({"certo": true, "compila": true})), "{news:?}");
    assert_eq!(server.data("/progresso")[0]["exercicio"], "resolvido");
}
