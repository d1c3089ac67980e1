//! Valores que viram bytes, e os descritores que atravessam com eles.
//!
//! Uma fila, um pipe ou uma trava são, por baixo, descritores abertos no sistema. Um descritor não vira
//! bytes: quem o copia para o outro processo é o soquete (`SCM_RIGHTS`). Então, enquanto um valor é
//! codificado, cada [`Descriptor`] dentro dele se põe numa lista e escreve só a sua posição nela; a lista
//! viaja ao lado dos bytes, e do outro lado cada posição volta a ser um descritor.

use std::cell::RefCell;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use postcard::ser_flavors::Flavor;
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

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

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

thread_local! {
    /// Os descritores do valor que esta thread está codificando, ou decodificando, agora.
    static TRAVELLING: RefCell<Option<Vec<Descriptor>>> = const { RefCell::new(None) };
}

const NOT_TRAVELLING: &str = "um canal só atravessa para outro processo deste programa";

impl Serialize for Descriptor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let position = TRAVELLING.with_borrow_mut(|list| {
            let list = list.as_mut()?;
            // Mil itens com a mesma fila levam um descritor, não mil.
            let same = |other: &Descriptor| other.0.as_raw_fd() == self.0.as_raw_fd();
            Some(list.iter().position(same).unwrap_or_else(|| {
                list.push(self.clone());
                list.len() - 1
            }))
        });
        let position = position.ok_or_else(|| S::Error::custom(NOT_TRAVELLING))?;
        serializer.serialize_u32(position as u32)
    }
}

impl<'de> Deserialize<'de> for Descriptor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let position = u32::deserialize(deserializer)? as usize;
        let found = TRAVELLING.with_borrow(|list| list.as_ref()?.get(position).cloned());
        found.ok_or_else(|| D::Error::custom(NOT_TRAVELLING))
    }
}

/// Põe `list` à vista dos [`Descriptor`]s enquanto `work` roda, e devolve como ela ficou.
fn with_travelling<T>(list: Vec<Descriptor>, work: impl FnOnce() -> T) -> (T, Vec<Descriptor>) {
    /// Repõe a lista de fora mesmo se `work` entrar em pânico: ele roda código de quem definiu o tipo.
    struct Restore(Option<Vec<Descriptor>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            TRAVELLING.set(self.0.take());
        }
    }
    let _restore = Restore(TRAVELLING.replace(Some(list)));
    let outcome = work();
    (outcome, TRAVELLING.take().unwrap_or_default())
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

    /// Acrescenta `value`, em postcard.
    ///
    /// # Erros
    ///
    /// [`Error::TooLarge`] assim que o limite passa: um valor que será recusado não chega a ocupar a memória
    /// da máquina. [`Error::Encode`] se o valor não vira bytes, ou leva canais demais.
    pub(crate) fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let descriptors = std::mem::take(&mut self.descriptors);
        let bytes = Bounded { bytes: &mut self.bytes, limit: MAX_SIZE };
        let (outcome, descriptors) =
            with_travelling(descriptors, || postcard::serialize_with_flavor(value, bytes));
        self.descriptors = descriptors;
        outcome.map_err(|error| match error {
            postcard::Error::SerializeBufferFull => Error::TooLarge { limit: MAX_SIZE },
            other => Error::Encode(other.to_string()),
        })?;
        if self.descriptors.len() > MAX_DESCRIPTORS {
            return Err(Error::Encode(format!(
                "são {} canais diferentes, e uma mensagem leva até {MAX_DESCRIPTORS}",
                self.descriptors.len()
            )));
        }
        Ok(())
    }

    /// Os bytes de um valor que vai para onde descritores não chegam.
    ///
    /// # Erros
    ///
    /// [`Error::Encode`] se há algum.
    pub(crate) fn into_bytes(self) -> Result<Vec<u8>, Error> {
        if self.descriptors.is_empty() {
            return Ok(self.bytes);
        }
        Err(Error::Encode(
            "um canal viaja como argumento ou resultado de uma tarefa, ou por um pipe; não por aqui"
                .to_owned(),
        ))
    }

    /// Lê um valor do começo dos bytes e devolve também os que sobraram.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<(T, &[u8]), Error> {
        read(&self.bytes, &self.descriptors)
    }
}

/// Lê um valor do começo de `bytes` e devolve também os que sobraram.
pub(crate) fn read<'b, T: DeserializeOwned>(
    bytes: &'b [u8],
    descriptors: &[Descriptor],
) -> Result<(T, &'b [u8]), Error> {
    let (outcome, _) = with_travelling(descriptors.to_vec(), || postcard::take_from_bytes(bytes));
    outcome.map_err(|error| Error::Decode(error.to_string()))
}

/// Um vetor que o postcard preenche até o limite, e nem um byte a mais.
struct Bounded<'a> {
    bytes: &'a mut Vec<u8>,
    limit: usize,
}

impl Flavor for Bounded<'_> {
    type Output = ();

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        if data.len() > self.limit.saturating_sub(self.bytes.len()) {
            return Err(postcard::Error::SerializeBufferFull);
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }

    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.try_extend(&[data])
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
