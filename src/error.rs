//! O que pode dar errado, e como um processo terminou.

use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// O que pode dar errado ao usar processos e pools.
///
/// A mesma falha pode valer para vários itens (todos os de um bloco perdido), por isso o tipo é `Clone`. E uma
/// tarefa que usa um canal pode devolver a falha dele: o tipo atravessa para outro processo.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Pool};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let pool = Pool::new(1)?;
/// match pool.apply(|x: u32| 100 / x, 0) {
///     Err(Error::Panicked { message, .. }) => assert_eq!(message, "attempt to divide by zero"),
///     outro => panic!("{outro:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, thiserror::Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Error {
    /// [`init`](crate::init) não foi chamada neste programa.
    #[error(
        "chame multiprocessamento::init() na primeira linha de main (ou do #[test]), antes de criar processos"
    )]
    NotInitialized,

    /// Um argumento que não pode ser: zero trabalhadores, um bloco sem itens, uma fila sem lugar. Um construtor o guarda, e quem
    /// responde é o `build` dele.
    #[error("{argument} {reason}")]
    InvalidArgument {
        /// O nome do argumento, como se escreve no código: `chunk_size`.
        argument: String,
        /// O que ele precisa ser.
        reason: String,
    },

    /// O MPI não começou, ou um dos ranks morreu.
    #[error("MPI: {0}")]
    Mpi(String),

    /// O sistema recusou um processo, uma thread ou um descritor novo.
    #[error("o sistema recusou um processo, uma thread ou um descritor: {0}")]
    Spawn(
        #[source]
        #[serde(with = "system_error")]
        Arc<io::Error>,
    ),

    /// O sistema não deu ao processo a prioridade pedida: torná-la maior do que a de quem pede exige um privilégio.
    #[error("o sistema recusou somar {increment} ao nice do processo: {error}")]
    Priority {
        /// Quanto se pediu a mais.
        increment: i32,
        /// O que o sistema disse.
        #[source]
        #[serde(with = "system_error")]
        error: Arc<io::Error>,
    },

    /// `fork` copia só a thread que o chama: as travas das outras ficariam fechadas para sempre na cópia.
    #[error(
        "fork recusado: este processo tem {threads} threads, e a cópia teria só uma; use spawn ou forkserver"
    )]
    ForkWithThreads {
        /// Quantas threads o processo tem.
        threads: usize,
    },

    /// Um pool não pode nascer por `fork`: quem cuida dele é uma thread.
    #[error("um pool nasce por spawn ou forkserver; por fork, só um Process")]
    ForkInPool,

    /// A função da tarefa está numa biblioteca dinâmica que não é a do programa nem a deste pacote: a posição dela no
    /// código muda de um processo para outro.
    #[error(
        "a tarefa está em outra biblioteca dinâmica, e só atravessa uma função do próprio programa: ligue-a estaticamente"
    )]
    ForeignCode,

    /// Quem criou o pool foi outro processo, de que este é uma cópia (`fork`): os trabalhadores e as threads são dele.
    #[error("este pool é do processo de que este é uma cópia (fork): crie outro aqui")]
    OtherProcess,

    /// O filho nasceu mas não se apresentou como um trabalhador deste mesmo programa.
    #[error("o processo {pid} não se apresentou: {reason}")]
    Handshake {
        /// O processo.
        pid: u32,
        /// O que faltou.
        reason: String,
    },

    /// O processo morreu com a tarefa na mão.
    #[error("o processo {pid} morreu durante a tarefa: {status}")]
    WorkerDied {
        /// O processo.
        pid: u32,
        /// Como ele terminou.
        status: ExitStatus,
    },

    /// A tarefa passou do tempo que o pool lhe dava, e o processo que a rodava foi morto.
    #[error("a tarefa passou de {} s, e o processo {pid} foi encerrado", decimal(.limit.as_secs_f64()))]
    TaskTimedOut {
        /// O processo.
        pid: u32,
        /// O tempo que ela tinha.
        limit: Duration,
    },

    /// A tarefa entrou em pânico; quem a rodava continua de pé.
    #[error("a tarefa entrou em pânico em {location}: {message}")]
    Panicked {
        /// A mensagem do pânico.
        message: String,
        /// Arquivo, linha e coluna.
        location: String,
    },

    /// Um argumento ou um resultado não pôde virar bytes.
    #[error("não foi possível codificar o valor: {0}")]
    Encode(String),

    /// Os bytes recebidos não formam um valor do tipo esperado.
    #[error("não foi possível decodificar o valor: {0}")]
    Decode(String),

    /// Um argumento ou um resultado não cabe numa mensagem.
    #[error("o valor codificado passa do limite de {limit} bytes")]
    TooLarge {
        /// O maior tamanho aceito, em bytes.
        limit: usize,
    },

    /// O tempo dado acabou; o que se esperava continua em andamento.
    #[error("o prazo de {} s acabou", decimal(.0.as_secs_f64()))]
    TimedOut(Duration),

    /// O resultado já foi entregue por uma chamada anterior.
    #[error("o resultado já foi entregue")]
    AlreadyTaken,

    /// O pool, ou a fila, já foi fechado e não aceita mais nada.
    #[error("o pool, ou a fila, já está fechado: não aceita mais nada")]
    Closed,

    /// Quem estava do outro lado do canal fechou o lado dele, ou morreu.
    #[error("o outro lado do canal fechou")]
    Disconnected,

    /// Esta thread já tem a trava que pediu: esperar por ela seria esperar para sempre.
    #[error("esta thread já tem esta trava")]
    AlreadyLocked,

    /// A lista não chega até a posição pedida.
    #[error("a posição {index} não existe: a lista tem {len} itens")]
    OutOfRange {
        /// A posição, a partir de zero.
        index: usize,
        /// Quantos itens a lista tem.
        len: usize,
    },

    /// A barreira não vai mais abrir: um dos participantes morreu antes de chegar a ela.
    #[error("a barreira se rompeu: um dos participantes morreu")]
    BrokenBarrier,

    /// Um semáforo ou uma barreira já está com tantos processos quantos consegue anotar.
    #[error("já são {limit} processos com este semáforo ou esta barreira, e não cabem mais")]
    TooManyProcesses {
        /// Quantos processos cabem.
        limit: usize,
    },

    /// O pool foi encerrado antes de a tarefa terminar.
    #[error("o pool foi encerrado antes do fim da tarefa")]
    Terminated,

    /// Morreram trabalhadores demais sem que nenhuma tarefa terminasse: o pool desistiu.
    #[error("o pool desistiu depois de {deaths} mortes seguidas sem nenhuma tarefa pronta; a última: {last}")]
    TooManyDeaths {
        /// Quantas mortes seguidas.
        deaths: usize,
        /// A última delas, em palavras.
        last: String,
    },

    /// O sistema recusou uma operação sobre um canal.
    #[error("falha de comunicação: {0}")]
    Io(
        #[source]
        #[serde(with = "system_error")]
        Arc<io::Error>,
    ),
}

