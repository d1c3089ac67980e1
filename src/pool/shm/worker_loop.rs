//! O lado do trabalhador: uma tarefa como as outras, que só acaba quando o supervisor chama.
//!
//! Ela chega pelo soquete, com a memória do mural, e enquanto roda o trabalhador pega blocos do anel. O que
//! não cabe na memória a encerra: a resposta dela leva o que não coube, e o supervisor pede outra.

use std::sync::OnceLock;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::arena::{Arena, SlotRequest, View};
use super::backoff::{Backoff, current_core};
use super::batch::Batch;
use super::seat::{BatchSeat, HEADER, NO_CHUNK, NO_SLOT, Recall, Seat, header};
use crate::Error;
use crate::clock::now_ns;
use crate::parcel::{self, Parcel};
use crate::process::build::SameBuild;
use crate::process::task::{Arguments, Chunks, TaskId};
use crate::process::{lifeline, protocol};

/// Quanto lugar para uma resposta fica com quem dorme.
const KEPT: usize = 64 << 10;

/// Pega blocos do anel até o supervisor chamar.
pub(crate) fn worker_loop(chunks: &mut dyn Chunks, proof: SameBuild) -> Result<(), Error> {
    /// A memória continua mapeada entre um posto e o seguinte: mapeá-la de novo traria cada página de novo.
    static KEPT: OnceLock<Arena> = OnceLock::new();
    let Some((arguments, answer)) = chunks.next() else { return Ok(()) };
    let seat = parcel::read::<Seat>(arguments.bytes, &arguments.descriptors)?;
    drop(arguments);
    let arena = KEPT.get_or_init(|| seat.arena.clone());
    let start = answer.bytes.len();
    // O que veio antes, o `initializer` por exemplo, pode ter desfeito o que liga a vida deste processo à do pai.
    lifeline::renew();
    WorkerLoop { arena, view: arena.view(), seat: &seat, proof, start, items: 0 }.run(answer)
}

struct WorkerLoop<'p> {
    arena: &'p Arena,
    view: View<'p>,
    seat: &'p Seat,
    proof: SameBuild,
    /// Onde começa a resposta.
    start: usize,
    items: usize,
}

impl WorkerLoop<'_> {
    fn run(mut self, answer: &mut Parcel) -> Result<(), Error> {
        let mut bytes = Vec::new();
        let mut large = NO_SLOT;
        answer.bytes.extend(header(NO_SLOT, 0));
        while large == NO_SLOT && !self.is_spent() && !self.is_recalled(Recall::Now) {
            let Some(slot) = self.view.ring.claim(self.seat.worker) else {
                if self.is_recalled(Recall::Drain) {
                    break;
                }
                self.park(answer);
                continue;
            };
            if !self.work(slot, &mut bytes, answer)? {
                large = slot;
            }
        }
        answer.bytes[self.start..self.start + HEADER].copy_from_slice(&header(large, self.items));
        Ok(())
    }

    /// Faz o bloco; `false` se a resposta, que ficou em `answer`, não cabe na memória.
    fn work(&mut self, slot: u32, bytes: &mut Vec<u8>, answer: &mut Parcel) -> Result<bool, Error> {
        self.view.core_of(self.seat.worker).store(current_core(), Relaxed);
        let request = self.view.read_request(slot, bytes);
        let SlotRequest { task, items, in_bulk, cancelled, is_seat } = request;
        if cancelled {
            self.view.ring.finish(slot);
            return Ok(true);
        }
        if is_seat {
            let seat = BatchSeat::read(bytes);
            self.work_on_batch(slot, seat, task, bytes, answer)?;
        } else {
            let arena = self.arena;
            let view = arena.view();
            let bytes = in_bulk.map_or(&bytes[..], |place| view.bulk.bytes(place));
            self.run_task(task, items, bytes, answer)?;
        }
        let body = self.start + HEADER;
        if !answer.descriptors.is_empty() || !self.view.write_reply(slot, &answer.bytes[body..]) {
            return Ok(false);
        }
        answer.bytes.truncate(body);
        self.view.ring.finish(slot);
        Ok(true)
    }

    /// Faz blocos do maço até que acabem. Um que falha, ou cuja resposta não cabe no diário, fica em `answer`.
    fn work_on_batch(
        &mut self,
        slot: u32,
        BatchSeat { batch, seat, streams }: BatchSeat,
        task: TaskId,
        bytes: &mut Vec<u8>,
        answer: &mut Parcel,
    ) -> Result<(), Error> {
        protocol::write_done(answer);
        let start = answer.bytes.len();
        answer.bytes.extend(NO_CHUNK.to_le_bytes());
        protocol::write_done(answer);
        let body = answer.bytes.len();
        let arena = self.arena;
        let (batch, proof) = (arena.batch(batch), self.proof);
        let told = streams.then_some(slot);
        let mut turn =
            BatchTurn { worker_loop: self, batch: &batch, seat, told, bytes, answer, body, current: None };
        while let Err(error) = protocol::run_all(task, &mut turn, proof) {
            protocol::write_failure(turn.answer, body - 1, error)?;
            if !turn.put_failure_away() {
                break;
            }
        }
        if let Some((chunk, items)) = turn.current {
            self.end(items);
            answer.bytes[start..start + 4].copy_from_slice(&(chunk as u32).to_le_bytes());
        }
        Ok(())
    }

    fn run_task(
        &mut self,
        task: TaskId,
        items: usize,
        bytes: &[u8],
        answer: &mut Parcel,
    ) -> Result<(), Error> {
        self.begin(items);
        protocol::run(task, Arguments { items, bytes, descriptors: Vec::new() }, answer, self.proof)?;
        self.end(items);
        Ok(())
    }

    fn begin(&self, items: usize) {
        if self.seat.timed {
            self.view.doing(self.seat.worker).store(items as u64, Relaxed);
            self.view.since(self.seat.worker).store(now_ns(), Release);
        }
    }

    fn end(&mut self, items: usize) {
        if self.seat.timed {
            self.view.since(self.seat.worker).store(0, Release);
        }
        self.items += items;
        let finished = self.view.finished(self.seat.worker);
        finished.store(finished.load(Relaxed) + 1, Relaxed);
    }

    fn park(&self, answer: &mut Parcel) {
        let mut backoff = Backoff::new();
        let shares_core = || self.view.publisher_core().load(Relaxed) == current_core();
        let leave = || self.view.recall_of(self.seat.worker).load(Acquire) != 0;
        let spin = || {
            let go_on = backoff.wait(shares_core);
            if !go_on {
                // Quem dorme só acorda por um aviso: o do fim do pai é o único que vem de fora.
                lifeline::renew();
                // Depois de uma resposta enorme, a memória dela dormiria aqui.
                answer.bytes.shrink_to(KEPT);
            }
            go_on
        };
        self.view.ring.park(self.seat.worker, spin, leave);
    }

    fn is_recalled(&self, recall: Recall) -> bool {
        self.view.recall_of(self.seat.worker).load(Acquire) >= recall as u32
    }

    fn is_spent(&self) -> bool {
        self.seat.quota.is_some_and(|quota| self.items >= quota)
    }
}

