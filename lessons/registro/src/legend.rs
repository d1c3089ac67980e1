//! A legenda: como se lê cada nome do registro.
//!
//! Quem sabe o nome do que se mede é quem o mede. A lição declara cada um numa constante, o kit a põe no começo do
//! registro, e o terminal e o livro a leem de lá: ninguém mais tem uma tabela com as palavras de uma lição.

use serde::{Deserialize, Serialize};

/// O que um nome do registro nomeia.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Um modelo: um jeito de fazer o trabalho.
    Model,
    /// Uma curva.
    Series,
    /// Um número avulso.
    Metric,
    /// Uma falha, de que se registra o que deixou: veja [`fate`](crate::fate).
    Failure,
    /// O que outra versão do caderno nomeia.
    #[serde(other)]
    Unknown,
}

/// Como se lê um nome. Num registro é um evento; numa lição, uma constante ([`Entry`]).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Legend<S = String> {
    /// O que o nome nomeia.
    pub kind: Kind,
    /// O nome.
    pub id: S,
    /// O modelo ou o número, em poucas palavras; de uma curva, a pergunta a que ela responde; de uma falha, o que houve.
    #[serde(default)]
    pub label: S,
    /// De uma falha, o mesmo em poucas letras.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<S>,
    /// A pergunta a que respondem as barras de um número.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<S>,
    /// Se o número vai às tabelas: a do terminal, e as que uma página pede.
    #[serde(default, skip_serializing_if = "is_false")]
    pub in_tables: bool,
    /// A família de cor de um modelo: um olho não distingue vinte, e por isso vários dividem uma.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<S>,
    /// O modelo serial da mesma linguagem, se não é o daqui: a régua de uma linha do tempo relativa.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<S>,
    /// Como o eixo vertical de uma curva escreve a unidade, se não é como os pontos dela.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<S>,
    /// O mesmo, do horizontal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_unit: Option<S>,
    /// Se o eixo vertical começa em zero: a curva se lê contra ele, por menor que fique.
    #[serde(default, skip_serializing_if = "is_false")]
    pub from_zero: bool,
    /// A altura em que a curva muda de sentido.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level<S>>,
    /// O número que dá a fração serial de cada modelo: a curva se compara então com a aceleração ideal e com a que a lei
    /// de Amdahl prevê.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amdahl: Option<S>,
}

/// Uma linha de guia, e o nome dela.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level<S = String> {
    /// O nome.
    pub label: S,
    /// A altura, na unidade da curva.
    pub y: f64,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// O que o código declara.
///
/// # Exemplos
///
/// ```
/// use registro::legend::{Entry, label};
/// const LEGEND: &[Entry] = &[
///     Entry::model("cafe", "máquina de café").family("threads"),
///     Entry::series("cups_by_hour", "Quantos cafés saem, pela hora do dia?").from_zero(),
/// ];
/// assert_eq!((label(LEGEND, "cafe"), label(LEGEND, "cha")), ("máquina de café", "cha"));
/// ```
pub type Entry = Legend<&'static str>;

impl Entry {
    const fn new(kind: Kind, id: &'static str, label: &'static str) -> Self {
        Entry {
            kind,
            id,
            label,
            short: None,
            question: None,
            in_tables: false,
            family: None,
            serial: None,
            unit: None,
            x_unit: None,
            from_zero: false,
            level: None,
            amdahl: None,
        }
    }

    /// Um modelo, e o nome dele.
    pub const fn model(id: &'static str, label: &'static str) -> Self {
        Entry::new(Kind::Model, id, label)
    }

    /// Uma curva, e a pergunta a que ela responde.
    pub const fn series(id: &'static str, question: &'static str) -> Self {
        Entry::new(Kind::Series, id, question)
    }

    /// Um número avulso, e o que ele é.
    pub const fn metric(id: &'static str, label: &'static str) -> Self {
        Entry::new(Kind::Metric, id, label)
    }

    /// Uma falha: o que houve, por extenso e em poucas letras.
    pub const fn failure(id: &'static str, label: &'static str, short: &'static str) -> Self {
        Entry { short: Some(short), ..Entry::new(Kind::Failure, id, label) }
    }

    /// Da cor desta família.
    pub const fn family(self, family: &'static str) -> Self {
        Entry { family: Some(family), ..self }
    }

    /// Comparado com este serial, o da mesma linguagem.
    pub const fn serial(self, serial: &'static str) -> Self {
        Entry { serial: Some(serial), ..self }
    }

