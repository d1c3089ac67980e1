//! A conferência do exercício 12: as respostas certas, pedidas pela chamada certa.

use std::cell::Cell;
use std::ops::Range;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use licoes::load::workload::{count_primes, slices};
use licoes::measure::trace::{Piece, traced};
use licoes::run::exercise::{Check, expect_equal, expect_shared_work};
use multiprocessamento::{Error, Event, Pool, Transport};
use registro::format::integer;
use serde::{Deserialize, Serialize};

/// Um intervalo em que contar primos.
#[derive(Clone, Serialize, Deserialize)]
pub struct Fatia {
    intervalo: Range<u64>,
    /// Se há, a fatia só fica pronta depois deste aviso, ou quando se cansa de esperar por ele.
    espera: Option<Event>,
    /// Se há, a fatia dá este aviso quando fica pronta.
    avisa: Option<Event>,
}

impl Fatia {
    fn simples(intervalo: Range<u64>) -> Self {
        Fatia { intervalo, espera: None, avisa: None }
    }
}

/// Quantos primos (`value`), e quem os contou.
pub type Contagem = Piece<u64>;

/// A tarefa: conta os primos de uma fatia.
pub fn contar(fatia: Fatia) -> Contagem {
    let is_tired =
        fatia.espera.is_some_and(|aviso| aviso.wait_timeout(PATIENCE).is_err());
    let counted = traced(count_primes, fatia.intervalo);
    if let Some(aviso) = fatia.avisa {
        // Se o aviso falhasse, a fatia que espera por ele diria.
        let _ = aviso.set();
    }
    if is_tired { Piece { value: NEVER_WARNED, ..counted } } else { counted }
}

/// Quanto uma fatia espera por um aviso.
const PATIENCE: Duration = Duration::from_secs(2);

/// A contagem de uma fatia que se cansou de esperar: nenhum intervalo tem tantos primos.
const NEVER_WARNED: u64 = u64::MAX;

const WORKERS: usize = 2;
const MANY: usize = 4_000;

/// Até onde vai uma fatia demorada, ao lado das que levam microssegundos.
const LONG: u64 = 300_000;

/// Com blocos de pelo menos tantas tarefas, a entrega já custa pouco.
const BLOCK: usize = 8;

/// Onde está a resposta na entrada sem fim, e quanto dela se pode ler.
const PLACE: u64 = 200;
const ENOUGH: u64 = 2_000;

/// Quantas fatias depois dela também servem: mais do que o pool adianta a um trabalhador só, para que o outro tenha uma.
const OTHERS: u64 = 64;

/// Confere as três respostas.
pub fn check(
    all: impl Fn(&Pool, Vec<Fatia>) -> Result<Vec<Contagem>, Error>,
    first: impl Fn(
        &Pool,
        u64,
        Box<dyn Iterator<Item = Fatia>>,
    ) -> Result<Option<Contagem>, Error>,
    soon: impl Fn(&Pool, Vec<Fatia>, &mut dyn FnMut(Contagem)) -> Result<(), Error>,
) -> ExitCode {
    let mut check = Check::new(12);
    // Por soquete, quem leva uma tarefa por mensagem troca de mão a cada uma. Por memória, as faixas de cada
    // trabalhador esconderiam isso.
    let pool = || {
        let pool =
            Pool::builder().workers(WORKERS).transport(Transport::Socket).build();
        pool.map_err(|error| error.to_string())
    };
    let mut counted = Vec::new();
    check.point("todas: as contagens certas, na ordem das fatias", || {
        let mut ranges = slices(300_000, MANY);
        // Uma demorada no começo: sem a ordem da lista, a contagem dela chegaria depois de muitas.
        ranges[0] = 0..LONG;
        let list = ranges.iter().cloned().map(Fatia::simples).collect();
        let answers = all(&pool()?, list).map_err(|error| error.to_string())?;
        let values: Vec<u64> = answers.iter().map(|answer| answer.value).collect();
        let expected: Vec<u64> = ranges.into_iter().map(count_primes).collect();
        counted = answers;
        expect_in_order(&values, &expected)
    });
    check.point(
        "todas: as tarefas viajam em blocos, repartidos entre os processos",
        || {
            expect_shared_work(&counted, WORKERS)?;
            expect_blocks(&counted)
        },
    );
    check.point(
        "a_primeira_com: a primeira na ordem da entrada, e não a que terminar antes",
        || {
            let (answer, _) = search(&pool()?, &first)?;
            match answer {
                // Cansada de esperar, ela foi entregue antes das outras do mesmo jeito.
                Some(answer) if answer.value == NEVER_WARNED => Ok(()),
                Some(answer) => expect_equal(answer.value, count_primes(0..LONG)),
                None => Err("não achou, e a entrada tem a resposta".to_owned()),
            }
        },
    );
    check.point(
        "a_primeira_com: a entrada sem fim é lida só até pouco além da resposta",
        || {
            let (_, read) = search(&pool()?, &first)?;
            if read <= ENOUGH {
                return Ok(());
            }
            Err(format!(
                "a resposta é a de número {PLACE}, e se leram {} fatias, ou mais",
                integer(read)
            ))
        },
    );
    check.point("assim_que_puder: uma fatia demorada não segura as outras", || {
        deliver_soon(&pool()?, &soon)
    });
    check.finish()
}

