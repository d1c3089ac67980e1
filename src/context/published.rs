//! Um valor escrito uma vez numa memória que os trabalhadores acham.
//!
//! Com cada item vai só o endereço: que processo a tem, e com que descritor. Um trabalhador que ainda não viu este contexto
//! abre a memória pelo `/proc` daquele processo, lê o valor e o guarda; os itens seguintes o encontram pronto. Assim não
//! importa quando o trabalhador nasceu, nem por onde o item veio.

use std::any::Any;
use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fmt, io};

use rustix::io::pwrite;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::held;
use crate::Error;
use crate::codec::portable::Portable;
use crate::error::missing;
use crate::parcel::{self, Descriptor, Parcel};
use crate::process::copy::process_id;
use crate::shm::mapping;

/// Quantos contextos um trabalhador guarda: os das chamadas que correm ao mesmo tempo, e não os de toda a vida dele.
const KEPT: usize = 4;

/// Quantos bytes ocupa, no máximo, o número de um contexto.
const LONGEST_ID: usize = 10;

/// O contexto, no processo que o publicou. Enquanto existir, os trabalhadores o acham.
// `pub`, como `ContextRef`: é o que um `Pool` guarda de um contexto.
#[derive(Debug)]
pub struct Published {
    memory: OwnedFd,
    /// O que o contexto leva: memórias compartilhadas, por exemplo.
    _descriptors: Vec<Descriptor>,
    id: u64,
    owner: u32,
}

/// Como o contexto viaja: o número dele, e onde está para quem vai usá-lo.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Address(pub(crate) u64, pub(crate) Place);

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Place {
    /// Na memória que um processo desta máquina conhece por este descritor.
    Memory { owner: u32, number: i32 },
    /// No próprio processo, que o recebeu antes dos itens.
    Held,
}

/// O número de um contexto novo.
pub(crate) fn next_id() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

impl Published {
    /// Escreve `context` numa memória nova.
    ///
    /// # Erros
    ///
    /// [`Error::Encode`] e [`Error::TooLarge`], por causa do valor; [`Error::Io`] se o sistema recusa a memória.
    pub(super) fn new<C: Serialize>(context: &C) -> Result<Self, Error> {
        let Parcel { bytes, descriptors } = Parcel::of(context)?;
        let numbers: Vec<i32> = descriptors.iter().map(Descriptor::number).collect();
        let id = next_id();
        let header = Parcel::of(&(id, numbers))?.bytes;
        let memory = mapping::create("contexto", header.len() + bytes.len()).map_err(Error::io)?;
        write_all(&memory, &header, 0).map_err(Error::io)?;
        write_all(&memory, &bytes, header.len() as u64).map_err(Error::io)?;
        Ok(Published { memory, _descriptors: descriptors, id, owner: process_id() })
    }

    pub(super) fn address(&self) -> Address {
        Address(self.id, Place::Memory { owner: self.owner, number: self.memory.as_raw_fd() })
    }
}

fn write_all(memory: &OwnedFd, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::retry_on_intr(|| pwrite(memory, bytes, offset))?;
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

/// O contexto, dos dois lados: o endereço, no processo que o publicou; o valor, no trabalhador.
// `pub` num módulo que ninguém de fora alcança: é o que permite citá-lo no item de um iterador público.
pub struct ContextRef<C>(Side<C>);

enum Side<C> {
    Here(Address),
    There(Rc<C>),
}

impl<C> ContextRef<C> {
    pub(crate) fn to(address: Address) -> Self {
        ContextRef(Side::Here(address))
    }

    /// O valor, no trabalhador.
    ///
    /// # Panics
    ///
    /// Se ele não atravessou: é um defeito desta biblioteca.
    pub(super) fn get(&self) -> &C {
        match &self.0 {
            Side::There(context) => context,
            Side::Here(_) => unreachable!("um contexto só se usa num trabalhador"),
        }
    }
}

impl<C> fmt::Debug for ContextRef<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextRef").finish_non_exhaustive()
    }
}

impl<C> Serialize for ContextRef<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Side::Here(address) => address.serialize(serializer),
            Side::There(_) => Err(S::Error::custom("um contexto não volta do trabalhador")),
        }
    }
}

impl<'de, C: Portable + 'static> Deserialize<'de> for ContextRef<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let address = Address::deserialize(deserializer)?;
        let lost = |reason: Error| D::Error::custom(format_args!("o contexto não chegou: {reason}"));
        find(address).map(|context| ContextRef(Side::There(context))).map_err(lost)
    }
}

thread_local! {
    /// Os contextos que esta thread já leu, do mais antigo ao último usado.
    static SEEN: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
}

struct Seen {
    id: u64,
    owner: u32,
    number: i32,
    context: Rc<dyn Any>,
}

