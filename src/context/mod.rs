//! Um valor que todas as tarefas de uma chamada veem.
//!
//! De baixo para cima: [`held`] e [`published`], as duas maneiras de ele chegar a um processo; aqui, o que o usuário vê.

pub(crate) mod held;
pub(crate) mod published;

use std::fmt;
use std::sync::Arc;

use crate::Error;
use crate::codec::portable::Portable;
use crate::dispatch::chunked::Chunked;
use crate::dispatch::imap::Imap;
use crate::dispatch::result::AsyncResult;
use crate::pool::Pool;
use crate::thread_pool::ThreadPool;
use published::{ContextItems, ContextRef, Published};

/// Um pool e um *contexto*: um valor que todas as tarefas da chamada veem, além do item de cada uma; vem de
/// [`Pool::with_context`] e dos seus iguais.
///
/// É o que em Python se faz com uma global que o `initializer` preenche, ou com `partial`. O valor vai uma vez só a cada
/// trabalhador que precisar dele, e não com cada item; ali a tarefa o recebe emprestado. Um valor grande atravessa por
/// memória compartilhada, e cada processo fica com a sua cópia; para que nem o copiem, ponha no contexto uma
/// [`SharedMemory`](crate::SharedMemory) ou um [`SharedArray`](crate::SharedArray).
///
/// Cada trabalhador guarda até quatro contextos, os que usou por último. Os que aqui já se descartaram ele deixa quando chega
/// outro: o último fica até o fim do pool. Para muitos bytes, um `serde_bytes::ByteBuf` em vez de um `Vec<u8>`, que o serde
/// escreve e lê byte a byte.
///
/// Um `WithContext` toma o pool emprestado: o que se guarda numa `struct`, ao lado do pool, é o [`Imap`] que ele dá, ou o
/// valor, para pedir outro contexto a cada vez.
///
/// Um contexto com um canal (um [`pipe`](crate::pipe())) dentro não atravessa: canais vão com o item. E um trabalhador cujo
/// `initializer` largou privilégios (`setuid`) não alcança a memória de quem o criou: o contexto não chega a ele.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Pool};
/// use std::collections::HashMap;
///
/// fn preco(tabela: &HashMap<String, u32>, (produto, quantos): (String, u32)) -> u32 {
///     tabela[&produto] * quantos
/// }
///
/// # fn main() -> Result<(), Error> {
/// # init();
/// let tabela = HashMap::from([("pão".to_owned(), 2), ("bolo".to_owned(), 30)]);
/// let pedidos = vec![("pão".to_owned(), 10), ("bolo".to_owned(), 1)];
///
/// let pool = Pool::new(2)?;
/// let loja = pool.with_context(&tabela)?;
/// assert_eq!(loja.map(preco, pedidos)?, [20, 30]);
/// let barra = |prontos: usize| println!("{prontos} prontos");
/// assert_eq!(loja.map_with_progress(preco, vec![("pão".to_owned(), 1)], barra)?, [2]);
/// assert_eq!(loja.apply(preco, ("pão".to_owned(), 3))?, 6);
/// let encomenda = loja.apply_async(preco, ("bolo".to_owned(), 2));
///
/// // Pedidos sem fim, de cem em cem, lendo no máximo quatro blocos adiante.
/// let em_blocos = loja.chunk_size(100)?.window(4);
/// let sem_fim = std::iter::repeat_with(|| ("pão".to_owned(), 1));
/// let total: u32 = em_blocos.imap(preco, sem_fim.clone()).take(1000).sum::<Result<u32, Error>>()?;
/// assert_eq!(total, 2000);
/// let mut como_vierem = em_blocos.imap_unordered(preco, sem_fim);
/// assert_eq!(como_vierem.next().transpose()?, Some(2));
/// assert_eq!(encomenda.get()?, 60);
/// # Ok(())
/// # }
/// ```
#[must_use = "só diz qual é o contexto: peça em seguida um `map`, um `imap` ou um `apply`"]
pub struct WithContext<'p, P: KeepsContext<C>, C> {
    pub(crate) pool: &'p P,
    pub(crate) kept: Arc<P::Kept>,
    chunk_size: Option<usize>,
    window: Option<usize>,
}

/// Como um pool guarda um contexto: escrito para os outros processos, ou como está. Não há o que implementar.
pub trait KeepsContext<C>: Sealed {
    /// O que se guarda.
    #[doc(hidden)]
    type Kept;
}

// `pub` num módulo que ninguém de fora alcança: só esta biblioteca diz que pools guardam contextos.
pub trait Sealed {}
impl Sealed for Pool {}
impl Sealed for ThreadPool {}

impl<C: Portable + 'static> KeepsContext<C> for Pool {
    type Kept = Published;
}

