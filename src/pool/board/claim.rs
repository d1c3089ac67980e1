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
//!   o pai          publish     escreve a casa, depois o anel, depois `tail`; acorda quem falta
//!   o trabalhador  claim       anota a posição, e só então tenta levar `head` uma adiante
//!                  finish      escreve a resposta na casa, depois o aviso; toca a campainha, se alguém a pediu
//!                  rest        procura um pouco, e dorme
//!   quem pediu     wait_any    pede a campainha em cada casa que lhe serve, e dorme
//!   o supervisor   bury        a anotação do morto diz que posição ele podia ter na mão
//! ```
//!
//! **Ninguém perde um aviso.** Quem vai dormir escreve que dorme, e só depois olha a fila; quem publica escreve
//! na fila, e só depois olha quem dorme. Com uma barreira no meio de cada um, é impossível que os dois olhem
//! antes do que o outro escreveu. Do lado das respostas basta uma palavra: `DONE` e `CALL` são bits dela, e cada lado
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
//! # Os maços
//!
//! Um *maço* (`pack.rs`) é um bloco que muitos fazem juntos. Uma contagem única, disputada a cada bloco pequeno,
//! faria uma linha de cache atravessar de um núcleo a outro a cada vez. Por isso cada *posto* do maço tem uma faixa de
//! blocos só dele, numa linha só dele, e quem acaba a sua toma metade da de outro:
//!
//! ```text
//!   posto 1   ░░░░░▓▓▓▓▓▓▓▓      o dono pega pela frente, um de cada vez
//!   posto 2   ░░░░░░░░░░░░░      o ladrão leva a metade de trás
//! ```
//!
//! A faixa inteira, começo e fim, cabe numa palavra: quem a muda vê se alguém a mudou antes. A anotação diz o bloco
//! que o dono ia pegar; o que um ladrão morto tirou de outro e não chegou a pôr na sua faixa, ninguém anotou, e não
//! começou: o pai o encontra quando conta o que falta.
//!
//! O teste deste arquivo roda este mesmo código sob o *loom*, que experimenta todas as ordens em que as threads
//! podem se cruzar e todos os valores antigos que uma leitura pode ver.

use std::ops::Index;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release};
use std::time::Instant;

/// Uma palavra da memória dividida.
pub(super) trait Word<T> {
    fn load(&self, order: Ordering) -> T;
    fn store(&self, value: T, order: Ordering);
    fn swap(&self, value: T, order: Ordering) -> T;
    fn fetch_or(&self, bits: T, order: Ordering) -> T;
    fn compare_exchange(&self, current: T, new: T, success: Ordering, failure: Ordering) -> Result<T, T>;
}

/// A memória em que o protocolo roda: a de verdade, ou a do teste.
pub(super) trait Atomics {
    type U32: Word<u32>;
    type U64: Word<u64>;
    /// Uma barreira `SeqCst`.
    fn fence();
    /// Dorme enquanto `word` vale `seen`, até `deadline`. Pode voltar à toa.
    fn wait(word: &Self::U32, seen: u32, deadline: Option<Instant>);
    /// Acorda quem dorme por `word`.
    fn wake(word: &Self::U32);
    /// Soma 1 a `word` e acorda quem dorme por ela, de modo que uma morte não separe uma coisa da outra.
    fn add_and_wake(word: &Self::U32);
}

/// Palavras iguais, uma a cada `stride`: cada uma fica numa linha de cache só dela.
pub(super) struct Strided<'m, T> {
    pub(super) words: &'m [T],
    pub(super) stride: usize,
}

impl<T> Index<usize> for Strided<'_, T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        &self.words[index * self.stride]
    }
}

impl<T> Strided<'_, T> {
    fn iter(&self) -> impl Iterator<Item = &T> {
        self.words.iter().step_by(self.stride)
    }
}

/// As palavras do protocolo.
pub(super) struct Claims<'m, A: Atomics> {
    /// A próxima posição a pegar.
    pub(super) head: &'m A::U64,
    /// A próxima posição a publicar.
    pub(super) tail: &'m A::U64,
    /// A casa de cada posição.
    pub(super) ring: &'m [A::U32],
    /// De cada trabalhador, a última posição que ele tentou pegar.
    pub(super) notes: Strided<'m, A::U64>,
    /// De cada trabalhador: ocupado, procurando, dormindo.
    pub(super) status: Strided<'m, A::U32>,
    /// De cada casa: `DONE`, `CALL`.
    pub(super) states: Strided<'m, A::U32>,
    /// De cada casa, a palavra em que se dorme.
    pub(super) bells: Strided<'m, A::U32>,
    /// De cada casa, a casa cuja campainha tocar quando ela ficar pronta.
    pub(super) callers: Strided<'m, A::U32>,
}

