//! Quem recebe as tarefas: o Pool, ou os ranks de um MPI, num host ou em dois.

use std::process::Command;

use licoes::system::hosts::TwoHosts;
use multiprocessamento::{Error, MpiJob, MpiPool, Pool};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Onde os ranks podem nascer.
pub struct Place {
    /// Se este programa já é o rank 0 de um `mpirun`: então os ranks são os dele, e só eles.
    pub is_a_rank: bool,
    /// Dois hosts feitos nesta máquina; ou por que não.
    pub two_hosts: Result<TwoHosts, String>,
}

impl Place {
    pub fn find() -> Self {
        let is_a_rank = MpiPool::launched();
        let two_hosts = if is_a_rank {
            Err("os ranks são os que o mpirun criou".to_owned())
        } else {
            TwoHosts::build()
        };
        Place { is_a_rank, two_hosts }
    }
}

/// Trabalhadores de pé.
pub enum Team {
    Pool(Pool),
    /// Os ranks do `mpirun` que rodou este programa.
    Ranks,
    /// Os de um que este programa rodou.
    Job(MpiJob),
    /// Os de um que este programa rodou em dois hosts.
    FarJob(MpiJob),
}

impl Team {
    /// O Pool, os ranks daqui e, se há dois hosts, os de lá.
    pub fn all(place: &Place, workers: usize) -> Result<Vec<Team>, Error> {
        let mut teams =
            vec![Team::Pool(Pool::new(workers)?), Team::here(place, workers)?];
        teams.extend(Team::far(place, workers)?);
        Ok(teams)
    }

    /// `workers` ranks nesta máquina.
    pub fn here(place: &Place, workers: usize) -> Result<Team, Error> {
        if place.is_a_rank { Ok(Team::Ranks) } else { ranks(workers).map(Team::Job) }
    }

    /// O rank 0 num host, e os que trabalham no outro: cada tarefa e cada resposta atravessam a rede.
    pub fn far(place: &Place, workers: usize) -> Result<Option<Team>, Error> {
        let Ok(hosts) = &place.two_hosts else { return Ok(None) };
        let mut mpirun = hosts.command("mpirun");
        mpirun.args(hosts.mpirun_options(1, workers));
        MpiJob::launch_bound(mpirun).map(Team::FarJob).map(Some)
    }

    /// O identificador no registro.
    pub fn id(&self) -> &'static str {
        match self {
            Team::Pool(_) => "process_pool",
            Team::Ranks | Team::Job(_) => "mpi",
            Team::FarJob(_) => "mpi_two_hosts",
        }
    }

    /// Faz a medida `way` onde as tarefas são entregues: neste processo, ou no rank 0.
    pub fn ask<W, A, R>(&mut self, way: W, argument: A) -> Result<R, Error>
    where
        W: Way<A, R>,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
    {
        let in_rank_0 = move |argument: A| way.run(&MpiPool::new()?, argument);
        match self {
            Team::Pool(pool) => way.run(pool, argument),
            Team::Ranks => in_rank_0(argument),
            Team::Job(job) | Team::FarJob(job) => job.call(in_rank_0, argument)?,
        }
    }
}

/// Um rank 0 e `workers` outros, nesta máquina, cada um preso a um núcleo.
pub fn ranks(workers: usize) -> Result<MpiJob, Error> {
    let mut mpirun = Command::new("mpirun");
    mpirun.args(["--oversubscribe", "--bind-to", "none", "-n"]);
    mpirun.arg((workers + 1).to_string());
    MpiJob::launch_bound(mpirun)
}

/// Uma medida que se faz igual com o Pool e com os ranks.
pub trait Way<A, R>: Copy + Send + 'static {
    fn run(&self, hands: &impl Hands, argument: A) -> Result<R, Error>;
}

/// O que o Pool e os ranks têm em comum: a mesma chamada.
pub trait Hands {
    /// `function` sobre cada item, um em cada bloco.
    fn map<F, A, R>(
        &self,
        function: F,
        items: impl IntoIterator<Item = A>,
    ) -> Result<Vec<R>, Error>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static;

    /// Acorda quem cochila à espera da primeira tarefa: o que se mede é a entrega, e não o despertar.
    fn wake(&self) -> Result<(), Error> {
        self.map(|()| (), [(); 64]).map(drop)
    }
}

impl Hands for Pool {
    fn map<F, A, R>(
        &self,
        function: F,
        items: impl IntoIterator<Item = A>,
    ) -> Result<Vec<R>, Error>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        self.chunk_size(1)?.map(function, items)
    }
}

impl Hands for MpiPool {
    fn map<F, A, R>(
        &self,
        function: F,
        items: impl IntoIterator<Item = A>,
    ) -> Result<Vec<R>, Error>
    where
        F: Fn(A) -> R + Copy + Send + 'static,
        A: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned + 'static,
    {
        self.chunk_size(1)?.map(function, items)
    }
}
