//! As caixas de um capítulo: medir e conferir o exercício.
//!
//! Os formulários só aparecem na página que vem do servidor; numa cópia parada fica o comando a copiar.

use registro::model::Model;

use crate::project::Lesson;

/// Como rodar a lição.
pub fn run(lesson: &Lesson) -> String {
    let model = |model: &Model| {
        let (id, label) = (model.id(), model.label());
        format!("<label><input type=\"checkbox\" name=\"modelo\" value=\"{id}\" checked> {label}</label>")
    };
    // O serial é a régua dos outros, e entra sempre.
    let models: String = Model::ALL[1..].iter().map(model).collect();
    let choices = format!(
        "<p class=\"pedido\"><label>Trabalhadores <input type=\"number\" name=\"trabalhadores\" min=\"1\" max=\"64\" \
         required></label>\n\
         <label>Medida <select name=\"tamanho\"><option value=\"curta\">primeira olhada</option>\
         <option value=\"normal\" selected>inteira</option><option value=\"longa\">longa</option></select></label></p>\n\
         <p class=\"pedido olhada\" hidden>A primeira olhada é rápida: não decide o que depende de tempo, não se compara \
         com a referência e não substitui uma medida inteira.</p>\n\
         <details><summary>Modelos</summary><p class=\"pedido\">{models}</p></details>\n"
    );
    box_of(
        &form("medir", lesson, &choices, "Medir nesta máquina", ""),
        "Rode esta lição na sua máquina:",
        &lesson.command(),
        "Com <code>cargo livro</code> aberto, as figuras desta página passam a ser as suas.",
    )
}

/// Como conferir o exercício.
pub fn check(lesson: &Lesson) -> String {
    box_of(
        &form(
            "conferir",
            lesson,
            "",
            "Conferir o meu arquivo",
            "<ul class=\"pontos\"></ul>\n<pre class=\"compilador\" hidden tabindex=\"0\"></pre>\n",
        ),
        "Confira com:",
        &format!("{} -- exercicio", lesson.command()),
        "",
    )
}

fn box_of(form: &str, before: &str, command: &str, after: &str) -> String {
    let after = if after.is_empty() { String::new() } else { format!("<p class=\"comando\">{after}</p>\n") };
    format!(
        "\n<div class=\"rodar\">\n{form}<p class=\"comando\">{before}</p>\n\n```sh\n{command}\n```\n\n{after}</div>\n"
    )
}

/// Um formulário que pede um trabalho ao servidor, e onde se vê o andamento dele: `theme/noticias.js`.
fn form(class: &str, lesson: &Lesson, choices: &str, button: &str, results: &str) -> String {
    format!(
        "<form class=\"{class}\" data-licao=\"{number}\" hidden>\n{choices}\
         <p class=\"pedido\"><button type=\"submit\">{button}</button>\n\
         <button type=\"button\" class=\"cancelar\" hidden>Cancelar</button></p>\n\
         <p class=\"situacao\" role=\"status\"></p>\n\
         <progress hidden aria-label=\"Andamento\"></progress>\n{results}</form>\n",
        number = lesson.number
    )
}