/// A anotação de quem nunca pegou nada.
pub(super) const NOWHERE: u64 = u64::MAX;

/// A casa está pronta.
const DONE: u32 = 1;
/// Alguém espera por ela.
const CALL: u32 = 2;

pub(super) const BUSY: u32 = 0;
const SEEKING: u32 = 1;
const ASLEEP: u32 = 2;

impl<A: Atomics> Claims<'_, A> {
    /// A casa passa a ser de um bloco novo, que ninguém fez nem espera; quem o pediu dormirá em `caller`.
    pub(super) fn renew(&self, slot: u32, caller: u32) {
        self.callers[slot as usize].store(caller, Relaxed);
        self.states[slot as usize].store(0, Relaxed);
    }

    // ANCHOR: publish
    /// Põe `slots` à vista, na ordem; devolve a posição da primeira. Um por vez: quem chama tem a trava do pai.
    pub(super) fn publish(&self, slots: impl IntoIterator<Item = u32>) -> u64 {
        let first = self.tail.load(Relaxed);
        let mut tail = first;
        for slot in slots {
            self.cell(tail).store(slot, Relaxed);
            tail += 1;
        }
        // Quem vir esta contagem vê tudo o que foi escrito antes dela.
        self.tail.store(tail, Release);
        first
    }
    // ANCHOR_END: publish

    // ANCHOR: wake
    /// Acorda trabalhadores até que haja um procurando para cada bloco à espera.
    pub(super) fn wake_enough(&self) {
        A::fence();
        // Nesta ordem: outro pode publicar, e um trabalhador pegar, entre uma leitura e a outra.
        let head = self.head.load(Acquire);
        let waiting = self.tail.load(Relaxed) - head;
        let seeking = self.status.iter().filter(|status| status.load(Relaxed) == SEEKING).count();
        let mut missing = waiting.saturating_sub(seeking as u64);
        for status in self.status.iter() {
            if missing == 0 {
                return;
            }
            if status.load(Relaxed) == ASLEEP
                && status.compare_exchange(ASLEEP, SEEKING, AcqRel, Relaxed).is_ok()
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
        let note = &self.notes[me];
        let mut position = self.head.load(Acquire);
        while position < self.tail.load(Acquire) {
            // Antes de pegar: depois, o lugar dela no anel já pode ser de outra posição.
            let slot = self.cell(position).load(Relaxed);
            note.store(position, Release);
            match self.head.compare_exchange(position, position + 1, AcqRel, Acquire) {
                Ok(_) => return Some(slot),
                Err(head) => position = head,
            }
        }
        // Nada na mão: a posição anotada pode ser a que outro pegou, e quem vai dormir não pode ser suspeito dela.
        note.store(NOWHERE, Release);
        None
    }
    // ANCHOR_END: claim

    // ANCHOR: finish
    /// A resposta está na casa: avisa quem espera por ela.
    pub(super) fn finish(&self, slot: u32) {
        if self.states[slot as usize].swap(DONE, AcqRel) & CALL != 0 {
            self.ring_for(slot);
        }
    }
    // ANCHOR_END: finish

    /// Toca a campainha de quem espera por `slot`.
    pub(super) fn ring_for(&self, slot: u32) {
        let caller = self.callers[slot as usize].load(Relaxed);
        A::add_and_wake(&self.bells[caller as usize]);
    }

    // ANCHOR: rest
    /// Espera que haja o que fazer: procura enquanto `patience` quiser, depois dorme. Volta também se `leave`.
    pub(super) fn rest(&self, me: usize, mut patience: impl FnMut() -> bool, leave: impl Fn() -> bool) {
        let status = &self.status[me];
        let awaited = || self.has_waiting() || leave();
        status.store(SEEKING, Release);
        while !awaited() {
            if patience() {
                continue;
            }
            status.store(ASLEEP, Release);
            A::fence();
            if awaited() {
                break;
            }
            A::wait(status, ASLEEP, None);
        }
        status.store(BUSY, Release);
    }
    // ANCHOR_END: rest

    /// Acorda o trabalhador `worker`, se dorme, para que olhe se deve sair.
    pub(super) fn rouse(&self, worker: usize) {
        A::fence();
        let status = &self.status[worker];
        if status.compare_exchange(ASLEEP, SEEKING, AcqRel, Relaxed).is_ok() {
            A::wake(status);
        }
    }

    /// Se o trabalhador `worker` está sem nada nas mãos. Pode deixar de estar em seguida.
    pub(super) fn is_resting(&self, worker: usize) -> bool {
        self.status[worker].load(Acquire) != BUSY
    }

    pub(super) fn is_done(&self, slot: u32) -> bool {
        self.states[slot as usize].load(Acquire) & DONE != 0
    }

    // ANCHOR: wait
    /// Dorme, na campainha de `caller`, até que uma de `slots` fique pronta, ou até `deadline`. Pode voltar antes:
    /// quem chama olha de novo.
    pub(super) fn wait_any(&self, caller: u32, slots: &[u32], deadline: Option<Instant>) {
        let bell = &self.bells[caller as usize];
        let seen = bell.load(Acquire);
        let done = |&slot: &u32| self.states[slot as usize].fetch_or(CALL, AcqRel) & DONE != 0;
        if !slots.iter().any(done) {
            A::wait(bell, seen, deadline);
        }
    }
    // ANCHOR_END: wait

    // ANCHOR: bury
    /// O processo do trabalhador `dead` terminou: a posição que ele podia ter na mão.
    pub(super) fn bury(&self, dead: usize) -> Option<u64> {
        let position = self.notes[dead].load(Acquire);
        self.notes[dead].store(NOWHERE, Release);
        self.status[dead].store(BUSY, Release);
        (position < self.head.load(Acquire)).then_some(position)
    }

    /// Se algum trabalhador, que se saiba vivo, pode ter na mão a posição de um morto.
    ///
    /// Com `false`, e a casa não pronta *depois* disto, ela se perdeu com ele: quem a pegou anotou antes de
    /// pegar, e só anota outra depois de acabar.
    pub(super) fn may_be_held(&self, position: u64) -> bool {
        self.notes.iter().any(|note| note.load(Acquire) == position)
    }
    // ANCHOR_END: bury

    /// Tira o próximo bloco da fila sem fazê-lo; nada, se não há.
    pub(super) fn take_back(&self) -> Option<u32> {
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
        &self.ring[position as usize & (self.ring.len() - 1)]
    }
}

