//! O conselheiro: do que se mediu de um trabalho e de uma máquina, o tempo esperado de cada modelo.

use licoes::load::model::Model;

use crate::choice::Context;

/// O que se sabe de um trabalho antes de o fazer.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// Quantas tarefas.
    pub tasks: usize,
    /// Segundos de uma tarefa, em média.
    pub mean: f64,
    /// Segundos da mais longa que se viu.
    pub longest: f64,
    /// Bytes que vão com cada tarefa.
    pub bytes: f64,
    /// O que o contexto exige.
    pub context: Context,
}

/// O que um modelo cobra além do trabalho, em segundos.
#[derive(Clone, Copy, Debug)]
pub struct Price {
    pub model: Model,
    /// Criar e desfazer um trabalhador.
    pub birth: f64,
    /// Entregar uma tarefa e receber a resposta.
    pub delivery: f64,
    /// Levar um byte a quem faz a tarefa.
    pub byte: f64,
}

/// O que se mediu de uma máquina.
#[derive(Clone, Debug)]
pub struct Machine {
    pub workers: usize,
    /// Quanto todos os trabalhadores juntos rendem, contado em trabalhadores sozinhos.
    pub gain: f64,
    pub prices: Vec<Price>,
}

// ANCHOR: rule
/// O modelo de menor tempo esperado, entre os que servem.
pub fn advise(job: &Job, machine: &Machine) -> Model {
    let fits = |price: &&Price| job.context.admits(price.model);
    let time = |price: &Price| predict(job, machine, price);
    let best =
        machine.prices.iter().filter(fits).min_by(|a, b| time(a).total_cmp(&time(b)));
    best.map_or(Model::ProcessPool, |price| price.model)
}

/// Segundos esperados: nascer, entregar e levar os dados, e o trabalho repartido.
pub fn predict(job: &Job, machine: &Machine, price: &Price) -> f64 {
    let serial = price.model == Model::Serial;
    let workers = if serial { 1 } else { machine.workers.min(job.tasks) };
    let gain = machine.gain.min(workers as f64);
    let work = match price.model {
        // Cada um leva a sua parte no começo: no pior caso, a das tarefas mais longas.
        Model::Threads | Model::Processes => {
            let share = job.tasks.div_ceil(workers.max(1)) as f64;
            share * job.longest * workers as f64 / gain
        }
        // Quem fica livre pega a próxima.
        _ => (job.tasks as f64 * job.mean / gain).max(job.longest),
    };
    let carry = price.delivery + job.bytes * price.byte;
    workers as f64 * price.birth + job.tasks as f64 * carry + work
}
// ANCHOR_END: rule

/// A mesma regra em palavras, para quem escolhe sem o programa.
pub const TREE: &str = include_str!("arvore.txt");

#[cfg(test)]
mod tests {
    use super::*;

    /// Uma máquina de dois núcleos, com preços redondos.
    fn machine() -> Machine {
        let price =
            |model, birth, delivery, byte| Price { model, birth, delivery, byte };
        Machine {
            workers: 2,
            gain: 1.9,
            prices: vec![
                price(Model::Serial, 0.0, 0.0, 1e-10),
                price(Model::Threads, 60e-6, 0.0, 1e-10),
                price(Model::ThreadPool, 60e-6, 0.2e-6, 1e-10),
                price(Model::Rayon, 70e-6, 0.0, 1e-10),
                price(Model::ProcessPool, 1.3e-3, 0.5e-6, 2e-9),
                price(Model::Processes, 0.8e-3, 0.5e-6, 2e-9),
            ],
        }
    }

    fn job(tasks: usize, mean: f64, context: Context) -> Job {
        Job { tasks, mean, longest: mean, bytes: 0.0, context }
    }

    /// Uma situação para cada folha da árvore, de cima para baixo.
    fn leaves() -> Vec<(Job, &'static str)> {
        let heavy = Job { bytes: 1e6, ..job(50, 100e-6, Context::GlobalLock) };
        let uneven = Job { longest: 5e-3, ..job(100, 0.5e-3, Context::Risky) };
        vec![
            (job(100, 1e-6, Context::Risky), "processos"),
            (job(50, 1e-6, Context::Free), "em série"),
            (job(20_000, 2e-6, Context::Free), "threads"),
            (job(100, 1e-3, Context::GlobalLock), "processos"),
            (heavy, "em série"),
            (job(1, 3e-3, Context::Risky), "Process"),
            (uneven, "Pool"),
        ]
    }

    fn is_at(model: Model, leaf: &str) -> bool {
        use Model::{ProcessPool, Processes, Rayon, Serial, ThreadPool, Threads};
        match leaf {
            "em série" => model == Serial,
            "threads" => matches!(model, Threads | ThreadPool | Rayon),
            "processos" => matches!(model, ProcessPool | Processes),
            "Process" => model == Processes,
            "Pool" => model == ProcessPool,
            _ => false,
        }
    }

    #[test]
    fn the_tree_and_the_rule_give_the_same_advice_at_every_leaf() {
        let drawn: Vec<&str> =
            TREE.lines().filter_map(|line| Some(line.split_once("▶ ")?.1)).collect();
        let known: Vec<&str> = leaves().iter().map(|(_, leaf)| *leaf).collect();
        assert_eq!(drawn, known, "a árvore mudou, e as situações não");
        for (job, leaf) in leaves() {
            let advice = advise(&job, &machine());
            assert!(is_at(advice, leaf), "{job:?}: {advice:?}, e a árvore diz {leaf}");
        }
    }

    #[test]
    fn on_one_core_nothing_beats_the_loop() {
        let one = Machine { workers: 1, gain: 1.0, ..machine() };
        for tasks in [1, 100, 20_000] {
            assert_eq!(advise(&job(tasks, 1e-3, Context::Free), &one), Model::Serial);
        }
    }

    #[test]
    fn a_fixed_split_is_charged_for_uneven_tasks_and_a_shared_line_is_not() {
        let [even, uneven] = [1e-3, 10e-3].map(|longest| {
            let job = Job { longest, ..job(100, 1e-3, Context::Free) };
            machine()
                .prices
                .iter()
                .map(|price| predict(&job, &machine(), price))
                .collect()
        });
        let [even, uneven]: [Vec<f64>; 2] = [even, uneven];
        assert!(
            uneven[1] > 5.0 * even[1] && uneven[5] > 5.0 * even[5],
            "as partes fixas"
        );
        assert_eq!((uneven[2], uneven[3]), (even[2], even[3]));
    }

    #[test]
    fn only_processes_survive_a_risky_task() {
        let models: Vec<Model> = Context::Risky.models().collect();
        assert_eq!(models, [Model::ProcessPool, Model::Processes]);
        assert!(
            !Context::GlobalLock.admits(Model::Rayon)
                && Context::GlobalLock.admits(Model::Serial)
        );
    }
}
