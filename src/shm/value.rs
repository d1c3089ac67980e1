//! Um número que vários processos leem e mudam: um vetor de um elemento.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::array::SharedArray;
use super::element::Element;
use crate::Error;

/// Um número na memória compartilhada, como o `Value` do Python.
///
/// Os clones são o mesmo número, e o que chega a outro processo também.
///
/// # Exemplos
///
/// `x.set(x.get() + 1)` perde somas quando dois processos o fazem ao mesmo tempo; [`update`](Self::update), não:
///
/// ```
/// # use multiprocessamento::{init, Error, Pool, Value};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let contador = Value::new(0_u64)?;
/// let contar = |contador: Value<u64>| contador.update(|n| n + 1);
/// Pool::new(2)?.map(contar, vec![contador.clone(); 50])?;
/// assert_eq!(contador.get(), 50);
/// # Ok(())
/// # }
/// ```
///
/// Escrever os dados e depois levantar uma bandeira funciona, em qualquer processador: quem vê a bandeira vê os dados. Cada
/// leitura é um *acquire*, e cada escrita um *release*, também num [`SharedArray`].
///
/// ```
/// # use multiprocessamento::{init, Error, Process, SharedArray, Value};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let (dados, pronto) = (SharedArray::<u64>::new(100)?, Value::new(false)?);
/// let escrever = |(dados, pronto): (SharedArray<u64>, Value<bool>)| {
///     (0..100).for_each(|i| dados.set(i, 7));
///     pronto.set(true);
/// };
/// let filho = Process::start(escrever, (dados.clone(), pronto.clone()))?;
/// while !pronto.get() {
///     std::hint::spin_loop(); // para esperar sem gastar processador, há o `Event`
/// }
/// assert!(dados.iter().all(|dado| dado == 7));
/// # filho.join()
/// # }
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "", transparent)]
pub struct Value<T: Element>(SharedArray<T>);

impl<T: Element> Value<T> {
    /// Um número compartilhado que começa em `value`.
    ///
    /// # Erros
    ///
    /// [`Error::Io`] se o sistema recusa a memória.
    pub fn new(value: T) -> Result<Self, Error> {
        Ok(Value(SharedArray::from_slice(&[value])?))
    }

    /// O valor de agora.
    pub fn get(&self) -> T {
        self.0.get(0)
    }

    /// Troca o valor.
    pub fn set(&self, value: T) {
        self.0.set(0, value);
    }

    /// Troca o valor por `change` dele, sem que outro processo possa entrar no meio; devolve o valor novo.
    ///
    /// `change` roda de novo se o valor mudou enquanto ela o calculava. Quem morre no meio não muda nada.
    pub fn update(&self, mut change: impl FnMut(T) -> T) -> T {
        let cell = self.cell();
        let mut current = T::load(cell);
        loop {
            let new = change(current);
            match T::compare_exchange(cell, current, new) {
                Ok(_) => return new,
                Err(other) => current = other,
            }
        }
    }

    /// O átomo onde o número mora: um `AtomicU64` para `u64`, com `fetch_add` e companhia.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::sync::atomic::Ordering;
    /// # use multiprocessamento::{init, Error, Pool, Value};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let maior = Value::new(0_u64)?;
    /// let anotar = |(x, maior): (u64, Value<u64>)| maior.cell().fetch_max(x, Ordering::Relaxed);
    /// Pool::new(2)?.map(anotar, [3, 9, 4].map(|x| (x, maior.clone())))?;
    /// assert_eq!(maior.get(), 9);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cell(&self) -> &T::Cell {
        &self.0.cells()[0]
    }
}

impl<'de, T: Element> Deserialize<'de> for Value<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let array = SharedArray::deserialize(deserializer)?;
        if array.len() == 1 { Ok(Value(array)) } else { Err(D::Error::custom("um vetor não é um número")) }
    }
}
