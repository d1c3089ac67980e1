//! O que uma página pede que se rode, conferido antes de rodar.

use registro::format::integer;
use registro::model::Model;
use serde::Deserialize;

use crate::project::{Lesson, Project};

/// Mais do que isto nenhuma figura mostra, e a máquina de quem lê pararia.
const MOST_WORKERS: i64 = 64;

/// O pedido, como a página o escreve.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    licao: u32,
    trabalhadores: Option<i64>,
    #[serde(default)]
    tamanho: Size,
    /// Vazio: todos.
    #[serde(default)]
    modelos: Vec<String>,
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

impl Order {
    /// O pedido de uma medição.
    ///
    /// # Erros
    ///
    /// Uma linha que diz o que está errado nele.
    pub(super) fn to_measure(project: &Project, body: &[u8]) -> Result<Self, String> {
        let asked: Asked = serde_json::from_slice(body).map_err(|_| "não entendi o pedido".to_owned())?;
        let lesson = lesson(project, asked.licao)?;
        let mut arguments = vec!["--json".to_owned()];
        if let Some(workers) = asked.trabalhadores {
            if !(1..=MOST_WORKERS).contains(&workers) {
                return Err(format!("os trabalhadores vão de 1 a {}", integer(MOST_WORKERS as u64)));
            }
            arguments.extend(["--trabalhadores".to_owned(), workers.to_string()]);
        }
        match asked.tamanho {
            Size::Curta => arguments.push("--rapido".to_owned()),
            Size::Normal => {}
            Size::Longa => arguments.extend(["--limite", LONG].map(str::to_owned)),
        }
        for model in asked.modelos {
            // A página só oferece os que toda máquina tem.
            let known = Model::from_id(&model).filter(|model| Model::ALL.contains(model));
            let known = known.ok_or("um dos modelos não existe")?;
            arguments.extend(["--modelo", known.id()].map(str::to_owned));
        }
        Ok(Order { lesson, arguments })
    }

    /// O pedido de uma conferência do exercício.
    ///
    /// # Erros
    ///
    /// Uma linha que diz o que está errado nele.
    pub(super) fn to_check(project: &Project, body: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Asked {
            licao: u32,
        }
        let asked: Asked = serde_json::from_slice(body).map_err(|_| "não entendi o pedido".to_owned())?;
        Ok(Order { lesson: lesson(project, asked.licao)?, arguments: vec!["exercicio".to_owned()] })
    }
}

fn lesson(project: &Project, number: u32) -> Result<Lesson, String> {
    project.lesson(number).ok_or_else(|| format!("não há lição {}", integer(number.into())))
}
