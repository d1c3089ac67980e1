//! Valores que viram bytes, e os descritores que atravessam com eles.
//!
//! Uma fila, um pipe ou uma trava são, por baixo, descritores abertos no sistema. Um descritor não vira
//! bytes: quem o copia para o outro processo é o soquete (`SCM_RIGHTS`). Então, enquanto um valor é
//! codificado, cada [`Descriptor`] dentro dele se põe numa lista e escreve só a sua posição nela; a lista
//! viaja ao lado dos bytes, e do outro lado cada posição volta a ser um descritor.

use std::cell::{Cell, RefCell};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;
use crate::codec::{self, Reason};

/// O maior valor aceito, já em bytes: 1 GiB. Um tamanho acima disso é defeito ou lixo, nunca um pedido.
pub(crate) const MAX_SIZE: usize = 1 << 30;

/// Quantos descritores o sistema aceita numa mensagem (`SCM_MAX_FD`).
pub(crate) const MAX_DESCRIPTORS: usize = 253;

/// Um descritor que pode estar dentro de um argumento. Os clones são o mesmo descritor.
#[derive(Clone, Debug)]
pub(crate) struct Descriptor(Arc<OwnedFd>);

impl From<OwnedFd> for Descriptor {
    fn from(fd: OwnedFd) -> Self {
        Descriptor(Arc::new(fd))
    }
}

impl Descriptor {
    /// O número que ele tem neste processo.
    pub(crate) fn number(&self) -> i32 {
        self.0.as_raw_fd()
    }
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

thread_local! {
    /// Se esta thread está codificando, ou decodificando, um valor.
    static TRAVELLING: Cell<bool> = const { Cell::new(false) };
    /// Os descritores dele; vazia fora de uma viagem.
    static LIST: RefCell<Vec<Descriptor>> = const { RefCell::new(Vec::new()) };
    /// Se a lista pode ter algo: quase nenhum valor leva descritores, e esses não pagam por ela.
    static TOUCHED: Cell<bool> = const { Cell::new(false) };
}

const NOT_TRAVELLING: &str = "um canal só atravessa para outro processo deste programa";

impl Serialize for Descriptor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !TRAVELLING.get() {
            return Err(S::Error::custom(NOT_TRAVELLING));
        }
        TOUCHED.set(true);
        let position = LIST.with_borrow_mut(|list| {
            // Mil itens com a mesma fila levam um descritor, não mil.
            let same = |other: &Descriptor| other.0.as_raw_fd() == self.0.as_raw_fd();
            list.iter().position(same).unwrap_or_else(|| {
                list.push(self.clone());
                list.len() - 1
            })
        });
        serializer.serialize_u32(position as u32)
    }
}

impl<'de> Deserialize<'de> for Descriptor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let position = u32::deserialize(deserializer)? as usize;
        let found = LIST.with_borrow(|list| list.get(position).cloned());
        found.ok_or_else(|| D::Error::custom(NOT_TRAVELLING))
    }
}

/// Põe `list` à vista dos [`Descriptor`]s enquanto `work` roda, e devolve como ela ficou.
fn with_travelling<T>(list: Vec<Descriptor>, work: impl FnOnce() -> T) -> (T, Vec<Descriptor>) {
    /// Repõe a viagem de fora mesmo se `work` entrar em pânico: ele roda código de quem definiu o tipo.
    struct Restore {
        travelling: bool,
        list: Option<Vec<Descriptor>>,
    }
    impl Drop for Restore {
        #[inline]
        fn drop(&mut self) {
            TRAVELLING.set(self.travelling);
            if self.list.is_some() || TOUCHED.replace(false) {
                LIST.set(self.list.take().unwrap_or_default());
            }
        }
    }
    let travelling = TRAVELLING.replace(true);
    let outer = (travelling || !list.is_empty()).then(|| LIST.replace(list));
    let restore = Restore { travelling, list: outer };
    let outcome = work();
    let list = if restore.list.is_some() || TOUCHED.get() { LIST.take() } else { Vec::new() };
    (outcome, list)
}

/// Bytes e descritores que vão juntos.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parcel {
    pub(crate) bytes: Vec<u8>,
    pub(crate) descriptors: Vec<Descriptor>,
}

