//! O lado do pai: de quem é cada casa, o que se publica, e o que se faz com o que um morto deixou.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::attend::Post;
use super::layout::{Memories, View};
use super::pack::PACKS;
use super::patience::Patience;
use crate::Error;
use crate::parcel::Parcel;
use crate::pool::supervisor::{Bell, Shared};
use crate::process::protocol;

/// O mural visto por quem pede: as threads do programa e o supervisor.
pub(crate) struct Desk {
    memories: Memories,
    table: Mutex<Table>,
    /// Quantas vezes um bloco perdido volta à fila.
    retries: usize,
    shared: Arc<Shared>,
    clock: Option<Clock>,
}

/// Para um pool com limite de tempo: o supervisor, que dorme enquanto não há nada, precisa saber que agora há.
struct Clock {
    limit: Duration,
    supervisor: Arc<Bell>,
    watching: AtomicBool,
}

struct Table {
    /// As casas sem dono. As usadas há pouco saem primeiro: ainda estão no cache.
    free: Vec<u32>,
    blocks: Box<[Block]>,
    /// Casas publicadas cujo dono se foi; voltam a ser de ninguém quando ficarem prontas.
    abandoned: Vec<u32>,
    /// Por que não se publica mais nada.
    refusal: Option<Error>,
    /// Maços sem dono.
    free_packs: Vec<usize>,
    /// De cada maço, quantos postos ainda estão ocupados depois que o dono se foi.
    abandoned_posts: [usize; PACKS],
    /// Posições que podiam estar com quem morreu, e com que erro responder por elas.
    suspects: Vec<(u64, Error)>,
}

/// O bloco numa casa.
#[derive(Default)]
struct Block {
    position: Option<u64>,
    items: usize,
    losses: usize,
    /// A resposta, quando não está na memória compartilhada.
    answer: Option<Box<Result<Parcel, Error>>>,
    kind: Kind,
}

/// De que chamada é um bloco.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Stream,
    /// De um `apply_async`: conta nas estatísticas mesmo antes de alguém buscar a resposta.
    Detached,
    /// Um posto neste maço: quem o pediu é que sabe o que se perdeu com quem o ocupava.
    Post(usize),
}

impl Desk {
    pub(crate) fn create(
        workers: usize,
        retries: usize,
        time_limit: Option<Duration>,
        supervisor: Arc<Bell>,
        shared: Arc<Shared>,
    ) -> Result<Self, Error> {
        let memories = Memories::create(workers).map_err(|error| match error {
            Error::Io(refusal) => Error::Spawn(refusal),
            other => other,
        })?;
        let slots = memories.slots();
        let table = Table {
            free: (0..slots).rev().collect(),
            blocks: (0..slots).map(|_| Block::default()).collect(),
            abandoned: Vec::new(),
            refusal: None,
            free_packs: (0..PACKS).collect(),
            abandoned_posts: [0; PACKS],
            suspects: Vec::new(),
        };
        let clock = time_limit.map(|limit| Clock { limit, supervisor, watching: AtomicBool::new(false) });
        Ok(Desk { memories, table: Mutex::new(table), retries, shared, clock })
    }

