//! Objetos que vários processos dividem, guardados num processo só para eles.
//!
//! De baixo para cima: [`protocol`], o que se pede e se responde; [`store`], os dados; [`server`], o processo
//! que os guarda; [`client`], o canal de cada processo que os usa; e os objetos: [`dict`], [`list`],
//! [`counter`].

mod client;
mod counter;
mod dict;
mod list;
mod protocol;
mod server;
mod store;

use std::fmt;
use std::sync::Arc;

pub use counter::ManagedCounter;
pub use dict::ManagedDict;
pub use list::ManagedList;

use client::Client;
use protocol::{Door, Kind};

use crate::Error;
use crate::process::Process;
use crate::process::child::START_LIMIT;
use crate::wire::pipe::pipe;

/// O `Manager()` do Python: um processo servidor, e objetos nele que qualquer outro processo pode usar.
///
/// Uma lista comum, mandada a dois filhos, vira duas listas. A do `Manager` é uma só: o que cada processo tem
/// é um *proxy*, e cada chamada vai ao servidor e volta. É o jeito mais cômodo de dividir dados entre
/// processos, e o mais lento: uma ida e volta custa muito mais do que a conta que ela faz.
///
/// Cada processo fala com o servidor por um canal só dele, aberto no primeiro uso: quem morre, para ou demora
/// no meio de uma chamada não atrapalha os outros. Os objetos vivem tanto quanto o servidor, e ele termina
/// quando o `Manager` é descartado; dali em diante, toda chamada devolve [`Error::Disconnected`].
///
/// Chaves e valores são copiados, como bytes: mudar a cópia que [`get`](ManagedDict::get) devolveu não muda o
/// que está lá. Um canal, ou outro *proxy*, não pode ser guardado num objeto.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, ManagedDict, Manager, Process};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let manager = Manager::start()?;
/// let estoque = manager.dict()?;
/// estoque.insert("pães".to_owned(), 12)?;
///
/// let vender = |estoque: ManagedDict<String, i32>| {
///     let sobraram = estoque.update("pães", |tinha| tinha.unwrap_or(0) - 2);
///     sobraram.expect("o Manager está de pé")
/// };
/// let processo = Process::start(vender, estoque.clone())?;
/// assert_eq!(processo.join()?, 10);
/// assert_eq!(estoque.get("pães")?, Some(10));
/// # Ok(())
/// # }
/// ```
///
/// Uma lista e um número, do mesmo servidor:
///
/// ```
/// # use multiprocessamento::{init, Error, ManagedCounter, ManagedList, Manager, Process};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let manager = Manager::start()?;
/// assert_ne!(manager.pid(), std::process::id());
/// let (visitas, livro) = (manager.counter()?, manager.list()?);
/// let visitar = |(visitas, livro, nome): (ManagedCounter, ManagedList<String>, String)| {
///     livro.push(nome)?;
///     visitas.add(1)
/// };
/// let visita = Process::start(visitar, (visitas.clone(), livro.clone(), "Ana".to_owned()))?;
/// assert_eq!(visita.join()??, 1);
/// assert_eq!(livro.to_vec()?, ["Ana"]);
/// # Ok(())
/// # }
/// ```
#[must_use = "descartado, o servidor termina, e com ele o que ele guarda"]
pub struct Manager {
    server: Process<()>,
    client: Arc<Client>,
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("pid", &self.pid()).finish_non_exhaustive()
    }
}

impl Manager {
    /// Cria o processo servidor e espera que ele esteja pronto.
    ///
    /// # Erros
    ///
    /// [`Error::NotInitialized`] sem [`init`](crate::init); [`Error::Spawn`] se o sistema recusou o processo;
    /// [`Error::Handshake`] ou [`Error::WorkerDied`] se ele não chegou a ficar pronto.
    pub fn start() -> Result<Self, Error> {
        let (door, reception): (Door, _) = pipe()?;
        let server = Process::builder().name("Manager").start(server::serve, reception)?;
        match door.recv_timeout(START_LIMIT) {
            Ok(()) => Ok(Manager { server, client: Client::of(door).map_err(Error::io)? }),
            // Quem sabe como o servidor terminou é o `join`.
            Err(Error::Disconnected) => Err(server.join().err().unwrap_or(Error::Disconnected)),
            Err(Error::TimedOut(limit)) => {
                let reason = format!("o Manager não ficou pronto em {} s", limit.as_secs());
                Err(Error::Handshake { pid: server.pid(), reason })
            }
            Err(error) => Err(error),
        }
    }

    /// O número do processo servidor.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// Um dicionário novo, vazio.
    ///
    /// # Erros
    ///
    /// [`Error::Disconnected`] se o servidor terminou.
    pub fn dict<K, V>(&self) -> Result<ManagedDict<K, V>, Error> {
        self.client.create(Kind::Dict).map(ManagedDict::over)
    }

    /// Uma lista nova, vazia.
    ///
    /// # Erros
    ///
    /// [`Error::Disconnected`] se o servidor terminou.
    pub fn list<T>(&self) -> Result<ManagedList<T>, Error> {
        self.client.create(Kind::List).map(ManagedList::over)
    }

    /// Um número novo, zero.
    ///
    /// # Erros
    ///
    /// [`Error::Disconnected`] se o servidor terminou.
    pub fn counter(&self) -> Result<ManagedCounter, Error> {
        self.client.create(Kind::Counter).map(ManagedCounter::over)
    }
}
