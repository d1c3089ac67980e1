//! O que cerca o desenho: a pergunta, a resposta, de que máquinas ele é; e o aviso que fica no lugar dele.

use registro::format::{count, integer};

use super::number::date;
use super::pen::escape;
use super::record::{Missing, Record};
use super::view::View;
use crate::project::Lesson;

/// Uma figura pronta, menos as palavras em volta.
pub struct Figure {
    /// A pergunta a que ela responde.
    pub question: String,
    /// A resposta, do registro que ela mostra.
    pub answer: String,
    /// O desenho, ou a tabela.
    pub body: String,
    /// Onde as duas máquinas concordam e onde diferem; vazio, se há uma só.
    pub comparison: String,
    /// Os números, dobrados; vazio, se a figura já é feita deles.
    pub numbers: String,
    /// Se mostra tempos da carga comum: a legenda diz então de que tamanho ela é.
    pub is_of_common_load: bool,
}

impl Figure {
    /// A figura inteira.
    pub fn html(&self, view: &View, lesson: &Lesson) -> String {
        let paragraph = |class: &str, text: &str| match text {
            "" => String::new(),
            text => format!("<p class=\"{class}\">{text}</p>\n"),
        };
        let numbers = match self.numbers.as_str() {
            "" => String::new(),
            numbers => format!(
                "<details class=\"numeros-da-figura\"><summary>Os números desta figura</summary>\n{numbers}\n</details>\n"
            ),
        };
        format!(
            "<figure class=\"medida\">\n{question}{note}{answer}{body}\n{comparison}{numbers}<figcaption>{caption}\
             </figcaption>\n</figure>",
            question = paragraph("figura-pergunta", &escape(&self.question)),
            note = paragraph("figura-nota", &view.note),
            answer = paragraph("figura-resposta", &escape(&self.answer)),
            body = self.body,
            comparison = paragraph("figura-comparacao", &escape(&self.comparison)),
            caption = self.caption(view, lesson),
        )
    }

    fn caption(&self, view: &View, lesson: &Lesson) -> String {
        let mut caption = machine(view.shown);
        if let Some(beside) = view.beside {
            caption += ". ";
            caption += &machine(beside);
        }
        if self.is_of_common_load {
            caption += &format!("; {}", load(view.shown));
            if let Some(beside) = view.beside.filter(|_| !view.has_one_load()) {
                caption += &format!(" (na de referência, {})", load(beside));
            }
        }
        caption + &format!("; <code>{}</code>", command(view.shown, lesson))
    }
}

fn machine(record: &Record) -> String {
    let start = &record.start;
    let (class, owner) = owner(record);
    format!(
        "<strong class=\"{class}\">{owner}</strong>: {}, {}, {}",
        count(start.machine.cores, "núcleo", "núcleos"),
        escape(&start.machine.cpu),
        escape(&date(&start.date)),
    )
}

fn load(record: &Record) -> String {
    let start = &record.start;
    format!(
        "primos abaixo de {} em {}, {}",
        integer(start.workload.limit),
        count(start.workload.slices, "fatia", "fatias"),
        count(start.workers, "trabalhador", "trabalhadores"),
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
    match (record.is_readers, record.start.quick) {
        (true, false) => ("maquina-leitor", "Sua máquina"),
        (true, true) => ("maquina-leitor", "Sua máquina, primeira olhada"),
        (false, _) => ("maquina-referencia", "Máquina de referência"),
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
