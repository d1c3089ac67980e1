//! As figuras de um capítulo, redesenhadas enquanto a lição mede: são as mesmas da página, com o que já se sabe.

use std::fs;
use std::time::{Duration, Instant};

use registro::record::Event;
use serde_json::json;

use super::news::{Gone, Outlet};
use crate::directive;
use crate::measure::record::{Record, Records};
use crate::measure::{self};
use crate::project::{Lesson, Project};

/// Redesenhar mais do que isto ninguém veria, e a medição sentiria.
const EVERY: Duration = Duration::from_millis(250);

/// As figuras do capítulo de uma lição.
pub(super) struct Live {
    lesson: Lesson,
    records: Records,
    figures: Vec<Figure>,
    drawn: Option<Instant>,
}

struct Figure {
    place: usize,
    /// A diretiva que a pede.
    source: String,
    /// Como ela foi desenhada por último.
    shown: String,
}

impl Live {
    /// As que o capítulo pede, ainda sem medição desta máquina.
    pub(super) fn new(project: &Project, lesson: &Lesson) -> Self {
        let text = fs::read_to_string(project.chapter(lesson)).unwrap_or_default();
        let (mut figures, mut place) = (Vec::new(), 0);
        // O livro já foi construído deste texto: nenhuma diretiva dele está errada.
        let _ = directive::replace(&text, |directive| {
            place += 1;
            if directive.name == "medida" && !directive.arguments[0].starts_with("lesson-") {
                figures.push(Figure { place, source: directive.source.to_owned(), shown: String::new() });
            }
            Ok(String::new())
        });
        Live { lesson: lesson.clone(), records: Records::load(project, lesson), figures, drawn: None }
    }

    /// Um evento da lição: o andamento vai direto para a página; o resto, redesenhado de tempos em tempos.
    ///
    /// # Erros
    ///
    /// A página foi embora.
    pub(super) fn event(&mut self, event: Event, outlet: &Outlet) -> Result<(), Gone> {
        match event {
            Event::Start(_) => {
                let record = Record::gather([event], true);
                self.records.readers = record.ok_or(measure::record::Missing::Record);
                self.draw(outlet)
            }
            Event::Progress(ref progress) => {
                let named = self.records.readers.as_ref().map(|record| record.legends.model(&progress.model));
                let model = named.unwrap_or(&progress.model);
                let told = json!({ "modelo": model, "feito": progress.done, "total": progress.total });
                outlet.send("andamento", told)?;
                self.grow(event, outlet)
            }
            Event::End(_) => self.draw(outlet),
            other => self.grow(other, outlet),
        }
    }

    fn grow(&mut self, event: Event, outlet: &Outlet) -> Result<(), Gone> {
        if let Ok(record) = &mut self.records.readers {
            record.add(event);
        }
        let waited = self.drawn.is_none_or(|drawn| drawn.elapsed() >= EVERY);
        if waited { self.draw(outlet) } else { Ok(()) }
    }

    fn draw(&mut self, outlet: &Outlet) -> Result<(), Gone> {
        self.drawn = Some(Instant::now());
        for figure in &mut self.figures {
            let Figure { place, source, shown } = figure;
            let answer = |directive: &directive::Directive<'_>| {
                measure::answer(&self.lesson, directive, &self.records, *place)
            };
            let Ok(html) = directive::replace(source, answer) else { continue };
            if html != *shown {
                outlet.send("figura", json!({ "lugar": place, "html": html.trim() }))?;
                *shown = html;
            }
        }
        Ok(())
    }
}
