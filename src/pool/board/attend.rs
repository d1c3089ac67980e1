//! O lado do trabalhador: uma tarefa como as outras, que só acaba quando o supervisor chama.
//!
//! Ela chega pelo soquete, com a memória do mural, e enquanto roda o trabalhador pega blocos do mural. O que
//! não cabe na memória a encerra: a resposta dela leva o que não coube, e o supervisor pede outra.

use std::sync::OnceLock;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use serde::{Deserialize, Serialize};

use super::desk::{Haste, now};
use super::layout::{Memories, Request, View};
use super::pack::Pack;
use super::patience::Patience;
use crate::Error;
use crate::parcel::{self, Parcel};
use crate::process::protocol;
use crate::process::task::{Arguments, Blocks, TaskId};

/// O posto de um trabalhador.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Post {
    pub(super) memories: Memories,
    pub(super) worker: usize,
    /// Quantos itens ele ainda faz.
    pub(super) quota: Option<usize>,
    /// Se alguém vigia quanto tempo leva cada bloco.
    pub(super) timed: bool,
}

/// Como um trabalhador deixou o mural.
pub(crate) struct Leave {
    /// Quantos itens fez.
    pub(crate) items: usize,
    /// A casa cuja resposta não coube na memória, e a resposta.
    pub(crate) large: Option<(u32, Result<Parcel, Error>)>,
}

/// O começo da resposta: a casa, se alguma, e quantos itens.
const HEADER: usize = 12;
const NO_SLOT: u32 = u32::MAX;

impl Leave {
    /// Lê a resposta de [`attend`].
    pub(crate) fn read(mut answer: Parcel) -> Result<Self, Error> {
        let short = || Error::Decode("a saída de um trabalhador não foi entendida".to_owned());
        let (header, _) = answer.bytes.split_first_chunk::<HEADER>().ok_or_else(short)?;
        let [a, b, c, d, items @ ..] = *header;
        let slot = u32::from_le_bytes([a, b, c, d]);
        answer.bytes.drain(..HEADER);
        let large = if slot == NO_SLOT { None } else { Some((slot, protocol::read_reply(answer)?)) };
        Ok(Leave { items: u64::from_le_bytes(items) as usize, large })
    }
}

fn header(slot: u32, items: usize) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..4].copy_from_slice(&slot.to_le_bytes());
    header[4..].copy_from_slice(&(items as u64).to_le_bytes());
    header
}

/// Pega blocos do mural até o supervisor chamar.
pub(crate) fn attend(blocks: &mut dyn Blocks) -> Result<(), Error> {
    /// A memória continua mapeada entre um posto e o seguinte: mapeá-la de novo traria cada página de novo.
    static KEPT: OnceLock<Memories> = OnceLock::new();
    let Some((arguments, answer)) = blocks.next() else { return Ok(()) };
    let (post, _) = parcel::read::<Post>(arguments.bytes, &arguments.descriptors)?;
    drop(arguments);
    let memories = KEPT.get_or_init(|| post.memories.clone());
    let start = answer.bytes.len();
    let attendance = Attendance { memories, view: memories.view(), post: &post, start, items: 0 };
    attendance.run(answer)
}

/// Um posto num maço, como viaja no pedido de uma casa.
#[derive(Clone, Copy)]
pub(super) struct PackPost {
    pub(super) pack: usize,
    pub(super) post: usize,
}

impl PackPost {
    pub(super) fn write(self) -> [u8; 8] {
        ((self.pack as u64) << 32 | self.post as u64).to_le_bytes()
    }

    fn read(bytes: &[u8]) -> Self {
        let both = bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        PackPost { pack: (both >> 32) as usize, post: both as u32 as usize }
    }
}

/// No lugar do bloco que não coube no diário: não houve nenhum.
pub(super) const NO_BLOCK: u32 = u32::MAX;

struct Attendance<'p> {
    memories: &'p Memories,
    view: View<'p>,
    post: &'p Post,
    /// Onde começa a resposta.
    start: usize,
    items: usize,
}