    /// Com a pergunta a que as barras respondem.
    pub const fn question(self, question: &'static str) -> Self {
        Entry { question: Some(question), ..self }
    }

    /// Mostrado nas tabelas.
    pub const fn in_tables(self) -> Self {
        Entry { in_tables: true, ..self }
    }

    /// Com o eixo vertical assim nomeado.
    pub const fn unit(self, unit: &'static str) -> Self {
        Entry { unit: Some(unit), ..self }
    }

    /// Com o eixo horizontal assim nomeado.
    pub const fn x_unit(self, unit: &'static str) -> Self {
        Entry { x_unit: Some(unit), ..self }
    }

    /// Com o eixo vertical a partir de zero.
    pub const fn from_zero(self) -> Self {
        Entry { from_zero: true, ..self }
    }

    /// Com uma linha de guia nesta altura.
    pub const fn level(self, y: f64, label: &'static str) -> Self {
        Entry { level: Some(Level { label, y }), ..self }
    }

    /// Ao lado da aceleração ideal e da lei de Amdahl, com a fração serial que este número dá.
    pub const fn amdahl(self, metric: &'static str) -> Self {
        Entry { amdahl: Some(metric), ..self }
    }

    /// O mesmo, como vai para o registro.
    pub fn owned(&self) -> Legend {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Legend {
            kind: self.kind,
            id: self.id.to_owned(),
            label: self.label.to_owned(),
            short: text(self.short),
            question: text(self.question),
            in_tables: self.in_tables,
            family: text(self.family),
            serial: text(self.serial),
            unit: text(self.unit),
            x_unit: text(self.x_unit),
            from_zero: self.from_zero,
            level: self.level.map(|Level { label, y }| Level { label: label.to_owned(), y }),
            amdahl: text(self.amdahl),
        }
    }
}

/// O nome de um modelo numa destas declarações; o que nenhuma diz se chama pelo identificador.
pub fn label<'a>(entries: &[Legend<&'a str>], id: &'a str) -> &'a str {
    let own = entries.iter().find(|entry| entry.kind == Kind::Model && entry.id == id);
    own.map_or(id, |entry| entry.label)
}

/// As legendas de um registro.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Legends(Vec<Legend>);

impl Legends {
    /// Acrescenta uma; um nome que já tem a sua fica com a primeira.
    pub fn add(&mut self, legend: Legend) {
        if self.find(legend.kind, &legend.id).is_none() {
            self.0.push(legend);
        }
    }

    /// A de um nome.
    pub fn find(&self, kind: Kind, id: &str) -> Option<&Legend> {
        self.0.iter().find(|legend| legend.kind == kind && legend.id == id)
    }

    /// O nome de um modelo, para quem lê; o identificador, se o registro não diz.
    pub fn model<'a>(&'a self, id: &'a str) -> &'a str {
        self.find(Kind::Model, id).map_or(id, Legend::shown)
    }

    /// Se o registro é de antes de haver legendas, ou ainda não as disse.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Legend {
    /// Como se lê; o identificador, se faltou dizê-lo.
    pub fn shown(&self) -> &str {
        if self.label.is_empty() { &self.id } else { &self.label }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_legend_names_is_called_by_its_id() {
        let mut legends = Legends::default();
        assert!(legends.is_empty());
        legends.add(Entry::model("pool", "pool de processos").owned());
        legends.add(Entry::metric("other", "outra coisa").owned());
        legends.add(Entry::model("pool", "nome de outra versão").owned());
        let shown = ["pool", "other"].map(|id| legends.model(id));
        assert_eq!(shown, ["pool de processos", "other"], "um número não dá nome a um modelo");
    }

    #[test]
    fn a_legend_is_read_back_as_it_was_declared() {
        let whole = Entry::series("speed", "Quanto?").unit("vezes").from_zero().level(0.5, "metade").owned();
        let line = serde_json::to_string(&whole).expect("vira JSON");
        assert_eq!(serde_json::from_str::<Legend>(&line).expect("é uma legenda"), whole);
        assert!(!line.contains("family") && !line.contains("null"), "só o que se aplica: {line}");
    }

    #[test]
    fn a_legend_of_another_version_is_read_with_what_it_has() {
        let read = |line: &str| serde_json::from_str::<Legend>(line).expect(line);
        assert_eq!(read(r#"{"kind":"model","id":"x"}"#).shown(), "x");
        assert_eq!(read(r#"{"kind":"smell","id":"x","label":"y"}"#).kind, Kind::Unknown);
    }
}
