//! `map` pelo mural: encher maços, dormir, colher as respostas.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::attend::PackPost;
use super::desk::Kind;
use super::layout::{SHEET, View};
use super::load::{Load, Place};
use super::pack::{MOST, Pack, WORDS};
use super::reserve::Reserve;
use crate::Error;
use crate::parcel::{Descriptor, Parcel};
use crate::pool::reply::{ChunkId, Promise};
use crate::process::task::TaskId;

/// Quantos maços um `map` usa: um que se faz, um à espera, um que o pai enche ou esvazia.
pub(super) const PACKS_AT_ONCE: usize = 3;

/// Quantas casas além das dos postos: para os blocos que vão pelo soquete.
pub(super) const LOOSE: usize = 16;

/// De quantos blocos é o primeiro maço, por trabalhador, e de quantas palavras. Poucos, porque ainda não se sabe
/// quanto duram, e quem mais usa o pool espera pelos maços que já estão na fila.
const FIRST_BLOCKS: usize = 16;
const FIRST_WORDS: usize = 1 << 10;

/// Um maço que durou menos do que isto podia ser maior, e um que durou mais do que aquilo faz esperar demais quem
/// também usa o pool.
const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_millis(32);

/// Quanto se espera por um maço cheio.
const SLOW: Duration = Duration::from_millis(1);

/// Quantos bytes num bloco que se fecha onde convém. As respostas podem ser maiores do que os pedidos, e também
/// precisam caber.
const ROOM: usize = SHEET / 4;

/// Quando faltam tão poucos blocos, eles podem acabar antes de valer a pena dormir.
const FEW: usize = 64;

/// Como os itens se repartem em blocos.
#[derive(Clone, Copy)]
pub(crate) struct Sizing {
    /// Quantos itens num bloco, no máximo.
    pub(crate) items: usize,
    /// Fechar o bloco antes, para que não ocupe demais.
    pub(crate) fit: bool,
}

/// O que um `map` faz com os tipos de quem o chamou. Assim o resto dele se compila uma vez, e não uma por tarefa.
pub(super) struct Ends<'c> {
    /// Acrescenta ao bloco os próximos itens, e diz quantos: [`Parcel::write_some`].
    pub(super) next: &'c mut Next<'c>,
    /// Recebe os resultados de um bloco, o seguinte na ordem.
    pub(super) take: &'c mut Take<'c>,
    /// Entrega ao soquete um bloco que não passa pela memória.
    pub(super) by_socket: &'c dyn Fn(TaskId, &Parcel, Promise<Parcel>),
}

type Next<'c> = dyn FnMut(&mut Parcel, usize, usize, &mut Vec<u8>) -> Result<usize, Error> + 'c;
pub(super) type Take<'c> = dyn FnMut(&[u8], &[Descriptor]) -> Result<(), Error> + 'c;

/// Os itens, bloco a bloco, já em bytes.
struct Chunks<'c> {
    next: &'c mut Next<'c>,
    sizing: Sizing,
    /// O bloco da vez.
    body: Parcel,
    len: usize,
    /// O item que não coube nele.
    left_over: Vec<u8>,
}

impl Chunks<'_> {
    /// Se há um bloco, que fica em `body` até [`done`](Self::done).
    fn peek(&mut self) -> Result<bool, Error> {
        if self.len > 0 {
            return Ok(true);
        }
        if !self.left_over.is_empty() {
            self.body.bytes.append(&mut self.left_over);
            self.len = 1;
        }
        let Sizing { items, fit } = self.sizing;
        let room = if fit { ROOM } else { usize::MAX };
        self.len += (self.next)(&mut self.body, items - self.len, room, &mut self.left_over)?;
        Ok(self.len > 0)
    }

    fn done(&mut self) {
        self.len = 0;
        self.body.bytes.clear();
        self.body.descriptors.clear();
    }
}

/// Um trecho da entrada, na ordem dela.
enum Part {
    Running(Load),
    /// Um bloco que foi pelo soquete.
    Alone,
    /// Um maço pronto, ainda por ler.
    Complete(Load, Vec<Place>),
    /// As respostas, bloco a bloco.
    Held(Vec<Parcel>),
}

/// O que se espera de uma casa.
pub(super) enum Errand {
    Post { part: usize, post: usize },
    Alone { part: usize },
}

/// Um `map` em andamento.
pub(super) struct Batch<'c> {
    reserve: Reserve<Errand>,
    idle_packs: Vec<usize>,
    task: TaskId,
    chunks: Chunks<'c>,
    take: &'c mut Take<'c>,
    by_socket: &'c dyn Fn(TaskId, &Parcel, Promise<Parcel>),
    parts: VecDeque<Part>,
    /// Quantos blocos estão com o soquete.
    alone: usize,
    /// Quantos trechos já saíram de `parts`.
    finished: usize,
    /// De quantos blocos e de quantas palavras é o próximo maço.
    blocks: usize,
    words: usize,
    most: usize,
    last_done: Instant,
}