    pub(super) fn view(&self) -> View<'_> {
        self.memories.view()
    }

    pub(super) fn workers(&self) -> usize {
        self.memories.workers()
    }

    /// O posto do trabalhador `worker`, que ainda faz `quota` itens.
    pub(crate) fn post(&self, worker: usize, quota: Option<usize>) -> Post {
        Post { memories: self.memories.clone(), worker, quota, timed: self.clock.is_some() }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Até `wanted` casas que ninguém usa, e não mais da metade das que há: outros podem chegar.
    pub(super) fn reserve(&self, wanted: usize) -> Vec<u32> {
        let mut table = self.table();
        table.sweep(&self.view(), &self.shared);
        let count = wanted.min(table.free.len() / 2);
        let start = table.free.len() - count;
        table.free.split_off(start)
    }

    /// O mesmo, para uma casa só.
    pub(super) fn reserve_one(&self) -> Option<u32> {
        let mut table = self.table();
        // Quem guarda respostas sem as ler não pode ficar com todas as casas.
        let least = table.blocks.len() / 8;
        if table.free.len() <= least {
            table.sweep(&self.view(), &self.shared);
        }
        if table.free.len() > least { table.free.pop() } else { None }
    }

    /// Põe à vista os blocos já escritos nas casas `slots`, cada um com quantos itens tem. Quem os pediu
    /// dormirá em `caller`.
    ///
    /// # Erros
    ///
    /// O pool fechou, terminou ou desistiu: nenhum foi publicado.
    pub(super) fn publish(
        &self,
        caller: u32,
        slots: impl Iterator<Item = (u32, usize)> + Clone,
        kind: Kind,
    ) -> Result<(), Error> {
        let view = self.view();
        {
            let mut table = self.table();
            if let Some(refusal) = &table.refusal {
                return Err(refusal.clone());
            }
            for (slot, _) in slots.clone() {
                view.claims.renew(slot, caller);
            }
            let first = view.claims.publish(slots.clone().map(|(slot, _)| slot));
            for (position, (slot, items)) in (first..).zip(slots) {
                table.blocks[slot as usize] =
                    Block { position: Some(position), items, losses: 0, answer: None, kind };
            }
        }
        view.claims.wake_enough();
        if let Some(clock) = &self.clock
            && !clock.watching.load(SeqCst)
        {
            clock.supervisor.ring();
        }
        Ok(())
    }

    /// Prepara a casa para um bloco que vai pelo soquete, e cuja resposta virá por [`deliver`](Self::deliver).
    ///
    /// # Erros
    ///
    /// Os de [`publish`](Self::publish).
    pub(super) fn expect(&self, slot: u32, caller: u32) -> Result<(), Error> {
        let mut table = self.table();
        if let Some(refusal) = &table.refusal {
            return Err(refusal.clone());
        }
        self.view().claims.renew(slot, caller);
        table.blocks[slot as usize] = Block::default();
        Ok(())
    }

    /// A resposta da casa, que está pronta; entra na conta.
    pub(super) fn take(&self, slot: u32) -> Result<Parcel, Error> {
        let mut block = std::mem::take(&mut self.table().blocks[slot as usize]);
        if block.position.is_some() {
            self.count(block.items);
        }
        let mut bytes = Vec::new();
        if self.view().read_reply(slot, &mut bytes) {
            protocol::read_reply(Parcel { bytes, descriptors: Vec::new() }).and_then(|answer| answer)
        } else {
            block.answer.take().map_or(Err(Error::Terminated), |answer| *answer)
        }
    }

    /// Espera que uma de `slots` fique pronta; `false` se o tempo acabou. Com `patient`, procura um pouco antes de
    /// dormir. Pode voltar antes.
    pub(super) fn wait(&self, caller: u32, slots: &[u32], patient: bool, deadline: Option<Instant>) -> bool {
        let claims = self.view().claims;
        let mut patience = Patience::new();
        while patient && patience.wait() {
            if slots.iter().any(|&slot| claims.is_done(slot)) {
                return true;
            }
        }
        claims.wait_any(caller, slots, deadline);
        deadline.is_none_or(|deadline| Instant::now() < deadline)
    }

    /// Soma às estatísticas itens que foram respondidos e colhidos.
    pub(super) fn count(&self, items: usize) {
        self.shared.tasks.fetch_add(items as u64, Relaxed);
    }

    /// Casas que voltam a ser de ninguém; as que ainda esperam resposta, só quando ela chegar.
    pub(super) fn give_back(&self, idle: impl IntoIterator<Item = u32>, out: impl IntoIterator<Item = u32>) {
        let mut table = self.table();
        for slot in idle {
            table.blocks[slot as usize].position = None;
            table.free.push(slot);
        }
        table.abandoned.extend(out);
    }

    /// Até `wanted` maços que ninguém usa.
    pub(super) fn reserve_packs(&self, wanted: usize) -> Vec<usize> {
        let mut table = self.table();
        table.sweep(&self.view(), &self.shared);
        let start = table.free_packs.len() - wanted.min(table.free_packs.len());
        table.free_packs.split_off(start)
    }

    /// Devolve um maço em que ainda há `posts` postos ocupados. Antes de devolver as casas deles.
    pub(super) fn give_back_pack(&self, pack: usize, posts: usize) {
        let mut table = self.table();
        table.abandoned_posts[pack] = posts;
        if posts == 0 {
            table.free_packs.push(pack);
        }
    }

    /// Quantas vezes um bloco perdido volta à fila.
    pub(super) fn retries(&self) -> usize {
        self.retries
    }

    /// Soma às estatísticas um bloco perdido que voltou à fila.
    pub(super) fn count_retry(&self) {
        self.shared.retries.fetch_add(1, Relaxed);
    }

    /// Por que não se publica mais nada.
    pub(super) fn refusal(&self) -> Option<Error> {
        self.table().refusal.clone()
    }

    /// A resposta de uma casa que não virá pela memória compartilhada: uma grande demais, ou uma falha.
    pub(crate) fn deliver(&self, slot: u32, answer: Result<Parcel, Error>) {
        self.table().deliver(&self.view(), slot, answer);
    }

    /// Itens respondidos que ninguém buscou ainda.
    pub(crate) fn unread(&self) -> u64 {
        let view = self.view();
        let table = self.table();
        let ready = |(slot, block): (u32, &Block)| {
            let counts = block.kind == Kind::Detached && block.position.is_some();
            (counts && view.claims.is_done(slot)).then_some(block.items)
        };
        (0..).zip(&table.blocks).filter_map(ready).sum::<usize>() as u64
    }

    /// Quantos blocos os trabalhadores já fizeram.
    pub(crate) fn finished(&self) -> u64 {
        let view = self.view();
        (0..self.workers()).map(|worker| view.finished(worker).load(Relaxed)).sum()
    }

    /// Se há blocos publicados sem resposta.
    pub(crate) fn is_busy(&self) -> bool {
        let (view, table) = (self.view(), self.table());
        let unanswered =
            |(slot, block): (u32, &Block)| block.position.is_some() && !view.claims.is_done(slot);
        (0..).zip(&table.blocks).any(unanswered)
    }

    /// Se há blocos que ninguém pegou.
    pub(crate) fn has_waiting(&self) -> bool {
        self.view().claims.has_waiting()
    }

    /// Se o trabalhador está sem nada nas mãos.
    pub(crate) fn is_resting(&self, worker: usize) -> bool {
        self.view().claims.is_resting(worker)
    }

    /// Não se publica mais nada; `error` é o que se responde a quem tentar.
    pub(crate) fn refuse(&self, error: Error) {
        self.table().refusal.get_or_insert(error);
    }

    /// Responde `error` a todos os blocos que ninguém pegou.
    pub(crate) fn take_all_back(&self, error: &Error) {
        let (mut table, view) = (self.table(), self.view());
        while let Some(slot) = view.claims.take_back() {
            table.deliver(&view, slot, Err(error.clone()));
        }
    }

    /// Responde [`Error::Terminated`] a tudo o que foi publicado e não está pronto: não há mais ninguém que o faça.
    pub(crate) fn terminate(&self) {
        let (mut table, view) = (self.table(), self.view());
        table.refusal.get_or_insert(Error::Terminated);
        while view.claims.take_back().is_some() {}
        for slot in 0..self.memories.slots() {
            if table.blocks[slot as usize].position.is_some() && !view.claims.is_done(slot) {
                table.deliver(&view, slot, Err(Error::Terminated));
            }
        }
    }

    // ANCHOR: bury
    /// O processo do trabalhador `dead` terminou. O bloco que ele fazia volta à fila, ou responde `error`.
    pub(crate) fn bury(&self, dead: usize, error: Error) {
        let view = self.view();
        view.since(dead).store(0, Relaxed);
        view.summons(dead).store(0, Relaxed);
        let Some(position) = view.claims.bury(dead) else { return self.rally() };
        let mut table = self.table();
        if let Some(slot) = table.slot_at(position) {
            // Pronta a casa, talvez ele tenha morrido antes de tocar a campainha.
            view.claims.ring_for(slot);
        }
        table.suspects.push((position, error));
        drop(table);
        self.settle();
    }

    /// Decide o destino das posições que podiam estar com quem morreu; diz se ficou alguma por decidir.
    pub(crate) fn settle(&self) -> bool {
        let (mut table, view) = (self.table(), self.view());
        for (position, error) in std::mem::take(&mut table.suspects) {
            if view.claims.may_be_held(position) {
                table.suspects.push((position, error));
                continue;
            }
            let Some(slot) = table.slot_at(position).filter(|&slot| !view.claims.is_done(slot)) else {
                continue;
            };
            let block = &mut table.blocks[slot as usize];
            if block.losses < self.retries && !matches!(block.kind, Kind::Post(_)) {
                block.losses += 1;
                self.shared.retries.fetch_add(1, Relaxed);
                block.position = Some(view.claims.publish([slot]));
            } else {
                table.deliver(&view, slot, Err(error));
            }
        }
        let undecided = !table.suspects.is_empty();
        drop(table);
        self.rally();
        undecided
    }
    // ANCHOR_END: bury

    /// Quem se foi podia ser quem ia pegar o que espera.
    pub(crate) fn rally(&self) {
        self.view().claims.wake_enough();
    }

    /// Chama de volta o trabalhador `worker`.
    pub(crate) fn summon(&self, worker: usize, haste: Haste) {
        let view = self.view();
        view.summons(worker).store(haste as u32, SeqCst);
        view.claims.rouse(worker);
    }

    /// O trabalhador respondeu ao chamado.
    pub(crate) fn dismiss_summons(&self, worker: usize) {
        self.view().summons(worker).store(0, Relaxed);
    }

    /// Até quando o trabalhador pode fazer o que faz agora, e quanto podia ao todo; `None` sem limite ou sem bloco.
    pub(crate) fn due(&self, worker: usize) -> Option<(Instant, Duration)> {
        let clock = self.clock.as_ref()?;
        let view = self.view();
        let since = view.since(worker).load(Acquire);
        let items = view.doing(worker).load(Acquire);
        if since == 0 || view.since(worker).load(Acquire) != since {
            return None;
        }
        let limit = clock.limit.saturating_mul(u32::try_from(items).unwrap_or(u32::MAX));
        let age = Duration::from_nanos(now().saturating_sub(since));
        // O que não cabe no relógio não tem limite.
        let left = limit.saturating_sub(age);
        Some((Instant::now().checked_add(left)?, limit))
    }

    /// O supervisor vai dormir: até quando, no máximo, para não perder um prazo; `None` se não há o que vigiar.
    ///
    /// Um bloco que ainda não começou não pode vencer antes de um prazo inteiro.
    pub(crate) fn next_watch(&self) -> Option<Instant> {
        let clock = self.clock.as_ref()?;
        let anything = || {
            let view = self.view();
            view.claims.has_waiting() || (0..self.workers()).any(|worker| !view.claims.is_resting(worker))
        };
        clock.watching.store(true, SeqCst);
        if anything() {
            return Instant::now().checked_add(clock.limit);
        }
        clock.watching.store(false, SeqCst);
        // O que foi publicado entre as duas linhas não tocou a campainha.
        anything().then(|| Instant::now().checked_add(clock.limit)).flatten()
    }
}

