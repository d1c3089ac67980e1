//! *Preveja antes de medir*: o que cada pergunta pede, declarado uma vez só.
//!
//! Da declaração saem o campo do palpite, o que se mostra depois dele, e a marca na figura: uma resposta não tem como ser a
//! de outra pergunta.
//!
//! ```text
//! {{#pergunta razao metrica spawn_us fork : metrica spawn_us threads | numero}} … {{#fim}}
//! {{#pergunta valor efficiency rayon | escolha pouca: 50; quase toda: 95; toda}} … {{#fim}}
//! ```
//!
//! Antes da barra, a grandeza; depois dela, como se palpita. O limite de uma escolha está na unidade em que a grandeza se
//! lê, e a última não tem limite.

use mdbook::errors::Result;
use registro::format::{percent, singular};

use crate::directive::Directive;
use crate::measure::caption::owner;
use crate::measure::chart::times_over;
use crate::measure::number::date;
use crate::measure::pen::escape;
use crate::measure::record::{Record, Records};
use crate::measure::value::Value;
use crate::spoiler;

/// O que se pergunta.
enum Quantity<'a> {
    One(Value<'a>),
    /// Quantas vezes a segunda cabe na primeira.
    Ratio(Value<'a>, Value<'a>),
    /// Que parte da segunda a primeira é.
    Share(Value<'a>, Value<'a>),
}

/// Como se palpita.
enum Guess<'a> {
    Number,
    /// Cada rótulo, e até onde ele está certo; o último vai até o fim.
    Choice(Vec<(&'a str, f64)>),
}

/// Uma grandeza, na unidade em que se lê.
struct Reading {
    /// O número.
    number: f64,
    /// A unidade, no plural.
    unit: String,
    /// O número com a unidade, como a frase o diz.
    shown: String,
    /// Quanto vale uma unidade destas, na unidade do registro: é por aqui que o palpite acha o seu lugar na figura. Numa
    /// razão, é a segunda grandeza: a figura mostra a primeira, e palpitar "o dobro" é palpitar onde ela fica.
    factor: f64,
}

/// O começo do que se mediu: o que a pergunta pediu, fechado até que o leitor dê o palpite. [`end`] o termina.
///
/// # Erros
///
/// Uma linha que diz o que a declaração tem de errado.
pub fn html(directive: &Directive, records: &Records, place: usize) -> Result<String> {
    let (quantity, guess) = parse(directive).map_err(|reason| directive.refuse(&reason))?;
    quantity.check(records).map_err(|reason| directive.refuse(&reason))?;
    let record = records.preferred();
    if let Some(reason) = record.and_then(|record| quantity.mismatch(record)) {
        return Err(directive.refuse(&reason));
    }
    let reading = record.and_then(|record| Some((quantity.read(record)?, record)));
    let choices = match &guess {
        Guess::Number => String::new(),
        Guess::Choice(choices) => {
            let limits = choices.iter().map(|(label, limit)| (label, limit.is_finite().then_some(*limit)));
            let json = serde_json::json!(limits.collect::<Vec<_>>()).to_string();
            format!(" data-escolhas=\"{}\"", escape(&json))
        }
    };
    let (told, about) = match &reading {
        None => ("Ninguém mediu isto ainda.".to_owned(), String::new()),
        Some((reading, record)) => {
            let whose = format!("{}, {}", owner(record).1.to_lowercase(), date(&record.start.date));
            let about = format!(
                " data-valor=\"{}\" data-unidade=\"{}\" data-singular=\"{}\" data-fator=\"{}\"",
                reading.number,
                escape(&reading.unit),
                escape(&singular(&reading.unit)),
                reading.factor,
            );
            (format!("Mediu-se <strong>{}</strong> ({whose}).", escape(&reading.shown)), about)
        }
    };
    Ok(format!(
        "<details class=\"mediu\"{choices}{figure}><summary>O que se mediu</summary>{open}<span class=\"medido\" \
         data-medida=\"{place}\"{about}>{told}</span>",
        figure = quantity.figure(),
        open = spoiler::INLINE.0,
    ))
}

/// O fim do que se mediu.
pub fn end() -> String {
    format!("{}</details>", spoiler::INLINE.1)
}

fn parse<'a>(directive: &Directive<'a>) -> Result<(Quantity<'a>, Guess<'a>), String> {
    let source = directive.source.trim_start_matches("{{#").trim_end_matches("}}");
    let declared = source.trim().strip_prefix("pergunta").unwrap_or_default();
    let (quantity, guess) = declared.split_once('|').ok_or("falta a barra entre a grandeza e o palpite")?;
    Ok((Quantity::parse(quantity.trim())?, Guess::parse(guess.trim())?))
}