impl<'c> Batch<'c> {
    /// Com `window`, não mais do que tantos blocos em andamento.
    pub(super) fn new(
        reserve: Reserve<Errand>,
        packs: Vec<usize>,
        task: TaskId,
        sizing: Sizing,
        window: Option<usize>,
        ends: Ends<'c>,
    ) -> Self {
        let most = window.map_or(MOST, |window| (window / packs.len()).clamp(1, MOST));
        let Ends { next, take, by_socket } = ends;
        let chunks = Chunks { next, sizing, body: Parcel::default(), len: 0, left_over: Vec::new() };
        Batch {
            blocks: (FIRST_BLOCKS * reserve.desk().workers()).min(most),
            words: FIRST_WORDS,
            most,
            reserve,
            idle_packs: packs,
            task,
            chunks,
            take,
            by_socket,
            parts: VecDeque::new(),
            alone: 0,
            finished: 0,
            last_done: Instant::now(),
        }
    }

    // ANCHOR: run
    /// Leva todos os itens e entrega todos os resultados, na ordem da entrada.
    pub(super) fn run(mut self) -> Result<(), Error> {
        loop {
            self.send_all()?;
            if self.parts.is_empty() {
                return Ok(());
            }
            self.reserve.wait(self.is_ending());
            // Das falhas que já chegaram, vale a primeira na ordem da entrada.
            let mut failure: Option<((usize, usize), Error)> = None;
            while let Some((errand, answer)) = self.reserve.take_ready() {
                let Err(new) = self.receive(errand, answer) else { continue };
                if failure.as_ref().is_none_or(|known| new.0 < known.0) {
                    failure = Some(new);
                }
            }
            if let Some((_, error)) = failure {
                return Err(error);
            }
            self.deliver()?;
            if self.idle_packs.is_empty() {
                // O primeiro maço demora: os prontos atrás dele não podem ficar com a memória.
                self.hold();
            }
        }
    }
    // ANCHOR_END: run