impl Error {
    pub(crate) fn invalid(argument: &str, reason: impl Into<String>) -> Self {
        Error::InvalidArgument { argument: argument.to_owned(), reason: reason.into() }
    }

    /// `value`, se é pelo menos 1.
    pub(crate) fn at_least_one(argument: &str, value: usize) -> Result<usize, Self> {
        if value == 0 { Err(Self::invalid(argument, "precisa ser pelo menos 1")) } else { Ok(value) }
    }

    pub(crate) fn spawn(error: impl Into<io::Error>) -> Self {
        Error::Spawn(Arc::new(error.into()))
    }

    /// O mesmo, quando se sabe o que se pediu ao sistema.
    pub(crate) fn spawn_without(what: &str, error: impl Into<io::Error>) -> Self {
        Error::spawn(missing(what, error))
    }

    pub(crate) fn io(error: impl Into<io::Error>) -> Self {
        Error::Io(Arc::new(error.into()))
    }
}

/// O mesmo erro, com o nome do que se pediu, se o sistema não o tem, ou se alguém não deixa (um filtro *seccomp*, que às vezes
/// responde com um erro que aquele pedido nunca dá). Os de recursos que acabaram continuam como o sistema os diz.
pub(crate) fn missing(what: &str, error: impl Into<io::Error>) -> io::Error {
    let error = error.into();
    let text = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::Unsupported => format!("falta {what} ({error})"),
        io::ErrorKind::PermissionDenied => format!("{what} não é permitido aqui ({error})"),
        _ => return error,
    };
    io::Error::new(error.kind(), text)
}

