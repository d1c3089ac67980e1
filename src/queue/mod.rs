//! A fila que vários processos dividem.
//!
//! De baixo para cima: [`ring`] conta os itens, [`bodies`] guarda os corpos deles, [`log`] os põe e tira. Aqui, o que o
//! usuário vê.

mod bodies;
mod log;
mod ring;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::clock::deadline_in;
use crate::codec::portable::Portable;
use crate::parcel::{self, MAX_SIZE, Parcel};
use crate::shm::memory::WrongSize;
use crate::wire::raw;
use log::{Log, Parts};

/// Uma fila entre processos, com limite: vários põem, vários tiram, e cada item sai uma vez só.
///
/// Vai como argumento de uma tarefa ou volta como resultado dela; um clone é a mesma fila. Os itens
/// atravessam como bytes (serde), na ordem em que entraram; um `Vec<u8>`, sozinho, atravessa como está.
///
/// Uma fila cheia faz esperar quem põe. Cheia quer dizer `capacity` itens, ou 64 MiB de itens: um item maior
/// do que isso só entra quando ela está vazia.
///
/// A morte de um processo, em qualquer ponto, não estraga a fila: um item que ele não acabou de pôr não
/// existe, um que ele não acabou de tirar continua nela, e ninguém fica esperando por ele. O que se perde é o
/// item que ele já tinha tirado. A fila não sabe quem ainda vai pôr: se todos os que punham morreram, quem
/// tira espera até alguém chamar [`close`](Queue::close).
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Process, Queue};
/// fn produz((fila, n): (Queue<u64>, u64)) -> Result<(), Error> {
///     for i in 0..n {
///         fila.put(&(i * i))?;
///     }
///     fila.close()
/// }
///
/// # fn main() -> Result<(), Error> {
/// # init();
/// let fila = Queue::bounded(10)?;
/// let produtor = Process::start(produz, (fila.clone(), 1000))?;
/// let mut soma = 0;
/// loop {
///     match fila.get() {
///         Ok(quadrado) => soma += quadrado,
///         Err(Error::Closed) => break,
///         Err(outro) => return Err(outro),
///     }
/// }
/// assert_eq!(soma, 332_833_500);
/// produtor.join()??;
/// # Ok(())
/// # }
/// ```
#[derive(Serialize, Deserialize)]
#[serde(into = "Parts", try_from = "Parts", bound = "")]
pub struct Queue<T> {
    log: Arc<Log>,
    _items: PhantomData<fn(T) -> T>,
}

impl<T> Queue<T> {
    /// Cria uma fila em que cabem `capacity` itens.
    ///
    /// # Erros
    ///
    /// [`Error::InvalidArgument`] se `capacity` é zero, ou passa de 1 048 576; [`Error::Spawn`] se o sistema não dá
    /// os descritores.
    pub fn bounded(capacity: usize) -> Result<Self, Error> {
        Ok(Self::over(Arc::new(Log::create(capacity)?)))
    }

    fn over(log: Arc<Log>) -> Self {
        Queue { log, _items: PhantomData }
    }

    /// Quantos itens há agora; outro processo pode mudar isso a qualquer momento.
    pub fn len(&self) -> usize {
        self.log.len()
    }

    /// Se não há nenhum item agora.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Quantos itens cabem.
    pub fn capacity(&self) -> usize {
        self.log.capacity()
    }

    /// Fecha a fila, em todos os processos: não entra mais nada, e o que já está nela ainda sai.
    ///
    /// Quem espera acorda. Fechar de novo não faz nada.
    ///
    /// # Erros
    ///
    /// [`Error::Io`] se o sistema recusa.
    pub fn close(&self) -> Result<(), Error> {
        self.log.close()
    }
}