impl Seen {
    /// Se quem o publicou ainda o tem.
    fn is_wanted(&self) -> bool {
        let id = || -> Result<u64, Error> {
            let memory = open(self.owner, self.number)?;
            let len = mapping::sealed_len(&memory).map_err(Error::io)?;
            let bytes = mapping::read_file(&memory, 0, len.min(LONGEST_ID)).map_err(Error::io)?;
            Ok(parcel::read_first(&bytes, &[])?.0)
        };
        id().is_ok_and(|id| id == self.id)
    }
}

fn find<C: Portable + 'static>(Address(id, place): Address) -> Result<Rc<C>, Error> {
    let (owner, number) = match place {
        Place::Memory { owner, number } => (owner, number),
        Place::Held => return held::get(id).ok_or_else(gone),
    };
    let known = SEEN.with_borrow_mut(|seen| {
        let place = seen.iter().position(|seen| seen.id == id)?;
        if place + 1 < seen.len() {
            let last_used = seen.remove(place);
            seen.push(last_used);
        }
        seen.last().map(|seen| seen.context.clone())
    });
    if let Some(context) = known.and_then(|context| context.downcast().ok()) {
        return Ok(context);
    }
    // Ler um valor e desfazer outros roda código de quem definiu os tipos: fora do empréstimo. E antes de ler este, que pode ser
    // grande, deixam-se os que já não servem a ninguém.
    let mut others = SEEN.take();
    others.retain(|seen| seen.id != id && seen.is_wanted());
    if others.len() == KEPT {
        others.remove(0);
    }
    SEEN.set(others);
    let context: Rc<C> = Rc::new(fetch(id, owner, number)?);
    let kept = context.clone();
    SEEN.with_borrow_mut(|seen| seen.push(Seen { id, owner, number, context: kept }));
    Ok(context)
}

fn gone() -> Error {
    Error::Decode("ele já não existe".to_owned())
}

/// Um descritor de quem publicou o contexto.
fn open(owner: u32, number: i32) -> Result<File, Error> {
    let opened = OpenOptions::new().read(true).write(true).open(format!("/proc/{owner}/fd/{number}"));
    opened.map_err(|error| Error::io(missing("o /proc de quem o criou", error)))
}

fn fetch<C: Portable>(id: u64, owner: u32, number: i32) -> Result<C, Error> {
    let memory = open(owner, number)?;
    let len = mapping::sealed_len(&memory).map_err(Error::io)?;
    let bytes = mapping::read_file(&memory, 0, len).map_err(Error::io)?;
    let ((found, numbers), rest) = parcel::read_first::<(u64, Vec<i32>)>(&bytes, &[])?;
    if found != id {
        // O descritor já é de outro: quem pediu a tarefa desistiu dela.
        return Err(gone());
    }
    let open_descriptor =
        |&number: &i32| open(owner, number).map(|file| Descriptor::from(OwnedFd::from(file)));
    let descriptors: Vec<Descriptor> = numbers.iter().map(open_descriptor).collect::<Result<_, _>>()?;
    parcel::read(rest, &descriptors)
}

/// Os itens de um `imap` com contexto, cada um com o endereço dele: para escrever o tipo desse `imap` numa `struct`,
/// `Imap<ContextItems<I, C>, R>`.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Pool};
/// use std::ops::Range;
/// use multiprocessamento::{ContextItems, Imap};
///
/// struct Conta {
///     dobros: Imap<ContextItems<Range<u64>, u64>, u64>,
/// }
///
/// # fn main() -> Result<(), Error> {
/// # init();
/// let pool = Pool::new(1)?;
/// let vezes = |fator: &u64, x: u64| fator * x;
/// let mut conta = Conta { dobros: pool.with_context(&2)?.imap(vezes, 0..10) };
/// assert_eq!(conta.dobros.nth(3).transpose()?, Some(6));
/// # Ok(())
/// # }
/// ```
pub struct ContextItems<I, C> {
    items: I,
    address: Address,
    /// O contexto tem que estar lá até o último item.
    _kept: Arc<dyn Any + Send + Sync>,
    context: PhantomData<fn() -> C>,
}

impl<I, C> ContextItems<I, C> {
    pub(crate) fn new(items: I, address: Address, kept: Arc<dyn Any + Send + Sync>) -> Self {
        ContextItems { items, address, _kept: kept, context: PhantomData }
    }
}

impl<I: Iterator, C> Iterator for ContextItems<I, C> {
    type Item = (ContextRef<C>, I::Item);

    fn next(&mut self) -> Option<Self::Item> {
        Some((ContextRef::to(self.address), self.items.next()?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl<I, C> fmt::Debug for ContextItems<I, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextItems").finish_non_exhaustive()
    }
}
