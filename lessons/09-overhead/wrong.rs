//! Respostas erradas ao exercício 9.

#[path = "check.rs"]
mod check;

use super::Wrong;

pub(super) const WRONG: &[Wrong] = &[
    Wrong {
        name: "9-uma-tarefa-por-bloco",
        main: || check::check(|_costs, _tasks, _workers| 1),
        loses: "tarefas curtas e muitas",
    },
    Wrong {
        name: "9-um-bloco-so",
        main: || check::check(|_costs, tasks, _workers| tasks.max(1)),
        loses: "o trabalho se reparte entre os dois processos",
    },
    Wrong {
        name: "9-a-regra-do-python",
        main: || {
            check::check(|_costs, tasks, workers| tasks.div_ceil(4 * workers).max(1))
        },
        loses: "tarefas curtas e poucas",
    },
    Wrong {
        name: "9-um-laço-que-não-acaba",
        main: || {
            check::check(|_costs, _tasks, _workers| {
                loop {
                    std::hint::spin_loop();
                }
            })
        },
        loses: "sem tarefas, ou com menos tarefas do que trabalhadores",
    },
];
