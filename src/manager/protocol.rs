//! O que os clientes pedem ao servidor, e o que ele responde.
//!
//! ```text
//!   cliente ──▶ servidor   Visit                pela recepção, uma vez: o lado do servidor de um canal novo
//!   cliente ──▶ servidor   ManagerRequest       pelo canal dele, um de cada vez
//!   servidor ──▶ cliente   Result<T, Refusal>   a resposta; o `T` de cada pedido está ao lado dele
//! ```
//!
//! Chaves e valores são bytes que só os clientes entendem: nenhum código do usuário roda no servidor.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::parcel::{self, Parcel};
use crate::wire::pipe::Connection;
use crate::wire::raw;

/// A ponta da recepção que acompanha cada objeto: por ela um cliente se apresenta.
pub(super) type Door = Connection<Visit, ()>;
/// A outra ponta, a do servidor; por ela ele avisa, uma vez, que está pronto.
pub(super) type Reception = Connection<(), Visit>;

/// O canal de um cliente, do lado dele.
pub(super) type Line = Connection<ManagerRequest, Vec<u8>>;
/// O mesmo canal, do lado do servidor.
pub(super) type Visit = Connection<Vec<u8>, ManagerRequest>;

/// Um valor ou uma chave, como o cliente o codificou.
pub(super) type Bytes = serde_bytes::ByteBuf;
/// Qual dos objetos do servidor.
pub(super) type ObjectId = u32;
/// Cada escrita tem a sua, e nenhuma se repete enquanto o servidor vive.
pub(super) type Version = u64;

#[derive(Serialize, Deserialize)]
pub(super) enum ManagerRequest {
    /// `ObjectId`
    Create(Kind),
    /// O que a operação disser.
    On(ObjectId, Operation),
}

#[derive(Serialize, Deserialize)]
pub(super) enum Kind {
    Dict,
    List,
    Counter,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Operation {
    Dict(DictOperation),
    List(ListOperation),
    Counter(CounterOperation),
}

#[derive(Serialize, Deserialize)]
pub(super) enum DictOperation {
    /// `Option<Stored>`
    Get(Bytes),
    /// `()`
    Insert(Bytes, Bytes),
    /// `Option<Stored>`
    Remove(Bytes),
    /// `bool`
    Contains(Bytes),
    /// `usize`
    Len,
    /// `Vec<Bytes>`
    Keys,
    /// `Vec<(Bytes, Bytes)>`
    Items,
    /// `()`
    Clear,
    /// `Swap<Option<Stored>>`: põe `value` se a chave ainda está como em `expected`.
    Swap { key: Bytes, expected: Option<Version>, value: Bytes },
}

#[derive(Serialize, Deserialize)]
pub(super) enum ListOperation {
    /// `()`
    Push(Bytes),
    /// `Option<Stored>`
    Pop,
    /// `Stored`, ou [`Refusal::OutOfRange`].
    Get(usize),
    /// `()`, ou [`Refusal::OutOfRange`].
    Set(usize, Bytes),
    /// `usize`
    Len,
    /// `Vec<Bytes>`
    Items,
    /// `()`
    Clear,
    /// `Swap<Stored>`, ou [`Refusal::OutOfRange`].
    Swap { index: usize, expected: Version, value: Bytes },
}

#[derive(Serialize, Deserialize)]
pub(super) enum CounterOperation {
    /// `i64`, o valor novo.
    Add(i64),
    /// `i64`
    Get,
    /// `()`
    Set(i64),
}

/// Um valor guardado, com a versão da escrita que o pôs ali.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) version: Version,
    pub(super) value: Bytes,
}

/// Como foi uma troca condicional.
#[derive(Serialize, Deserialize)]
pub(super) enum Swap<T> {
    Done,
    /// Alguém escreveu antes; é isto o que há agora.
    Conflict(T),
}

/// Por que o servidor não fez o que se pediu.
#[derive(Serialize, Deserialize)]
pub(super) enum Refusal {
    UnknownObject,
    OutOfRange { index: usize, len: usize },
    TooLarge { limit: usize },
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnknownObject => Error::Decode("o Manager não conhece este objeto".to_owned()),
            Refusal::OutOfRange { index, len } => Error::OutOfRange { index, len },
            Refusal::TooLarge { limit } => Error::TooLarge { limit },
        }
    }
}

/// Um valor do usuário, em bytes.
///
/// # Erros
///
/// [`Error::Encode`] se há um canal dentro dele: o servidor guarda bytes, e um descritor não é um.
pub(super) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, Error> {
    Parcel::of(value)?.into_bytes().map(Bytes::from)
}

/// O contrário de [`encode`].
pub(super) fn decode<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Error> {
    parcel::read(bytes, &[])
}

/// Como [`encode`], para um valor, que pode ser um `Vec<u8>` e então já são bytes. Uma chave não: a mesma pode
/// ser procurada como `&[u8]`, e tem que dar os mesmos bytes.
pub(super) fn encode_value<T: Serialize + 'static>(value: &T) -> Result<Bytes, Error> {
    raw::as_bytes(value).map_or_else(|| encode(value), |bytes| Ok(Bytes::from(bytes)))
}

/// O contrário de [`encode_value`].
pub(super) fn decode_value<T: DeserializeOwned + 'static>(bytes: Bytes) -> Result<T, Error> {
    raw::from_bytes(bytes.into_vec()).or_else(|bytes| parcel::read(&bytes, &[]))
}
