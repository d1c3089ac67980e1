//! O que uma falha deixou, modelo a modelo: os processos que morreram, e as respostas que se perderam ou
//! chegaram erradas.

use registro::fate::{Fate, TOLD, metric};
use registro::format::{count, integer};
use registro::legend::Kind;

use super::agreement;
use super::chart::Chart;
use super::names::Names;
use super::pen::{Area, Pen, WIDTH};
use super::record::{Record, distinct};
use super::table::Table;

/// Um quadradinho é uma resposta; de tantas em diante, cada um passa a ser várias.
const MOST: usize = 64;
const PER_ROW: usize = 32;
const STEP: f64 = WIDTH / 32.0;
const CELL: f64 = 12.0;
const BOX: Area = Area { x: 1.0, y: 0.0, width: 22.0, height: 16.0 };
/// Mais processos do que isto não cabem na linha; o texto ao lado diz quantos são.
const MOST_BOXES: usize = 8;
const LINE: f64 = 24.0;

/// O desenho; nada, se o registro não tem estas falhas.
pub fn draw(record: &Record, names: Names, failures: &[&str]) -> Option<Chart> {
    let titles = ["Modelo", "Falha", "Pedidas", "Certas", "Erradas", "Perdidas", "Processos", "Mortos"];
    let mut drawing = Drawing {
        pen: Pen::default(),
        names,
        y: 0.0,
        numbers: Table::of_chart(&titles),
        told: Vec::new(),
        losses: Vec::new(),
    };
    for failure in failures {
        let asked = metric(failure, "asked");
        let metrics = record.metrics.iter().filter(|metric| metric.name == asked);
        let models = distinct(metrics.map(|metric| metric.model.as_str()));
        let fates: Vec<_> =
            models.into_iter().filter_map(|model| Some((model, fate(record, failure, model)?))).collect();
        if !fates.is_empty() {
            drawing.heading(failure);
            drawing.told.push(losses(names, failure, &fates));
        }
        for (model, fate) in fates {
            let told = number(record, failure, TOLD, model);
            drawing.model(model, &fate, told);
            let case = format!("{} ({})", names.model(model), short(names, failure));
            drawing.losses.push((case, fate.lost() as f64));
            drawing.numbers.row(names, model, &cells_of(short(names, failure), &fate));
        }
    }
    (drawing.y > 0.0).then(|| drawing.finish())
}

fn fate(record: &Record, failure: &str, model: &str) -> Option<Fate> {
    let number = |name: &str| number(record, failure, name, model);
    Some(Fate {
        asked: number("asked")?,
        right: number("right")?,
        wrong: number("wrong")?,
        processes: number("processes")?,
        died: number("died")?,
    })
}

/// Uma contagem é inteira e não é negativa: o registro a guarda como número qualquer.
fn number(record: &Record, failure: &str, name: &str, model: &str) -> Option<usize> {
    Some(record.metric(&metric(failure, name), model)?.value.max(0.0) as usize)
}

struct Drawing<'r> {
    pen: Pen,
    names: Names<'r>,
    y: f64,
    numbers: Table,
    /// O que cada falha deixou, em palavras.
    told: Vec<String>,
    /// Quantas respostas cada modelo perdeu, de cada falha.
    losses: agreement::Values,
}

/// O que um quadradinho diz.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Right,
    Wrong,
    Lost,
}

