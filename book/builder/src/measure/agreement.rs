//! Onde duas máquinas concordam e onde diferem, em palavras.

use registro::stats::median;

/// Os valores que uma figura mostra, cada um com o seu nome.
pub type Values = Vec<(String, f64)>;

/// Como se chamam o menor e o maior dos valores de uma figura: `o mais rápido`, `o mais lento`.
#[derive(Clone, Copy, Debug)]
pub struct Ends(pub &'static str, pub &'static str);

/// O menor e o maior de uma grandeza qualquer.
pub const VALUES: Ends = Ends("o menor valor é o de", "o maior é o de");
/// De um tempo, ou de quem acaba antes.
pub const TIMES: Ends = Ends("o mais rápido é", "o mais lento é");

/// Menos do que isto é a variação de uma medição para a outra.
const NOTABLE: f64 = 1.15;

/// A frase; nada, se as duas não têm valor nenhum em comum.
///
/// As proporções é que se comparam: uma máquina duas vezes mais rápida em tudo concorda com a outra.
pub fn sentence(
    own: &Values,
    reference: &Values,
    ends: Ends,
    show: impl Fn(f64) -> String,
) -> Option<String> {
    let pairs: Vec<Pair> = own
        .iter()
        .filter_map(|(name, value)| {
            let other = reference.iter().find(|(other, _)| other == name)?.1;
            (value.is_finite() && other.is_finite()).then_some((name.as_str(), *value, other))
        })
        .collect();
    match pairs.as_slice() {
        [] => None,
        [(name, own, other)] => {
            Some(format!("De {name}: {} nesta máquina, {} na de referência.", show(*own), show(*other)))
        }
        _ => Some([order(&pairs, ends), proportions(&pairs, show)].join(" ")),
    }
}

/// Um nome, o valor nesta máquina e o valor na de referência.
type Pair<'a> = (&'a str, f64, f64);

/// O valor de um par numa das máquinas.
type Side = fn(&Pair) -> f64;

/// Quem fica nas pontas, numa e na outra.
fn order(pairs: &[Pair], Ends(low, high): Ends) -> String {
    let (own, other): (Side, Side) = (|pair| pair.1, |pair| pair.2);
    let by = |value: Side| move |a: &&Pair, b: &&Pair| value(a).total_cmp(&value(b));
    let lows = [pairs.iter().min_by(by(own)), pairs.iter().min_by(by(other))];
    let highs = [pairs.iter().max_by(by(own)), pairs.iter().max_by(by(other))];
    let ends = [(low, lows), (high, highs)].map(|(end, leaders)| match leaders {
        [Some(one), Some(two)] if one.0 == two.0 => (true, format!("{end} {} nas duas", one.0)),
        // Dois quase empatados trocam de lugar de uma medição para a outra: não é uma diferença entre as máquinas.
        [Some(one), Some(two)] if is_tie(own(one), own(two)) || is_tie(other(one), other(two)) => {
            (true, format!("{end} {} ou {}, quase empatados", one.0, two.0))
        }
        [Some(one), Some(two)] => (false, format!("{end} {} nesta, {} na de referência", one.0, two.0)),
        _ => (true, String::new()),
    });
    let verb = if ends.iter().all(|(agree, _)| *agree) { "concordam" } else { "diferem" };
    format!("As duas máquinas {verb}: {}; {}.", ends[0].1, ends[1].1)
}

fn is_tie(one: f64, two: f64) -> bool {
    one == two || (one > 0.0 && two > 0.0 && (one / two).ln().abs() <= NOTABLE.ln())
}

/// O valor que mais foge da proporção dos outros.
fn proportions(pairs: &[Pair], show: impl Fn(f64) -> String) -> String {
    let positive = pairs.iter().filter(|(_, own, other)| *own > 0.0 && *other > 0.0);
    let ratios: Vec<f64> = positive.clone().map(|(_, own, other)| own / other).collect();
    if ratios.is_empty() {
        return String::new();
    }
    let typical = median(&ratios);
    let departure = |(_, own, other): &Pair| (own / other / typical).ln().abs();
    let farthest = positive.max_by(|a, b| departure(a).total_cmp(&departure(b)));
    match farthest {
        Some(pair) if departure(pair) > NOTABLE.ln() => {
            let (name, own, other) = pair;
            format!("Onde mais se afastam é em {name}: {} nesta, {} na outra.", show(*own), show(*other))
        }
        _ => "As proporções entre um e outro são quase as mesmas.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(own: &[(&str, f64)], reference: &[(&str, f64)]) -> Option<String> {
        let values =
            |pairs: &[(&str, f64)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        sentence(&values(own), &values(reference), TIMES, |value| format!("{value} s"))
    }

    #[test]
    fn a_faster_machine_with_the_same_proportions_agrees() {
        let said = told(&[("serial", 1.0), ("rayon", 0.5)], &[("serial", 2.0), ("rayon", 1.0)]);
        assert_eq!(
            said.as_deref(),
            Some(
                "As duas máquinas concordam: o mais rápido é rayon nas duas; o mais lento é serial nas duas. As \
                 proporções entre um e outro são quase as mesmas."
            )
        );
    }

    #[test]
    fn what_differs_is_named_with_both_values() {
        let said = told(
            &[("serial", 1.0), ("rayon", 0.5), ("processos", 2.0)],
            &[("serial", 2.0), ("rayon", 1.0), ("processos", 1.1)],
        );
        let said = said.expect("há o que comparar");
        assert!(said.starts_with("As duas máquinas diferem: o mais rápido é rayon nas duas;"), "{said}");
        assert!(said.contains("o mais lento é processos nesta, serial na de referência"), "{said}");
        assert!(said.ends_with("Onde mais se afastam é em processos: 2 s nesta, 1.1 s na outra."), "{said}");
    }

    #[test]
    fn a_near_tie_is_not_a_difference_between_the_machines() {
        let said = told(
            &[("serial", 2.0), ("rayon", 0.96), ("threads", 0.97)],
            &[("serial", 2.0), ("rayon", 0.97), ("threads", 0.96)],
        );
        let said = said.expect("há o que comparar");
        assert!(
            said.starts_with("As duas máquinas concordam: o mais rápido é rayon ou threads, quase empatados"),
            "{said}"
        );
    }

    #[test]
    fn nothing_in_common_says_nothing() {
        assert_eq!(told(&[("serial", 1.0)], &[("rayon", 1.0)]), None);
        let one = told(&[("serial", 1.0)], &[("serial", 2.0)]).expect("há um");
        assert_eq!(one, "De serial: 1 s nesta máquina, 2 s na de referência.");
    }
}