fn expect_in_order(values: &[u64], expected: &[u64]) -> Result<(), String> {
    let sorted = |values: &[u64]| {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        sorted
    };
    if values != expected && sorted(values) == sorted(expected) {
        return Err(
            "as contagens são as certas, mas fora da ordem das fatias".to_owned()
        );
    }
    if values != expected {
        return Err("há contagens erradas, a mais ou a menos".to_owned());
    }
    Ok(())
}

/// Fatias vizinhas de um mesmo bloco são contadas pelo mesmo processo: em blocos, a mão troca pouco.
fn expect_blocks(answers: &[Contagem]) -> Result<(), String> {
    let changes = answers.windows(2).filter(|pair| pair[0].pid != pair[1].pid).count();
    if changes <= answers.len() / BLOCK {
        return Ok(());
    }
    Err(format!(
        "de uma fatia à seguinte o processo mudou {} vezes em {}: quase cada uma viajou sozinha",
        integer(changes as u64),
        integer(answers.len() as u64)
    ))
}

/// Quantos primos se procuram: os que há em `0..10_000`.
const MINIMUM: u64 = 1_229;

/// Procura numa entrada que não acaba; devolve o que se achou e quanto se leu.
fn search(
    pool: &Pool,
    first: impl Fn(
        &Pool,
        u64,
        Box<dyn Iterator<Item = Fatia>>,
    ) -> Result<Option<Contagem>, Error>,
) -> Result<(Option<Contagem>, u64), String> {
    let read = Rc::new(Cell::new(0));
    let (counter, warning) =
        (read.clone(), Event::new().map_err(|error| error.to_string())?);
    let endless = (1..).map_while(move |number| {
        counter.set(number);
        // Sem este fim, quem lê tudo antes de começar encheria a memória.
        (number <= 10 * ENOUGH).then(|| match number {
            // A resposta só fica pronta depois de uma das outras que servem, e que vêm depois dela.
            PLACE => Fatia { espera: Some(warning.clone()), ..Fatia::simples(0..LONG) },
            number if (PLACE..=PLACE + OTHERS).contains(&number) => {
                Fatia { avisa: Some(warning.clone()), ..Fatia::simples(0..10_000) }
            }
            _ => Fatia::simples(0..100),
        })
    });
    let answer =
        first(pool, MINIMUM, Box::new(endless)).map_err(|error| error.to_string())?;
    Ok((answer, read.get()))
}

/// A primeira fatia da lista só fica pronta depois que outra for entregue.
fn deliver_soon(
    pool: &Pool,
    soon: impl Fn(&Pool, Vec<Fatia>, &mut dyn FnMut(Contagem)) -> Result<(), Error>,
) -> Result<(), String> {
    let warning = Event::new().map_err(|error| error.to_string())?;
    let ranges = slices(100_000, 50);
    let mut list: Vec<Fatia> = ranges.iter().cloned().map(Fatia::simples).collect();
    list[0].espera = Some(warning.clone());
    let mut delivered = Vec::new();
    let mut deliver = |answer: Contagem| {
        // Se o aviso falhasse, a fatia que espera por ele diria.
        let _ = warning.set();
        delivered.push(answer.value);
    };
    soon(pool, list, &mut deliver).map_err(|error| error.to_string())?;
    if delivered.contains(&NEVER_WARNED) {
        return Err(
            "as contagens prontas esperaram pela da primeira fatia, que demorava"
                .to_owned(),
        );
    }
    let mut expected: Vec<u64> = ranges.into_iter().map(count_primes).collect();
    expected.sort_unstable();
    delivered.sort_unstable();
    expect_equal(delivered == expected, true)
        .map_err(|_| "há contagens erradas, a mais ou a menos".to_owned())
}
