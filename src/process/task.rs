//! Qual função o filho deve rodar.
//!
//! O filho é o mesmo arquivo executável, carregado em outro endereço. Dentro do arquivo, porém, a
//! distância entre duas funções é fixa. Então basta mandar a distância entre a função da tarefa e uma
//! função de referência, a *âncora*: nada de macros, nada de registro de nomes.
//!
//! ```text
//!   pai    │ … âncora ──── +0x5d20 ────▶ trampolim::<quadrado, u64, u64> … │
//!   filho      │ … âncora ──── +0x5d20 ────▶ trampolim::<quadrado, u64, u64> … │
//! ```
//!
//! O *trampolim* é uma função genérica, uma por tarefa: sabe decodificar os argumentos, chamar a
//! tarefa e codificar os resultados. Todos têm a mesma assinatura, por isso cabem num número só.
#![allow(unsafe_code)]

use std::ptr::NonNull;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::parcel::{self, Descriptor, Parcel};

/// Uma função, pela sua distância até a âncora, em bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskId(isize);

/// Faz blocos até que acabem. Um erro é o do último bloco que pegou.
pub(crate) type Trampoline = fn(&mut dyn Chunks) -> Result<(), Error>;

/// De onde um trampolim tira blocos: um só, que veio pelo soquete, ou muitos, da memória dividida.
pub(crate) trait Chunks {
    /// Os argumentos do próximo bloco, e onde acrescentar os resultados dele. Pedi-lo diz que o anterior está pronto.
    fn next(&mut self) -> Option<(Arguments<'_>, &mut Parcel)>;
}

/// Os argumentos de um bloco, como chegaram. Os descritores são soltos assim que os valores existem: cada
/// valor fica com os seus.
pub(crate) struct Arguments<'b> {
    pub(crate) items: usize,
    pub(crate) bytes: &'b [u8],
    pub(crate) descriptors: Vec<Descriptor>,
}

impl Arguments<'_> {
    fn read_one<A: DeserializeOwned>(self) -> Result<A, Error> {
        parcel::read(self.bytes, &self.descriptors).map(|(item, _)| item)
    }

    fn read_all<A: DeserializeOwned>(self) -> Result<Vec<A>, Error> {
        parcel::read_items(self.items, self.bytes, &self.descriptors)
    }
}

/// Prova de que pai e filho são o mesmo arquivo: a versão e a distância entre duas funções.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    version: String,
    distance: isize,
}

impl Fingerprint {
    /// A deste processo.
    pub(crate) fn own() -> Self {
        Fingerprint { version: env!("CARGO_PKG_VERSION").to_owned(), distance: distance_from_anchor(probe) }
    }
}

impl TaskId {
    /// A identidade de `function` para blocos de `A` que viram blocos de `R`.
    pub(crate) fn of<F, A, R>(_function: F) -> Self
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: DeserializeOwned,
        R: Serialize,
    {
        const {
            assert!(
                size_of::<F>() == 0,
                "a tarefa precisa ser uma função ou um fecho que não captura nada: só o código atravessa para o outro processo"
            )
        };
        TaskId(distance_from_anchor(trampoline::<F, A, R>))
    }

    /// A identidade de uma função desta biblioteca que lê e escreve os bytes por conta própria.
    pub(crate) fn of_trampoline(trampoline: Trampoline) -> Self {
        TaskId(distance_from_anchor(trampoline))
    }

    /// Como um número, para a memória compartilhada.
    pub(crate) fn to_bits(self) -> u64 {
        self.0 as u64
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        TaskId(bits as isize)
    }

    /// Roda a tarefa sobre os argumentos em `chunks`, neste processo.
    ///
    /// Só pode ser chamada depois de as [`Fingerprint`]s de pai e filho terem sido comparadas.
    pub(crate) fn run(self, chunks: &mut dyn Chunks) -> Result<(), Error> {
        let address = (anchor as fn() as usize).wrapping_add_signed(self.0);
        let pointer = std::ptr::with_exposed_provenance::<()>(address);
        // SAFETY: a distância foi calculada por `TaskId::of`, no mesmo arquivo executável (provado
        // pela `Fingerprint`), a partir de uma função do tipo `Trampoline`. O soquete, ou a memória, por
        // onde ela veio é só do pai e dos filhos dele.
        let trampoline = unsafe { std::mem::transmute::<*const (), Trampoline>(pointer) };
        trampoline(chunks)
    }
}

// ANCHOR: trampoline
fn trampoline<F, A, R>(chunks: &mut dyn Chunks) -> Result<(), Error>
where
    F: Fn(A) -> R + Copy,
    A: DeserializeOwned,
    R: Serialize,
{
    // SAFETY: `TaskId::of` só compila para um `F` de tamanho zero e recebeu um valor dele, logo o tipo
    // é habitado; `Copy` diz que duplicá-lo é permitido. Ler zero bytes de um ponteiro alinhado e não
    // nulo é sempre válido.
    let function = unsafe { NonNull::<F>::dangling().read() };
    while let Some((arguments, results)) = chunks.next() {
        if arguments.items == 1 {
            // Uma tarefa pequena, sozinha no bloco, custaria menos do que a memória de dois vetores.
            let item: A = arguments.read_one()?;
            results.write([function(item)].as_slice())?;
        } else {
            let items: Vec<A> = arguments.read_all()?;
            // Se os tamanhos batem, `collect` põe os resultados na memória dos argumentos.
            let values: Vec<R> = items.into_iter().map(function).collect();
            results.write(&values)?;
        }
    }
    Ok(())
}
// ANCHOR_END: trampoline

#[inline(never)]
fn anchor() {}

/// A segunda função da [`Fingerprint`]; só o seu endereço interessa.
#[inline(never)]
fn probe(chunks: &mut dyn Chunks) -> Result<(), Error> {
    while chunks.next().is_some() {}
    Ok(())
}

// ANCHOR: distance
fn distance_from_anchor(function: Trampoline) -> isize {
    (function as usize).wrapping_sub(anchor as fn() as usize).cast_signed()
}
// ANCHOR_END: distance
