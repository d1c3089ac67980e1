//! Um número que vários processos somam.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::client::Object;
use super::protocol::{CounterOperation, Operation};
use crate::Error;

/// Um número inteiro no processo do [`Manager`](crate::Manager).
///
/// Os clones são o mesmo número, e ele vai como argumento a qualquer tarefa. [`add`](Self::add) é uma ida e
/// volta só: ao contrário de um `update`, nunca precisa repetir.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, ManagedCounter, Manager, Pool};
/// # fn main() -> Result<(), Error> {
/// # init();
/// let manager = Manager::start()?;
/// let soma = manager.counter()?;
/// let somar = |(x, soma): (i64, ManagedCounter)| soma.add(x).is_ok();
/// let feitas = Pool::new(2)?.map(somar, (1..=100).map(|x| (x, soma.clone())))?;
/// assert!(feitas.into_iter().all(|feita| feita));
/// assert_eq!(soma.get()?, 5050);
/// # Ok(())
/// # }
/// ```
///
/// # Erros
///
/// Todo método devolve [`Error::Disconnected`] se o servidor terminou.
#[derive(Clone, Serialize, Deserialize)]
pub struct ManagedCounter(Object);

impl fmt::Debug for ManagedCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedCounter").finish_non_exhaustive()
    }
}

impl ManagedCounter {
    pub(super) fn over(object: Object) -> Self {
        ManagedCounter(object)
    }

    /// Soma `amount`, que pode ser negativo, e devolve o novo valor. Passando do maior `i64`, o número dá a
    /// volta e segue do menor.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedCounter`].
    pub fn add(&self, amount: i64) -> Result<i64, Error> {
        self.0.call(Operation::Counter(CounterOperation::Add(amount)))
    }

    /// O valor agora.
    ///
    /// # Erros
    ///
    /// Os de [`ManagedCounter`].
    pub fn get(&self) -> Result<i64, Error> {
        self.0.call(Operation::Counter(CounterOperation::Get))
    }

    /// Troca o valor.
    ///
    /// # Exemplos
    ///
    /// ```
    /// # use multiprocessamento::{init, Error, Manager};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let manager = Manager::start()?;
    /// let vendas = manager.counter()?;
    /// vendas.add(30)?;
    /// vendas.set(0)?; // outro dia
    /// assert_eq!(vendas.add(2)?, 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Erros
    ///
    /// Os de [`ManagedCounter`].
    pub fn set(&self, value: i64) -> Result<(), Error> {
        self.0.call(Operation::Counter(CounterOperation::Set(value)))
    }
}
