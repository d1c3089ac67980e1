//! O protocolo: como um bloco é posto à vista, como alguém o pega, e como se dorme sem perder um aviso.
//!
//! Um bloco mora numa *casa*. O anel diz em que ordem as casas são feitas, e duas contagens, que só crescem,
//! dizem até onde: tudo antes de `head` já foi pego, tudo antes de `tail` já foi posto.
//!
//! ```text
//!              head           tail
//!                ▼              ▼
//!   anel   … 4 │ 9 │ 2 │ 7 │ 1 │   …       números de casas, na ordem em que serão feitas
//!
//!   o pai          publish         escreve a casa, depois o anel, depois `tail`
//!                  wake_idle       acorda quem falta
//!   o trabalhador  claim           anota a posição, e só então tenta levar `head` uma adiante
//!                  finish          escreve a resposta na casa, depois o aviso; toca a campainha, se alguém a pediu
//!                  park            procura um pouco, e dorme
//!   quem pediu     wait_any        pede a campainha em cada casa que lhe serve, e dorme
//!   o supervisor   on_worker_exit  a anotação do morto diz que posição ele podia ter na mão
//! ```
//!
//! **Ninguém perde um aviso.** Quem vai dormir escreve que dorme, e só depois olha a fila; quem publica escreve
//! na fila, e só depois olha quem dorme. Com uma barreira no meio de cada um, é impossível que os dois olhem
//! antes do que o outro escreveu. Do lado das respostas basta uma palavra: `DONE` e `WAITED` são bits dela, e cada lado
//! liga o seu e vê o do outro na mesma operação.
//!
//! **Ninguém é acordado à toa.** Cada bloco à espera precisa de um trabalhador que procure: só se acorda quem
//! falta para isso. Quem procura passa a ocupado *antes* de pegar; por isso quem publica nunca conta com alguém
//! que já tem o que fazer.
//!
//! **Nenhum bloco se perde com quem morre.** Entre a anotação e o avanço de `head` não se sabe de quem é a
//! posição; mas se ela já foi pega, não está pronta e nenhum vivo a anotou, era do morto.
//!
//! **Ninguém faz um bloco duas vezes**, a menos que alguém tenha morrido: `head` passa por cada posição uma vez.
//!
//! O teste `model.rs` roda este mesmo código sob o *loom*, que experimenta todas as ordens em que as threads
//! podem se cruzar e todos os valores antigos que uma leitura pode ver.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::time::Instant;

use super::word::{Atomics, NONE_CLAIMED, Strided, Word};

/// As palavras do protocolo.
pub(super) struct Ring<'m, A: Atomics> {
    /// A próxima posição a pegar.
    pub(super) head: &'m A::U64,
    /// A próxima posição a publicar.
    pub(super) tail: &'m A::U64,
    /// A casa de cada posição.
    pub(super) cells: &'m [A::U32],
    /// De cada trabalhador, a última posição que ele tentou pegar.
    pub(super) claimed: Strided<'m, A::U64>,
    /// De cada trabalhador: ocupado, procurando, dormindo.
    pub(super) status: Strided<'m, A::U32>,
    /// De cada casa: `DONE`, `WAITED`.
    pub(super) states: Strided<'m, A::U32>,
    /// De cada casa, a palavra em que se dorme.
    pub(super) doorbells: Strided<'m, A::U32>,
    /// De cada casa, a casa cuja campainha tocar quando ela ficar pronta.
    pub(super) waiters: Strided<'m, A::U32>,
}

/// A casa está pronta.
const DONE: u32 = 1;
/// Alguém espera por ela.
const WAITED: u32 = 2;

pub(super) const BUSY: u32 = 0;
const SPINNING: u32 = 1;
const PARKED: u32 = 2;