impl<C: Send + Sync + 'static> KeepsContext<C> for ThreadPool {
    type Kept = C;
}

impl<'p, P: KeepsContext<C>, C> WithContext<'p, P, C> {
    pub(crate) fn new(pool: &'p P, kept: P::Kept) -> Self {
        WithContext { pool, kept: Arc::new(kept), chunk_size: None, window: None }
    }

    /// Blocos de `chunk_size` itens, como [`Pool::chunk_size`].
    ///
    /// # Erros
    ///
    /// [`Error::InvalidArgument`] com zero.
    pub fn chunk_size(mut self, chunk_size: usize) -> Result<Self, Error> {
        self.chunk_size = Some(Error::at_least_one("chunk_size", chunk_size)?);
        Ok(self)
    }

    /// Até onde `imap` lê a entrada, como [`Chunked::window`](crate::Chunked::window).
    pub fn window(mut self, chunks: usize) -> Self {
        self.window = Some(chunks);
        self
    }

    /// Se os blocos são os que o pool escolher.
    pub(crate) fn is_plain(&self) -> bool {
        self.chunk_size.is_none() && self.window.is_none()
    }

    /// O pool, com os blocos de um fluxo.
    pub(crate) fn chunked(&self) -> Chunked<'p, P> {
        let chunked = Chunked::new(self.pool, self.chunk_size.unwrap_or(1));
        self.window.map_or(chunked, |window| chunked.window(window))
    }
}

impl<P: KeepsContext<C>, C> Clone for WithContext<'_, P, C> {
    fn clone(&self) -> Self {
        WithContext { kept: self.kept.clone(), ..*self }
    }
}

impl<P: KeepsContext<C>, C> fmt::Debug for WithContext<'_, P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithContext").field("chunk_size", &self.chunk_size).finish_non_exhaustive()
    }
}

impl Pool {
    /// As mesmas chamadas, com tarefas que veem também `context`.
    ///
    /// # Erros
    ///
    /// [`Error::Encode`] e [`Error::TooLarge`], se o contexto não vira bytes; [`Error::Io`] se o sistema recusa a memória dele.
    pub fn with_context<C: Portable + 'static>(
        &self,
        context: &C,
    ) -> Result<WithContext<'_, Self, C>, Error> {
        Ok(WithContext::new(self, Published::new(context)?))
    }
}

impl<C: Portable + 'static> WithContext<'_, Pool, C> {
    fn items<I: IntoIterator>(&self, items: I) -> ContextItems<I::IntoIter, C> {
        ContextItems::new(items.into_iter(), self.kept.address(), self.kept.clone())
    }

    /// Como [`Pool::map`].
    ///
    /// # Erros
    ///
    /// Os de [`Pool::map`], e [`Error::Decode`] se o contexto não chegou a um trabalhador.
    pub fn map<F, A, R>(&self, function: F, items: impl IntoIterator<Item = A>) -> Result<Vec<R>, Error>
    where
        F: Fn(&C, A) -> R + Copy + Send + 'static,
        A: Portable,
        R: Portable,
    {
        let (task, items) = (on_item(function), self.items(items));
        if self.is_plain() { self.pool.map(task, items) } else { self.chunked().map(task, items) }
    }

    /// Como [`Pool::map_with_progress`].
    ///
    /// # Erros
    ///
    /// Os de `map`.
    pub fn map_with_progress<F, A, R>(
        &self,
        function: F,
        items: impl IntoIterator<Item = A>,
        progress: impl FnMut(usize),
    ) -> Result<Vec<R>, Error>
    where
        F: Fn(&C, A) -> R + Copy + Send + 'static,
        A: Portable,
        R: Portable,
    {
        let (task, items) = (on_item(function), self.items(items));
        if self.is_plain() {
            return self.pool.map_with_progress(task, items, progress);
        }
        self.chunked().map_with_progress(task, items, progress)
    }

    /// Como [`Pool::imap`].
    pub fn imap<F, A, R, I>(&self, function: F, items: I) -> Imap<ContextItems<I::IntoIter, C>, R>
    where
        F: Fn(&C, A) -> R + Copy + Send + 'static,
        A: Portable + 'static,
        R: Portable + 'static,
        I: IntoIterator<Item = A>,
    {
        self.chunked().imap(on_item(function), self.items(items))
    }

    /// Como [`Pool::imap_unordered`].
    pub fn imap_unordered<F, A, R, I>(&self, function: F, items: I) -> Imap<ContextItems<I::IntoIter, C>, R>
    where
        F: Fn(&C, A) -> R + Copy + Send + 'static,
        A: Portable + 'static,
        R: Portable + 'static,
        I: IntoIterator<Item = A>,
    {
        self.chunked().imap_unordered(on_item(function), self.items(items))
    }