/// As faixas de um maço.
pub(super) struct Ranges<'m, A: Atomics> {
    /// De cada posto, os blocos que são dele e ninguém pegou.
    pub(super) ranges: Strided<'m, A::U64>,
    /// De cada posto, o último bloco que ele tentou pegar.
    pub(super) notes: Strided<'m, A::U64>,
}

/// Uma faixa numa palavra.
pub(super) fn range(start: u32, end: u32) -> u64 {
    u64::from(start) << 32 | u64::from(end)
}

fn bounds(range: u64) -> (u32, u32) {
    ((range >> 32) as u32, range as u32)
}

impl<A: Atomics> Ranges<'_, A> {
    // ANCHOR: take
    /// Pega o próximo bloco para o posto `post`; nada, se não resta nenhum à vista.
    pub(super) fn take(&self, post: usize) -> Option<u32> {
        loop {
            let own = self.ranges[post].load(Acquire);
            let (start, end) = bounds(own);
            if start == end {
                self.steal(post)?;
                continue;
            }
            self.notes[post].store(start.into(), Release);
            if self.ranges[post].compare_exchange(own, range(start + 1, end), AcqRel, Acquire).is_ok() {
                return Some(start);
            }
        }
    }

    /// Toma metade da faixa de outro posto; `None` se todas estão vazias.
    fn steal(&self, post: usize) -> Option<()> {
        let posts = self.ranges.iter().count();
        // O vizinho primeiro, e cada um tem o seu: nem todos vão ao mesmo.
        for victim in (post + 1..posts).chain(0..post) {
            let theirs = self.ranges[victim].load(Acquire);
            let (start, end) = bounds(theirs);
            if start == end {
                continue;
            }
            let middle = start + (end - start) / 2;
            if self.ranges[victim].compare_exchange(theirs, range(start, middle), AcqRel, Acquire).is_ok() {
                // Ninguém rouba de uma faixa vazia: a nossa só muda por aqui.
                self.ranges[post].store(range(middle, end), Release);
            }
            // Se outro chegou antes, volta-se a olhar desde o começo.
            return Some(());
        }
        None
    }
    // ANCHOR_END: take

    /// Se `block` ainda está numa faixa.
    pub(super) fn holds(&self, block: u32) -> bool {
        self.ranges.iter().any(|range| {
            let (start, end) = bounds(range.load(Acquire));
            (start..end).contains(&block)
        })
    }

    /// Se não resta bloco em faixa nenhuma.
    pub(super) fn are_empty(&self) -> bool {
        self.ranges.iter().map(|range| bounds(range.load(Acquire))).all(|(start, end)| start == end)
    }

    /// Se algum posto tem `block` na mão, ou pode ter.
    pub(super) fn may_be_held(&self, block: u32) -> bool {
        self.notes.iter().any(|note| note.load(Acquire) == u64::from(block))
    }
}
