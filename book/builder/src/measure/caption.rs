//! A legenda de cada figura, e o aviso que fica no lugar dela.

use multiprocessamento::workbook::format::{count, integer};

use super::number::date;
use super::pen::escape;
use super::record::{Missing, Record};
use crate::project::Lesson;

/// A figura com a legenda que diz de que máquina, quando e como ela veio.
pub fn figure(body: &str, record: &Record, lesson: &Lesson) -> String {
    let start = &record.start;
    let (class, owner) = owner(record);
    let cores = count(start.machine.cores, "núcleo", "núcleos");
    let workers = count(start.workers, "trabalhador", "trabalhadores");
    let slices = count(start.workload.slices, "fatia", "fatias");
    format!(
        "<figure class=\"medida\">\n{body}\n<figcaption><strong class=\"{class}\">{owner}\
         </strong>: {cores}, {cpu}, {date}; primos abaixo de {limit} em {slices}, {workers}; \
         <code>{command}</code></figcaption>\n</figure>",
        cpu = escape(&start.machine.cpu),
        date = escape(&date(&start.date)),
        command = command(record, lesson),
        limit = integer(start.workload.limit),
    )
}

/// O comando que mede o mesmo outra vez.
fn command(record: &Record, lesson: &Lesson) -> String {
    match record.result("mpi") {
        Some(_) => lesson.command_with_mpi(),
        None => lesson.command(),
    }
}

/// De quem é a máquina da medição: a classe CSS e as palavras.
pub fn owner(record: &Record) -> (&'static str, &'static str) {
    if record.is_readers {
        ("maquina-leitor", "Sua máquina")
    } else {
        ("maquina-referencia", "Máquina de referência")
    }
}

/// O aviso de que falta medir, com o comando que mede.
pub fn notice(missing: &Missing, lesson: &Lesson) -> String {
    let reason = match missing {
        Missing::Record => "Esta medição ainda não foi feita.".to_owned(),
        Missing::Broken(path) => {
            format!("O registro <code>{}</code> está incompleto ou quebrado.", escape(path))
        }
        Missing::Figure => "O registro desta lição ainda não tem o que esta figura mostra.".to_owned(),
    };
    format!(
        "<div class=\"sem-medida\"><p>{reason} Rode <code>{}</code> e recarregue a \
         página.</p></div>",
        lesson.command()
    )
}
