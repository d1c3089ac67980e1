//! O que as notas afirmam do GIL, e como cada afirmação é decidida.

use multiprocessamento::workbook::compare::{Comparison, Gain};
use multiprocessamento::workbook::format::{decimal, times};
use multiprocessamento::workbook::machine;
use multiprocessamento::workbook::model::Model;
use multiprocessamento::workbook::record::{Claim, Verdict};
use multiprocessamento::workbook::twin::Twin;

/// O que uma trava só permite: um núcleo por vez, e por isso aceleração 1. O décimo a mais cobre o
/// erro dos relógios e o pouco que se faz fora da trava.
const ONE_CORE: f64 = 1.1;

/// Eficiência a partir da qual um núcleo a mais compensa, a mesma da lição 3.
const WORTH_IT: f64 = 0.75;

/// O que se mediu num Python com o GIL.
pub struct WithGil {
    /// A versão.
    pub version: String,
    /// As threads dele.
    pub threads: Gain,
    /// O `Pool` dele.
    pub pool: Gain,
    /// Que parte da máquina esteve em outras mãos.
    pub others: f64,
}

impl WithGil {
    fn of(twin: &Twin) -> Result<Self, String> {
        let gain = |model| twin.gain("primes", model).ok_or(format!("faltou {model}"));
        Ok(WithGil {
            version: twin.python.version.clone(),
            threads: gain("python_threads")?,
            pool: gain("python_pool")?,
            others: twin.others,
        })
    }
}

/// O que se mediu, nas duas linguagens. Cada ganho é sobre o serial da mesma linguagem.
pub struct Figures {
    /// Núcleos que podem trabalhar ao mesmo tempo: os da máquina, se há trabalhadores para eles.
    pub cores: usize,
    /// O Python com o GIL; sem ele, por que não há.
    pub python: Result<WithGil, String>,
    /// As threads de um Python sem o GIL, e a versão dele, onde há um.
    pub free: Option<(String, Gain)>,
    /// As threads do Rust, se foram pedidas.
    pub threads: Option<Gain>,
    /// O pool de processos do Rust, se foi pedido.
    pub process_pool: Option<Gain>,
    /// As threads do Rust com uma trava só.
    pub global_lock: Option<Gain>,
    /// Que parte da máquina esteve em outras mãos durante as medidas em Rust.
    pub others: f64,
}

impl Figures {
    /// As figuras da lição, com `workers` trabalhadores em cada modelo.
    pub fn of(
        rust: &Comparison,
        locked: &Comparison,
        gil: Result<Twin, String>,
        free: Result<Twin, String>,
        workers: usize,
    ) -> Self {
        let of_free = |twin: Twin| {
            let gain = twin.gain("primes", "python_free_threads")?;
            Some((twin.python.version, gain))
        };
        Figures {
            cores: machine::cores().min(workers),
            python: gil.and_then(|twin| WithGil::of(&twin)),
            free: free.ok().and_then(of_free),
            threads: rust.gain(Model::Threads),
            process_pool: rust.gain(Model::ProcessPool),
            global_lock: locked.gain(Model::Threads),
            others: rust.others,
        }
    }

    /// O ganho de cada modelo medido.
    pub fn gains(&self) -> impl Iterator<Item = (&'static str, Gain)> {
        let python = self.python.as_ref().ok();
        let gains = [
            ("python_threads", python.map(|python| python.threads)),
            ("python_pool", python.map(|python| python.pool)),
            ("python_free_threads", self.free.as_ref().map(|(_, gain)| *gain)),
            ("global_lock", self.global_lock),
            ("threads", self.threads),
            ("process_pool", self.process_pool),
        ];
        gains.into_iter().filter_map(|(model, gain)| Some((model, gain?)))
    }

