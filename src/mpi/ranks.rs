//! O que o rank 0 sabe dos outros: quem tem o quê nas mãos, e de que chamada é cada resposta que chega.

use std::collections::VecDeque;
use std::iter;

use mpi::Rank;
use mpi::topology::SimpleCommunicator;
use mpi::traits::Communicator;

use super::wire::{self, Inbox, Outbox};
use crate::Error;
use crate::dispatch::promise::{Answer, ChunkId};
use crate::parcel::Parcel;
use crate::process::protocol;

/// Quantos blocos um rank tem no começo: enquanto a resposta de um viaja, ele faz o outro.
const FEWEST: usize = 2;

/// E no máximo. Cada vez que ele acaba o que tem antes de que chegue mais, passa a poder ter mais um; a quem nunca espera,
/// mais blocos seriam só tirados de quem termine antes.
const PREFETCH: usize = 8;

/// Uma chamada em andamento.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) number: u64,
    /// Se ninguém vê a primeira resposta antes da última. Só então uma pode esperar por outra, e viajar com ela.
    pub(super) all_at_once: bool,
}

/// Um rank que trabalha, visto daqui.
struct RankState {
    /// O que ainda não partiu para ele.
    outbox: Outbox,
    /// O que ele ainda deve, na ordem em que vai responder; nada, no lugar de um bloco que já não interessa.
    owed: VecDeque<Option<(Call, ChunkId)>>,
    /// Quantos blocos pode ter nas mãos.
    window: usize,
    /// Se já respondeu nesta chamada.
    answered: bool,
    /// Se esperou pelo que agora respondeu.
    starved: bool,
}

impl RankState {
    /// Quantos blocos já partiram para ele, e não voltaram.
    fn sent(&self) -> usize {
        self.owed.len() - self.outbox.bodies()
    }

    /// Passa a dever este bloco. Num `map` ele parte quando convém, metade da janela numa mensagem e metade na outra: assim
    /// há sempre uma com o rank e uma a caminho.
    fn assign(&mut self, world: &SimpleCommunicator, call: Call, chunk: ChunkId, body: &[u8]) {
        self.owed.push_back(Some((call, chunk)));
        self.outbox.push(world, body);
        let enough = if call.all_at_once { self.window / 2 } else { 1 };
        if self.outbox.bodies() >= enough || self.sent() == 0 {
            self.outbox.flush(world);
        }
    }

    /// Chegou uma mensagem dele.
    fn heard_from(&mut self, starved: bool) {
        // À primeira mensagem de uma chamada todos esperaram; não é a janela que é pequena.
        self.starved = starved && self.answered;
        self.answered = true;
    }

    /// Se esperou pelo que acaba de responder, a janela dele era pequena: passa a caber mais um bloco.
    fn widen(&mut self) -> bool {
        let grows = self.starved && self.window < PREFETCH;
        self.window += usize::from(grows);
        grows
    }
}

/// Os ranks que fazem o trabalho. O de índice `n` é o rank `n + 1`.
pub(super) struct Ranks {
    world: SimpleCommunicator,
    inbox: Inbox,
    workers: Vec<RankState>,
    /// Quem ainda pode receber um bloco, uma vez para cada um: quem responde volta ao fim.
    free: VecDeque<usize>,
    /// Blocos à espera de quem possa recebê-los: os compridos, de alguém sem nada nas mãos.
    waiting: VecDeque<(Call, ChunkId, Vec<u8>)>,
    /// Respostas que chegaram enquanto se esperava a de outra chamada.
    early: Vec<(Call, Answer<Vec<u8>>)>,
    /// A soma das janelas.
    capacity: usize,
    /// Quem mandou a última mensagem.
    last: Option<usize>,
}

