//! Um canal de duas mãos entre dois processos.

use std::fmt;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::message::{self, Message};
use super::socket::wait;
use crate::Error;
use crate::clock::deadline_in;
use crate::parcel::Descriptor;

/// Cria um canal de duas mãos: o `Pipe()` do Python, com tipos.
///
/// O primeiro lado envia `A` e recebe `B`; o segundo, o contrário. Um lado costuma ir, como argumento, para
/// outro processo.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, pipe, Connection, Error, Process};
/// fn dobrar(pedidos: Connection<u64, u64>) -> u64 {
///     let mut atendidos = 0;
///     // O fim é o outro lado fechar: ninguém precisa mandar um valor especial.
///     while let Ok(x) = pedidos.recv() {
///         pedidos.send(&(2 * x)).expect("quem pediu espera a resposta");
///         atendidos += 1;
///     }
///     atendidos
/// }
///
/// # fn main() -> Result<(), Error> {
/// # init();
/// let (meu, dele) = pipe()?;
/// let processo = Process::start(dobrar, dele)?;
/// meu.send(&21)?;
/// assert_eq!(meu.recv()?, 42);
/// drop(meu);
/// assert_eq!(processo.join()?, 1);
/// # Ok(())
/// # }
/// ```
///
/// # Erros
///
/// [`Error::Spawn`] se o sistema recusou os descritores.
#[expect(clippy::type_complexity, reason = "os dois lados, um ao lado do outro, mostram que se invertem")]
pub fn pipe<A, B>() -> Result<(Connection<A, B>, Connection<B, A>), Error> {
    let (first, second) =
        message::socket_pair().map_err(|error| Error::spawn_without("socketpair", error))?;
    Ok((Connection::over(first.into()), Connection::over(second.into())))
}

/// Um lado de um [`pipe`]: envia `S` e recebe `R`.
///
/// Cada mensagem chega inteira ou não chega, mesmo que quem a envia morra no meio, e na ordem em que foi.
/// Todos os métodos tomam `&self`: várias threads podem usar o mesmo lado, e cada mensagem vai para uma só.
/// Um valor grande não passa pelo soquete: vai num arquivo de memória, e só o descritor dele viaja.
///
/// # O fim só chega quando ninguém mais tem o outro lado
///
/// Uma `Connection` pode ser argumento ou resultado de uma tarefa, ou ir por outra `Connection`. Quem a
/// recebe tem então uma cópia, e todas, como os clones, são o mesmo lado. [`recv`](Self::recv) só devolve
/// [`Error::Disconnected`] quando a última cópia do outro lado se fecha: mande o lado do filho por valor,
/// como no exemplo, ou descarte o seu depois de mandá-lo; guardado, ele faria o pai esperar para sempre por
/// um filho que já morreu. Em Python a armadilha é a mesma.
///
/// # Dois que só escrevem
///
/// Enquanto ninguém lê, cabem no canal algumas mensagens, e então [`send`](Self::send) espera. Se os dois
/// lados enviam sem parar e nenhum lê, os dois esperam para sempre. Combine quem fala primeiro, leia numa
/// thread à parte, ou use [`send_timeout`](Self::send_timeout).
///
/// # Exemplos
///
/// Um filho que avisa, e um pai que escuta até o fim:
///
/// ```
/// # use multiprocessamento::{init, pipe, Connection, Error, Process};
/// fn assar(avisos: Connection<u32, ()>) -> Result<(), Error> {
///     for fornada in 1..=3 {
///         avisos.send(&fornada)?;
///     }
///     Ok(())
/// }
///
/// # fn main() -> Result<(), Error> {
/// # init();
/// let (meu, dele) = pipe()?;
/// let padeiro = Process::start(assar, dele)?;
/// let mut fornadas = Vec::new();
/// while let Ok(fornada) = meu.recv() {
///     fornadas.push(fornada);
/// }
/// assert_eq!(fornadas, [1, 2, 3]);
/// padeiro.join()?
/// # }
/// ```
pub struct Connection<S, R> {
    socket: Descriptor,
    _types: PhantomData<fn(S) -> R>,
}

impl<S, R> fmt::Debug for Connection<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("descriptor", &self.socket.as_fd()).finish_non_exhaustive()
    }
}

impl<S, R> Connection<S, R> {
    fn over(socket: Descriptor) -> Self {
        Connection { socket, _types: PhantomData }
    }

    /// Se há o que ler, esperando por no máximo `limit`; o fim do canal também é algo a ler. É o `poll` do
    /// Python.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{pipe, Error};
    /// # fn main() -> Result<(), Error> {
    /// let (meu, dele) = pipe::<(), u64>()?;
    /// assert!(!meu.poll(Duration::ZERO)?); // nada ainda: dá para fazer outra coisa
    /// dele.send(&42)?;
    /// assert!(meu.poll(Duration::ZERO)?);
    /// assert_eq!(meu.recv()?, 42);
    /// drop(dele);
    /// assert!(meu.poll(Duration::ZERO)?); // o fim
    /// assert!(matches!(meu.recv(), Err(Error::Disconnected)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::Io`] se o sistema recusou a espera.
    pub fn poll(&self, limit: Duration) -> Result<bool, Error> {
        self.ready(PollFlags::IN, deadline_in(limit))
    }

