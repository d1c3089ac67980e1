//! Um vetor de números que vários processos leem e mudam, cada um no seu lugar da memória.

use std::marker::PhantomData;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::element::Element;
use super::memory::{Memory, WrongSize};
use crate::Error;

/// Um vetor de tamanho fixo na memória compartilhada, como o `Array` do Python.
///
/// Os clones são o mesmo vetor, e o que chega a outro processo também: passe-o como argumento de uma tarefa.
/// Nada é copiado ao passar; atravessa só um descritor. Não tem nome em `/dev/shm`: quando o último processo
/// que o tem termina, a memória volta ao sistema.
///
/// Num processo novo, o primeiro acesso a cada página custa: o sistema só então a liga a ele. Do segundo em
/// diante, percorrer o vetor é como percorrer um `Vec`.
///
/// Ler ou escrever um elemento é atômico. Ler, somar e escrever são três passos: entre eles outro processo pode
/// escrever, e o que ele escreveu se perde. Para isso há os átomos de [`cells`](Self::cells), ou um
/// [`Lock`](crate::Lock).
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Pool, SharedArray};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let quadrados = SharedArray::<u64>::new(100)?;
/// let pool = Pool::new(2)?;
/// let anotar = |(i, quadrados): (usize, SharedArray<u64>)| quadrados.set(i, (i * i) as u64);
/// pool.map(anotar, (0..100).map(|i| (i, quadrados.clone())))?;
/// assert_eq!(quadrados.get(12), 144);
/// assert_eq!(quadrados.iter().sum::<u64>(), 328_350);
/// # Ok(())
/// # }
/// ```
///
/// Vários processos somam no mesmo lugar, sem trava:
///
/// ```
/// # use multiprocessamento::{init, Error, Pool, SharedArray};
/// # use std::sync::atomic::Ordering;
/// # fn main() -> Result<(), Error> {
/// # init();
/// let finais = SharedArray::<u64>::new(10)?;
/// let contar = |(n, finais): (u64, SharedArray<u64>)| {
///     finais.cells()[(n * n % 10) as usize].fetch_add(1, Ordering::Relaxed);
/// };
/// Pool::new(2)?.map(contar, (0..100).map(|n| (n, finais.clone())))?;
/// assert_eq!(finais.to_vec(), [10, 20, 0, 0, 20, 10, 20, 0, 0, 20]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SharedArray<T: Element> {
    memory: Memory,
    len: usize,
    _element: PhantomData<T>,
}

impl<T: Element> SharedArray<T> {
    /// Um vetor de `len` zeros (ou `false`). A memória só é gasta quando se toca nela.
    ///
    /// # Erros
    ///
    /// [`Error::Io`] se o sistema recusa a memória.
    pub fn new(len: usize) -> Result<Self, Error> {
        let size = size_for::<T>(len).ok_or_else(|| Error::io(std::io::ErrorKind::OutOfMemory))?;
        Ok(SharedArray { memory: Memory::create("SharedArray", size)?, len, _element: PhantomData })
    }

    /// Um vetor com uma cópia de `values`.
    ///
    /// # Erros
    ///
    /// Os de [`new`](Self::new).
    pub fn from_slice(values: &[T]) -> Result<Self, Error> {
        let array = SharedArray::new(values.len())?;
        array.copy_from_slice(values);
        Ok(array)
    }

    /// Quantos elementos.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Se não há nenhum elemento.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// O elemento `index`.
    ///
    /// # Panics
    ///
    /// Se `index` passa do fim, como numa fatia.
    #[inline]
    #[track_caller]
    pub fn get(&self, index: usize) -> T {
        T::load(&self.cells()[index])
    }

    /// Troca o elemento `index`.
    ///
    /// # Panics
    ///
    /// Se `index` passa do fim, como numa fatia.
    #[inline]
    #[track_caller]
    pub fn set(&self, index: usize, value: T) {
        T::store(&self.cells()[index], value);
    }

    /// Os elementos, cada um lido na sua vez: quem muda o vetor durante o laço pode ser visto ou não.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = T> + DoubleEndedIterator + '_ {
        self.cells().iter().map(T::load)
    }

    /// Uma cópia, na memória deste processo.
    pub fn to_vec(&self) -> Vec<T> {
        self.iter().collect()
    }

    /// Põe `value` em todos os lugares.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use std::sync::atomic::Ordering;
    /// # use multiprocessamento::{Error, SharedArray};
    /// # fn main() -> Result<(), Error> {
    /// // Em cada casa, o menor que já se viu: o começo é o maior que há.
    /// let menores = SharedArray::new(3)?;
    /// assert!(!menores.is_empty());
    /// menores.fill(u64::MAX);
    /// menores.cells()[1].fetch_min(7, Ordering::Relaxed);
    /// assert_eq!(menores.to_vec(), [u64::MAX, 7, u64::MAX]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn fill(&self, value: T) {
        self.memory.gather();
        self.cells().iter().for_each(|cell| T::store(cell, value));
    }

    /// Copia `values` por cima de tudo.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Pool, SharedArray};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let quadro = SharedArray::from_slice(&[1.0, 2.0, 3.0])?;
    /// let media = |quadro: SharedArray<f64>| quadro.iter().sum::<f64>() / quadro.len() as f64;
    /// let pool = Pool::new(1)?;
    /// assert_eq!(pool.apply(media, quadro.clone())?, 2.0);
    /// quadro.copy_from_slice(&[4.0, 5.0, 6.0]); // o quadro seguinte, na mesma memória
    /// assert_eq!(pool.apply(media, quadro.clone())?, 5.0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Se os tamanhos são diferentes, como numa fatia.
    #[track_caller]
    pub fn copy_from_slice(&self, values: &[T]) {
        assert_eq!(values.len(), self.len, "o vetor e o que se copia nele têm tamanhos diferentes");
        self.memory.gather();
        for (cell, &value) in self.cells().iter().zip(values) {
            T::store(cell, value);
        }
    }

    /// Os átomos onde os elementos moram: `&[AtomicU64]` para `u64`, com `fetch_add` e companhia.
    #[inline]
    pub fn cells(&self) -> &[T::Cell] {
        self.memory.mapping().slice(0, self.len)
    }
}

/// Quantos bytes ocupam `len` elementos. Um arquivo vazio não pode ser mapeado: o vetor vazio ocupa um byte.
fn size_for<T: Element>(len: usize) -> Option<usize> {
    Some(len.checked_mul(size_of::<T::Cell>())?.max(1))
}

impl<T: Element> Serialize for SharedArray<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.memory, self.len).serialize(serializer)
    }
}

impl<'de, T: Element> Deserialize<'de> for SharedArray<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (memory, len) = <(Memory, usize)>::deserialize(deserializer)?;
        let expected = size_for::<T>(len).ok_or_else(|| D::Error::custom("um vetor maior que a memória"))?;
        let memory = memory.expect(expected).map_err(|error: WrongSize| D::Error::custom(error))?;
        Ok(SharedArray { memory, len, _element: PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parcel::Parcel;

    #[test]
    fn a_size_that_is_not_the_arrays_is_refused() {
        let memory = Memory::create("teste", 64).expect("memória");
        for (len, fits) in [(8_usize, true), (7, false), (9, false), (0, false), (usize::MAX, false)] {
            let parcel = Parcel::of(&(&memory, len)).expect("uma mensagem");
            let arrived = parcel.read::<SharedArray<u64>>();
            assert_eq!(arrived.is_ok(), fits, "{len}: {arrived:?}");
        }
    }
}