impl Ranks {
    /// Todos, depois que se apresentaram.
    ///
    /// # Erros
    ///
    /// [`Error::Mpi`], se não há nenhum, ou se um deles é outro programa.
    pub(super) fn meet(world: SimpleCommunicator) -> Result<Self, Error> {
        let count = world.size() - 1;
        if count == 0 {
            return Err(Error::Mpi("há um rank só; rode com mpirun -n 3, ou mais".to_owned()));
        }
        let worker = |rank| RankState {
            outbox: Outbox::new(rank),
            owed: VecDeque::new(),
            window: FEWEST,
            answered: false,
            starved: false,
        };
        let mut ranks = Ranks {
            world,
            inbox: Inbox::default(),
            workers: (1..=count).map(worker).collect(),
            free: VecDeque::new(),
            waiting: VecDeque::new(),
            early: Vec::new(),
            capacity: 0,
            last: None,
        };
        let greeting = Parcel::of(&protocol::introduction()?)?.bytes;
        for worker in &mut ranks.workers {
            worker.outbox.push(&ranks.world, &greeting);
            worker.outbox.flush(&ranks.world);
        }
        let strangers = (1..=count).filter_map(|rank| Some((rank, ranks.meet_one(rank).err()?)));
        // Todos, antes de recusar um: os outros esperariam para sempre.
        if let Some((rank, reason)) = strangers.collect::<Vec<_>>().into_iter().next() {
            ranks.dismiss();
            return Err(Error::Mpi(format!("o rank {rank} não se apresentou: {reason}")));
        }
        ranks.start_over();
        Ok(ranks)
    }

    fn meet_one(&mut self, rank: Rank) -> Result<(), String> {
        self.inbox.wait(&self.world, &self.world.process_at_rank(rank));
        let bytes = self.inbox.next().map(|(_, body)| body.to_vec()).unwrap_or_default();
        protocol::check_greeting(&Parcel { bytes, descriptors: Vec::new() }).map(|_| ())
    }

    pub(super) fn count(&self) -> usize {
        self.workers.len()
    }

    /// Quantos blocos cabem agora nas mãos de todos. Preparar mais do que isto, sem colher respostas, deixaria à espera
    /// quem já acabou os seus.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Antes de uma chamada. Se ninguém deve nada, as janelas voltam ao começo: os blocos dela podem ser outros.
    pub(super) fn start_over(&mut self) {
        if self.workers.iter().all(|worker| worker.owed.is_empty()) {
            for worker in &mut self.workers {
                (worker.window, worker.answered) = (FEWEST, false);
            }
            // Uma rodada de cada vez: o segundo bloco de um só sai depois do primeiro de todos.
            self.capacity = FEWEST * self.count();
            self.free = (0..FEWEST).flat_map(|_| 0..self.workers.len()).collect();
        }
    }

    /// Entrega um bloco, ou o guarda até que alguém possa recebê-lo. Os que já esperam passam na frente.
    pub(super) fn send(&mut self, call: Call, chunk: ChunkId, body: &[u8]) {
        let taker = if self.waiting.is_empty() { self.take_free(body) } else { None };
        match taker {
            Some(index) => self.workers[index].assign(&self.world, call, chunk, body),
            None => self.waiting.push_back((call, chunk, body.to_vec())),
        }
    }

    /// Entrega os que esperam, até o primeiro que ninguém pode receber ainda.
    fn send_waiting(&mut self) {
        while let Some((call, chunk, body)) = self.waiting.pop_front() {
            match self.take_free(&body) {
                Some(index) => self.workers[index].assign(&self.world, call, chunk, &body),
                None => return self.waiting.push_front((call, chunk, body)),
            }
        }
    }