impl<T: Portable + 'static> Queue<T> {
    /// Põe uma cópia de `item` no fim da fila; se ela está cheia, espera lugar.
    ///
    /// Recebe uma referência porque só a cópia em bytes entra na fila: se ela não aceita o item, ele continua
    /// com quem chamou.
    ///
    /// # Erros
    ///
    /// [`Error::Closed`] se a fila está fechada, ou fechou durante a espera; [`Error::Encode`] se o item não
    /// vira bytes, ou leva um canal dentro; [`Error::TooLarge`] se ele passa de 1 GiB; [`Error::Io`] se falta
    /// memória.
    pub fn put(&self, item: &T) -> Result<(), Error> {
        self.put_timeout(item, Duration::MAX)
    }

    /// Como [`put`](Self::put), esperando no máximo `limit`.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{init, Error, Queue};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// // Um sensor não espera por quem o lê: a leitura que não cabe se perde.
    /// let leituras = Queue::bounded(2)?;
    /// let mut perdidas = 0;
    /// for leitura in 0..5 {
    ///     match leituras.put_timeout(&leitura, Duration::ZERO) {
    ///         Err(Error::TimedOut(_)) => perdidas += 1,
    ///         outra => outra?,
    ///     }
    /// }
    /// assert_eq!(leituras.len(), leituras.capacity());
    /// assert_eq!(perdidas, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::TimedOut`] se o item não entrou a tempo; e os de [`put`](Self::put).
    pub fn put_timeout(&self, item: &T, limit: Duration) -> Result<(), Error> {
        let deadline = deadline_in(limit);
        if self.log.put(&encode(item)?, deadline)? { Ok(()) } else { Err(Error::TimedOut(limit)) }
    }

    /// Tira o item da frente; se não há nenhum, espera um.
    ///
    /// # Erros
    ///
    /// [`Error::Closed`] se a fila está fechada e já não há nada nela; [`Error::Decode`] se o item não volta a
    /// ser um `T`: esse item se perde, e o próximo `get` traz o seguinte; [`Error::Io`] se falta memória para
    /// ele, e então ele continua na fila.
    pub fn get(&self) -> Result<T, Error> {
        self.get_timeout(Duration::MAX)
    }

    /// Como [`get`](Self::get), esperando no máximo `limit`.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use multiprocessamento::{init, Error, Queue};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let fila = Queue::bounded(10)?;
    /// fila.put(&"pão".to_owned())?;
    /// fila.put(&"bolo".to_owned())?;
    /// // O que já chegou vai num lote só, sem esperar por mais.
    /// let mut lote = Vec::new();
    /// while let Ok(pedido) = fila.get_timeout(Duration::ZERO) {
    ///     lote.push(pedido);
    /// }
    /// assert_eq!(lote, ["pão", "bolo"]);
    /// assert!(fila.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::TimedOut`] se nada chegou a tempo; e os de [`get`](Self::get).
    pub fn get_timeout(&self, limit: Duration) -> Result<T, Error> {
        let deadline = deadline_in(limit);
        self.log.take(deadline)?.map_or(Err(Error::TimedOut(limit)), decode)
    }
}

// Codificar e decodificar rodam código de quem definiu `T`: sempre fora da trava da fila.

fn encode<T: Serialize + 'static>(item: &T) -> Result<Cow<'_, [u8]>, Error> {
    match raw::as_bytes(item) {
        Some(bytes) if bytes.len() > MAX_SIZE => Err(Error::TooLarge { limit: MAX_SIZE }),
        Some(bytes) => Ok(Cow::Borrowed(bytes)),
        None => Parcel::of(item)?.into_bytes().map(Cow::Owned),
    }
}

fn decode<T: DeserializeOwned + 'static>(body: Vec<u8>) -> Result<T, Error> {
    raw::from_bytes(body).or_else(|body| parcel::read(&body, &[]))
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self::over(self.log.clone())
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("len", &self.len()).field("capacity", &self.capacity()).finish()
    }
}

impl<T> From<Queue<T>> for Parts {
    fn from(queue: Queue<T>) -> Self {
        queue.log.parts()
    }
}

impl<T> TryFrom<Parts> for Queue<T> {
    type Error = WrongSize;

    fn try_from(parts: Parts) -> Result<Self, WrongSize> {
        Log::open(parts).map(|log| Self::over(Arc::new(log)))
    }
}
