//! As casas de uma chamada, e os blocos dela que estão nelas.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::arena::View;
use super::slot_state::Kind;
use super::slot_table::SlotTable;
use crate::Error;
use crate::dispatch::promise::{ChunkId, Promise};
use crate::parcel::Parcel;

/// As casas que uma chamada usa, enquanto dura. Descartada, devolve-as, e o que ninguém começou não será feito.
///
/// `T` é o que a chamada quer lembrar de cada bloco.
pub(super) struct SlotLease<T> {
    table: Arc<SlotTable>,
    workers: usize,
    /// Em cuja campainha a chamada dorme.
    home: u32,
    idle: Vec<u32>,
    /// Os blocos que saíram, do mais antigo ao mais novo.
    out: VecDeque<Out<T>>,
    /// Se algum bloco foi pelo soquete.
    by_socket: bool,
    /// Quem ainda não começou um bloco do soquete olha se alguém o quer.
    alive: Arc<()>,
}

/// Um bloco que saiu, e onde está a resposta dele, ou estará.
struct Out<T> {
    tag: T,
    slot: Result<u32, Error>,
}

impl<T> SlotLease<T> {
    /// Até `wanted` casas, e mais `extra`, se há para todas; `None` se não há casas que bastem para ocupar os trabalhadores.
    pub(super) fn new(table: &Arc<SlotTable>, wanted: usize, extra: usize) -> Option<Self> {
        let workers = table.workers();
        let mut idle = table.lease(wanted + extra);
        if idle.len() < wanted + extra {
            let surplus = idle.split_off(wanted.min(idle.len()));
            table.state().give_back(surplus, []);
        }
        if idle.len() < wanted.min(2 * workers) {
            table.state().give_back(idle, []);
            return None;
        }
        let home = *idle.first()?;
        Some(SlotLease {
            table: table.clone(),
            workers,
            home,
            idle,
            out: VecDeque::new(),
            by_socket: false,
            alive: Arc::new(()),
        })
    }

    pub(super) fn table(&self) -> &Arc<SlotTable> {
        &self.table
    }

    pub(super) fn has_room(&self) -> bool {
        !self.idle.is_empty()
    }

    pub(super) fn capacity(&self) -> usize {
        self.idle.len() + self.out.len()
    }

    /// Quantos blocos saíram e não voltaram.
    pub(super) fn out(&self) -> usize {
        self.out.len()
    }

    /// Põe à vista um bloco de `items` itens, que `write` escreve numa casa livre; `false` se ele diz que não cabe. Recusado, a
    /// recusa é a resposta dele.
    pub(super) fn send(
        &mut self,
        tag: T,
        items: usize,
        kind: Kind,
        write: impl FnOnce(&View<'_>, u32) -> bool,
    ) -> bool {
        if let Err(error) = self.table.check_owner() {
            // Uma cópia (`fork`) escreveria por cima do que é do original.
            self.fail(tag, error);
            return true;
        }
        let slot = self.take_idle();
        if !write(&self.table.view(), slot) {
            self.idle.push(slot);
            return false;
        }
        let outcome = self.table.publish(slot, items, self.home, kind);
        if outcome.is_err() {
            self.idle.push(slot);
        }
        self.out.push_back(Out { tag, slot: outcome.map(|()| slot) });
        true
    }

    /// Reserva uma casa para a resposta de um bloco que vai pelo soquete; é a promessa dele que a preenche.
    pub(super) fn expect(&mut self, tag: T, chunk: ChunkId) -> Option<Promise<Parcel>> {
        let slot = self.take_idle();
        if let Err(error) = self.table.expect(slot, self.home) {
            self.idle.push(slot);
            self.out.push_back(Out { tag, slot: Err(error) });
            return None;
        }
        self.out.push_back(Out { tag, slot: Ok(slot) });
        self.by_socket = true;
        let table = self.table.clone();
        let alive = Arc::downgrade(&self.alive);
        Some(Promise::keeping(chunk, move |answer| table.deliver(slot, answer), Some(alive)))
    }

    /// Uma casa livre. Quem manda um bloco sabe que há uma: calar aqui seria esperar para sempre por ele.
    fn take_idle(&mut self) -> u32 {
        self.idle.pop().expect("há uma casa livre para cada bloco que se manda")
    }

    /// Um bloco que nem saiu.
    pub(super) fn fail(&mut self, tag: T, error: Error) {
        self.out.push_back(Out { tag, slot: Err(error) });
    }

    /// A resposta de um bloco que está pronto, o mais antigo deles.
    pub(super) fn take_ready(&mut self) -> Option<(T, Result<Parcel, Error>)> {
        let ring = self.table.view().ring;
        let ready = |out: &Out<T>| out.slot.as_ref().map_or(true, |&slot| ring.is_done(slot));
        let index = self.out.iter().position(ready)?;
        let Out { tag, slot } = self.out.remove(index)?;
        let answer = slot.and_then(|slot| {
            self.idle.push(slot);
            self.table.take(slot)
        });
        Some((tag, answer))
    }

    /// Espera que um bloco fique pronto; com `spin`, procura um pouco antes de dormir. Pode voltar antes.
    ///
    /// Basta vigiar tantos quantos são os trabalhadores, dos mais antigos: os blocos são pegos em ordem, e se nenhum
    /// destes fica pronto é porque todos os trabalhadores estão presos neles.
    pub(super) fn wait(&self, spin: bool) {
        self.wait_after(0, spin, None);
    }

    /// O mesmo, mas espera que fiquem prontos uns `ahead`, ou até `deadline`.
    pub(super) fn wait_after(&self, ahead: usize, spin: bool, deadline: Option<Instant>) {
        if self.has_refused() {
            return;
        }
        self.table.wait(self.home, &self.watched(ahead), spin, deadline);
    }

    /// Dorme até que um bloco fique pronto, ou que alguém toque a campainha desta chamada; não, se `found`. O que ele olha,
    /// olha-se depois de a campainha estar anotada: um aviso no meio não se perde.
    pub(super) fn wait_unless(&self, found: impl FnOnce() -> bool) {
        let seen = self.table.view().ring.doorbell(self.home);
        if !self.has_refused() && !found() {
            self.table.wait_since(self.home, seen, &self.watched(0), None);
        }
    }

    /// Se algum bloco nem saiu.
    fn has_refused(&self) -> bool {
        self.out.iter().any(|out| out.slot.is_err())
    }

    /// As casas que basta vigiar, depois das `ahead` mais antigas.
    fn watched(&self, ahead: usize) -> Vec<u32> {
        // Os do soquete têm outra fila, e não há ordem entre as duas.
        let (skip, enough) = if self.by_socket { (0, usize::MAX) } else { (ahead, self.workers) };
        let slots = self.out.iter().filter_map(|out| out.slot.as_ref().ok().copied());
        slots.skip(skip).take(enough).collect()
    }
}

impl<T> Drop for SlotLease<T> {
    fn drop(&mut self) {
        if !self.table.is_owned() {
            return;
        }
        let view = self.table.view();
        let out: Vec<u32> = self.out.drain(..).filter_map(|out| out.slot.ok()).collect();
        out.iter().for_each(|&slot| view.cancel(slot));
        if !out.is_empty() {
            // As respostas que ainda vierem ficarão sem quem as colha.
            self.table.keeper().note();
        }
        self.table.state().give_back(std::mem::take(&mut self.idle), out);
    }
}