    fn ready(&self, event: PollFlags, deadline: Option<Instant>) -> Result<bool, Error> {
        wait(&mut [PollFd::new(&self.socket, event)], deadline).map(|ready| ready > 0).map_err(Error::io)
    }
}

impl<S: Serialize + 'static, R> Connection<S, R> {
    /// Envia `value`. Volta assim que ele está no canal, sem esperar que seja lido; se o canal está cheio,
    /// espera.
    ///
    /// # Erros
    ///
    /// [`Error::Disconnected`] se o outro lado fechou; [`Error::Encode`] ou [`Error::TooLarge`] se o valor não
    /// vira uma mensagem; [`Error::Io`] se o sistema a recusou. Em todos, nada foi enviado.
    pub fn send(&self, value: &S) -> Result<(), Error> {
        self.send_until(value, None).map(|_| ())
    }

    /// Envia `value` se couber no canal em até `limit`.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{pipe, Error};
    /// # fn main() -> Result<(), Error> {
    /// // Ninguém lê: quando o canal enche, o que não coube fica com quem envia.
    /// let (meu, dele) = pipe::<u64, ()>()?;
    /// let mut enviados = 0;
    /// while meu.send_timeout(&enviados, Duration::ZERO).is_ok() {
    ///     enviados += 1;
    /// }
    /// for esperado in 0..enviados {
    ///     assert_eq!(dele.recv()?, esperado);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::TimedOut`] se não coube; e os de [`send`](Self::send). Em todos, nada foi enviado.
    pub fn send_timeout(&self, value: &S, limit: Duration) -> Result<(), Error> {
        let sent = self.send_until(value, deadline_in(limit))?;
        if sent { Ok(()) } else { Err(Error::TimedOut(limit)) }
    }

    fn send_until(&self, value: &S, deadline: Option<Instant>) -> Result<bool, Error> {
        let message = Message::of(value)?;
        // Sem limite, quem espera é o próprio `sendmsg`: uma chamada ao sistema, e não duas.
        let flags = if deadline.is_some() { SendFlags::DONTWAIT } else { SendFlags::empty() };
        loop {
            match message.send(&self.socket, flags) {
                Ok(()) => return Ok(true),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if self.ready(PollFlags::OUT, deadline)? => {}
                Err(Errno::AGAIN) => return Ok(false),
                Err(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => return Err(Error::Disconnected),
                Err(error) => return Err(Error::io(error)),
            }
        }
    }
}

impl<S, R: DeserializeOwned + 'static> Connection<S, R> {
    /// Espera a próxima mensagem.
    ///
    /// # Erros
    ///
    /// [`Error::Disconnected`] depois da última, quando o outro lado fechou; [`Error::Decode`] se a mensagem
    /// não é um `R`, e as seguintes continuam chegando; [`Error::Io`] se o sistema recusou a leitura.
    pub fn recv(&self) -> Result<R, Error> {
        loop {
            if let Some(value) = self.recv_until(None)? {
                return Ok(value);
            }
        }
    }

    /// Espera a próxima mensagem por no máximo `limit`.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{init, pipe, Connection, Error, Process};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let (meu, dele) = pipe::<(), u64>()?;
    /// // Este filho espera um pedido que não vem, e não responde.
    /// let mudo = |canal: Connection<u64, ()>| canal.recv().is_ok();
    /// let filho = Process::start(mudo, dele)?;
    /// match meu.recv_timeout(Duration::from_millis(10)) {
    ///     Err(Error::TimedOut(_)) => filho.kill(),
    ///     outra => panic!("{outra:?}"),
    /// }
    /// assert!(filho.join().is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::TimedOut`] se nenhuma chegou; uma que chegue depois espera a próxima chamada. E os de
    /// [`recv`](Self::recv).
    pub fn recv_timeout(&self, limit: Duration) -> Result<R, Error> {
        self.recv_until(deadline_in(limit))?.ok_or(Error::TimedOut(limit))
    }

    fn recv_until(&self, deadline: Option<Instant>) -> Result<Option<R>, Error> {
        let flags = if deadline.is_some() { RecvFlags::DONTWAIT } else { RecvFlags::empty() };
        loop {
            match message::receive(&self.socket, flags) {
                Ok(Some(value)) => return value.map(Some),
                Ok(None) => return Err(Error::Disconnected),
                // O outro lado fechou sem ler tudo, e o sistema conta isso antes de entregar o que ele tinha
                // enviado; conta uma vez só, e a próxima leitura traz as mensagens, ou o fim.
                Err(Errno::INTR | Errno::CONNRESET) => {}
                Err(Errno::AGAIN) if self.ready(PollFlags::IN, deadline)? => {}
                Err(Errno::AGAIN) => return Ok(None),
                Err(error) => return Err(Error::io(error)),
            }
        }
    }
}

/// O descritor, para esperar por várias conexões de uma vez com `poll` ou `epoll`.
impl<S, R> AsFd for Connection<S, R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

// Sem `derive`, que pediria `S: Clone` e `R: Clone`.
impl<S, R> Clone for Connection<S, R> {
    fn clone(&self) -> Self {
        Self::over(self.socket.clone())
    }
}

impl<S, R> Serialize for Connection<S, R> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.socket.serialize(serializer)
    }
}

impl<'de, S, R> Deserialize<'de> for Connection<S, R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Descriptor::deserialize(deserializer).map(Connection::over)
    }
}