impl<'a> Quantity<'a> {
    fn parse(text: &'a str) -> Result<Self, String> {
        let value = |text: &'a str| Value::parse(&text.split_whitespace().collect::<Vec<_>>());
        let pair = |rest: &'a str| {
            let (one, other) = rest.split_once(':').ok_or("falta o `:` entre as duas grandezas")?;
            Ok::<_, String>((value(one)?, value(other)?))
        };
        if let Some(rest) = text.strip_prefix("razao ") {
            return pair(rest).map(|(one, other)| Quantity::Ratio(one, other));
        }
        if let Some(rest) = text.strip_prefix("parte ") {
            return pair(rest).map(|(one, other)| Quantity::Share(one, other));
        }
        value(text).map(Quantity::One)
    }

    /// Se os modelos são dos que os registros nomeiam.
    fn check(&self, records: &Records) -> Result<(), String> {
        match self {
            Quantity::One(value) => value.check(records),
            Quantity::Ratio(one, other) | Quantity::Share(one, other) => {
                one.check(records).and_then(|()| other.check(records))
            }
        }
    }

    fn read(&self, record: &Record) -> Option<Reading> {
        let ratio = |one: &Value, other: &Value| {
            let ratio = one.raw(record)? / other.raw(record)?;
            ratio.is_finite().then_some(ratio)
        };
        Some(match self {
            Quantity::One(value) => of_shown(value.read(record)?, value.raw(record)?, value.unit(record)),
            Quantity::Ratio(one, other) => {
                let number = ratio(one, other)?;
                let factor = other.raw(record)?;
                Reading { number, unit: "vezes".to_owned(), shown: times_over(number), factor }
            }
            Quantity::Share(one, other) => {
                let share = ratio(one, other)?;
                let factor = other.raw(record)? / 100.0;
                Reading { number: 100.0 * share, unit: "%".to_owned(), shown: percent(share), factor }
            }
        })
    }

    /// Por que as duas grandezas não se dividem, se não se dividem: uma em segundos e outra em milissegundos dariam mil vezes
    /// o certo.
    fn mismatch(&self, record: &Record) -> Option<String> {
        let (Quantity::Ratio(one, other) | Quantity::Share(one, other)) = self else { return None };
        let kinds = [one, other].map(|value| value.unit(record).unwrap_or_default());
        // O que se conta se divide pelo que se conta: somas perdidas, por somas.
        let kinds = kinds.map(|unit| if is_physical(unit) { unit } else { "" });
        (kinds[0] != kinds[1]).then(|| format!("as grandezas têm unidades diferentes: {kinds:?}"))
    }

    /// A figura em que a grandeza aparece, ou a primeira das duas: o nome, o modelo e, numa curva, a ponta.
    fn figure(&self) -> String {
        let (Quantity::One(value) | Quantity::Ratio(value, _) | Quantity::Share(value, _)) = self;
        let (name, model, end) = value.place();
        let end = end.map_or(String::new(), |end| format!(" data-ponta=\"{end}\""));
        format!(" data-nome=\"{}\" data-modelo=\"{}\"{end}", escape(name), escape(model))
    }
}

/// Se a unidade mede, e não conta: o que ela diz muda quando se troca por outra da mesma grandeza.
fn is_physical(unit: &str) -> bool {
    let first = unit.split_whitespace().next().unwrap_or_default();
    matches!(first, "s" | "ms" | "us" | "ns" | "KiB" | "MiB" | "bytes" | "MiB/s")
}