impl Parcel {
    /// Só `value`.
    pub(crate) fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        let mut parcel = Parcel::default();
        parcel.write(value)?;
        Ok(parcel)
    }

    /// Acrescenta `value`, que pode ocupar até [`MAX_SIZE`].
    ///
    /// # Erros
    ///
    /// [`Error::TooLarge`] assim que o limite passa: um valor que será recusado não chega a ocupar a memória
    /// da máquina. [`Error::Encode`] se o valor não vira bytes, ou leva canais demais.
    pub(crate) fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.writing(|bytes| codec::encode(value, bytes, MAX_SIZE))
    }

    /// Acrescenta a lista, em que cada item pode ocupar até [`MAX_SIZE`].
    ///
    /// # Erros
    ///
    /// Os de [`write`](Self::write), no primeiro item que falha.
    pub(crate) fn write_list<T: Serialize>(&mut self, items: &[T]) -> Result<(), Error> {
        self.write(&items.len())?;
        self.write_each(items)
    }

    /// Acrescenta os itens, um atrás do outro, cada um de até [`MAX_SIZE`].
    ///
    /// # Erros
    ///
    /// Os de [`write`](Self::write), no primeiro item que falha.
    pub(crate) fn write_each<T: Serialize>(&mut self, items: &[T]) -> Result<(), Error> {
        self.writing(|bytes| items.iter().try_for_each(|item| codec::encode(item, bytes, MAX_SIZE)))
    }

    /// Uma viagem com o que `write` escrever. Quase nenhum valor leva descritores: só quem leva paga por eles.
    #[inline]
    fn writing<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<T, Reason>) -> Result<T, Error> {
        /// O fim da viagem, mesmo se ela acabar em pânico.
        struct End;
        impl Drop for End {
            #[inline]
            fn drop(&mut self) {
                TRAVELLING.set(false);
                if TOUCHED.replace(false) {
                    LIST.take();
                }
            }
        }
        if TRAVELLING.get() || !self.descriptors.is_empty() {
            return self.writing_more(write);
        }
        TRAVELLING.set(true);
        let end = End;
        let outcome = write(&mut self.bytes);
        if TOUCHED.get() {
            self.descriptors = LIST.take();
        }
        drop(end);
        self.written(outcome)
    }

    /// O mesmo, com descritores que já estão aqui, ou no meio de outra viagem.
    #[cold]
    fn writing_more<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<T, Reason>) -> Result<T, Error> {
        let descriptors = std::mem::take(&mut self.descriptors);
        let (outcome, descriptors) = with_travelling(descriptors, || write(&mut self.bytes));
        self.descriptors = descriptors;
        self.written(outcome)
    }

    #[inline]
    fn written<T>(&self, outcome: Result<T, Reason>) -> Result<T, Error> {
        match outcome {
            Ok(written) if self.descriptors.len() <= MAX_DESCRIPTORS => Ok(written),
            Ok(_) => Err(self.too_many_descriptors()),
            Err(reason) => Err(encode_error(reason)),
        }
    }

    #[cold]
    fn too_many_descriptors(&self) -> Error {
        Error::Encode(format!(
            "são {} canais diferentes, e uma mensagem leva até {MAX_DESCRIPTORS}",
            self.descriptors.len()
        ))
    }

    /// Acrescenta valores de `items`, um atrás do outro, e diz quantos: até serem `most`, ou até o próximo passar de
    /// `room` bytes. Este fica em `left_over`, já em bytes, a menos que leve descritores ou seja o primeiro.
    ///
    /// # Erros
    ///
    /// Os de [`write`](Self::write), no primeiro valor que falha.
    pub(crate) fn write_some<T: Serialize>(
        &mut self,
        items: &mut impl Iterator<Item = T>,
        most: usize,
        room: usize,
        left_over: &mut Vec<u8>,
    ) -> Result<usize, Error> {
        for count in 0..most {
            let end = self.bytes.len();
            let Some(item) = items.next() else { return Ok(count) };
            self.write(&item)?;
            if self.bytes.len() > room {
                if end == 0 || !self.descriptors.is_empty() {
                    // Já passou com este: o seguinte começa outro bloco.
                    return Ok(count + 1);
                }
                *left_over = self.bytes.split_off(end);
                return Ok(count);
            }
        }
        Ok(most)
    }

    /// Os bytes de um valor que vai para onde descritores não chegam.
    ///
    /// # Erros
    ///
    /// [`Error::Encode`] se há algum; [`Error::TooLarge`] se são mais do que [`MAX_SIZE`].
    pub(crate) fn into_bytes(self) -> Result<Vec<u8>, Error> {
        self.only_bytes()?;
        Ok(self.bytes)
    }

    /// O mesmo, sem levá-los daqui.
    pub(crate) fn only_bytes(&self) -> Result<&[u8], Error> {
        if self.bytes.len() > MAX_SIZE {
            return Err(Error::TooLarge { limit: MAX_SIZE });
        }
        if self.descriptors.is_empty() {
            return Ok(&self.bytes);
        }
        Err(Error::Encode(
            "um canal viaja como argumento ou resultado de uma tarefa, ou por um pipe; não por aqui"
                .to_owned(),
        ))
    }

    /// Lê o valor que os bytes são.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        read(&self.bytes, &self.descriptors)
    }
}

