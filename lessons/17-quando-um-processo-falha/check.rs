//! A conferência do exercício 17: refaz-se o que se perdeu, desiste-se de quem sempre mata, e o resto chega.

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use licoes::load::workload::count_primes;
use licoes::measure::trace::{Piece, traced};
use licoes::run::exercise::{
    Check, expect_equal, expect_no_children, expect_shared_work,
};
use multiprocessamento::{Error, SharedArray};
use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};

/// O que acontece quando um pedido é feito.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Sina {
    /// Responde.
    Responde,
    /// Leva um SIGKILL na primeira vez; na segunda, responde.
    MorreUmaVez,
    /// Sai com código 3 na primeira vez; na segunda, responde.
    SaiUmaVez,
    /// Mata o processo em que estiver, sempre: um veneno.
    MataSempre,
}

/// Um pedido a uma função que pode levar consigo o processo em que roda.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pedido {
    numero: usize,
    ate: u64,
    sina: Sina,
    /// Quantas vezes cada pedido começou a ser feito, numa memória que sobrevive a quem morre.
    vezes: SharedArray<u64>,
}

/// O que a função responde: quantos primos, e por quem.
pub type Resposta = Piece<u64>;

/// Faz um pedido. Nem sempre volta.
pub fn fragil(pedido: Pedido) -> Resposta {
    let vez = pedido.vezes.cells()[pedido.numero].fetch_add(1, Ordering::SeqCst);
    match (pedido.sina, vez) {
        (Sina::MorreUmaVez, 0) | (Sina::MataSempre, _) => {
            let _ = kill_process(getpid(), Signal::KILL);
        }
        (Sina::SaiUmaVez, 0) => std::process::exit(3),
        _ => {}
    }
    traced(|ate| count_primes(0..ate), pedido.ate)
}

/// Quantos processos trabalham, e quantas vezes se repete um pedido que se perdeu.
const TRABALHADORES: usize = 2;
const REPETICOES: usize = 3;

/// O que se viu de uma resposta do leitor.
struct Rodada {
    desfechos: Vec<Result<Resposta, Error>>,
    vezes: Vec<u64>,
}

impl Rodada {
    fn de<F>(resposta: F, sinas: &[Sina], ate: u64) -> Result<Rodada, String>
    where
        F: Fn(Vec<Pedido>, usize, usize) -> Result<Vec<Result<Resposta, Error>>, Error>,
    {
        let rodar = || -> Result<Rodada, Error> {
            let vezes = SharedArray::new(sinas.len())?;
            let pedido = |(numero, &sina): (usize, &Sina)| Pedido {
                numero,
                ate: ate + numero as u64,
                sina,
                vezes: vezes.clone(),
            };
            let pedidos = sinas.iter().enumerate().map(pedido).collect();
            let desfechos = resposta(pedidos, TRABALHADORES, REPETICOES)?;
            Ok(Rodada { desfechos, vezes: vezes.to_vec() })
        };
        rodar().map_err(|error| format!("nenhuma resposta chegou: {error}"))
    }

    /// Cada desfecho em uma palavra: o número de primos, ou `desistiu`.
    fn expect(&self, sinas: &[Sina], ate: u64) -> Result<(), String> {
        let certo = |(numero, sina): (usize, &Sina)| match sina {
            Sina::MataSempre => "desistiu".to_owned(),
            _ => count_primes(0..ate + numero as u64).to_string(),
        };
        let veio = |desfecho: &Result<Resposta, Error>| {
            desfecho
                .as_ref()
                .map_or("desistiu".to_owned(), |resposta| resposta.value.to_string())
        };
        let certos: Vec<String> = sinas.iter().enumerate().map(certo).collect();
        let vieram: Vec<String> = self.desfechos.iter().map(veio).collect();
        expect_equal(vieram.join(", "), certos.join(", "))
    }
}

/// Confere uma resposta.
pub fn check<F>(resposta: F) -> ExitCode
where
    F: Fn(Vec<Pedido>, usize, usize) -> Result<Vec<Result<Resposta, Error>>, Error>
        + Copy
        + Send
        + 'static,
{
    use Sina::{MataSempre, MorreUmaVez, Responde, SaiUmaVez};
    let mut check = Check::new(17);
    check.point_in_time("sem falhas, as respostas chegam em ordem", move || {
        let sinas = [Responde; 8];
        Rodada::de(resposta, &[], 100)?.expect(&[], 100)?;
        Rodada::de(resposta, &sinas, 100)?.expect(&sinas, 100)
    });
    check.point_in_time("quem morreu uma vez é refeito, e responde", move || {
        let sinas = [Responde, MorreUmaVez, Responde, SaiUmaVez, MorreUmaVez, Responde];
        Rodada::de(resposta, &sinas, 100)?.expect(&sinas, 100)
    });
    check.point_in_time(
        "de quem sempre mata se desiste, e as outras respostas chegam",
        move || {
            let sinas = [Responde, MataSempre, Responde, MorreUmaVez, Responde, Responde];
            let rodada = Rodada::de(resposta, &sinas, 100)?;
            rodada.expect(&sinas, 100)?;
            let (vezes, tolera) = (rodada.vezes[1], REPETICOES as u64 + 1);
            if vezes == tolera {
                return Ok(());
            }
            Err(format!(
                "o veneno rodou {vezes} vezes; com {REPETICOES} repetições, são {tolera}"
            ))
        },
    );
    check.point_in_time("só se refaz o que se perdeu", move || {
        let sinas = [Responde, Responde, MorreUmaVez, Responde, MataSempre, Responde];
        let rodada = Rodada::de(resposta, &sinas, 100)?;
        let tolera = |sina: &Sina| match sina {
            Responde => 1,
            MorreUmaVez | SaiUmaVez => 2,
            MataSempre => REPETICOES as u64 + 1,
        };
        let demais = |(vezes, sina): &(&u64, &Sina)| **vezes > tolera(sina);
        match rodada.vezes.iter().zip(&sinas).filter(demais).count() {
            0 => Ok(()),
            demais => {
                Err(format!("{demais} pedidos rodaram mais vezes do que precisavam"))
            }
        }
    });
    check.point_in_time("os processos repartem o trabalho, e nenhum fica", move || {
        let sinas = [Responde; 16];
        let rodada = Rodada::de(resposta, &sinas, 150_000)?;
        let pedacos: Vec<Resposta> = rodada.desfechos.into_iter().flatten().collect();
        expect_equal(pedacos.len(), sinas.len())?;
        expect_shared_work(&pedacos, TRABALHADORES)?;
        expect_no_children()
    });
    check.finish()
}
