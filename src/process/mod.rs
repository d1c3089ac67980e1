//! Um processo filho por tarefa.
//!
//! De baixo para cima: [`image`], onde está o código deste programa; [`build`], a prova de que outro processo é ele
//! também; [`task`], que função rodar; [`panics`], um pânico que vira um valor; [`protocol`], o que pai e filho
//! dizem um ao outro. O filho: [`invitation`], como ele descobre que é um; [`lifeline`], como morre com o pai; [`serve`],
//! o que atende. O pai: [`child`], um filho visto daqui, e [`priority`]; [`spawn`], [`fork`] e [`forkserver`], como ele
//! nasce; [`start`], qual dos três; [`running`], um que já roda a sua tarefa. Aqui, o que o usuário vê.

pub(crate) mod build;
pub(crate) mod child;
pub(crate) mod copy;
mod fork;
pub(crate) mod forkserver;
pub(crate) mod function;
mod image;
pub(crate) mod invitation;
pub(crate) mod lifeline;
pub(crate) mod panics;
mod priority;
pub(crate) mod protocol;
mod running;
pub(crate) mod serve;
mod spawn;
pub(crate) mod start;
pub(crate) mod task;

use std::ffi::OsString;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::Signal;

use running::Running;
pub use start::StartMethod;
use task::TaskId;

use crate::clock::deadline_in;
use crate::codec::portable::Portable;
use crate::parcel::Parcel;
use crate::{Error, ExitStatus};
use function::Task;

/// Um processo filho que roda uma função e devolve o seu resultado.
///
/// A tarefa é uma função ou um fecho que não captura nada; o argumento e o resultado atravessam como
/// bytes (serde). Um `Process` descartado sem [`join`](Process::join) é morto e recolhido: nada fica
/// para trás.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Process};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let processo = Process::start(|texto: String| texto.to_uppercase(), "olá".to_owned())?;
/// assert_ne!(processo.pid(), std::process::id());
/// assert_eq!(processo.join()?, "OLÁ");
/// # Ok(())
/// # }
/// ```
///
/// Um fecho que captura não compila: o valor capturado mora na memória deste processo.
///
/// ```compile_fail
/// # use multiprocessamento::{init, Process};
/// # init();
/// let fator = 3;
/// let processo = Process::start(move |x: u64| x * fator, 12);
/// ```
#[must_use = "descartado, o processo é morto; para esperar o fim, `join`"]
pub struct Process<R> {
    running: Running,
    result: PhantomData<fn() -> R>,
}

impl<R> fmt::Debug for Process<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("name", &self.running.name())
            .field("pid", &self.running.pid())
            .finish_non_exhaustive()
    }
}

/// Opções de um [`Process`].
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Process};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let ler = |nome: String| std::env::var(nome).unwrap_or_default();
/// let processo = Process::builder().name("forno").env("TEMPERO", "sal").start(ler, "TEMPERO".to_owned())?;
/// assert_eq!(processo.name(), "forno");
/// assert_eq!(processo.join()?, "sal");
/// # Ok(())
/// # }
/// ```
#[must_use = "nenhum processo nasce antes de `start`"]
#[derive(Clone, Debug, Default)]
pub struct ProcessBuilder {
    name: Option<String>,
    start_method: StartMethod,
    env: Vec<(OsString, OsString)>,
    nice: Option<i32>,
}

