//! Um contexto para as tarefas dos ranks: vai uma vez só a cada um, antes dos itens.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use super::map::header;
use super::pool::{ImapRanks, MpiPool};
use crate::Error;
use crate::codec::portable::Portable;
use crate::context::held::hold;
use crate::context::published::{Address, ContextItems, ContextRef, Place, next_id};
use crate::context::{KeepsContext, Sealed, WithContext, on_item};
use crate::process::task::TaskId;

/// Um contexto que os ranks guardam. Descartado, eles o deixam quando receberem outro: assim ninguém espera por isso.
#[derive(Debug)]
pub struct Handed {
    id: u64,
    /// Existe enquanto o contexto interessa a alguém.
    alive: Arc<()>,
}

thread_local! {
    /// O que os ranks guardam.
    static HANDED: RefCell<Vec<(u64, Weak<()>)>> = const { RefCell::new(Vec::new()) };
}

impl Handed {
    fn address(&self) -> Address {
        Address(self.id, Place::Held)
    }
}

impl Sealed for MpiPool {}

impl<C: Portable + 'static> KeepsContext<C> for MpiPool {
    type Kept = Handed;
}

impl MpiPool {
    /// As mesmas chamadas, com tarefas que veem também `context`, que todos os ranks recebem agora. Como
    /// [`Pool::with_context`](crate::Pool::with_context); no Python, é o `bcast` do `mpi4py`.
    ///
    /// Um rank o guarda até que se mande outro depois de descartado este.
    ///
    /// # Erros
    ///
    /// [`Error::Encode`] e [`Error::TooLarge`], se o contexto não vira bytes, e [`Error::Decode`], se não volta a ser um
    /// valor num dos ranks.
    ///
    /// # Exemplos
    ///
    /// ```no_run
    /// # use multiprocessamento::{init, Error, MpiPool};
    /// # fn main() -> Result<(), Error> {
    /// # init();
    /// let pool = MpiPool::new()?;
    /// let primos = vec![2, 3, 5, 7];
    /// let produto = |primos: &Vec<u64>, vezes: u64| primos.iter().map(|primo| primo * vezes).sum::<u64>();
    /// assert_eq!(pool.with_context(&primos)?.map(produto, [1, 10])?, [17, 170]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_context<C: Portable + 'static>(
        &self,
        context: &C,
    ) -> Result<WithContext<'_, Self, C>, Error> {
        let handed = Handed { id: next_id(), alive: Arc::new(()) };
        let of_nobody = |(id, alive): &(u64, Weak<()>)| (alive.strong_count() == 0).then_some(*id);
        let unused: Vec<u64> = HANDED.with_borrow(|handed| handed.iter().filter_map(of_nobody).collect());
        let mut body = header(TaskId::of(hold::<C>)?, 1)?;
        body.write(&(handed.id, &unused, context))?;
        HANDED.with_borrow_mut(|known| known.push((handed.id, Arc::downgrade(&handed.alive))));
        self.tell_each(body.only_bytes()?)?;
        HANDED.with_borrow_mut(|known| known.retain(|(id, _)| !unused.contains(id)));
        Ok(WithContext::new(self, handed))
    }
}

impl<C: Portable + 'static> WithContext<'_, MpiPool, C> {
    fn items<I: IntoIterator>(&self, items: I) -> ContextItems<I::IntoIter, C> {
        ContextItems::new(items.into_iter(), self.kept.address(), self.kept.clone())
    }

    /// Como [`MpiPool::map`].
    ///
    /// # Erros
    ///
    /// Os de [`MpiPool::map`].
    pub fn map<F, A, R>(&self, function: F, items: impl IntoIterator<Item = A>) -> Result<Vec<R>, Error>
    where
        F: Fn(&C, A) -> R + Copy + Send + 'static,
        A: Portable,
        R: Portable,
    {
        let (task, items) = (on_item(function), self.items(items));
        if self.is_plain() { self.pool.map(task, items) } else { self.chunked().map(task, items) }
    }

    /// Como [`MpiPool::imap`].
    pub fn imap<F, A, R, I>(&self, function: F, items: I) -> ImapRanks<ContextItems<I::IntoIter, C>, R>
    where
        F: Fn(&C, A) -> R + Copy + Send + 'static,
        A: Portable + 'static,
        R: Portable + 'static,
        I: IntoIterator<Item = A>,
    {
        self.chunked().imap(on_item(function), self.items(items))
    }

    /// Como [`MpiPool::imap_unordered`].
    pub fn imap_unordered<F, A, R, I>(
        &self,
        function: F,
        items: I,
    ) -> ImapRanks<ContextItems<I::IntoIter, C>, R>
    where
        F: Fn(&C, A) -> R + Copy + Send + 'static,
        A: Portable + 'static,
        R: Portable + 'static,
        I: IntoIterator<Item = A>,
    {
        self.chunked().imap_unordered(on_item(function), self.items(items))
    }

    /// Como [`MpiPool::apply`].
    ///
    /// # Erros
    ///
    /// Os de [`MpiPool::apply`].
    pub fn apply<F, A, R>(&self, function: F, argument: A) -> Result<R, Error>
    where
        F: Fn(&C, A) -> R + Copy + Send + 'static,
        A: Portable,
        R: Portable,
    {
        self.pool.apply(on_item(function), (ContextRef::to(self.kept.address()), argument))
    }
}
