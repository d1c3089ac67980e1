//! O ritmo de um trabalhador, e quanto adiantar a ele.

use std::time::{Duration, Instant};

/// Quantos blocos adiantar: o bastante para o trabalhador não parar à espera do próximo, e não mais.
///
/// Acordar um processo custa dezenas de microssegundos. Com tarefas curtas, vale ter muitas na fila
/// dele; com tarefas longas, uma adiantada é uma que outro trabalhador livre não pode pegar.
pub(crate) struct Pace {
    /// Média móvel do tempo entre respostas, em segundos.
    mean: Option<f64>,
    last: Instant,
}

impl Pace {
    // ANCHOR: ahead
    pub(super) const DEEPEST: usize = 32;
    /// Quanto trabalho adiantado cobre com folga um despertar.
    const AHEAD: f64 = 1e-3;
    /// Acima disto, a espera pelo próximo bloco é menos de 1 % dele: não se adianta nada.
    const LONG: f64 = 10e-3;
    // ANCHOR_END: ahead

    pub(crate) fn new() -> Self {
        Pace { mean: None, last: Instant::now() }
    }

    pub(crate) fn start(&mut self) {
        self.last = Instant::now();
    }

    pub(crate) fn tick(&mut self) {
        let elapsed = self.last.elapsed().min(Duration::from_secs(3600)).as_secs_f64();
        self.last = Instant::now();
        self.mean = Some(self.mean.map_or(elapsed, |mean| 0.8 * mean + 0.2 * elapsed));
    }

    // ANCHOR: depth
    pub(crate) fn depth(&self) -> usize {
        match self.mean {
            // Um despertar por série custa menos do que adiantar às cegas uma tarefa longa.
            None => 1,
            Some(mean) if mean > Self::LONG => 1,
            Some(mean) => ((Self::AHEAD / mean) as usize).clamp(2, Self::DEEPEST),
        }
    }
    // ANCHOR_END: depth
}
