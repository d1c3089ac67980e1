//! Um dicionário que vários processos usam.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::client::Object;
use super::protocol::{
    Bytes, DictOperation, Operation, Stored, Swap, decode, decode_value, encode, encode_value,
};
use crate::Error;
use crate::codec::portable::Portable;

/// O `Manager().dict()` do Python: um dicionário no processo do [`Manager`](crate::Manager).
///
/// Os clones são o mesmo dicionário, e ele vai como argumento a qualquer tarefa. Duas chaves são a mesma se
/// viram os mesmos bytes; as chaves se listam na ordem em que entraram.
///
/// Cada chamada, sozinha, é atômica. Duas seguidas não são: entre um [`get`](Self::get) e um
/// [`insert`](Self::insert), outro processo pode escrever, e a escrita dele se perde. Para mudar um valor a
/// partir do que havia, use [`update`](Self::update).
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, ManagedDict, Manager, Pool};
/// fn contar((palavra, contagem): (String, ManagedDict<String, u32>)) -> Result<u32, Error> {
///     contagem.update(&palavra, |antes| antes.unwrap_or(0) + 1)
/// }
///
/// # fn main() -> Result<(), Error> {
/// # init();
/// let manager = Manager::start()?;
/// let contagem = manager.dict()?;
/// let palavras = "o rato roeu a roupa do rei e o rei riu".split(' ');
/// let tarefas = palavras.map(|palavra| (palavra.to_owned(), contagem.clone()));
/// let contadas: Result<Vec<u32>, Error> = Pool::new(2)?.map(contar, tarefas)?.into_iter().collect();
/// assert_eq!(contadas?.len(), 11);
/// assert_eq!(contagem.get("rei")?, Some(2));
/// assert_eq!(contagem.get("rainha")?, None);
/// # Ok(())
/// # }
/// ```
///
/// No mais é como um `HashMap`, com uma falha possível em cada chamada:
///
/// ```
/// # use multiprocessamento::{init, Error, Manager};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let manager = Manager::start()?;
/// let emprestados = manager.dict()?;
/// emprestados.insert("Iracema".to_owned(), "Ana".to_owned())?;
/// emprestados.insert("Quincas Borba".to_owned(), "Rui".to_owned())?;
/// assert!(emprestados.contains_key("Iracema")?);
/// assert_eq!(emprestados.remove("Iracema")?.as_deref(), Some("Ana")); // devolvido
///
/// for (livro, leitor) in emprestados.items()? {
///     assert_eq!(format!("{livro} está com {leitor}"), "Quincas Borba está com Rui");
/// }
/// assert_eq!((emprestados.len()?, emprestados.keys()?), (1, vec!["Quincas Borba".to_owned()]));
/// emprestados.clear()?;
/// assert!(emprestados.is_empty()?);
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
pub struct ManagedDict<K, V> {
    object: Object,
    _types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> fmt::Debug for ManagedDict<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedDict").finish_non_exhaustive()
    }
}

impl<K, V> Clone for ManagedDict<K, V> {
    fn clone(&self) -> Self {
        Self::over(self.object.clone())
    }
}

impl<K, V> ManagedDict<K, V> {
    pub(super) fn over(object: Object) -> Self {
        ManagedDict { object, _types: PhantomData }
    }
}

impl<K, V> ManagedDict<K, V>
where
    K: Portable,
    V: Portable + 'static,
{
    /// Uma cópia do valor de `key`, se houver.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedDict`].
    pub fn get<Q: Serialize + ?Sized>(&self, key: &Q) -> Result<Option<V>, Error>
    where
        K: Borrow<Q>,
    {
        let stored: Option<Stored> = self.call(DictOperation::Get(encode(key)?))?;
        stored.map(|stored| decode_value(stored.value)).transpose()
    }

    /// Põe `value` em `key`, no lugar do que houver.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedDict`].
    pub fn insert(&self, key: K, value: V) -> Result<(), Error> {
        self.call(DictOperation::Insert(encode(&key)?, encode_value(&value)?))
    }

    /// Tira `key` e devolve o valor que ela tinha.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedDict`].
    pub fn remove<Q: Serialize + ?Sized>(&self, key: &Q) -> Result<Option<V>, Error>
    where
        K: Borrow<Q>,
    {
        let stored: Option<Stored> = self.call(DictOperation::Remove(encode(key)?))?;
        stored.map(|stored| decode_value(stored.value)).transpose()
    }

    /// Se há um valor em `key`.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedDict`].
    pub fn contains_key<Q: Serialize + ?Sized>(&self, key: &Q) -> Result<bool, Error>
    where
        K: Borrow<Q>,
    {
        self.call(DictOperation::Contains(encode(key)?))
    }

    /// Quantas chaves há.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedDict`].
    pub fn len(&self) -> Result<usize, Error> {
        self.call(DictOperation::Len)
    }

    /// Se não há nenhuma.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedDict`].
    pub fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.len()? == 0)
    }

    /// As chaves, na ordem em que entraram.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedDict`].
    pub fn keys(&self) -> Result<Vec<K>, Error> {
        self.call::<Vec<Bytes>>(DictOperation::Keys)?.iter().map(decode).collect()
    }

    /// As chaves e os valores, como estavam num mesmo instante, na ordem em que as chaves entraram.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedDict`].
    pub fn items(&self) -> Result<Vec<(K, V)>, Error> {
        let items: Vec<(Bytes, Bytes)> = self.call(DictOperation::Items)?;
        items.into_iter().map(|(key, value)| Ok((decode(&key)?, decode_value(value)?))).collect()
    }

    /// Tira tudo.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedDict`].
    pub fn clear(&self) -> Result<(), Error> {
        self.call(DictOperation::Clear)
    }

    /// Troca o valor de `key` pelo que `change` faz dele (ou de `None`), e devolve o novo. Nenhuma mudança se
    /// perde, por mais processos que mudem a mesma chave.
    ///
    /// `change` roda aqui, e pode capturar. Se outro processo escreveu na chave enquanto ela rodava, roda de
    /// novo, com o valor dele: faça nela só a conta. Se ela entra em pânico, o valor fica como estava.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedDict`].
    pub fn update<Q, F>(&self, key: &Q, mut change: F) -> Result<V, Error>
    where
        K: Borrow<Q>,
        Q: Serialize + ?Sized,
        F: FnMut(Option<V>) -> V,
    {
        let key = encode(key)?;
        let mut current: Option<Stored> = self.call(DictOperation::Get(key.clone()))?;
        loop {
            let expected = current.as_ref().map(|stored| stored.version);
            let before = current.map(|stored| decode_value(stored.value)).transpose()?;
            let after = change(before);
            let swap = DictOperation::Swap { key: key.clone(), expected, value: encode_value(&after)? };
            match self.call(swap)? {
                Swap::Done => return Ok(after),
                Swap::Conflict(theirs) => current = theirs,
            }
        }
    }

    fn call<T: DeserializeOwned>(&self, operation: DictOperation) -> Result<T, Error> {
        self.object.call(Operation::Dict(operation))
    }
}