/// Um erro do sistema atravessa pelo número, que do outro lado quer dizer o mesmo; os outros, pelo texto.
mod system_error {
    use super::*;

    pub(super) fn serialize<S: Serializer>(error: &io::Error, serializer: S) -> Result<S::Ok, S::Error> {
        (error.raw_os_error(), error.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<io::Error>, D::Error> {
        let (code, text) = <(Option<i32>, String)>::deserialize(deserializer)?;
        Ok(Arc::new(code.map_or_else(|| io::Error::other(text), io::Error::from_raw_os_error)))
    }
}

/// À brasileira, sem zeros que nada dizem: `0,05`, `2`.
fn decimal(value: f64) -> String {
    value.to_string().replace('.', ",")
}

/// Como um processo terminou, em palavras: `saiu com código 3`, `morto por SIGKILL (sinal 9)`.
///
/// Só o pai de um processo sabe como ele terminou, e só uma vez. Se o forkserver, que é o pai dos seus, for morto, a
/// resposta vai com ele; e outra parte do programa pode ficar com ela (SIGCHLD ignorado, um `waitpid(-1)`). Então o
/// código e o sinal são `None`.
///
/// # Exemplos
///
/// ```
/// # use std::time::Duration;
/// # use multiprocessamento::{init, Error, Process};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let sair = |codigo: i32| -> () { std::process::exit(codigo) };
/// let mut processo = Process::start(sair, 3)?;
/// let _ = processo.join_timeout(Duration::from_secs(10));
/// let fim = processo.exit_status().expect("já terminou");
/// assert_eq!((fim.code(), fim.signal()), (Some(3), None));
/// assert!(!fim.success());
/// assert_eq!(fim.to_string(), "saiu com código 3");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Option<i32>", from = "Option<i32>")]
pub struct ExitStatus(Option<std::process::ExitStatus>);

impl ExitStatus {
    pub(crate) const UNKNOWN: Self = ExitStatus(None);

    /// Dos bits em que o sistema o conta.
    pub(crate) fn from_raw(raw: i32) -> Self {
        ExitStatus(Some(std::process::ExitStatus::from_raw(raw)))
    }

    /// O código de saída, se o processo saiu por conta própria.
    pub fn code(&self) -> Option<i32> {
        self.0?.code()
    }

    /// O número do sinal, se foi um sinal que o terminou.
    pub fn signal(&self) -> Option<i32> {
        self.0?.signal()
    }

    /// O nome do sinal que o terminou, como `SIGKILL`.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{init, Error, Process};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let dormir = |segundos: u64| std::thread::sleep(Duration::from_secs(segundos));
    /// let processo = Process::start(dormir, 3600)?;
    /// processo.kill(); // ou o sistema, se faltou memória
    /// match processo.join() {
    ///     Err(Error::WorkerDied { status, .. }) => assert_eq!(status.signal_name(), Some("SIGKILL")),
    ///     outro => panic!("{outro:?}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn signal_name(&self) -> Option<&'static str> {
        self.signal().map(signal_name)
    }

    /// Se o processo saiu com código zero.
    pub fn success(&self) -> bool {
        self.0.is_some_and(|status| status.success())
    }
}

impl From<ExitStatus> for Option<i32> {
    fn from(status: ExitStatus) -> Self {
        status.0.map(ExitStatusExt::into_raw)
    }
}

impl From<Option<i32>> for ExitStatus {
    fn from(raw: Option<i32>) -> Self {
        ExitStatus(raw.map(ExitStatusExt::from_raw))
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code(), self.signal()) {
            (Some(code), _) => write!(f, "saiu com código {code}"),
            (None, Some(signal)) => write!(f, "morto por {} (sinal {signal})", signal_name(signal)),
            (None, None) => write!(f, "terminou, e ninguém aqui soube como"),
        }
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGABRT => "SIGABRT",
        libc::SIGALRM => "SIGALRM",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGHUP => "SIGHUP",
        libc::SIGILL => "SIGILL",
        libc::SIGINT => "SIGINT",
        libc::SIGKILL => "SIGKILL",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGSYS => "SIGSYS",
        libc::SIGTERM => "SIGTERM",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGUSR1 => "SIGUSR1",
        libc::SIGUSR2 => "SIGUSR2",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        _ => "um sinal",
    }
}