/// Um posto de um maço, enquanto alguém o ocupa.
struct BatchTurn<'t, 'p> {
    worker_loop: &'t mut WorkerLoop<'p>,
    batch: &'t Batch<'t>,
    seat: usize,
    /// A casa por onde se avisa de cada resposta, se alguém as quer uma a uma.
    told: Option<u32>,
    bytes: &'t mut Vec<u8>,
    answer: &'t mut Parcel,
    /// Onde começam os resultados de um bloco em `answer`.
    body: usize,
    /// O bloco na mão, e quantos itens tem.
    current: Option<(usize, usize)>,
}

impl BatchTurn<'_, '_> {
    /// Deixa no diário a resposta do bloco que estava na mão; `false` se ela não cabe lá, ou se outra igual não
    /// caberia: quem pediu o maço abre lugar.
    fn put_away(&mut self) -> bool {
        let Some((chunk, _)) = self.current else { return true };
        let results = &self.answer.bytes[self.body..];
        let len = results.len();
        if !self.answer.descriptors.is_empty() || !self.batch.log(self.seat, chunk, results) {
            return false;
        }
        self.answer.bytes.truncate(self.body);
        self.logged();
        self.batch.has_room(self.seat, len)
    }

    /// O mesmo, com a falha que está no lugar dos resultados; `false` se quem pediu o maço fica com ela e não quer mais nada.
    fn put_failure_away(&mut self) -> bool {
        if self.told.is_none() {
            self.batch.stop();
            return false;
        }
        let Some((chunk, _)) = self.current else { return false };
        if !self.batch.log_failure(self.seat, chunk, &self.answer.bytes[self.body - 1..]) {
            return false;
        }
        self.answer.bytes.truncate(self.body - 1);
        protocol::write_done(self.answer);
        self.logged();
        true
    }

    /// A resposta do bloco que estava na mão está no diário.
    fn logged(&mut self) {
        if let Some(slot) = self.told.filter(|_| self.batch.log_end(self.seat).is_asked()) {
            self.worker_loop.view.ring.ring_doorbell(slot);
        }
        if let Some((_, items)) = self.current.take() {
            self.worker_loop.end(items);
        }
    }
}

impl Chunks for BatchTurn<'_, '_> {
    fn next(&mut self) -> Option<(Arguments<'_>, &mut Parcel)> {
        if !self.put_away() || self.worker_loop.is_spent() || self.worker_loop.is_recalled(Recall::Now) {
            return None;
        }
        let chunk = self.batch.ranges().take(self.seat)? as usize;
        let (items, len) = self.batch.read(chunk, self.bytes);
        self.worker_loop.begin(items);
        self.current = Some((chunk, items));
        Some((Arguments { items, bytes: &self.bytes[..len], descriptors: Vec::new() }, self.answer))
    }
}
