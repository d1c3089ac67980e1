//! O que uma figura mostra: a medição de que máquina, ao lado de qual, e com que aviso.

use super::names::Names;
use super::pen::escape;
use super::record::{Missing, Record, Records};

/// Uma medição e, onde há com que comparar, a de referência.
pub struct View<'r> {
    /// A medição que a figura mostra.
    pub shown: &'r Record,
    /// A de referência, se as duas se comparam.
    pub beside: Option<&'r Record>,
    /// O que se diz antes da figura; vazio, nada.
    pub note: String,
}

impl<'r> View<'r> {
    /// O que há para mostrar.
    ///
    /// Uma primeira olhada aparece sozinha: mede pouco, e ao lado da referência pareceria comparável. Um registro quebrado dá
    /// lugar ao de referência, e isso é dito.
    ///
    /// # Erros
    ///
    /// Quando não há registro nenhum.
    pub fn of(records: &'r Records) -> Result<Self, &'r Missing> {
        let reference = records.reference.as_ref();
        match &records.readers {
            Ok(readers) if readers.is_unnamed() => Ok(View {
                note: "O seu registro é de uma versão anterior do caderno, e não diz o nome do que mediu: ficam os \
                       identificadores, sem comparação. Meça de novo para ter a figura inteira."
                    .to_owned(),
                ..View::alone(readers)
            }),
            Ok(readers) if readers.start.quick => Ok(View {
                shown: readers,
                beside: None,
                note: "Primeira olhada: a conta é pequena, não se compara com a referência e não decide nada que \
                       dependa de tempo. Para isso, meça de novo com a medida inteira."
                    .to_owned(),
            }),
            Ok(readers) => Ok(View { shown: readers, beside: reference.ok(), note: String::new() }),
            Err(Missing::Broken(path)) => Ok(View {
                note: format!(
                    "O seu registro, <code>{}</code>, está incompleto ou quebrado: a figura é a da máquina de \
                     referência. Meça de novo para ter a sua.",
                    escape(path)
                ),
                ..View::alone(reference?)
            }),
            Err(_) => Ok(View::alone(reference?)),
        }
    }

    /// Uma medição, e mais nada.
    pub fn alone(shown: &'r Record) -> Self {
        View { shown, beside: None, note: String::new() }
    }

    /// Como se chama o que a figura mostra.
    pub fn names(&self) -> Names<'r> {
        Names::of(&self.shown.legends, self.beside.map(|beside| &beside.legends))
    }

    /// As medições que dividem a escala com `record`. Os tempos de cargas diferentes não se comparam, e cada uma fica na sua.
    pub fn group(&self, record: &Record, needs_same_load: bool) -> Vec<&'r Record> {
        let both = std::iter::once(self.shown).chain(self.beside);
        both.filter(|other| !needs_same_load || other.start.workload == record.start.workload).collect()
    }

    /// Se as duas medições são da mesma conta.
    pub fn has_one_load(&self) -> bool {
        self.beside.is_none_or(|beside| beside.start.workload == self.shown.start.workload)
    }
}
