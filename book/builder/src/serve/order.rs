//! O que uma página pede que se rode, conferido antes de rodar.

use registro::format::integer;
use registro::model::Model;
use serde::Deserialize;

use crate::project::{Lesson, Project};

/// Mais do que isto nenhuma figura mostra, e a máquina de quem lê pararia.
const MOST_WORKERS: i64 = 64;

/// O pedido de uma medição, como a página o escreve.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Measurement {
    licao: u32,
    trabalhadores: Option<i64>,
    #[serde(default)]
    tamanho: Size,
    /// Vazio: todos.
    #[serde(default)]
    modelos: Vec<String>,
}

/// O pedido de uma conferência do exercício.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checking {
    licao: u32,
}

/// De que tamanho é a conta.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Size {
    Curta,
    #[default]
    Normal,
    Longa,
}

/// Até onde a conta longa vai.
const LONG: &str = "6000000";

/// Um programa do projeto a rodar, com os argumentos dele.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) lesson: Lesson,
    pub(super) arguments: Vec<String>,
}

impl Measurement {
    /// O que rodar.
    ///
    /// # Erros
    ///
    /// Uma linha que diz o que está errado no pedido.
    pub(super) fn order(self, project: &Project) -> Result<Order, String> {
        let lesson = lesson(project, self.licao)?;
        let mut arguments = vec!["--json".to_owned()];
        if let Some(workers) = self.trabalhadores {
            if !(1..=MOST_WORKERS).contains(&workers) {
                return Err(format!("os trabalhadores vão de 1 a {}", integer(MOST_WORKERS as u64)));
            }
            arguments.extend(["--trabalhadores".to_owned(), workers.to_string()]);
        }
        match self.tamanho {
            Size::Curta => arguments.push("--rapido".to_owned()),
            Size::Normal => {}
            Size::Longa => arguments.extend(["--limite", LONG].map(str::to_owned)),
        }
        for model in self.modelos {
            // A página só oferece os que toda máquina tem.
            let known = Model::from_id(&model).filter(|model| Model::ALL.contains(model));
            let known = known.ok_or("um dos modelos não existe")?;
            arguments.extend(["--modelo", known.id()].map(str::to_owned));
        }
        Ok(Order { lesson, arguments })
    }
}

impl Checking {
    /// O que rodar.
    ///
    /// # Erros
    ///
    /// Uma linha que diz o que está errado no pedido.
    pub(super) fn order(self, project: &Project) -> Result<Order, String> {
        Ok(Order { lesson: lesson(project, self.licao)?, arguments: vec!["exercicio".to_owned()] })
    }
}

fn lesson(project: &Project, number: u32) -> Result<Lesson, String> {
    project.lesson(number).ok_or_else(|| format!("não há lição {}", integer(number.into())))
}