    /// O primeiro da vez que possa receber este bloco: um comprido, só quem não tem nada nas mãos.
    fn take_free(&mut self, body: &[u8]) -> Option<usize> {
        if wire::is_short(body) {
            return self.free.pop_front();
        }
        let place = self.free.iter().position(|&index| self.workers[index].owed.is_empty())?;
        self.free.remove(place)
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
            if let Some(answer) = self.read_next(call, &mut open) {
                return answer;
            }
        }
    }

    /// Lê a próxima resposta, ou espera por uma. A de outra chamada fica guardada para ela.
    fn read_next<T>(
        &mut self,
        call: Call,
        open: impl FnOnce(&[u8]) -> Result<T, Error>,
    ) -> Option<Answer<T>> {
        let Some((rank, body)) = self.inbox.next() else {
            self.wait();
            return None;
        };
        let results = protocol::results_of(body).and_then(|outcome| outcome);
        let index = index_of(rank);
        // Ele responde na ordem dos pedidos; o que ninguém mais quer já não tem nome.
        let answer = match self.workers[index].owed.pop_front().flatten() {
            Some((of, chunk)) if of == call => Some((chunk, results.and_then(open))),
            Some((of, chunk)) => {
                self.early.push((of, (chunk, results.map(<[u8]>::to_vec))));
                None
            }
            None => None,
        };
        self.credit(index);
        answer
    }

    /// Quem respondeu pode receber mais um bloco; se a janela dele cresceu, mais dois.
    fn credit(&mut self, index: usize) {
        let grown = usize::from(self.workers[index].widen());
        self.capacity += grown;
        self.free.extend(iter::repeat_n(index, 1 + grown));
        self.send_waiting();
    }

    /// Espera a próxima mensagem. O que ainda não partiu é de quem tem bastante que fazer: quando responder, verá se parte.
    fn wait(&mut self) {
        if let Some(worker) = self.last.and_then(|index| self.workers.get_mut(index))
            && worker.sent() <= worker.window / 2
        {
            worker.outbox.flush(&self.world);
        }
        if let Some((rank, starved)) = self.inbox.wait(&self.world, &self.world.any_process()) {
            let index = index_of(rank);
            self.last = Some(index);
            self.workers[index].heard_from(starved);
        }
    }

    /// Uma resposta desta chamada que já chegou.
    pub(super) fn take_early(&mut self, call: Call) -> Option<Answer<Vec<u8>>> {
        let index = self.early.iter().position(|(of, _)| *of == call)?;
        Some(self.early.remove(index).1)
    }

    /// Entrega `body` a cada um, e espera que todos respondam. Antes, que acabem o que têm nas mãos: `body` pode ser comprido,
    /// e quem ainda responde não o leria.
    ///
    /// # Erros
    ///
    /// O do primeiro que falhou.
    pub(super) fn tell_each(&mut self, call: Call, body: &[u8]) -> Result<(), Error> {
        while self.workers.iter().any(|worker| !worker.owed.is_empty()) {
            self.read_next(call, |_| Ok(()));
        }
        for index in 0..self.count() {
            // O lugar que a resposta dele devolve.
            let place = self.free.iter().position(|&free| free == index);
            place.map(|place| self.free.remove(place));
            self.workers[index].assign(&self.world, call, ChunkId { index, len: 1 }, body);
        }
        let answers: Vec<_> = (0..self.count()).map(|_| self.receive(call, |_| Ok(())).1).collect();
        answers.into_iter().collect()
    }

    /// O que se pediu nesta chamada já não interessa. O que está nas mãos de um rank ele ainda faz.
    pub(super) fn forget(&mut self, call: Call) {
        self.waiting.retain(|(of, ..)| *of != call);
        self.early.retain(|(of, _)| *of != call);
        let owed = self.workers.iter_mut().flat_map(|worker| &mut worker.owed);
        owed.filter(|owed| owed.is_some_and(|(of, _)| of == call)).for_each(|owed| *owed = None);
    }

    /// Despede todos, depois de colher o que ainda devem: uma resposta que ninguém lê prenderia quem a manda.
    pub(super) fn dismiss(&mut self) {
        while self.workers.iter().any(|worker| !worker.owed.is_empty()) {
            match self.inbox.next() {
                Some((rank, _)) => drop(self.workers[index_of(rank)].owed.pop_front()),
                None => self.wait(),
            }
        }
        (1..=self.count() as Rank).for_each(|rank| wire::dismiss(&self.world, rank));
    }
}

/// O rank 0 é o programa: o primeiro que trabalha é o 1.
fn index_of(rank: Rank) -> usize {
    rank as usize - 1
}