impl<A: Atomics> Ring<'_, A> {
    /// A casa passa a ser de um bloco novo, que ninguém fez nem espera; quem o pediu dormirá em `waiter`.
    pub(super) fn reset(&self, slot: u32, waiter: u32) {
        self.waiters[slot as usize].store(waiter, Relaxed);
        self.states[slot as usize].store(0, Relaxed);
    }

    // ANCHOR: publish
    /// Põe a casa `slot` à vista; devolve a posição dela. Um por vez: quem chama tem a trava do pai.
    pub(super) fn publish(&self, slot: u32) -> u64 {
        let position = self.tail.load(Relaxed);
        self.cell(position).store(slot, Relaxed);
        // Quem vir esta contagem vê tudo o que foi escrito antes dela.
        self.tail.store(position + 1, Release);
        position
    }
    // ANCHOR_END: publish

    // ANCHOR: wake
    /// Acorda trabalhadores até que haja um procurando para cada bloco à espera.
    pub(super) fn wake_idle(&self) {
        A::fence();
        // Nesta ordem: outro pode publicar, e um trabalhador pegar, entre uma leitura e a outra.
        let head = self.head.load(Acquire);
        let waiting = self.tail.load(Relaxed) - head;
        let spinning = self.status.iter().filter(|status| status.load(Relaxed) == SPINNING).count();
        let mut missing = waiting.saturating_sub(spinning as u64);
        for status in self.status.iter() {
            if missing == 0 {
                return;
            }
            if status.load(Relaxed) == PARKED
                && status.compare_exchange(PARKED, SPINNING, AcqRel, Relaxed).is_ok()
            {
                A::wake(status);
                missing -= 1;
            }
        }
    }
    // ANCHOR_END: wake

    /// Se há bloco à espera.
    pub(super) fn has_waiting(&self) -> bool {
        self.head.load(Acquire) < self.tail.load(Acquire)
    }

    // ANCHOR: claim
    /// Pega o próximo bloco: a casa dele; nada, se não há.
    pub(super) fn claim(&self, me: usize) -> Option<u32> {
        let claimed = &self.claimed[me];
        let mut position = self.head.load(Acquire);
        while position < self.tail.load(Acquire) {
            // Antes de pegar: depois, o lugar dela no anel já pode ser de outra posição.
            let slot = self.cell(position).load(Relaxed);
            claimed.store(position, Release);
            match self.head.compare_exchange(position, position + 1, AcqRel, Acquire) {
                Ok(_) => return Some(slot),
                Err(head) => position = head,
            }
        }
        // Nada na mão: a posição anotada pode ser a que outro pegou, e quem vai dormir não pode ser suspeito dela.
        claimed.store(NONE_CLAIMED, Release);
        None
    }
    // ANCHOR_END: claim

    // ANCHOR: finish
    /// A resposta está na casa: avisa quem espera por ela.
    pub(super) fn finish(&self, slot: u32) {
        if self.states[slot as usize].swap(DONE, AcqRel) & WAITED != 0 {
            self.ring_doorbell(slot);
        }
    }
    // ANCHOR_END: finish

    /// Toca a campainha de quem espera por `slot`.
    pub(super) fn ring_doorbell(&self, slot: u32) {
        let waiter = self.waiters[slot as usize].load(Relaxed);
        A::add_and_wake(&self.doorbells[waiter as usize]);
    }

    // ANCHOR: park
    /// Espera que haja o que fazer: procura enquanto `backoff` quiser, depois dorme. Volta também se `leave`.
    pub(super) fn park(&self, me: usize, mut backoff: impl FnMut() -> bool, leave: impl Fn() -> bool) {
        let status = &self.status[me];
        let awaited = || self.has_waiting() || leave();
        status.store(SPINNING, Release);
        while !awaited() {
            if backoff() {
                continue;
            }
            status.store(PARKED, Release);
            A::fence();
            if awaited() {
                break;
            }
            A::wait(status, PARKED, None);
        }
        status.store(BUSY, Release);
    }
    // ANCHOR_END: park

    /// Acorda o trabalhador `worker`, se dorme, para que olhe se deve sair.
    pub(super) fn unpark(&self, worker: usize) {
        A::fence();
        let status = &self.status[worker];
        if status.compare_exchange(PARKED, SPINNING, AcqRel, Relaxed).is_ok() {
            A::wake(status);
        }
    }

    /// Se o trabalhador `worker` está sem nada nas mãos. Pode deixar de estar em seguida.
    pub(super) fn is_idle(&self, worker: usize) -> bool {
        self.status[worker].load(Acquire) != BUSY
    }

    /// Se o trabalhador `worker` dorme.
    pub(super) fn is_parked(&self, worker: usize) -> bool {
        self.status[worker].load(Acquire) == PARKED
    }

    /// Se todos os trabalhadores estão sem nada nas mãos.
    pub(super) fn all_idle(&self) -> bool {
        self.status.iter().all(|status| status.load(Acquire) != BUSY)
    }

    pub(super) fn is_done(&self, slot: u32) -> bool {
        self.states[slot as usize].load(Acquire) & DONE != 0
    }

    // ANCHOR: wait
    /// Dorme, na campainha de `waiter`, até que uma de `slots` fique pronta, ou até `deadline`. Pode voltar antes:
    /// quem chama olha de novo.
    ///
    /// `seen` é o que a campainha dizia antes de se olhar o que mais importa.
    pub(super) fn wait_any(&self, waiter: u32, seen: u32, slots: &[u32], deadline: Option<Instant>) {
        let doorbell = &self.doorbells[waiter as usize];
        let done = |&slot: &u32| self.states[slot as usize].fetch_or(WAITED, AcqRel) & DONE != 0;
        if !slots.iter().any(done) {
            A::wait(doorbell, seen, deadline);
        }
    }
    // ANCHOR_END: wait

    /// Quantas vezes a campainha de `waiter` já tocou.
    pub(super) fn doorbell(&self, waiter: u32) -> u32 {
        self.doorbells[waiter as usize].load(Acquire)
    }

    /// Toca a campainha de `waiter`.
    pub(super) fn ring_own_doorbell(&self, waiter: u32) {
        A::add_and_wake(&self.doorbells[waiter as usize]);
    }

    /// Quem espera por `slot` passa a dormir em `waiter`, e só depois olha se ela está pronta.
    pub(super) fn redirect(&self, slot: u32, waiter: u32) {
        self.waiters[slot as usize].store(waiter, Relaxed);
    }

    // ANCHOR: exit
    /// O processo do trabalhador `dead` terminou: a posição que ele podia ter na mão.
    pub(super) fn on_worker_exit(&self, dead: usize) -> Option<u64> {
        let position = self.claimed[dead].load(Acquire);
        self.claimed[dead].store(NONE_CLAIMED, Release);
        self.status[dead].store(BUSY, Release);
        (position < self.head.load(Acquire)).then_some(position)
    }

    /// Se algum trabalhador, que se saiba vivo, pode ter na mão a posição de um morto.
    ///
    /// Com `false`, e a casa não pronta *depois* disto, ela se perdeu com ele: quem a pegou anotou antes de
    /// pegar, e só anota outra depois de acabar.
    pub(super) fn may_be_claimed(&self, position: u64) -> bool {
        self.claimed.iter().any(|claimed| claimed.load(Acquire) == position)
    }
    // ANCHOR_END: exit

    /// Tira o próximo bloco da fila sem fazê-lo; nada, se não há.
    pub(super) fn drain_one(&self) -> Option<u32> {
        let mut position = self.head.load(Acquire);
        while position < self.tail.load(Acquire) {
            let slot = self.cell(position).load(Relaxed);
            match self.head.compare_exchange(position, position + 1, AcqRel, Acquire) {
                Ok(_) => return Some(slot),
                Err(head) => position = head,
            }
        }
        None
    }

    fn cell(&self, position: u64) -> &A::U32 {
        // São uma potência de dois: o resto é uma máscara.
        &self.cells[position as usize & (self.cells.len() - 1)]
    }
}