impl Drawing<'_> {
    fn heading(&mut self, failure: &str) {
        self.pen.text("nome", (1.0, self.y + 14.0), self.names.label(Kind::Failure, failure));
        self.pen.line("eixo", (1.0, self.y + LINE), (WIDTH - 1.0, self.y + LINE));
        self.y += LINE + 8.0;
    }

    fn model(&mut self, model: &str, fate: &Fate, told: Option<usize>) {
        self.pen.text("nome", (1.0, self.y + 15.0), self.names.model(model));
        self.y += LINE;
        self.pen.text("valor", (1.0, self.y + 13.0), &answers(fate, told));
        self.y += LINE;
        self.pen.group(&format!("{}: {}; {}", self.names.model(model), answers(fate, told), deaths(fate)));
        self.processes(model, fate);
        for (index, answer) in cells(fate).into_iter().enumerate() {
            let x = 1.0 + steps(index % PER_ROW);
            self.answer(answer, &self.names.class(model), (x, self.y + steps(index / PER_ROW)));
        }
        self.pen.ungroup();
        self.y += steps(cells(fate).len().div_ceil(PER_ROW)) + 14.0;
    }

    fn processes(&mut self, model: &str, fate: &Fate) {
        let shown = fate.processes.min(MOST_BOXES);
        let mut area = Area { y: self.y, ..BOX };
        for number in 0..shown {
            // Os mortos vêm primeiro: com muitos processos, são eles que não podem faltar.
            if number < fate.died {
                self.pen.rect("morto", area, "");
                self.cross(area);
            } else {
                self.pen.rect(&format!("processo {}", self.names.class(model)), area, "");
            }
            area.x += area.width + 5.0;
        }
        self.pen.text("", (area.x + 3.0, self.y + 13.0), &deaths(fate));
        self.y += LINE;
    }

    fn answer(&mut self, answer: Answer, right: &str, (x, y): (f64, f64)) {
        let area = Area { x, y, width: CELL, height: CELL };
        match answer {
            Answer::Right => self.pen.rect(right, area, ""),
            Answer::Lost => {
                self.pen.rect("morto", area, "");
                self.cross(area);
            }
            Answer::Wrong => {
                self.pen.rect("errada", area, "");
                self.pen.text("sinal", (x + CELL / 2.0, y + 10.5), "≠");
            }
        }
    }

    fn cross(&mut self, Area { x, y, width, height }: Area) {
        self.pen.line("cruz", (x, y), (x + width, y + height));
        self.pen.line("cruz", (x, y + height), (x + width, y));
    }

    fn finish(mut self) -> Chart {
        let legend = [
            (Answer::Right, "certa"),
            (Answer::Lost, "perdida"),
            (Answer::Wrong, "errada, e ninguém avisou"),
        ];
        let mut x = 1.0;
        for (answer, name) in legend {
            self.answer(answer, "certa", (x, self.y));
            self.pen.text("", (x + 18.0, self.y + 11.5), name);
            x += 44.0 + 8.8 * f64::from(u16::try_from(name.chars().count()).unwrap_or(u16::MAX));
        }
        Chart {
            kind: "destinos",
            name: String::new(),
            axes: [None, None],
            values: (self.losses, agreement::Ends("quem perde menos é", "quem perde mais é")),
            beside: Vec::new(),
            show: Box::new(|lost| count(lost as usize, "resposta", "respostas")),
            title: "O que cada falha deixou?".to_owned(),
            summary: self.told.join(" "),
            pen: self.pen,
            height: self.y + 18.0,
            numbers: self.numbers,
        }
    }
}

/// A falha em poucas letras.
fn short<'a>(names: Names<'a>, failure: &'a str) -> &'a str {
    names.find(Kind::Failure, failure).and_then(|legend| legend.short.as_deref()).unwrap_or(failure)
}

/// Quem perdeu respostas, e quem as entregou erradas.
fn losses(names: Names, failure: &str, fates: &[(&str, Fate)]) -> String {
    let of = |part: fn(&Fate) -> usize| {
        let some = fates.iter().filter(|(_, fate)| part(fate) > 0);
        let some: Vec<String> =
            some.map(|(model, fate)| format!("{} ({})", names.model(model), whole(part(fate)))).collect();
        if some.is_empty() { "ninguém".to_owned() } else { some.join(", ") }
    };
    let wrong = if fates.iter().any(|(_, fate)| fate.wrong > 0) {
        format!("; entregou respostas erradas: {}", of(|fate| fate.wrong))
    } else {
        String::new()
    };
    format!("{}. Perdeu respostas: {}{wrong}.", names.label(Kind::Failure, failure), of(Fate::lost))
}