/// Com que pressa um trabalhador é chamado de volta.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Haste {
    /// Quando não houver mais blocos.
    WhenDone = 1,
    /// Assim que acabar o bloco que faz.
    Now = 2,
}

impl Table {
    /// A casa do bloco publicado em `position`, se a resposta ainda não foi buscada.
    fn slot_at(&self, position: u64) -> Option<u32> {
        self.blocks.iter().position(|block| block.position == Some(position)).map(|slot| slot as u32)
    }

    fn deliver(&mut self, view: &View<'_>, slot: u32, answer: Result<Parcel, Error>) {
        let block = &mut self.blocks[slot as usize];
        if !protocol::is_reply(&answer) {
            // Ninguém o respondeu: não entra na conta.
            block.items = 0;
        }
        block.answer = Some(Box::new(answer));
        view.reply_elsewhere(slot);
        view.claims.finish(slot);
    }

    /// As casas abandonadas que ficaram prontas voltam a ser de ninguém.
    fn sweep(&mut self, view: &View<'_>, shared: &Shared) {
        let Table { free, blocks, abandoned, free_packs, abandoned_posts, .. } = self;
        abandoned.retain(|&slot| {
            let done = view.claims.is_done(slot);
            if done {
                let block = std::mem::take(&mut blocks[slot as usize]);
                match block.kind {
                    Kind::Stream => {}
                    Kind::Detached => {
                        shared.tasks.fetch_add(block.items as u64, Relaxed);
                    }
                    Kind::Post(pack) => {
                        abandoned_posts[pack] -= 1;
                        if abandoned_posts[pack] == 0 {
                            free_packs.push(pack);
                        }
                    }
                }
                free.push(slot);
            }
            !done
        });
    }
}

/// O relógio que todos os processos da máquina leem igual, em ns.
pub(super) fn now() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}