    /// Entrega os resultados dos primeiros trechos, até o que não está pronto.
    fn deliver(&mut self) -> Result<(), Error> {
        let desk = self.reserve.desk().clone();
        while let Some(Part::Complete(..) | Part::Held(_)) = self.parts.front() {
            self.finished += 1;
            match self.parts.pop_front() {
                Some(Part::Complete(load, places)) => {
                    // Antes de ler: um resultado que não se decodifica não fica com o maço.
                    self.idle_packs.push(load.pack);
                    load.read(&desk.view().pack(load.pack), &places, self.take)?;
                }
                Some(Part::Held(answers)) => {
                    for Parcel { bytes, descriptors } in answers {
                        (self.take)(&bytes, &descriptors)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Traz para cá os maços prontos.
    fn hold(&mut self) {
        let desk = self.reserve.desk().clone();
        for part in &mut self.parts {
            let Part::Complete(load, places) = part else { continue };
            let mut answers = Vec::with_capacity(load.original);
            let keep = &mut |bytes: &[u8], descriptors: &[Descriptor]| {
                answers.push(Parcel { bytes: bytes.to_vec(), descriptors: descriptors.to_vec() });
                Ok(())
            };
            // Guardar não decodifica nada, e não falha.
            let _ = load.read(&desk.view().pack(load.pack), places, keep);
            self.idle_packs.push(load.pack);
            *part = Part::Held(answers);
        }
    }

    /// O que voltou de uma casa. Um erro diz também onde: o trecho, e o bloco nele.
    fn receive(
        &mut self,
        errand: Errand,
        answer: Result<Parcel, Error>,
    ) -> Result<(), ((usize, usize), Error)> {
        match errand {
            Errand::Alone { part } => {
                self.alone -= 1;
                let results = answer.map_err(|error| ((part, 0), error))?;
                self.settle(part, Part::Held(vec![results]));
                Ok(())
            }
            Errand::Post { part, post } => {
                self.come_back(part, post, answer).map_err(|(block, error)| ((part, block), error))
            }
        }
    }

    /// Se o que falta pode acabar logo: um maço que já não tem blocos por pegar, ou muito poucos.
    fn is_ending(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Running(load) => load.count <= FEW || load.posts_out < self.reserve.desk().workers(),
            _ => false,
        })
    }

    fn settle(&mut self, part: usize, done: Part) {
        self.parts[part - self.finished] = done;
    }

    fn send_all(&mut self) -> Result<(), Error> {
        while self.reserve.has_room() && self.chunks.peek()? {
            let Chunks { body, len, .. } = &self.chunks;
            let part = self.finished + self.parts.len();
            if body.descriptors.is_empty() && Pack::fits(0, *len, body.bytes.len()) {
                let Some(pack) = self.idle_packs.pop() else { return Ok(()) };
                let load = self.fill(pack)?;
                self.parts.push_back(Part::Running(load));
                let posts = self.reserve.desk().workers();
                (0..posts).for_each(|post| self.send_post(part, post));
                continue;
            }
            if self.alone == LOOSE {
                // As outras casas são dos postos: sem uma, o bloco de um posto não sairia nunca.
                return Ok(());
            }
            self.alone += 1;
            let chunk = ChunkId { index: part, len: *len };
            if let Some(promise) = self.reserve.expect(Errand::Alone { part }, chunk) {
                (self.by_socket)(self.task, body, promise);
            }
            self.parts.push_back(Part::Alone);
            self.chunks.done();
        }
        Ok(())
    }

    /// Enche o maço com os próximos blocos; o primeiro cabe.
    fn fill(&mut self, pack: usize) -> Result<Load, Error> {
        let desk = self.reserve.desk().clone();
        let view = desk.view();
        let memory = view.pack(pack);
        memory.clear();
        let (mut count, mut end, mut items) = (0, 0, 0);
        let since = Instant::now();
        // Se um item não vira bytes, o maço volta a ser de ninguém.
        let outcome = loop {
            let full = count == self.blocks || (count > 0 && end >= self.words);
            // Uma entrada lenta não deixa ninguém esperando pelo maço cheio. Ver as horas custa quase um bloco.
            let look = count > 0 && (count.is_power_of_two() || count % 64 == 0);
            if full || (look && since.elapsed() > SLOW) {
                break Ok(());
            }
            match self.chunks.peek() {
                Err(error) => break Err(error),
                Ok(false) => break Ok(()),
                Ok(true) => {}
            }
            let Chunks { body, len, .. } = &self.chunks;
            if !body.descriptors.is_empty() || !Pack::fits(end, *len, body.bytes.len()) {
                break Ok(());
            }
            end = memory.write(count, end, *len, &body.bytes);
            count += 1;
            items += len;
            self.chunks.done();
        };
        if let Err(error) = outcome {
            self.idle_packs.push(pack);
            return Err(error);
        }
        memory.share(0, count);
        Ok(Load {
            pack,
            count,
            original: count,
            repeated: Vec::new(),
            items,
            posts_out: 0,
            since,
            large: Vec::new(),
            suspects: Vec::new(),
        })
    }

    fn send_post(&mut self, part: usize, post: usize) {
        let Part::Running(load) = &mut self.parts[part - self.finished] else { return };
        load.posts_out += 1;
        let bytes = PackPost { pack: load.pack, post }.write();
        let (task, kind) = (self.task, Kind::Post(load.pack));
        let write = |view: &View<'_>, slot| view.write_post(slot, task, &bytes);
        self.reserve.send(Errand::Post { part, post }, 0, kind, write);
    }

    // ANCHOR: come_back
    /// Um posto acabou: porque acabaram os blocos, porque quem o ocupava tinha mais o que fazer, ou porque morreu.
    fn come_back(
        &mut self,
        part: usize,
        post: usize,
        answer: Result<Parcel, Error>,
    ) -> Result<(), (usize, Error)> {
        let desk = self.reserve.desk().clone();
        let view = desk.view();
        let Part::Running(load) = &mut self.parts[part - self.finished] else { return Ok(()) };
        let pack = view.pack(load.pack);
        load.posts_out -= 1;
        match answer {
            Ok(answer) => load.keep_large(answer)?,
            Err(error) if desk.refusal().is_some() => return Err((usize::MAX, error)),
            Err(error) => load.suspects.extend(pack.forget(post).map(|block| (block, error))),
        }
        if let Some(error) = load.hopeless(&pack, desk.workers(), desk.retries()) {
            return Err(error);
        }
        if !pack.ranges().are_empty() {
            load.make_room(&pack, post);
            self.send_post(part, post);
        } else if load.posts_out == 0 {
            let places = load.places(&pack, desk.workers());
            let again = load.send_back_missing(&pack, &places, desk.retries())?;
            if again.is_empty() {
                self.finish(part, places);
                return Ok(());
            }
            again.iter().for_each(|lost| {
                if *lost {
                    desk.count_retry()
                }
            });
            (0..desk.workers()).for_each(|post| self.send_post(part, post));
        }
        Ok(())
    }
    // ANCHOR_END: come_back

    /// Todos os blocos do maço estão prontos.
    fn finish(&mut self, part: usize, places: Vec<Place>) {
        let place = &mut self.parts[part - self.finished];
        if let Part::Running(load) = std::mem::replace(place, Part::Alone) {
            self.reserve.desk().count(load.items);
            let since = load.since;
            *place = Part::Complete(load, places);
            self.adapt(since);
        }
    }

    /// Um maço que ficou pronto depressa diz que o próximo pode ser maior; um que demorou, que deve ser menor.
    fn adapt(&mut self, since: Instant) {
        let elapsed = since.max(self.last_done).elapsed();
        if elapsed < SHORT {
            self.blocks = (4 * self.blocks).min(self.most);
            self.words = (4 * self.words).min(WORDS);
        } else if elapsed > LONG {
            self.blocks = (self.blocks / 4).max(self.reserve.desk().workers()).min(self.most);
        }
        self.last_done = Instant::now();
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let desk = self.reserve.desk();
        let view = desk.view();
        for part in &self.parts {
            if let Part::Running(load) | Part::Complete(load, _) = part {
                view.pack(load.pack).stop();
                desk.give_back_pack(load.pack, load.posts_out);
            }
        }
        for &pack in &self.idle_packs {
            desk.give_back_pack(pack, 0);
        }
    }
}