fn cells_of(failure: &str, fate: &Fate) -> Vec<String> {
    let numbers = [fate.asked, fate.right, fate.wrong, fate.lost(), fate.processes, fate.died];
    std::iter::once(failure.to_owned()).chain(numbers.map(whole)).collect()
}

fn whole(number: usize) -> String {
    integer(u64::try_from(number).unwrap_or(u64::MAX))
}

fn steps(count: usize) -> f64 {
    f64::from(u16::try_from(count).unwrap_or(u16::MAX)) * STEP
}

/// Os quadradinhos de um modelo. Uma perda, por pequena que seja, aparece.
fn cells(fate: &Fate) -> Vec<Answer> {
    let total = fate.asked.min(MOST);
    let share = |part: usize| (part * total).div_ceil(fate.asked.max(1));
    let (wrong, lost) = (share(fate.wrong), share(fate.lost()));
    let mut cells = vec![Answer::Right; total.saturating_sub(wrong + lost)];
    cells.extend(std::iter::repeat_n(Answer::Wrong, wrong));
    cells.extend(std::iter::repeat_n(Answer::Lost, lost));
    cells.truncate(total);
    cells
}

/// Quantas chegaram; das que não, se alguém ficou sabendo, onde isso se registrou.
fn answers(fate: &Fate, told: Option<usize>) -> String {
    let mut text = format!("{} de {} certas", whole(fate.right), whole(fate.asked));
    if fate.wrong > 0 {
        text += &format!(", {}", count(fate.wrong, "errada", "erradas"));
    }
    if fate.lost() > 0 {
        text += &format!(", {}", count(fate.lost(), "perdida", "perdidas"));
        text += match told {
            None => "",
            Some(told) if told >= fate.lost() => ", com aviso",
            Some(_) => ", sem aviso",
        };
    }
    text
}

fn deaths(fate: &Fate) -> String {
    let processes = count(fate.processes, "processo", "processos");
    match (fate.died, fate.processes) {
        (0, 1) => "o processo continua vivo".to_owned(),
        (0, _) => format!("{processes}, todos vivos"),
        (1, 1) => "morreu o processo, com tudo o que tinha".to_owned(),
        (1, _) => format!("morreu 1 de {processes}"),
        (died, _) => format!("morreram {died} de {processes}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(fate: Fate) -> [usize; 3] {
        let cells = cells(&fate);
        [Answer::Right, Answer::Wrong, Answer::Lost]
            .map(|kind| cells.iter().filter(|cell| **cell == kind).count())
    }

    #[test]
    fn a_cell_is_an_answer_while_they_fit_and_no_loss_is_too_small_to_show() {
        let fate = Fate { asked: 64, right: 62, wrong: 1, processes: 2, died: 1 };
        assert_eq!(shown(fate), [62, 1, 1]);
        assert_eq!(shown(Fate { asked: 10_000, right: 9_999, wrong: 0, ..fate }), [63, 0, 1]);
        assert_eq!(shown(Fate { asked: 0, right: 0, wrong: 0, ..fate }), [0, 0, 0]);
    }

    #[test]
    fn a_lost_answer_says_whether_anyone_was_told_when_the_record_knows() {
        let fate = Fate { asked: 64, right: 63, wrong: 0, processes: 2, died: 1 };
        assert_eq!(answers(&fate, None), "63 de 64 certas, 1 perdida");
        assert_eq!(answers(&fate, Some(1)), "63 de 64 certas, 1 perdida, com aviso");
        assert_eq!(answers(&fate, Some(0)), "63 de 64 certas, 1 perdida, sem aviso");
        assert_eq!(answers(&Fate { right: 64, ..fate }, Some(0)), "64 de 64 certas");
    }

    #[test]
    fn deaths_are_told_in_words() {
        let fate = Fate { asked: 1, right: 1, wrong: 0, processes: 2, died: 0 };
        assert_eq!(deaths(&fate), "2 processos, todos vivos");
        assert_eq!(deaths(&Fate { died: 1, ..fate }), "morreu 1 de 2 processos");
        assert_eq!(deaths(&Fate { died: 2, ..fate }), "morreram 2 de 2 processos");
    }
}