    /// Como [`Pool::apply`].
    ///
    /// # Erros
    ///
    /// Os de [`Pool::apply`], e [`Error::Decode`] se o contexto não chegou ao trabalhador.
    pub fn apply<F, A, R>(&self, function: F, argument: A) -> Result<R, Error>
    where
        F: Fn(&C, A) -> R + Copy + Send + 'static,
        A: Portable,
        R: Portable + 'static,
    {
        self.apply_async(function, argument).get()
    }

    /// Como [`Pool::apply_async`]; mas descartar o resultado desiste da tarefa, se ninguém a começou: o contexto vai com ele.
    pub fn apply_async<F, A, R>(&self, function: F, argument: A) -> AsyncResult<R>
    where
        F: Fn(&C, A) -> R + Copy + Send + 'static,
        A: Portable,
        R: Portable + 'static,
    {
        let context = ContextRef::to(self.kept.address());
        // O contexto tem que estar lá quando o trabalhador o procurar.
        self.pool.apply_async(on_item(function), (context, argument)).holding(self.kept.clone())
    }
}

/// A tarefa de verdade: recebe o par que viaja, e entrega a `function` o contexto e o item.
pub(crate) fn on_item<F, C, A, R>(function: F) -> impl Fn((ContextRef<C>, A)) -> R + Copy + Send + 'static
where
    F: Fn(&C, A) -> R + Copy + Send + 'static,
{
    move |(context, item)| function(context.get(), item)
}

impl ThreadPool {
    /// As mesmas chamadas, com tarefas que veem também `context`: uma cópia só, de todas as threads.
    ///
    /// # Erros
    ///
    /// Nenhum: o resultado só existe para que [`Pool::with_context`] se troque por esta numa palavra.
    pub fn with_context<C>(&self, context: &C) -> Result<WithContext<'_, Self, C>, Error>
    where
        C: Clone + Send + Sync + 'static,
    {
        Ok(WithContext::new(self, context.clone()))
    }
}

impl<C: Send + Sync + 'static> WithContext<'_, ThreadPool, C> {
    fn task<F, A, R>(&self, function: F) -> impl Fn(A) -> R + Clone + Send + 'static + use<F, A, R, C>
    where
        F: Fn(&C, A) -> R + Clone + Send + 'static,
    {
        let kept = self.kept.clone();
        move |item| function(&kept, item)
    }

    /// Como [`ThreadPool::map`].
    ///
    /// # Erros
    ///
    /// Os de [`ThreadPool::map`].
    pub fn map<F, A, R>(&self, function: F, items: impl IntoIterator<Item = A>) -> Result<Vec<R>, Error>
    where
        F: Fn(&C, A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        let task = self.task(function);
        if self.is_plain() { self.pool.map(task, items) } else { self.chunked().map(task, items) }
    }

    /// Como [`ThreadPool::map_with_progress`].
    ///
    /// # Erros
    ///
    /// Os de `map`.
    pub fn map_with_progress<F, A, R>(
        &self,
        function: F,
        items: impl IntoIterator<Item = A>,
        progress: impl FnMut(usize),
    ) -> Result<Vec<R>, Error>
    where
        F: Fn(&C, A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        let task = self.task(function);
        if self.is_plain() {
            return self.pool.map_with_progress(task, items, progress);
        }
        self.chunked().map_with_progress(task, items, progress)
    }

    /// Como [`ThreadPool::imap`].
    pub fn imap<F, A, R, I>(&self, function: F, items: I) -> Imap<I::IntoIter, R>
    where
        F: Fn(&C, A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
        I: IntoIterator<Item = A>,
    {
        self.chunked().imap(self.task(function), items)
    }

    /// Como [`ThreadPool::imap_unordered`].
    pub fn imap_unordered<F, A, R, I>(&self, function: F, items: I) -> Imap<I::IntoIter, R>
    where
        F: Fn(&C, A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
        I: IntoIterator<Item = A>,
    {
        self.chunked().imap_unordered(self.task(function), items)
    }

    /// Como [`ThreadPool::apply`].
    ///
    /// # Erros
    ///
    /// Os de [`ThreadPool::apply`].
    pub fn apply<F, A, R>(&self, function: F, argument: A) -> Result<R, Error>
    where
        F: Fn(&C, A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        self.pool.apply(self.task(function), argument)
    }

    /// Como [`ThreadPool::apply_async`].
    pub fn apply_async<F, A, R>(&self, function: F, argument: A) -> AsyncResult<R>
    where
        F: Fn(&C, A) -> R + Clone + Send + 'static,
        A: Send + 'static,
        R: Send + 'static,
    {
        self.pool.apply_async(self.task(function), argument)
    }
}
