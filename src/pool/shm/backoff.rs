//! Quanto procurar antes de dormir.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Procurar por tanto tempo quanto custa ser acordado nunca sai mais caro do que o dobro da melhor escolha, que
/// ninguém conhece de antemão. Fonte: Karlin, Manasse, Rudolph e Sleator, *Competitive Snoopy Caching*,
/// Algorithmica 3:79, 1988.
const LIMIT: Duration = Duration::from_micros(50);

/// Quantas voltas sem soltar o núcleo, antes de oferecê-lo a cada volta a quem tiver trabalho.
const TURNS: u32 = 200;

/// Depois de quantas voltas se olha se o outro lado está neste mesmo núcleo: então quem procura o impede de responder.
const GLANCE: u32 = 20;

/// Com um núcleo só, quem procura impede justamente quem traria a resposta.
static WORTH_IT: LazyLock<bool> =
    LazyLock::new(|| std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1));

/// O núcleo em que esta thread está agora; daqui a pouco pode ser outro.
pub(super) fn current_core() -> u32 {
    rustix::thread::sched_getcpu() as u32
}

/// Uma procura, do começo ao fim.
pub(super) struct Backoff {
    turns: u32,
    offering_since: Option<Instant>,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Backoff { turns: 0, offering_since: None }
    }

    /// Espera um instante; `false` quando é hora de dormir. `shares_core` diz se quem trará o que se espera está neste núcleo.
    pub(super) fn wait(&mut self, shares_core: impl FnOnce() -> bool) -> bool {
        if !*WORTH_IT {
            return false;
        }
        if self.turns == GLANCE && shares_core() {
            self.turns = TURNS;
        }
        if self.turns < TURNS {
            self.turns += 1;
            std::hint::spin_loop();
            return true;
        }
        let since = self.offering_since.get_or_insert_with(Instant::now);
        std::thread::yield_now();
        since.elapsed() < LIMIT
    }
}
