//! Respostas erradas ao exercício 18.

#[path = "check.rs"]
mod check;

use check::{Custos, Trabalho};

use super::Wrong;

const FEW: &str = "poucas tarefas, ou nenhuma";
const LONG: &str = "muitas tarefas longas";
const SHORT: &str = "tarefas curtas";
const TRAVEL: &str = "mensagens que viajam muito";

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "18-um-rank-so",
        main: || check::check(|_, _| 1),
        loses: "dois processos repartem o trabalho",
    },
    Wrong {
        name: "18-dez-mil-ranks",
        main: || check::check(|_, _| 10_000),
        loses: FEW,
    },
    Wrong {
        name: "18-um-numero-que-costuma-servir",
        main: || check::check(|_, _| 16),
        loses: LONG,
    },
    Wrong {
        name: "18-um-rank-para-cada-tarefa",
        main: || check::check(|_, work| work.tarefas.max(1)),
        loses: SHORT,
    },
    Wrong {
        name: "18-mais-ranks-do-que-tarefas",
        main: || {
            check::check(|costs, work| fed(work.segundos, handing(costs, work)).max(1))
        },
        loses: FEW,
    },
    Wrong {
        name: "18-nenhum-rank",
        main: || {
            check::check(|costs, work| {
                fed(work.segundos, handing(costs, work)).min(work.tarefas)
            })
        },
        loses: SHORT,
    },
    Wrong {
        name: "18-sem-contar-os-bytes",
        main: || {
            check::check(|costs, work| within(work, fed(work.segundos, costs.entrega)))
        },
        loses: "argumentos grandes",
    },
    Wrong {
        name: "18-o-rank-0-espera-a-viagem",
        main: || {
            check::check(|costs, work| {
                within(work, fed(work.segundos, handing(costs, work) + costs.latencia))
            })
        },
        loses: TRAVEL,
    },
    Wrong {
        name: "18-cada-tarefa-espera-a-viagem",
        main: || {
            check::check(|costs, work| {
                within(
                    work,
                    fed(work.segundos + 2.0 * costs.latencia, handing(costs, work)),
                )
            })
        },
        loses: TRAVEL,
    },
];

fn handing(costs: Custos, work: Trabalho) -> f64 {
    costs.entrega + work.bytes as f64 / costs.banda
}

fn fed(task: f64, handing: f64) -> usize {
    (task / handing) as usize
}

fn within(work: Trabalho, ranks: usize) -> usize {
    ranks.clamp(1, work.tarefas.max(1))
}
