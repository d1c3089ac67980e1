//! O contexto de um trabalho, e os modelos que servem nele.

use licoes::load::model::Model;

/// O que o contexto exige de quem fizer o trabalho.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Nada.
    Free,
    /// Só uma thread computa de cada vez, como sob o GIL.
    GlobalLock,
    /// Uma tarefa pode derrubar o processo em que roda.
    Risky,
}

impl Context {
    /// Se `model` serve neste contexto.
    pub fn admits(self, model: Model) -> bool {
        match self {
            Context::Free => true,
            Context::GlobalLock => {
                !matches!(model, Model::Threads | Model::ThreadPool | Model::Rayon)
            }
            Context::Risky => matches!(model, Model::ProcessPool | Model::Processes),
        }
    }

    /// Os modelos que servem, na ordem de [`Model::ALL`].
    pub fn models(self) -> impl Iterator<Item = Model> {
        Model::ALL.into_iter().filter(move |model| self.admits(*model))
    }
}