    fn judge(
        &self,
        id: &str,
        text: &str,
        judge: impl FnOnce() -> Result<(Verdict, String), String>,
    ) -> Claim {
        let judged = match self.cores {
            0 | 1 => {
                Err("com um núcleo ou um trabalhador só, nada aceleraria".to_owned())
            }
            _ => judge(),
        };
        match judged {
            Ok((verdict, evidence)) => Claim::judged(id, text, verdict, evidence),
            Err(missing) => Claim::unmeasured(id, text, missing),
        }
    }

    fn python(&self) -> Result<&WithGil, String> {
        self.python.as_ref().map_err(|reason| match &self.global_lock {
            Some(toy) => format!(
                "{reason}; em Rust, com uma trava só, as threads deram {}",
                times(toy.speedup)
            ),
            None => reason.clone(),
        })
    }
}

/// 4.C1: confirmada se as threads nem ganham tempo nem ocupam mais de um núcleo, enquanto o `Pool`, ao
/// lado, ocupa. Sem esse controle, quem não acelera pode ser a máquina.
pub fn threads_do_not_help(figures: &Figures) -> Claim {
    let text = "Sob o GIL, as threads do Python não aceleram uma conta pesada.";
    figures.judge("4.C1", text, || {
        let python = figures.python()?;
        let Gain { speedup, busy_cores } = python.threads;
        let still =
            Verdict::at_most(speedup, ONE_CORE).and(Verdict::at_most(busy_cores, ONE_CORE));
        let control = Verdict::at_least(python.pool.busy_cores, ONE_CORE);
        let verdict =
            if control == Verdict::Confirmed { still } else { Verdict::Inconclusive };
        let mut evidence = format!(
            "threads do Python {}: {}, com {} núcleo ocupado em média (limiar dos dois: {}); o Pool, ao lado, ocupou {}",
            python.version,
            times(speedup),
            decimal(busy_cores.median, 2),
            decimal(ONE_CORE, 2),
            decimal(python.pool.busy_cores.median, 2),
        );
        if let Some((version, free)) = &figures.free {
            let free = times(free.speedup);
            evidence.push_str(&format!("; sem o GIL, no Python {version}: {free}"));
        }
        Ok((verdict.unless_busy(python.others), evidence))
    })
}

/// 4.C2: confirmada se o `Pool` ganha o que só dois núcleos, ao mesmo tempo, poderiam dar.
pub fn processes_help(figures: &Figures) -> Claim {
    let text = "Os processos do Python aceleram a mesma conta.";
    figures.judge("4.C2", text, || {
        let python = figures.python()?;
        let Gain { speedup, busy_cores } = python.pool;
        let verdict = Verdict::at_least(speedup, ONE_CORE)
            .and(Verdict::at_least(busy_cores, ONE_CORE));
        let evidence = format!(
            "Pool do Python {}: {}, com {} núcleos ocupados em média (limiar dos dois: {})",
            python.version,
            times(speedup),
            decimal(busy_cores.median, 2),
            decimal(ONE_CORE, 2),
        );
        Ok((verdict.unless_busy(python.others), evidence))
    })
}

/// 4.C3: confirmada se as threads do Rust rendem em todos os núcleos, como os processos na lição 3.
pub fn rust_threads_already_help(figures: &Figures) -> Claim {
    let text = "Em Rust as threads já aceleram: não há GIL a contornar.";
    figures.judge("4.C3", text, || {
        let threads =
            figures.threads.ok_or("as threads ficaram de fora, por --modelo")?;
        let needed = WORTH_IT * figures.cores as f64;
        let mut evidence = format!(
            "threads do Rust: {}, com {} núcleos ocupados em média (limiar: {}×)",
            times(threads.speedup),
            decimal(threads.busy_cores.median, 2),
            decimal(needed, 2),
        );
        if let Some(pool) = &figures.process_pool {
            evidence
                .push_str(&format!("; o pool de processos: {}", times(pool.speedup)));
        }
        if let Some(toy) = &figures.global_lock {
            let toy = times(toy.speedup);
            evidence.push_str(&format!("; as mesmas, com uma trava só: {toy}"));
        }
        let verdict = Verdict::at_least(threads.speedup, needed);
        Ok((verdict.unless_busy(figures.others), evidence))
    })
}