impl ProcessBuilder {
    /// O nome do processo, que aparece também na lista do sistema (`ps`). Sem ele: `Process-1`, …
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Como o processo nasce. Sem isto: [`StartMethod::Spawn`].
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Process, StartMethod};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let por_copia = Process::builder().start_method(StartMethod::ForkServer);
    /// let processos = [1, 2, 3].map(|x| por_copia.clone().start(|x: u64| x * x, x));
    /// let mut soma = 0;
    /// for processo in processos {
    ///     soma += processo?.join()?;
    /// }
    /// assert_eq!(soma, 14);
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_method(mut self, start_method: StartMethod) -> Self {
        self.start_method = start_method;
        self
    }

    /// Acrescenta uma variável de ambiente às do pai.
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Quanto ceder aos outros: soma `increment` ao *nice* da thread que cria o processo, como `os.nice` em
    /// Python e `nice -n` no terminal. Sem isto: o nice com que ele nascer.
    ///
    /// O nice vai de -20, a maior prioridade, a 19, a menor, e só importa quando há mais quem queira rodar do que
    /// núcleos. As threads que a tarefa criar o herdam. Um número negativo pede um privilégio (`CAP_SYS_NICE`).
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Process};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let relatorio = Process::builder().nice(10).start(|x: u64| x + 1, 41)?; // sem pressa
    /// assert_eq!(relatorio.join()?, 42);
    /// # Ok(())
    /// # }
    /// ```
    pub fn nice(mut self, increment: i32) -> Self {
        self.nice = Some(increment);
        self
    }

    /// Cria o processo e lhe entrega `function` e `argument`.
    ///
    /// # Erros
    ///
    /// Os de [`Process::start`], e [`Error::Priority`] se o sistema recusou o [`nice`](Self::nice) pedido; então
    /// nenhum processo fica.
    pub fn start<F, A, R>(self, function: F, argument: A) -> Result<Process<R>, Error>
    where
        F: Task<A, R>,
        A: Portable,
        R: Portable,
    {
        let request = protocol::request_of(TaskId::of(function)?, &[argument])?;
        let running = self.launch(&request.frame)?;
        Ok(Process { running, result: PhantomData })
    }

    /// O que não depende da tarefa: compila-se uma vez só.
    fn launch(self, request: &Parcel) -> Result<Running, Error> {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        let name = self.name.unwrap_or_else(|| format!("Process-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        let child = start::start(self.start_method, name.as_ref(), &self.env)?;
        if let Some(increment) = self.nice {
            child.raise_nice(increment)?;
        }
        Running::begin(child, name, request)
    }
}

impl Process<()> {
    /// Opções, antes de criar o processo.
    pub fn builder() -> ProcessBuilder {
        ProcessBuilder::default()
    }
}

impl<R: Portable> Process<R> {
    /// Cria um processo que roda `function(argument)`. Volta logo; o resultado vem de [`join`](Self::join).
    ///
    /// # Erros
    ///
    /// [`Error::NotInitialized`] sem [`init`](crate::init); [`Error::Encode`] se o argumento não vira bytes;
    /// [`Error::Spawn`] se o sistema recusou o processo; [`Error::Handshake`] se o filho não leu o
    /// argumento em 30 s; [`Error::ForkWithThreads`] se se pediu [`StartMethod::Fork`] num processo com mais de
    /// uma thread.
    pub fn start<F, A>(function: F, argument: A) -> Result<Self, Error>
    where
        F: Task<A, R>,
        A: Portable,
    {
        ProcessBuilder::default().start(function, argument)
    }

    /// O número do processo.
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// O nome do processo.
    pub fn name(&self) -> &str {
        self.running.name()
    }

    /// Se o processo ainda não terminou.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{init, Error, Event, Process};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let pronto = Event::new()?;
    /// let filho = Process::start(|_pronto: Event| -> () { std::process::exit(1) }, pronto.clone())?;
    /// // Quem morre antes de avisar não avisa: de tempo em tempo, olhe se ele ainda vive.
    /// while pronto.wait_timeout(Duration::from_millis(10)).is_err() && filho.is_alive() {}
    /// assert!(!pronto.is_set());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_alive(&self) -> bool {
        self.running.is_alive()
    }

    /// Espera o fim e devolve o resultado.
    ///
    /// # Erros
    ///
    /// [`Error::Panicked`] com a mensagem e o lugar; [`Error::WorkerDied`] se o processo saiu ou foi
    /// morto antes de responder; [`Error::Handshake`] se ele nunca passou por [`init`](crate::init);
    /// [`Error::Decode`] se o resultado não é um `R`.
    pub fn join(mut self) -> Result<R, Error> {
        self.running.wait_until(None)?;
        self.take_result()
    }

    /// Espera o fim por no máximo `limit`. Pode ser chamada de novo se o tempo acabou.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{init, Error, Process};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let mut forno = Process::builder().name("forno").start(|x: u64| x * x, 12)?;
    /// let quadrado = loop {
    ///     match forno.join_timeout(Duration::from_millis(10)) {
    ///         Err(Error::TimedOut(_)) => println!("{} ainda trabalha", forno.name()),
    ///         fim => break fim?,
    ///     }
    /// };
    /// assert_eq!(quadrado, 144);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::TimedOut`] se o processo ainda roda; [`Error::AlreadyTaken`] se uma chamada anterior já
    /// devolveu o resultado; e os de [`join`](Self::join).
    pub fn join_timeout(&mut self, limit: Duration) -> Result<R, Error> {
        if !self.running.wait_until(deadline_in(limit))? {
            return Err(Error::TimedOut(limit));
        }
        self.take_result()
    }

    /// Como o processo terminou; `None` enquanto ele vive.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        if self.is_alive() { None } else { self.running.reap().ok() }
    }

    /// Pede ao processo que termine (SIGTERM). Ele pode ignorar o pedido.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{init, Error, Process};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let dormir = |segundos: u64| std::thread::sleep(Duration::from_secs(segundos));
    /// let mut servico = Process::start(dormir, 3600)?;
    /// servico.terminate();
    /// if let Err(Error::TimedOut(_)) = servico.join_timeout(Duration::from_secs(10)) {
    ///     servico.kill(); // pediu-se com calma, e ele não saiu
    /// }
    /// let fim = servico.exit_status().expect("terminou");
    /// assert_eq!(fim.signal_name(), Some("SIGTERM"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn terminate(&self) {
        self.running.signal(Signal::TERM);
    }

    /// Mata o processo (SIGKILL).
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{init, Error, Process};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let travado = Process::start(|segundos: u64| std::thread::sleep(Duration::from_secs(segundos)), 3600)?;
    /// travado.kill();
    /// assert!(matches!(travado.join(), Err(Error::WorkerDied { .. })));
    /// # Ok(())
    /// # }
    /// ```
    pub fn kill(&self) {
        self.running.signal(Signal::KILL);
    }

    fn take_result(&mut self) -> Result<R, Error> {
        protocol::read_results(self.running.take_result()?).and_then(protocol::only)
    }
}
