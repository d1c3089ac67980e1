//! As mensagens entre os ranks.
//!
//! Cada mensagem custa, a quem a manda e a quem a recebe, muito mais do que os bytes dela. Por isso os corpos curtos vão
//! juntos, cada um com o seu tamanho antes, e quem os recebe responde com uma mensagem só.
//!
//! Uma mensagem curta parte sem que ninguém a espere: o MPI a guarda do outro lado. Uma comprida só parte quando o outro
//! já a pede, e quem a manda fica parado até lá. Por isso a comprida é anunciada numa curta, e o pool só manda uma a quem
//! não tem nada nas mãos:
//!
//! ```text
//!   rank 0 ──▶ rank n   SHORT  pedidos, na ordem               quantas vezes quiser, sem esperar
//!   rank 0 ──▶ rank n   LONG   o tamanho de um; depois, ele    só a quem espera
//!   rank n ──▶ rank 0   SHORT ou LONG   as respostas, na ordem dos pedidos
//!   rank n ──▶ rank 0   STARVED  como SHORT, de quem esperou pelos pedidos sem ter o que fazer
//!   rank 0 ──▶ rank n   BYE                                    acabou
//! ```

use std::cell::LazyCell;
use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use mpi::point_to_point::Status;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, Destination, Equivalence, Source};
use mpi::{Rank, Tag};

/// A maior mensagem curta. O Open MPI guarda até 4 KiB entre processos da mesma máquina, com o cabeçalho dele, e mais
/// entre máquinas.
const SHORTEST: usize = 3 << 10;

/// O tamanho de um corpo, em bytes, antes dele. Nenhum passa do que o [`Parcel`](crate::parcel::Parcel) aceita.
type Size = u32;

const PREFIX: usize = size_of::<Size>();

const SHORT: Tag = 1;
const LONG: Tag = 2;
const STARVED: Tag = 3;
const BYE: Tag = 4;

/// Se o corpo parte sem que ninguém o espere.
pub(super) fn is_short(body: &[u8]) -> bool {
    PREFIX + body.len() <= SHORTEST
}

/// Diz a um rank que acabou.
pub(super) fn dismiss(world: &SimpleCommunicator, rank: Rank) {
    world.process_at_rank(rank).send_with_tag(&[0_u8; 0][..], BYE);
}

/// O que ainda não partiu para um rank.
pub(super) struct Outbox {
    to: Rank,
    message: Vec<u8>,
    /// Quantos corpos há na mensagem.
    bodies: usize,
    /// Se quem manda esperou sem ter o que fazer.
    pub(super) starved: bool,
}

impl Outbox {
    pub(super) fn new(to: Rank) -> Self {
        Outbox { to, message: Vec::with_capacity(SHORTEST), bodies: 0, starved: false }
    }

    pub(super) fn bodies(&self) -> usize {
        self.bodies
    }

    /// Junta um corpo aos que vão partir. Um que não cabe com eles os faz partir antes; um comprido parte já.
    pub(super) fn push(&mut self, world: &SimpleCommunicator, body: &[u8]) {
        if self.message.len() + PREFIX + body.len() > SHORTEST {
            self.flush(world);
        }
        self.message.extend_from_slice(&(body.len() as Size).to_ne_bytes());
        if is_short(body) {
            self.message.extend_from_slice(body);
            self.bodies += 1;
        } else {
            let to = world.process_at_rank(self.to);
            to.send_with_tag(&self.message, LONG);
            to.send_with_tag(body, LONG);
            self.message.clear();
        }
    }

    /// Manda o que houver.
    pub(super) fn flush(&mut self, world: &SimpleCommunicator) {
        if self.bodies > 0 {
            let tag = if self.starved { STARVED } else { SHORT };
            world.process_at_rank(self.to).send_with_tag(&self.message, tag);
            self.message.clear();
            self.bodies = 0;
        }
    }
}

/// A última mensagem que chegou; a memória serve à próxima.
#[derive(Default)]
pub(super) struct Inbox {
    from: Rank,
    /// Se não estava aqui quando se quis lê-la.
    waited: bool,
    memory: Vec<u8>,
    /// Onde estão os corpos que ninguém leu ainda.
    unread: Range<usize>,
}

impl Inbox {
    /// Espera a próxima mensagem de `from`, e diz de que rank é, e se ele esteve sem o que fazer; nada, se é a despedida.
    pub(super) fn wait(&mut self, world: &SimpleCommunicator, from: &impl Source) -> Option<(Rank, bool)> {
        self.memory.resize(self.memory.len().max(SHORTEST), 0);
        let (status, waited) = wait(from, &mut self.memory[..SHORTEST]);
        (self.from, self.waited) = (status.source_rank(), waited);
        let len = match status.tag() {
            SHORT | STARVED => status.count(u8::equivalent_datatype()) as usize,
            LONG => self.receive_announced(world),
            _ => return None,
        };
        self.unread = 0..len;
        Some((self.from, status.tag() == STARVED))
    }

    /// Se foi preciso esperar pela última mensagem.
    pub(super) fn waited(&self) -> bool {
        self.waited
    }

    /// O corpo que esta mensagem anunciou, depois do tamanho dele; e até onde vão os dois.
    fn receive_announced(&mut self, world: &SimpleCommunicator) -> usize {
        let end = PREFIX + self.size_at(0);
        self.memory.resize(self.memory.len().max(end), 0);
        world.process_at_rank(self.from).receive_into_with_tag(&mut self.memory[PREFIX..end], LONG);
        end
    }

    fn size_at(&self, start: usize) -> usize {
        let mut size = [0; PREFIX];
        size.copy_from_slice(&self.memory[start..start + PREFIX]);
        Size::from_ne_bytes(size) as usize
    }

    /// O próximo corpo da última mensagem, e o rank que a mandou.
    pub(super) fn next(&mut self) -> Option<(Rank, &[u8])> {
        if self.unread.is_empty() {
            return None;
        }
        let start = self.unread.start + PREFIX;
        let end = start + self.size_at(self.unread.start);
        self.unread.start = end;
        Some((self.from, &self.memory[start..end]))
    }
}

/// Quanto se pergunta sem parar se chegou algo, e entre que limites se cochila depois.
const ATTENTIVE: Duration = Duration::from_micros(50);
const SHORTEST_NAP: Duration = Duration::from_micros(20);
const LONGEST_NAP: Duration = Duration::from_millis(5);

/// Quantas perguntas entre uma olhada no relógio e outra.
const QUESTIONS: usize = 64;

// ANCHOR: wait
/// Espera a próxima mensagem curta de `from`; diz também se ela não estava já aqui.
///
/// O MPI espera perguntando sem parar, e ocupa o núcleo inteiro de quem não tem o que fazer. Aqui, só no começo: entre
/// tarefas curtas nada é mais rápido. Depois, cochilos de um oitavo do que já se esperou: o atraso mal se nota.
fn wait(from: &impl Source, buffer: &mut [u8]) -> (Status, bool) {
    mpi::request::scope(|scope| {
        let mut request = from.immediate_receive_into(scope, buffer);
        let (start, mut questions, mut waited) = (LazyCell::new(Instant::now), 0, false);
        loop {
            request = match request.test() {
                Ok(status) => return (status, waited),
                Err(request) => request,
            };
            waited = true;
            questions += 1;
            if questions < QUESTIONS {
                continue;
            }
            let so_far = start.elapsed();
            if so_far < ATTENTIVE {
                questions = 0;
            } else {
                thread::sleep((so_far / 8).clamp(SHORTEST_NAP, LONGEST_NAP));
            }
        }
    })
}
// ANCHOR_END: wait
