//! O que o rank 0 sabe dos outros: quem tem o quê nas mãos, e de que chamada é cada resposta que chega.

use std::collections::VecDeque;

use mpi::Rank;
use mpi::topology::SimpleCommunicator;
use mpi::traits::Communicator;

use super::wire::{self, Inbox};
use crate::Error;
use crate::ipc::parcel::Parcel;
use crate::pool::reply::{Answer, ChunkId};
use crate::process::protocol;

/// Quantos blocos um rank tem, entre o que faz e os que esperam por ele: enquanto a resposta de um viaja, ele faz outro.
pub(super) const PREFETCH: usize = 8;

/// O número de uma chamada.
pub(super) type Call = u64;

/// Os ranks que fazem o trabalho. O de índice `n` é o rank `n + 1`.
pub(super) struct Ranks {
    world: SimpleCommunicator,
    inbox: Inbox,
    /// Quem ainda pode receber um bloco, uma vez para cada um: quem responde volta ao fim.
    free: VecDeque<usize>,
    /// O que cada um ainda deve, na ordem em que vai responder; nada, no lugar de um bloco que já não interessa.
    owed: Vec<VecDeque<Option<(Call, ChunkId)>>>,
    /// Blocos à espera de quem possa recebê-los: os compridos, de alguém sem nada nas mãos.
    waiting: VecDeque<(Call, ChunkId, Vec<u8>)>,
    /// Respostas que chegaram enquanto se esperava a de outra chamada.
    early: Vec<(Call, Answer<Vec<u8>>)>,
}

impl Ranks {
    /// Todos, depois que se apresentaram.
    ///
    /// # Erros
    ///
    /// [`Error::Mpi`], se não há nenhum, ou se um deles é outro programa.
    pub(super) fn meet(world: SimpleCommunicator) -> Result<Self, Error> {
        let count = world.size() as usize - 1;
        if count == 0 {
            return Err(Error::Mpi("há um rank só; rode com mpirun -n 3, ou mais".to_owned()));
        }
        let mut ranks = Ranks {
            world,
            inbox: Inbox::default(),
            // Uma rodada de cada vez: o segundo bloco de um só sai depois do primeiro de todos.
            free: (0..PREFETCH).flat_map(|_| 0..count).collect(),
            owed: vec![VecDeque::new(); count],
            waiting: VecDeque::new(),
            early: Vec::new(),
        };
        let strangers = (1..=count as Rank).filter_map(|rank| Some((rank, ranks.meet_one(rank).err()?)));
        // Todos, antes de recusar um: os outros esperariam para sempre.
        if let Some((rank, reason)) = strangers.collect::<Vec<_>>().into_iter().next() {
            ranks.dismiss();
            return Err(Error::Mpi(format!("o rank {rank} não se apresentou: {reason}")));
        }
        Ok(ranks)
    }

    fn meet_one(&mut self, rank: Rank) -> Result<(), String> {
        let (_, body) = self.inbox.receive(&self.world, &self.world.process_at_rank(rank));
        let bytes = body.unwrap_or_default().to_vec();
        protocol::check_greeting(&Parcel { bytes, descriptors: Vec::new() })
    }

    pub(super) fn count(&self) -> usize {
        self.owed.len()
    }

    /// Quantos blocos cabem nas mãos de todos.
    pub(super) fn capacity(&self) -> usize {
        PREFETCH * self.count()
    }

    /// Entrega um bloco ao próximo da vez, ou o guarda até que alguém possa recebê-lo.
    pub(super) fn send(&mut self, call: Call, chunk: ChunkId, body: &[u8]) {
        // Os que esperam passam na frente.
        let next =
            self.free.front().copied().filter(|&index| self.waiting.is_empty() && self.can(index, body));
        match next {
            Some(index) => {
                self.free.pop_front();
                self.hand(index, call, chunk, body);
            }
            None => self.waiting.push_back((call, chunk, body.to_vec())),
        }
    }

    fn can(&self, index: usize, body: &[u8]) -> bool {
        wire::is_short(body) || self.owed[index].is_empty()
    }

    fn hand(&mut self, index: usize, call: Call, chunk: ChunkId, body: &[u8]) {
        wire::send(&self.world, index as Rank + 1, body);
        self.owed[index].push_back(Some((call, chunk)));
    }

    /// A próxima resposta desta chamada, que tem pelo menos um bloco por responder: qual bloco, e o que `open` fez dela.
    pub(super) fn receive<T>(
        &mut self,
        call: Call,
        mut open: impl FnMut(&[u8]) -> Result<T, Error>,
    ) -> Answer<T> {
        if let Some((chunk, answer)) = self.take_early(call) {
            return (chunk, answer.and_then(|results| open(&results)));
        }
        loop {
            let (rank, body) = self.inbox.receive(&self.world, &self.world.any_process());
            let index = rank as usize - 1;
            let results = protocol::results_of(body.unwrap_or_default());
            let answer = match self.owed[index].pop_front().flatten() {
                Some((of, chunk)) if of == call => Some((chunk, results.and_then(&mut open))),
                Some((of, chunk)) => {
                    self.early.push((of, (chunk, results.map(<[u8]>::to_vec))));
                    None
                }
                None => None,
            };
            self.give_next(index);
            if let Some(answer) = answer {
                return answer;
            }
        }
    }

    /// Uma resposta desta chamada que já chegou.
    pub(super) fn take_early(&mut self, call: Call) -> Option<Answer<Vec<u8>>> {
        let index = self.early.iter().position(|(of, _)| *of == call)?;
        Some(self.early.remove(index).1)
    }

    /// Quem respondeu pode receber mais um.
    fn give_next(&mut self, index: usize) {
        match self.waiting.pop_front() {
            Some((call, chunk, body)) if self.can(index, &body) => self.hand(index, call, chunk, &body),
            Some(long) => {
                self.waiting.push_front(long);
                self.free.push_back(index);
            }
            None => self.free.push_back(index),
        }
    }

    /// O que se pediu nesta chamada já não interessa. O que está nas mãos de um rank ele ainda faz.
    pub(super) fn forget(&mut self, call: Call) {
        self.waiting.retain(|(of, ..)| *of != call);
        self.early.retain(|(of, _)| *of != call);
        let owed = self.owed.iter_mut().flatten();
        owed.filter(|owed| owed.is_some_and(|(of, _)| of == call)).for_each(|owed| *owed = None);
    }

    /// Despede todos, depois de colher o que ainda devem: uma resposta que ninguém lê prenderia quem a manda.
    pub(super) fn dismiss(&mut self) {
        while self.owed.iter().any(|owed| !owed.is_empty()) {
            let (rank, _) = self.inbox.receive(&self.world, &self.world.any_process());
            self.owed[rank as usize - 1].pop_front();
        }
        (1..=self.count() as Rank).for_each(|rank| wire::dismiss(&self.world, rank));
    }
}
