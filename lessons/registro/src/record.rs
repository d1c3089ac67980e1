//! O registro de uma lição: um evento por linha, em JSON.
//!
//! Os mesmos eventos fazem o relatório do terminal, a saída de `--json`, o arquivo guardado em
//! [`kept`](super::kept) e os gráficos do livro. Por isso o formato mora em um lugar só.
//! Tempos em segundos, exceto onde uma unidade acompanha o valor.
//!
//! O registro do leitor sobrevive a uma atualização do caderno: um evento que esta versão não conhece é pulado, e um campo
//! que uma versão de antes não escrevia tem um valor que diz isso.

use serde::{Deserialize, Serialize};

use super::legend::Legend;

/// Um evento do registro.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Abre o registro: o que vai ser medido e onde.
    Start(Start),
    /// Como se lê um nome que os outros eventos usam, antes de usá-lo.
    Legend(Legend),
    /// Quanto de um modelo já foi feito.
    Progress(Progress),
    /// O tempo de um modelo na carga comum, uma vez por modelo.
    Result(ModelResult),
    /// Um ponto de uma curva.
    Point(Point),
    /// Um trecho de trabalho: quem fez, em que núcleo, de quando a quando.
    Span(Span),
    /// Um número avulso, com nome e unidade.
    Metric(Metric),
    /// Uma afirmação das notas e o que a medição disse dela.
    Claim(Claim),
    /// Fecha o registro.
    End(End),
    /// Um evento de outra versão do caderno.
    #[serde(other)]
    Unknown,
}

/// O que vai ser medido e em que máquina.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Número da lição.
    pub lesson: u32,
    /// Título da lição, o mesmo do capítulo.
    pub title: String,
    /// A máquina da medição.
    pub machine: Machine,
    /// Data e hora locais, em ISO 8601.
    pub date: String,
    /// Commit do repositório; vazio fora de um clone.
    pub commit: String,
    /// A carga comum a todos os modelos.
    pub workload: Workload,
    /// Trabalhadores de cada modelo paralelo.
    pub workers: usize,
    /// Se foi só uma primeira olhada (`--rapido`): não decide nada que dependa de tempo, nem se compara com uma medida
    /// inteira.
    #[serde(default)]
    pub quick: bool,
}

/// A máquina em que a medição foi feita.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Núcleos que este processo pode usar.
    pub cores: usize,
    /// Nome do processador.
    pub cpu: String,
    /// Sistema operacional e versão do núcleo do sistema.
    pub os: String,
    /// Versão do compilador que fez este programa.
    pub rustc: String,
    /// Perfil de compilação: `dev` (otimizado neste projeto) ou `release`.
    pub profile: String,
    /// Tarefas prontas para rodar, em média, no último minuto antes da medição.
    pub load: f64,
}

/// A carga comum: contar os primos abaixo de `limit`, em `slices` fatias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Nome da carga; hoje, sempre `primes`.
    pub name: String,
    /// Contam-se os primos menores do que este número.
    pub limit: u64,
    /// Em quantas fatias o intervalo é cortado.
    pub slices: usize,
}

/// Quanto de um modelo já foi feito.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// O modelo que está rodando.
    pub model: String,
    /// Repetições prontas.
    pub done: u64,
    /// Repetições ao todo.
    pub total: u64,
    /// Quanto levou a repetição que acabou de terminar, quando é uma da carga comum: é o que deixa as figuras crescerem
    /// enquanto se mede.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// O tempo de um modelo na carga comum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelResult {
    /// O modelo: `serial`, `threads`, `thread_pool`, `rayon`, `process_pool`, `processes`.
    pub model: String,
    /// Segundos de cada repetição, na ordem em que foram medidas.
    pub seconds: Vec<f64>,
    /// Mediana de `seconds`.
    pub median: f64,
    /// Aceleração: mediana das razões entre o tempo serial e o do modelo, repetição a repetição.
    pub speedup: f64,
    /// Aceleração dividida pelos trabalhadores; 1 é o ideal.
    pub efficiency: f64,
    /// A resposta: quantos primos.
    pub checksum: u64,
}

/// Um ponto de uma curva.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// A que curva pertence: `speedup_by_workers`, …
    pub series: String,
    /// O modelo medido.
    pub model: String,
    /// Abscissa.
    pub x: f64,
    /// Unidade da abscissa.
    pub x_unit: String,
    /// Ordenada.
    pub y: f64,
    /// Unidade da ordenada.
    pub y_unit: String,
}

/// Um trecho de trabalho de um trabalhador, em segundos desde o início do modelo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// O modelo a que o trecho pertence.
    pub model: String,
    /// O trabalhador, contado a partir de zero.
    pub worker: usize,
    /// O processo em que o trecho rodou.
    pub pid: u32,
    /// A thread em que o trecho rodou.
    pub tid: u32,
    /// O núcleo em que o trecho terminou.
    pub cpu: usize,
    /// Início, em segundos.
    pub start: f64,
    /// Fim, em segundos.
    pub end: f64,
}

/// Um número avulso.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Nome: `cpu_over_wall`, `spawn_us`, …
    pub name: String,
    /// O modelo medido; vazio quando o número é da lição.
    pub model: String,
    /// O valor.
    pub value: f64,
    /// A unidade do valor; vazia para uma razão.
    pub unit: String,
}

/// Uma afirmação das notas, julgada.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Identificador: `1.C1`, …
    pub id: String,
    /// A afirmação.
    pub text: String,
    /// O veredito; ausente quando nenhuma medição poderia refutar a afirmação (uma definição).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// O número que decidiu, e a régua com que se decidiu.
    pub evidence: String,
    /// Até onde a afirmação é verdadeira: é refutada só além daqui.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<f64>,
    /// A partir de onde vale a pena dizê-la: daqui em diante é confirmada.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Por que a medição não bastou, e o que fazer; só de uma inconclusiva.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Se o veredito depende de tempo; não vai para o registro.
    #[serde(skip)]
    pub is_timed: bool,
}

/// O que a medição disse de uma afirmação.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A medição sustenta a afirmação.
    Confirmed,
    /// A medição contradiz a afirmação.
    Refuted,
    /// A medição não basta para decidir.
    Inconclusive,
}

/// Fecha o registro.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// Quanto a lição levou ao todo.
    pub seconds: f64,
    /// A maior parte da máquina que esteve em outras mãos durante uma das medições, de 0 a 1.
    #[serde(default)]
    pub others: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Event {
        serde_json::from_str(line).expect(line)
    }

    #[test]
    fn an_event_of_another_version_is_known_as_such() {
        assert_eq!(read(r#"{"event":"smell","of":"coffee"}"#), Event::Unknown);
    }

    #[test]
    fn a_field_that_an_older_version_did_not_write_says_so() {
        let Event::Claim(claim) = read(r#"{"event":"claim","id":"1.C1","text":"t","evidence":"e"}"#) else {
            panic!("é uma afirmação");
        };
        assert_eq!((claim.verdict, claim.bound, claim.threshold, claim.reason), (None, None, None, None));
        assert_eq!(read(r#"{"event":"end","seconds":2.0}"#), Event::End(End { seconds: 2.0, others: 0.0 }));
    }
}