#[cold]
fn encode_error(reason: Reason) -> Error {
    if reason.is_too_large() {
        return Error::TooLarge { limit: MAX_SIZE };
    }
    Error::Encode(reason.to_string())
}

#[cold]
fn decode_error(reason: Reason) -> Error {
    Error::Decode(reason.to_string())
}

/// Lê o valor que `bytes` são.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8], descriptors: &[Descriptor]) -> Result<T, Error> {
    let (value, rest) = read_first(bytes, descriptors)?;
    expect_end(rest).map(|()| value)
}

/// Lê um valor do começo de `bytes` e devolve também os que sobraram.
pub(crate) fn read_first<'b, T: DeserializeOwned>(
    mut bytes: &'b [u8],
    descriptors: &[Descriptor],
) -> Result<(T, &'b [u8]), Error> {
    reading(descriptors, || codec::take(&mut bytes)).map(|value| (value, bytes))
}

/// Lê `count` valores, um atrás do outro, que são tudo o que há em `bytes`.
pub(crate) fn read_items<T: DeserializeOwned>(
    count: usize,
    bytes: &[u8],
    descriptors: &[Descriptor],
) -> Result<Vec<T>, Error> {
    // Cada valor tem pelo menos um byte, ou não ocupa memória: uma contagem sem sentido não a esgota.
    let mut values = Vec::with_capacity(count.min(bytes.len()));
    let rest = reading(descriptors, || take_items(&mut values, count, bytes))?;
    expect_end(rest).map(|()| values)
}

/// Lê a lista que `bytes` são ([`Parcel::write_list`]).
pub(crate) fn read_list<T: DeserializeOwned>(
    bytes: &[u8],
    descriptors: &[Descriptor],
) -> Result<Vec<T>, Error> {
    let mut values = Vec::new();
    read_list_into(&mut values, bytes, descriptors)?;
    Ok(values)
}

/// Lê a lista que `bytes` são ([`Parcel::write_list`]), e acrescenta os valores a `values`.
pub(crate) fn read_list_into<T: DeserializeOwned>(
    values: &mut Vec<T>,
    mut bytes: &[u8],
    descriptors: &[Descriptor],
) -> Result<(), Error> {
    let rest = reading(descriptors, || {
        let count = codec::take(&mut bytes)?;
        take_items(values, count, bytes)
    })?;
    expect_end(rest)
}

/// Sem descritores, que é quase sempre, não há viagem a preparar.
fn reading<T>(descriptors: &[Descriptor], read: impl FnOnce() -> Result<T, Reason>) -> Result<T, Error> {
    let outcome = if descriptors.is_empty() { read() } else { with_travelling(descriptors.to_vec(), read).0 };
    outcome.map_err(decode_error)
}

fn take_items<'b, T: DeserializeOwned>(
    values: &mut Vec<T>,
    count: usize,
    mut bytes: &'b [u8],
) -> Result<&'b [u8], Reason> {
    for _ in 0..count {
        values.push(codec::take(&mut bytes)?);
    }
    Ok(bytes)
}

/// Quem escreveu e quem leu não entendem o tipo do mesmo jeito, se sobra algum byte.
fn expect_end(rest: &[u8]) -> Result<(), Error> {
    match rest.len() {
        0 => Ok(()),
        left => Err(Error::Decode(format!("sobraram {left} bytes depois do valor"))),
    }
}