/// O número e a unidade do que a frase diz: `1.431 µs`, `96 %`, `1,92×`.
fn of_shown(shown: String, raw: f64, unit: Option<&str>) -> Reading {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-');
    let (number, rest) = shown.split_at(shown.find(|c| !digits(c)).unwrap_or(shown.len()));
    let number: f64 = number.replace('.', "").replace(',', ".").parse().unwrap_or(f64::NAN);
    let unit = match (rest.trim(), unit) {
        ("×", _) => "vezes",
        (read, None | Some("s" | "us")) => read,
        (_, Some(unit)) => unit,
    };
    let factor = if number == 0.0 { 1.0 } else { raw / number };
    Reading { number, unit: unit.to_owned(), factor, shown }
}

impl<'a> Guess<'a> {
    fn parse(text: &'a str) -> Result<Self, String> {
        if text == "numero" {
            return Ok(Guess::Number);
        }
        let choices =
            text.strip_prefix("escolha ").ok_or("o palpite é `numero`, ou `escolha` e as escolhas")?;
        let choices: Vec<&str> = choices.split(';').map(str::trim).collect();
        let last = choices.len() - 1;
        let mut read = Vec::new();
        for (index, choice) in choices.into_iter().enumerate() {
            let limited = choice.rsplit_once(':');
            match (index == last, limited) {
                (true, None) => read.push((choice, f64::INFINITY)),
                (true, Some(_)) => return Err("a última escolha não tem limite".to_owned()),
                (false, None) => return Err(format!("falta o limite de «{choice}»")),
                (false, Some((label, limit))) => {
                    let limit = limit.trim().replace(',', ".").parse();
                    read.push((
                        label.trim(),
                        limit.map_err(|_| format!("«{choice}» tem um limite que não é número"))?,
                    ));
                }
            }
        }
        if read.len() < 2 || !read.is_sorted_by(|a, b| a.1 < b.1) {
            return Err("são pelo menos duas escolhas, com limites crescentes".to_owned());
        }
        Ok(Guess::Choice(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(source: &str) -> Result<(), String> {
        parse(&Directive { name: "pergunta", arguments: Vec::new(), source }).map(|_| ())
    }

    #[test]
    fn a_declaration_that_is_wrong_says_what_is_wrong() {
        for good in [
            "{{#pergunta metrica spawn_us fork | numero}}",
            "{{#pergunta razao valor median rayon : valor median serial | escolha menos: 0,9; igual: 1,1; mais}}",
            "{{#pergunta parte metrica lost : metrica sums | numero}}",
        ] {
            assert_eq!(declared(good), Ok(()), "{good}");
        }
        for (bad, said) in [
            ("{{#pergunta metrica spawn_us fork}}", "barra"),
            ("{{#pergunta pizza | numero}}", "pizza"),
            ("{{#pergunta razao metrica a fork | numero}}", "`:`"),
            ("{{#pergunta metrica a fork | livre}}", "numero"),
            ("{{#pergunta metrica a fork | escolha um: 2; dois: 1; três}}", "crescentes"),
            ("{{#pergunta metrica a fork | escolha um: 2; dois; três}}", "falta o limite de «dois»"),
            ("{{#pergunta metrica a fork | escolha um: 2; dois: 3}}", "última"),
            ("{{#pergunta metrica a fork | escolha um}}", "duas escolhas"),
        ] {
            assert!(declared(bad).is_err_and(|reason| reason.contains(said)), "{bad}");
        }
    }

    #[test]
    fn a_number_is_read_in_the_unit_in_which_it_is_shown() {
        let read = |shown: &str, raw, unit| of_shown(shown.to_owned(), raw, unit);
        let latency = read("1.431 µs", 1431.0, Some("us"));
        assert_eq!((latency.number, latency.unit.as_str(), latency.factor), (1431.0, "µs", 1.0));
        let time = read("45,0 ms", 0.045, Some("s"));
        assert_eq!((time.number, time.unit.as_str()), (45.0, "ms"));
        assert!((time.factor - 0.001).abs() < 1e-9);
        assert_eq!(read("1,92×", 1.92, None).unit, "vezes");
        assert_eq!(read("1 resposta", 1.0, Some("respostas")).unit, "respostas");
        assert_eq!(read("96 %", 0.96, None).number, 96.0);
    }
}