#[cfg(test)]
mod tests {
    use multiprocessamento::workbook::stats::Estimate;

    use super::*;

    fn gain(speedup: f64, busy: f64) -> Gain {
        let near =
            |x: f64| Estimate { median: x, low: x - x / 50.0, high: x + x / 50.0 };
        Gain { speedup: near(speedup), busy_cores: near(busy) }
    }

    fn python(threads: Gain, pool: Gain) -> Result<WithGil, String> {
        Ok(WithGil { version: "3.11.7".to_owned(), threads, pool, others: 0.0 })
    }

    fn figures() -> Figures {
        Figures {
            cores: 2,
            python: python(gain(0.98, 0.97), gain(1.85, 1.9)),
            free: None,
            threads: Some(gain(1.95, 1.97)),
            process_pool: Some(gain(1.9, 1.92)),
            global_lock: Some(gain(0.99, 0.98)),
            others: 0.0,
        }
    }

    fn verdicts(figures: &Figures) -> [Verdict; 3] {
        [
            threads_do_not_help(figures),
            processes_help(figures),
            rust_threads_already_help(figures),
        ]
        .map(|claim| claim.verdict.expect("são medidas"))
    }

    use Verdict::{Confirmed, Inconclusive, Refuted};

    #[test]
    fn a_python_with_the_gil_beside_free_threads_confirms_all() {
        assert_eq!(verdicts(&figures()), [Confirmed; 3]);
    }

    #[test]
    fn python_threads_that_gain_time_or_a_second_core_refute_the_first() {
        let pool = gain(1.85, 1.9);
        for threads in [gain(1.9, 1.95), gain(1.0, 1.5), gain(1.5, 1.0)] {
            let figures = Figures { python: python(threads, pool), ..figures() };
            assert_eq!(verdicts(&figures), [Refuted, Confirmed, Confirmed]);
        }
    }

    #[test]
    fn a_pool_on_one_core_refutes_the_second_and_is_no_control_for_the_first() {
        let stuck = gain(0.97, 0.98);
        let figures = Figures { python: python(stuck, stuck), ..figures() };
        assert_eq!(verdicts(&figures), [Inconclusive, Refuted, Confirmed]);
    }

    #[test]
    fn rust_threads_that_leave_cores_idle_refute_the_third() {
        let one_of_two = Figures { threads: Some(gain(1.0, 1.0)), ..figures() };
        assert_eq!(verdicts(&one_of_two), [Confirmed, Confirmed, Refuted]);
        let two_of_four =
            Figures { cores: 4, threads: Some(gain(1.95, 1.9)), ..figures() };
        assert_eq!(verdicts(&two_of_four), [Confirmed, Confirmed, Refuted]);
    }

    #[test]
    fn without_a_gil_only_the_third_is_decided_and_the_toy_is_told() {
        let figures =
            Figures { python: Err("não há python3 no PATH".to_owned()), ..figures() };
        assert_eq!(verdicts(&figures), [Inconclusive, Inconclusive, Confirmed]);
        let evidence = threads_do_not_help(&figures).evidence;
        assert!(evidence.contains("PATH; em Rust, com uma trava só"), "{evidence}");
    }

    #[test]
    fn one_core_a_busy_machine_or_no_threads_decide_nothing() {
        let single = Figures { cores: 1, ..figures() };
        assert_eq!(verdicts(&single), [Inconclusive; 3]);
        let mut busy = Figures { others: 0.4, ..figures() };
        busy.python.as_mut().expect("há um").others = 0.4;
        assert_eq!(verdicts(&busy), [Inconclusive; 3]);
        let unasked = Figures { threads: None, ..figures() };
        assert_eq!(verdicts(&unasked), [Confirmed, Confirmed, Inconclusive]);
    }
}
