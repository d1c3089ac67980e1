//! As mensagens entre os ranks.
//!
//! Uma mensagem curta parte sem que ninguém a espere: o MPI a guarda do outro lado. Uma comprida só parte quando o outro
//! já a pede, e quem a manda fica parado até lá. Por isso a comprida é anunciada numa curta, e o pool só manda uma a quem
//! não tem nada nas mãos:
//!
//! ```text
//!   rank 0 ──▶ rank n   SHORT  tarefa, quantos itens, os itens   quantas vezes quiser, sem esperar
//!   rank 0 ──▶ rank n   LONG   o tamanho; depois, o mesmo        só a quem espera
//!   rank n ──▶ rank 0   SHORT ou LONG   a resposta, na ordem dos pedidos
//!   rank 0 ──▶ rank n   BYE                                      acabou
//! ```

use std::cell::LazyCell;
use std::thread;
use std::time::{Duration, Instant};

use mpi::point_to_point::Status;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, Destination, Equivalence, Source};
use mpi::{Rank, Tag};

/// O maior corpo de uma mensagem curta. O Open MPI guarda até 4 KiB entre processos da mesma máquina, com o cabeçalho
/// dele, e mais entre máquinas.
pub(super) const SHORTEST: usize = 3 << 10;

/// Quantos bytes numa parte de uma mensagem comprida: para o MPI, uma contagem é um `int`.
const PART: usize = 1 << 30;

const SHORT: Tag = 1;
const LONG: Tag = 2;
const BYE: Tag = 3;

/// Se o corpo parte sem que ninguém o espere.
pub(super) fn is_short(body: &[u8]) -> bool {
    body.len() <= SHORTEST
}

/// Manda um corpo, anunciado antes se é comprido.
pub(super) fn send(world: &SimpleCommunicator, to: Rank, body: &[u8]) {
    let to = world.process_at_rank(to);
    if is_short(body) {
        return to.send_with_tag(body, SHORT);
    }
    to.send_with_tag(&(body.len() as u64).to_ne_bytes()[..], LONG);
    body.chunks(PART).for_each(|part| to.send_with_tag(part, LONG));
}

/// Diz a um rank que acabou.
pub(super) fn dismiss(world: &SimpleCommunicator, rank: Rank) {
    world.process_at_rank(rank).send_with_tag(&[0_u8; 0][..], BYE);
}

/// Onde chegam as mensagens; a memória serve à próxima.
#[derive(Default)]
pub(super) struct Inbox(Vec<u8>);

impl Inbox {
    /// A próxima mensagem de `from`: de que rank, e o corpo; sem corpo, acabou.
    pub(super) fn receive(
        &mut self,
        world: &SimpleCommunicator,
        from: &impl Source,
    ) -> (Rank, Option<&[u8]>) {
        self.0.resize(self.0.len().max(SHORTEST), 0);
        let status = wait(from, &mut self.0[..SHORTEST]);
        let (rank, len) = (status.source_rank(), status.count(u8::equivalent_datatype()) as usize);
        match status.tag() {
            SHORT => (rank, Some(&self.0[..len])),
            LONG => (rank, Some(self.rest(world, rank))),
            _ => (rank, None),
        }
    }

    /// O corpo que esta mensagem curta anunciou.
    fn rest(&mut self, world: &SimpleCommunicator, rank: Rank) -> &[u8] {
        let mut size = [0; 8];
        size.copy_from_slice(&self.0[..8]);
        let size = u64::from_ne_bytes(size) as usize;
        self.0.resize(self.0.len().max(size), 0);
        let from = world.process_at_rank(rank);
        for part in self.0[..size].chunks_mut(PART) {
            from.receive_into_with_tag(part, LONG);
        }
        &self.0[..size]
    }
}

/// Quanto se pergunta sem parar se chegou algo, e entre que limites se cochila depois.
const ATTENTIVE: Duration = Duration::from_micros(50);
const SHORTEST_NAP: Duration = Duration::from_micros(20);
const LONGEST_NAP: Duration = Duration::from_millis(5);

/// Quantas perguntas entre uma olhada no relógio e outra.
const QUESTIONS: usize = 64;

// ANCHOR: wait
/// Espera a próxima mensagem curta de `from`.
///
/// O MPI espera perguntando sem parar, e ocupa o núcleo inteiro de quem não tem o que fazer. Aqui, só no começo: entre
/// tarefas curtas nada é mais rápido. Depois, cochilos de um oitavo do que já se esperou: o atraso mal se nota.
fn wait(from: &impl Source, buffer: &mut [u8]) -> Status {
    mpi::request::scope(|scope| {
        let mut request = from.immediate_receive_into(scope, buffer);
        let (start, mut questions) = (LazyCell::new(Instant::now), 0);
        loop {
            request = match request.test() {
                Ok(status) => return status,
                Err(request) => request,
            };
            questions += 1;
            if questions < QUESTIONS {
                continue;
            }
            let waited = start.elapsed();
            if waited < ATTENTIVE {
                questions = 0;
            } else {
                thread::sleep((waited / 8).clamp(SHORTEST_NAP, LONGEST_NAP));
            }
        }
    })
}
// ANCHOR_END: wait
