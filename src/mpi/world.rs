//! Os ranks todos, que começam uma vez só em cada programa.

use std::cell::{Cell, RefCell, RefMut};
use std::env;
use std::rc::{Rc, Weak};

use mpi::environment::Universe;
use mpi::traits::Communicator;

use super::rank;
use super::ranks::{Call, Ranks};
use super::witness;
use crate::Error;

/// Os ranks todos. O MPI só começa uma vez em cada programa: todo pool dele é o mesmo.
#[derive(Clone)]
pub(super) struct World(Rc<Started>);

struct Started {
    ranks: RefCell<Ranks>,
    /// Quantas chamadas já houve.
    calls: Cell<u64>,
    /// Por último: descartado, encerra o MPI.
    _universe: Universe,
}

thread_local! {
    /// O MPI deste programa, enquanto alguém o usa.
    static WORLD: RefCell<Weak<Started>> = const { RefCell::new(Weak::new()) };
}

impl World {
    /// Começa o MPI. Nos ranks que trabalham, não volta.
    pub(super) fn enter() -> Result<Self, Error> {
        if own_rank().is_none() {
            return Err(Error::Mpi("este programa não foi rodado por mpirun".to_owned()));
        }
        let (universe, _) = mpi::initialize_with_threading(mpi::Threading::Single)
            .ok_or_else(|| Error::Mpi("ele já começou neste programa, e só começa uma vez".to_owned()))?;
        let world = universe.world();
        if world.rank() == 0 {
            let ranks = RefCell::new(Ranks::meet(world)?);
            let started = Rc::new(Started { ranks, calls: Cell::new(0), _universe: universe });
            WORLD.set(Rc::downgrade(&started));
            return Ok(World(started));
        }
        if rank::serve(&world).is_err() {
            // Uma mensagem que não se entende: nada do que viesse depois seria confiável.
            world.abort(1);
        }
        drop(universe);
        std::process::exit(0)
    }

    /// O que esta thread já começou, se alguém ainda o usa.
    pub(super) fn current() -> Option<Self> {
        WORLD.with_borrow(Weak::upgrade).map(World)
    }

    pub(super) fn ranks(&self) -> RefMut<'_, Ranks> {
        self.0.ranks.borrow_mut()
    }

    pub(super) fn next_call(&self, all_at_once: bool) -> Call {
        self.ranks().start_over();
        let number = self.0.calls.get();
        self.0.calls.set(number + 1);
        Call { number, all_at_once }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.ranks.borrow_mut().dismiss();
        witness::dismiss();
    }
}

/// O número deste rank, antes mesmo de o MPI começar; nada, se não foi um `mpirun`, ou o `srun` do Slurm, que rodou este
/// programa.
pub(super) fn own_rank() -> Option<usize> {
    let rank = |name| env::var(name).ok()?.parse().ok();
    ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"].into_iter().find_map(rank)
}