impl Attendance<'_> {
    fn run(mut self, answer: &mut Parcel) -> Result<(), Error> {
        let mut bytes = Vec::new();
        let mut large = NO_SLOT;
        answer.bytes.extend(header(NO_SLOT, 0));
        while large == NO_SLOT && !self.is_spent() && !self.is_summoned(Haste::Now) {
            let Some(slot) = self.view.claims.claim(self.post.worker) else {
                if self.is_summoned(Haste::WhenDone) {
                    break;
                }
                self.rest();
                continue;
            };
            if !self.work(slot, &mut bytes, answer)? {
                large = slot;
            }
        }
        answer.bytes[self.start..self.start + HEADER].copy_from_slice(&header(large, self.items));
        Ok(())
    }

    // ANCHOR: work
    /// Faz o bloco; `false` se a resposta, que ficou em `answer`, não cabe na memória.
    fn work(&mut self, slot: u32, bytes: &mut Vec<u8>, answer: &mut Parcel) -> Result<bool, Error> {
        let Request { task, items, cancelled, pack } = self.view.read_request(slot, bytes);
        if cancelled {
            self.view.claims.finish(slot);
            return Ok(true);
        }
        if pack {
            let post = PackPost::read(bytes);
            self.work_on_pack(post, task, bytes, answer)?;
        } else {
            self.run_task(task, items, bytes, answer)?;
        }
        let body = self.start + HEADER;
        if !answer.descriptors.is_empty() || !self.view.write_reply(slot, &answer.bytes[body..]) {
            return Ok(false);
        }
        answer.bytes.truncate(body);
        self.view.claims.finish(slot);
        Ok(true)
    }
    // ANCHOR_END: work

    /// Faz blocos do maço até que acabem. Um que falha, ou cuja resposta não cabe no diário, fica em `answer`.
    fn work_on_pack(
        &mut self,
        PackPost { pack, post }: PackPost,
        task: TaskId,
        bytes: &mut Vec<u8>,
        answer: &mut Parcel,
    ) -> Result<(), Error> {
        protocol::write_done(answer);
        let start = answer.bytes.len();
        answer.bytes.extend(NO_BLOCK.to_le_bytes());
        protocol::write_done(answer);
        let body = answer.bytes.len();
        let memories = self.memories;
        let view = memories.view();
        let pack = view.pack(pack);
        let mut turn = PackTurn { attendance: self, pack: &pack, post, bytes, answer, body, current: None };
        let outcome = protocol::run_all(task, &mut turn);
        if let Some((block, items)) = turn.current {
            self.end(items);
            answer.bytes[start..start + 4].copy_from_slice(&(block as u32).to_le_bytes());
        }
        if let Err(error) = outcome {
            // Quem pediu fica com a primeira falha, e não quer mais nada.
            pack.stop();
            protocol::write_failure(answer, body - 1, error)?;
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
        protocol::run(task, Arguments { items, bytes, descriptors: Vec::new() }, answer)?;
        self.end(items);
        Ok(())
    }

    fn begin(&self, items: usize) {
        if self.post.timed {
            self.view.doing(self.post.worker).store(items as u64, Relaxed);
            self.view.since(self.post.worker).store(now(), Release);
        }
    }

    fn end(&mut self, items: usize) {
        if self.post.timed {
            self.view.since(self.post.worker).store(0, Release);
        }
        self.items += items;
        let finished = self.view.finished(self.post.worker);
        finished.store(finished.load(Relaxed) + 1, Relaxed);
    }

    fn rest(&self) {
        let mut patience = Patience::new();
        let leave = || self.view.summons(self.post.worker).load(Acquire) != 0;
        self.view.claims.rest(self.post.worker, || patience.wait(), leave);
    }

    fn is_summoned(&self, haste: Haste) -> bool {
        self.view.summons(self.post.worker).load(Acquire) >= haste as u32
    }

    fn is_spent(&self) -> bool {
        self.post.quota.is_some_and(|quota| self.items >= quota)
    }
}

/// Um posto de um maço, enquanto alguém o ocupa.
struct PackTurn<'t, 'p> {
    attendance: &'t mut Attendance<'p>,
    pack: &'t Pack<'t>,
    post: usize,
    bytes: &'t mut Vec<u8>,
    answer: &'t mut Parcel,
    /// Onde começam os resultados de um bloco em `answer`.
    body: usize,
    /// O bloco na mão, e quantos itens tem.
    current: Option<(usize, usize)>,
}

impl PackTurn<'_, '_> {
    // ANCHOR: pack
    /// Deixa no diário a resposta do bloco que estava na mão; `false` se ela não cabe lá, ou se outra igual não
    /// caberia: quem pediu o maço abre lugar.
    fn put_away(&mut self) -> bool {
        let Some((block, items)) = self.current else { return true };
        let results = &self.answer.bytes[self.body..];
        if !self.answer.descriptors.is_empty() || !self.pack.log(self.post, block, results) {
            return false;
        }
        let has_room = self.pack.has_room(self.post, results.len());
        self.answer.bytes.truncate(self.body);
        self.attendance.end(items);
        self.current = None;
        has_room
    }
}

impl Blocks for PackTurn<'_, '_> {
    fn next(&mut self) -> Option<(Arguments<'_>, &mut Parcel)> {
        if !self.put_away() || self.attendance.is_spent() || self.attendance.is_summoned(Haste::Now) {
            return None;
        }
        let block = self.pack.ranges().take(self.post)? as usize;
        let (items, len) = self.pack.read(block, self.bytes);
        self.attendance.begin(items);
        self.current = Some((block, items));
        Some((Arguments { items, bytes: &self.bytes[..len], descriptors: Vec::new() }, self.answer))
    }
    // ANCHOR_END: pack
}
