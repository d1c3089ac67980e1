//! Qual função o filho deve rodar.
//!
//! O filho é o mesmo arquivo executável, carregado em outro endereço. Dentro do arquivo, porém, a posição de uma
//! função é fixa. Então basta mandar a distância entre o começo do código e a função: nada de macros, nada de registro
//! de nomes.
//!
//! ```text
//!   pai    │ código ──── +0x5d20 ────▶ trampolim::<quadrado, u64, u64> … │
//!   filho      │ código ──── +0x5d20 ────▶ trampolim::<quadrado, u64, u64> … │
//! ```
//!
//! O *trampolim* é uma função genérica, uma por tarefa: sabe decodificar os argumentos, chamar a
//! tarefa e codificar os resultados. Todos têm a mesma assinatura, por isso cabem num número só.
//!
//! Um número que chega não é uma função. Só vira uma com a prova de que quem o mandou é este mesmo programa, compilado da
//! mesma vez ([`SameBuild`]), e se cai dentro do código.
#![allow(unsafe_code)]

use std::ptr::NonNull;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::build::SameBuild;
use super::copy::end_if_copy;
use super::function::Task;
use super::image::images;
use crate::Error;
use crate::parcel::{self, Descriptor, Parcel};

/// Uma função, pela sua posição no código: em bytes, desde o começo dele. O bit mais alto diz que o código é o da
/// biblioteca, quando ela não está no mesmo arquivo que o programa.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskId(u64);

const IN_LIBRARY: u64 = 1 << 63;

/// Faz blocos até que acabem. Um erro é o do último bloco que pegou.
pub(crate) type Trampoline = fn(&mut dyn Chunks, SameBuild) -> Result<(), Error>;

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
        parcel::read(self.bytes, &self.descriptors)
    }

    fn read_all<A: DeserializeOwned>(self) -> Result<Vec<A>, Error> {
        parcel::read_items(self.items, self.bytes, &self.descriptors)
    }
}

impl TaskId {
    /// A identidade de `function` para blocos de `A` que viram blocos de `R`.
    ///
    /// # Erros
    ///
    /// [`Error::ForeignCode`] se ela não está no programa nem no arquivo desta biblioteca.
    pub(crate) fn of<F, A, R>(_function: F) -> Result<Self, Error>
    where
        F: Task<A, R>,
        A: DeserializeOwned,
        R: Serialize,
    {
        const {
            assert!(
                size_of::<F>() == 0,
                "a tarefa precisa ser uma função ou um fecho que não captura nada: só o código atravessa para o outro processo; mande o valor no argumento, ou uma vez com `with_context`"
            )
        };
        Self::of_trampoline(trampoline::<F, A, R>)
    }

    /// A identidade de uma função que lê e escreve os bytes por conta própria.
    ///
    /// # Erros
    ///
    /// Os de [`of`](Self::of).
    // ANCHOR: distance
    pub(crate) fn of_trampoline(trampoline: Trampoline) -> Result<Self, Error> {
        let [program, library] = images();
        let address = trampoline as usize;
        if program.code.contains(&address) {
            Ok(TaskId((address - program.code.start) as u64))
        } else if library.code.contains(&address) {
            Ok(TaskId((address - library.code.start) as u64 | IN_LIBRARY))
        } else {
            Err(Error::ForeignCode)
        }
    }
    // ANCHOR_END: distance

    /// Como um número, para a memória compartilhada.
    pub(crate) fn to_bits(self) -> u64 {
        self.0
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        TaskId(bits)
    }

    /// Roda a tarefa sobre os argumentos em `chunks`, neste processo. `proof` diz que quem a mandou é este mesmo programa.
    ///
    /// # Erros
    ///
    /// [`Error::Decode`] se o número cai fora do código; e os da tarefa.
    pub(crate) fn run(self, chunks: &mut dyn Chunks, proof: SameBuild) -> Result<(), Error> {
        let [program, library] = images();
        let code = if self.0 & IN_LIBRARY == 0 { &program.code } else { &library.code };
        let offset = (self.0 & !IN_LIBRARY) as usize;
        if offset >= code.len() {
            return Err(Error::Decode("a tarefa pedida não é uma função deste programa".to_owned()));
        }
        let pointer = std::ptr::with_exposed_provenance::<()>(code.start + offset);
        // SAFETY: quem calculou a distância foi `TaskId::of_trampoline`, a partir de uma função do tipo `Trampoline`, num
        // processo cujo código é este mesmo, byte a byte (`SameBuild`); e ela cai dentro dele. O soquete, ou a memória, por
        // onde ela veio é só do pai e dos filhos dele.
        let trampoline = unsafe { std::mem::transmute::<*const (), Trampoline>(pointer) };
        trampoline(chunks, proof)
    }
}

// ANCHOR: trampoline
fn trampoline<F, A, R>(chunks: &mut dyn Chunks, _proof: SameBuild) -> Result<(), Error>
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
            results.write_list(&[stay(function(item))])?;
        } else {
            let items: Vec<A> = arguments.read_all()?;
            // Se os tamanhos batem, `collect` põe os resultados na memória dos argumentos.
            let values: Vec<R> = items.into_iter().map(|item| stay(function(item))).collect();
            results.write_list(&values)?;
        }
    }
    Ok(())
}
// ANCHOR_END: trampoline

/// A tarefa pode ter copiado este processo (`fork`) e voltado nos dois: só o original segue.
#[inline]
fn stay<R>(result: R) -> R {
    end_if_copy();
    result
}
