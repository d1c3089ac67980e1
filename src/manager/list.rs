//! Uma lista que vários processos usam.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::client::Object;
use super::protocol::{Bytes, ListOperation, Operation, Stored, Swap, decode_value, encode_value};
use crate::Error;
use crate::codec::portable::Portable;

/// O `Manager().list()` do Python: uma lista no processo do [`Manager`](crate::Manager).
///
/// Os clones são a mesma lista, e ela vai como argumento a qualquer tarefa. Cada chamada, sozinha, é atômica;
/// para mudar um item a partir do que havia, use [`update`](Self::update).
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, ManagedList, Manager, Process};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let manager = Manager::start()?;
/// let frases = manager.list()?;
/// frases.push("aqui".to_owned())?;
/// let anotar = |frases: ManagedList<String>| frases.push("no filho".to_owned()).is_ok();
/// assert!(Process::start(anotar, frases.clone())?.join()?);
/// assert_eq!(frases.to_vec()?, ["aqui", "no filho"]);
/// # Ok(())
/// # }
/// ```
///
/// Vários processos tiram dela o que falta fazer, até que não reste nada:
///
/// ```
/// # use multiprocessamento::{init, Error, ManagedList, Manager, Pool};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let manager = Manager::start()?;
/// let pratos = manager.list()?;
/// (1..=20).try_for_each(|prato| pratos.push(prato))?;
/// let lavar = |pratos: ManagedList<u32>| -> Result<usize, Error> {
///     let mut lavados = 0;
///     while pratos.pop()?.is_some() {
///         lavados += 1;
///     }
///     Ok(lavados)
/// };
/// let lavados = Pool::new(2)?.map(lavar, vec![pratos.clone(); 2])?;
/// assert_eq!(lavados.into_iter().sum::<Result<usize, Error>>()?, 20);
/// assert!(pratos.is_empty()?);
/// # Ok(())
/// # }
/// ```
///
/// # Erros
///
/// Todo método devolve [`Error::Disconnected`] se o servidor terminou, [`Error::Encode`] se um valor não vira
/// bytes ou leva um canal dentro, e [`Error::TooLarge`] se não cabe numa mensagem.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct ManagedList<T> {
    object: Object,
    _types: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for ManagedList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedList").finish_non_exhaustive()
    }
}

impl<T> Clone for ManagedList<T> {
    fn clone(&self) -> Self {
        Self::over(self.object.clone())
    }
}

impl<T> ManagedList<T> {
    pub(super) fn over(object: Object) -> Self {
        ManagedList { object, _types: PhantomData }
    }
}

impl<T: Portable + 'static> ManagedList<T> {
    /// Põe `value` no fim.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedList`].
    pub fn push(&self, value: T) -> Result<(), Error> {
        self.call(ListOperation::Push(encode_value(&value)?))
    }

    /// Tira o último.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedList`].
    pub fn pop(&self) -> Result<Option<T>, Error> {
        let stored: Option<Stored> = self.call(ListOperation::Pop)?;
        stored.map(|stored| decode_value(stored.value)).transpose()
    }

    /// Uma cópia do item `index`, se a lista chega até lá.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedList`].
    pub fn get(&self, index: usize) -> Result<Option<T>, Error> {
        match self.stored_at(index) {
            Ok(stored) => decode_value(stored.value).map(Some),
            Err(Error::OutOfRange { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Troca o item `index`.
    ///
    /// # Erros
    ///
    /// [`Error::OutOfRange`] se a lista não chega até lá.
    pub fn set(&self, index: usize, value: T) -> Result<(), Error> {
        self.call(ListOperation::Set(index, encode_value(&value)?))
    }

    /// Quantos itens há.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedList`].
    pub fn len(&self) -> Result<usize, Error> {
        self.call(ListOperation::Len)
    }

    /// Se não há nenhum.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedList`].
    pub fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.len()? == 0)
    }

    /// Uma cópia de todos os itens, como estavam num mesmo instante.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedList`].
    pub fn to_vec(&self) -> Result<Vec<T>, Error> {
        self.call::<Vec<Bytes>>(ListOperation::Items)?.into_iter().map(decode_value).collect()
    }

    /// Tira tudo.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Manager};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let manager = Manager::start()?;
    /// let recados = manager.list()?;
    /// recados.push("o forno esfriou".to_owned())?;
    /// assert_eq!(recados.len()?, 1);
    /// recados.clear()?; // lidos
    /// assert_eq!(recados.get(0)?, None);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// Os de [`ManagedList`].
    pub fn clear(&self) -> Result<(), Error> {
        self.call(ListOperation::Clear)
    }

    /// Troca o item `index` pelo que `change` faz dele, e devolve o novo. Nenhuma mudança se perde.
    ///
    /// `change` roda aqui, e pode capturar. Se outro processo trocou o item enquanto ela rodava, roda de novo,
    /// com o valor dele: faça nela só a conta. Se ela entra em pânico, o item fica como estava.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, ManagedList, Manager, Pool};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let manager = Manager::start()?;
    /// let placar = manager.list()?;
    /// placar.push(0)?;
    /// placar.push(0)?;
    /// let gol = |placar: ManagedList<u32>| placar.update(1, |gols| gols + 1).is_ok();
    /// assert_eq!(Pool::new(2)?.map(gol, vec![placar.clone(); 3])?, [true; 3]);
    /// assert_eq!(placar.get(1)?, Some(3));
    /// placar.set(1, 2)?; // um foi anulado
    /// assert_eq!(placar.to_vec()?, [0, 2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// [`Error::OutOfRange`] se a lista não chega, ou deixou de chegar, até lá.
    pub fn update<F: FnMut(T) -> T>(&self, index: usize, mut change: F) -> Result<T, Error> {
        let mut current = self.stored_at(index)?;
        loop {
            let after = change(decode_value(current.value)?);
            let expected = current.version;
            let swap = ListOperation::Swap { index, expected, value: encode_value(&after)? };
            match self.call(swap)? {
                Swap::Done => return Ok(after),
                Swap::Conflict(theirs) => current = theirs,
            }
        }
    }

    fn stored_at(&self, index: usize) -> Result<Stored, Error> {
        self.call(ListOperation::Get(index))
    }

    fn call<A: DeserializeOwned>(&self, operation: ListOperation) -> Result<A, Error> {
        self.object.call(Operation::List(operation))
    }
}
