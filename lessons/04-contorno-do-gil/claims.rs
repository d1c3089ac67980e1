//! O que as notas afirmam do GIL, e como cada afirmação é decidida.

use licoes::load::model::Model;
use licoes::measure::compare::{Comparison, Gain, TOO_SMALL, is_worth_sharing};
use licoes::measure::machine;
use licoes::python::twin::Twin;
use registro::format::{decimal, times};
use registro::judge::{AT_ONCE, DOES_NOT_GAIN, GAINS, Judgement, Ruler};
use registro::record::{Claim, Verdict};
use registro::stats::median;

/// O que uma trava só permite: um núcleo por vez. O décimo a mais cobre o erro dos relógios e o pouco que se faz fora da
/// trava.
const ONE_CORE: Ruler =
    Ruler::below(1.1).from(1.05).unit("núcleos").named("os núcleos ocupados");

/// O que se mediu num Python com o GIL.
pub struct WithGil {
    /// A versão.
    pub version: String,
    /// As threads dele.
    pub threads: Gain,
    /// O `Pool` dele.
    pub pool: Gain,
    /// Se a conta era bastante para todos os trabalhadores.
    pub is_heavy: bool,
    /// Que parte da máquina esteve em outras mãos.
    pub others: f64,
}

impl WithGil {
    fn of(twin: &Twin, workers: usize) -> Result<Self, String> {
        let serial = twin.runs("primes", "python_serial");
        let seconds: Vec<f64> = serial.iter().map(|run| run.seconds).collect();
        let gain = |model| twin.gain("primes", model).ok_or(format!("faltou {model}"));
        Ok(WithGil {
            version: twin.python.version.clone(),
            threads: gain("python_threads")?,
            pool: gain("python_pool")?,
            is_heavy: is_worth_sharing(median(&seconds), workers),
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
    /// Se a conta em Rust era bastante para todos os trabalhadores.
    pub is_heavy: bool,
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
            python: gil.and_then(|twin| WithGil::of(&twin, workers)),
            free: free.ok().and_then(of_free),
            threads: rust.gain(Model::Threads),
            process_pool: rust.gain(Model::ProcessPool),
            global_lock: locked.gain(Model::Threads),
            is_heavy: is_worth_sharing(median(&rust.measured[0].seconds()), workers),
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
        judge: impl FnOnce() -> Result<(Judgement, String), String>,
    ) -> Claim {
        match judge() {
            Ok((judgement, evidence)) => {
                Claim::judged(id, text, judgement.needs_two_cores(self.cores), evidence)
            }
            Err(missing) => Claim::unmeasured(id, text, missing),
        }
    }

    fn python(&self) -> Result<&WithGil, String> {
        self.python.as_ref().map_err(|reason| {
            let toy = self.global_lock.map_or(String::new(), |toy| {
                format!(
                    "; em Rust, com uma trava só, as threads deram {}",
                    times(toy.speedup)
                )
            });
            format!("{reason}: instale o python3, ou diga onde há um com --python{toy}")
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
        let control = Judgement::of(python.pool.busy_cores, AT_ONCE).verdict;
        let judgement = Judgement::of(speedup, DOES_NOT_GAIN.named("aceleração"))
            .and(Judgement::of(busy_cores, ONE_CORE))
            .needs(control == Verdict::Confirmed, || {
                "nem o Pool, o controle, ocupou mais de um núcleo, e quem não acelera pode ser a máquina; meça de \
                 novo, com um --limite maior"
            });
        let mut evidence = format!(
            "threads do Python {}: {}, com {} núcleo ocupado em média; o Pool, ao lado, ocupou {}",
            python.version,
            times(speedup),
            decimal(busy_cores.median, 2),
            decimal(python.pool.busy_cores.median, 2),
        );
        if let Some((version, free)) = &figures.free {
            let free = times(free.speedup);
            evidence.push_str(&format!("; sem o GIL, no Python {version}: {free}"));
        }
        Ok((judgement.timed(python.others), evidence))
    })
}

/// 4.C2: confirmada se o `Pool` ganha o que só dois núcleos, ao mesmo tempo, poderiam dar.
pub fn processes_help(figures: &Figures) -> Claim {
    let text = "Como cada processo tem o seu próprio interpretador, o GIL não restringe a execução paralela de tarefas CPU-bound, e há ganho de performance em cálculos intensivos.";
    figures.judge("4.C2", text, || {
        let python = figures.python()?;
        let Gain { speedup, busy_cores } = python.pool;
        let judgement = Judgement::of(speedup, GAINS.named("aceleração"))
            .and(Judgement::of(busy_cores, AT_ONCE.named("os núcleos ocupados")))
            .refutes_only_if(python.is_heavy, || TOO_SMALL);
        let evidence = format!(
            "Pool do Python {}: {}, com {} núcleos ocupados em média",
            python.version,
            times(speedup),
            decimal(busy_cores.median, 2),
        );
        Ok((judgement.timed(python.others), evidence))
    })
}

/// 4.C3: confirmada se as threads do Rust ganham, pela mesma régua dos processos do Python.
pub fn rust_threads_already_help(figures: &Figures) -> Claim {
    let text = "Em Rust as threads já aceleram: não há GIL a contornar.";
    figures.judge("4.C3", text, || {
        let threads = figures
            .threads
            .ok_or("as threads ficaram de fora; acrescente --modelo threads")?;
        let mut evidence = format!(
            "threads do Rust: {}, com {} núcleos ocupados em média",
            times(threads.speedup),
            decimal(threads.busy_cores.median, 2),
        );
        if let Some(pool) = &figures.process_pool {
            evidence
                .push_str(&format!("; o pool de processos: {}", times(pool.speedup)));
        }
        if let Some(toy) = &figures.global_lock {
            let toy = times(toy.speedup);
            evidence.push_str(&format!("; as mesmas, com uma trava só: {toy}"));
        }
        let judgement =
            Judgement::of(threads.speedup, GAINS.named("aceleração das threads"))
                .refutes_only_if(figures.is_heavy, || TOO_SMALL);
        Ok((judgement.timed(figures.others), evidence))
    })
}

#[cfg(test)]
mod tests {
    use registro::stats::Estimate;

    use super::*;

    fn gain(speedup: f64, busy: f64) -> Gain {
        let near =
            |x: f64| Estimate { median: x, low: x - x / 50.0, high: x + x / 50.0 };
        Gain { speedup: near(speedup), busy_cores: near(busy) }
    }

    fn python(threads: Gain, pool: Gain) -> Result<WithGil, String> {
        Ok(WithGil {
            version: "3.11.7".to_owned(),
            threads,
            pool,
            is_heavy: true,
            others: 0.0,
        })
    }

    fn figures() -> Figures {
        Figures {
            cores: 2,
            python: python(gain(0.98, 0.97), gain(1.85, 1.9)),
            free: None,
            threads: Some(gain(1.95, 1.97)),
            process_pool: Some(gain(1.9, 1.92)),
            global_lock: Some(gain(0.99, 0.98)),
            is_heavy: true,
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
        let stuck = gain(0.95, 0.95);
        let figures = Figures { python: python(stuck, stuck), ..figures() };
        assert_eq!(verdicts(&figures), [Inconclusive, Refuted, Confirmed]);
    }

    #[test]
    fn rust_threads_that_leave_cores_idle_refute_the_third() {
        let one_of_two = Figures { threads: Some(gain(0.95, 1.0)), ..figures() };
        assert_eq!(verdicts(&one_of_two), [Confirmed, Confirmed, Refuted]);
    }

    #[test]
    fn what_is_true_by_little_is_not_refuted() {
        let little = gain(1.05, 1.05);
        let pool = python(gain(0.98, 0.97), gain(1.05, 1.9));
        let figures = Figures { python: pool, threads: Some(little), ..figures() };
        assert_eq!(verdicts(&figures), [Confirmed, Inconclusive, Inconclusive]);
        let told = [processes_help, rust_threads_already_help]
            .map(|judge| judge(&figures).reason);
        assert!(told.into_iter().flatten().all(|reason| reason.contains("por pouco")));
        // Duas réguas com o mesmo número, e os mesmos dois núcleos de quatro: ganhar é ganhar.
        let two_of_four =
            Figures { cores: 4, threads: Some(gain(1.95, 1.9)), ..self::figures() };
        assert_eq!(verdicts(&two_of_four), [Confirmed; 3]);
    }

    #[test]
    fn threads_that_gain_a_little_neither_help_nor_do_not() {
        let little =
            Figures { python: python(gain(1.07, 1.0), gain(1.85, 1.9)), ..figures() };
        assert_eq!(verdicts(&little)[0], Inconclusive);
    }

    #[test]
    fn a_small_sum_refutes_no_gain() {
        let slow = gain(0.5, 0.5);
        let mut small = Figures {
            python: python(gain(0.98, 0.97), gain(0.5, 1.9)),
            threads: Some(slow),
            is_heavy: false,
            ..figures()
        };
        small.python.as_mut().expect("há um").is_heavy = false;
        assert_eq!(verdicts(&small), [Confirmed, Inconclusive, Inconclusive]);
    }

    #[test]
    fn without_a_gil_only_the_third_is_decided_and_the_toy_is_told() {
        let figures =
            Figures { python: Err("não há python3 no PATH".to_owned()), ..figures() };
        assert_eq!(verdicts(&figures), [Inconclusive, Inconclusive, Confirmed]);
        let reason = threads_do_not_help(&figures).reason.expect("há uma razão");
        assert!(reason.contains("--python; em Rust, com uma trava só"), "{reason}");
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
