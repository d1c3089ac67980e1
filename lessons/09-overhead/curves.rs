//! As curvas da lição: quem entra nelas, e o que se registra de cada uma.

use licoes::load::model::Model;
use licoes::measure::crew::{Crew, Task};
use licoes::measure::granularity::{Crossing, Curve, Sample, spin};
use licoes::run::lesson::Lesson;
use multiprocessamento::{Error, Transport};

use crate::claims;

/// Os trabalhadores, já nascidos: os de todos os modelos, e os do mesmo pool por soquete.
pub fn crews(workers: usize) -> Result<Vec<(&'static str, Crew<impl Task>)>, Error> {
    let mut crews = Vec::new();
    for model in &Model::ALL[1..] {
        crews.push((model.id(), Crew::hire(*model, spin, workers)?));
        if *model == Model::ProcessPool {
            let by_socket = Crew::hire_pool(spin, workers, Transport::Socket)?;
            crews.push(("process_pool_socket", by_socket));
        }
    }
    Ok(crews)
}

/// A curva de eficiência de um modelo, o custo de uma tarefa e a METG(50 %).
pub fn task_sizes(lesson: &mut Lesson, curve: &Curve) {
    let workers = lesson.options().workers;
    let efficiency = |sample: &Sample| sample.speedup() / workers as f64;
    for size in &curve.sizes {
        let x = (1e6 * size.seconds, "µs por tarefa");
        let y = (size.estimate(efficiency).median, "eficiência");
        lesson.point("efficiency_by_task", &curve.model, x, y);
    }
    let cost = 1e6 * curve.task_cost(workers).median;
    lesson.metric("task_us", &curve.model, cost, "us");
    if let Crossing::At(metg) = claims::metg(curve, workers) {
        lesson.metric("metg50_us", &curve.model, 1e6 * metg.median, "us");
    }
}

/// A aceleração de um trabalho inteiro, contando criar e desfazer os trabalhadores.
pub fn whole_jobs(lesson: &mut Lesson, curve: &Curve) {
    for size in &curve.sizes {
        let x = (1e3 * size.seconds, "ms de trabalho");
        let y = (size.estimate(Sample::speedup).median, "aceleração");
        lesson.point("speedup_by_work", &curve.model, x, y);
    }
    if let Crossing::At(even) = claims::break_even(curve) {
        lesson.metric("break_even", &curve.model, even.median, "s");
    }
}
