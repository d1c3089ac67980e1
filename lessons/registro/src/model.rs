//! Os modelos da carga comum, pelo nome que têm no registro.

use super::legend::Entry;

/// Um jeito de fazer o trabalho.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Model {
    /// Um item depois do outro, sem paralelismo: a régua dos demais.
    Serial,
    /// Threads criadas à mão; cada uma leva a sua parte desde o começo.
    Threads,
    /// Um pool de threads; quem fica livre pega o próximo item.
    ThreadPool,
    /// A biblioteca rayon, que rouba trabalho entre as suas threads.
    Rayon,
    /// Um pool de processos; quem fica livre pega o próximo item.
    ProcessPool,
    /// Processos criados à mão; cada um leva a sua parte desde o começo.
    Processes,
    /// Os ranks de um `mpirun`; quem responde recebe o próximo item. Nem todo programa o tem.
    Mpi,
}

impl Model {
    /// Todos, na ordem em que aparecem nas tabelas.
    pub const EVERY: [Model; 7] = [
        Model::Serial,
        Model::Threads,
        Model::ThreadPool,
        Model::Rayon,
        Model::ProcessPool,
        Model::Processes,
        Model::Mpi,
    ];

    /// Os que toda máquina tem: o MPI, o último, é preciso instalar.
    pub const ALL: [Model; 6] = {
        let [serial, threads, thread_pool, rayon, process_pool, processes, _] = Model::EVERY;
        [serial, threads, thread_pool, rayon, process_pool, processes]
    };

    /// O identificador do modelo nos registros e na opção `--modelo`.
    pub const fn id(self) -> &'static str {
        match self {
            Model::Serial => "serial",
            Model::Threads => "threads",
            Model::ThreadPool => "thread_pool",
            Model::Rayon => "rayon",
            Model::ProcessPool => "process_pool",
            Model::Processes => "processes",
            Model::Mpi => "mpi",
        }
    }

    /// O nome, como o leitor o lê.
    ///
    /// # Exemplos
    ///
    /// ```
    /// use registro::model::Model;
    /// assert_eq!(Model::ProcessPool.label(), "pool de processos");
    /// ```
    pub const fn label(self) -> &'static str {
        match self {
            Model::Serial => "serial",
            Model::Threads => "threads",
            Model::ThreadPool => "pool de threads",
            Model::Rayon => "rayon",
            Model::ProcessPool => "pool de processos",
            Model::Processes => "processos",
            Model::Mpi => "MPI",
        }
    }

    /// O que o registro diz dele: cada um tem a sua cor.
    pub const fn legend(self) -> Entry {
        Entry::model(self.id(), self.label()).family(self.id())
    }

    /// O modelo com este identificador.
    pub fn from_id(id: &str) -> Option<Model> {
        Model::EVERY.into_iter().find(|model| model.id() == id)
    }
}
