//! O que pai e filho dizem um ao outro. Cada linha é um quadro:
//!
//! ```text
//!   pai ──▶ filho   Build                       quem sou
//!   filho ──▶ pai   Build                       quem sou (e: estou pronto), ou por que não posso trabalhar
//!   pai ──▶ filho   TaskId, bloco de argumentos  quantas vezes quiser, sem esperar
//!   filho ──▶ pai   DONE e os resultados, ou FAILED e a falha: uma por pedido, na ordem deles
//! ```
//!
//! Não há mensagem de fim: quem fecha o seu lado terminou.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::build::{Build, SameBuild};
use super::copy::end_if_copy;
use super::panics;
use super::task::{Arguments, Chunks, TaskId, Trampoline};
use crate::Error;
use crate::parcel::{self, Parcel};
use crate::wire::frame;

/// Como uma tarefa falhou. Antes dela vai [`FAILED`]; no lugar dele, [`DONE`], e logo depois os resultados.
#[derive(Serialize, Deserialize)]
enum Failure {
    Panicked { message: String, location: String },
    Encode(String),
    Decode(String),
    TooLarge { limit: usize },
}

/// Como um lado se apresenta: a compilação que é. No lugar dela, quem não pode trabalhar diz por quê.
pub(crate) fn introduction() -> Result<Result<&'static Build, String>, Error> {
    Build::own().map(Ok)
}

/// O quadro em que um lado se apresenta.
pub(crate) fn greeting() -> Result<Parcel, Error> {
    frame::build(|body| body.write(&introduction()?))
}

/// O quadro de quem não pode trabalhar.
pub(super) fn excuse(reason: &Error) -> Result<Parcel, Error> {
    frame::build(|body| body.write(&Err::<Build, _>(reason.to_string())))
}

/// Confere a apresentação do outro lado; dá a prova de que ele é este mesmo programa, ou diz por que não.
pub(crate) fn check_greeting(body: &Parcel) -> Result<SameBuild, String> {
    let theirs = body.read::<Result<Build, String>>();
    let theirs = theirs.map_err(|_| "a mensagem dele não foi entendida".to_owned())??;
    let own = Build::own().map_err(|error| error.to_string())?;
    own.prove(&theirs).ok_or_else(|| "o executável dele é outro, ou foi compilado de outra vez".to_owned())
}

/// Um bloco a fazer, já em bytes.
pub(crate) struct TaskRequest {
    pub(crate) task: TaskId,
    /// O quadro inteiro.
    pub(crate) frame: Parcel,
    /// Onde começam os itens nele, um atrás do outro.
    items_at: usize,
}

impl TaskRequest {
    pub(crate) fn items(&self) -> &[u8] {
        &self.frame.bytes[self.items_at..]
    }
}

/// O pedido de `task` sobre cada um de `items`.
pub(crate) fn request_of<A: Serialize>(task: TaskId, items: &[A]) -> Result<TaskRequest, Error> {
    let mut items_at = 0;
    let frame = frame::build(|body| {
        body.write(&task)?;
        body.write(&items.len())?;
        items_at = body.bytes.len();
        body.write_each(items)
    })?;
    Ok(TaskRequest { task, frame, items_at })
}

/// O quadro do mesmo pedido, com os itens já em bytes.
pub(crate) fn request_with(task: TaskId, items: usize, body: &Parcel) -> Result<Parcel, Error> {
    frame::build(|request| {
        request.write(&task)?;
        request.write(&items)?;
        request.bytes.extend_from_slice(&body.bytes);
        request.descriptors.clone_from(&body.descriptors);
        Ok(())
    })
}

/// O quadro que pede `server`, uma função desta biblioteca, sobre `argument`.
pub(crate) fn request_to(server: Trampoline, argument: &impl Serialize) -> Result<Parcel, Error> {
    frame::build(|body| {
        body.write(&TaskId::of_trampoline(server)?)?;
        body.write_list(&[argument])
    })
}

/// Atende um pedido, no filho, e monta a resposta. Diz também se a tarefa entrou em pânico.
pub(super) fn serve(request: Parcel, proof: SameBuild) -> Result<(Parcel, bool), Error> {
    let mut panicked = false;
    let answer = frame::build(|answer| {
        let Parcel { bytes, descriptors } = request;
        let (task, bytes) = parcel::read_first::<TaskId>(&bytes, &[])?;
        let (items, bytes) = parcel::read_first::<usize>(bytes, &[])?;
        let outcome = run(task, Arguments { items, bytes, descriptors }, answer, proof)?;
        panicked = outcome == Outcome::Panicked;
        Ok(())
    })?;
    Ok((answer, panicked))
}

/// Uma resposta sem resultados ainda: quem chama acrescenta o que quiser.
pub(crate) fn write_done(answer: &mut Parcel) {
    answer.bytes.push(DONE);
}

const DONE: u8 = 0;
const FAILED: u8 = 1;

/// Como uma tarefa terminou.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Panicked,
    /// Os argumentos não foram entendidos, ou os resultados não viram bytes.
    Failed,
}

/// Roda a tarefa sobre um bloco e acrescenta a resposta a `answer`.
pub(crate) fn run(
    task: TaskId,
    arguments: Arguments<'_>,
    answer: &mut Parcel,
    proof: SameBuild,
) -> Result<Outcome, Error> {
    struct Only<'a> {
        arguments: Option<Arguments<'a>>,
        answer: &'a mut Parcel,
    }
    impl Chunks for Only<'_> {
        fn next(&mut self) -> Option<(Arguments<'_>, &mut Parcel)> {
            Some((self.arguments.take()?, self.answer))
        }
    }
    let start = answer.bytes.len();
    write_done(answer);
    match run_all(task, &mut Only { arguments: Some(arguments), answer }, proof) {
        Ok(()) => Ok(Outcome::Done),
        Err(error) => write_failure(answer, start, error),
    }
}

/// Roda a tarefa sobre todos os blocos; um erro, ou um pânico, é o do último que ela pegou.
pub(crate) fn run_all(task: TaskId, chunks: &mut dyn Chunks, proof: SameBuild) -> Result<(), Error> {
    let outcome = panics::catch(|| task.run(chunks, proof)).and_then(|outcome| outcome);
    // Também de uma cópia que entrou em pânico.
    end_if_copy();
    outcome
}

/// Põe no lugar da resposta que começa em `start` a falha da tarefa.
pub(crate) fn write_failure(answer: &mut Parcel, start: usize, error: Error) -> Result<Outcome, Error> {
    answer.bytes.truncate(start);
    answer.descriptors.clear();
    let outcome = if matches!(error, Error::Panicked { .. }) { Outcome::Panicked } else { Outcome::Failed };
    answer.bytes.push(FAILED);
    answer.write(&failure_of(error)).map(|()| outcome)
}

fn failure_of(error: Error) -> Failure {
    match error {
        Error::Panicked { message, location } => Failure::Panicked { message, location },
        Error::TooLarge { limit } => Failure::TooLarge { limit },
        Error::Encode(reason) => Failure::Encode(reason),
        Error::Decode(reason) => Failure::Decode(reason),
        other => Failure::Encode(other.to_string()),
    }
}

/// Lê uma resposta, no pai: os resultados ainda em bytes, ou a falha da tarefa.
///
/// O `Err` de fora diz que os bytes não são uma resposta: o filho enlouqueceu.
pub(crate) fn read_reply(mut body: Parcel) -> Result<Result<Parcel, Error>, Error> {
    Ok(match results_of(&body.bytes)? {
        Ok(_) => {
            body.bytes.remove(0);
            Ok(body)
        }
        Err(failure) => Err(failure),
    })
}

/// O mesmo, de uma resposta sem descritores e que fica onde está.
pub(crate) fn results_of(body: &[u8]) -> Result<Result<&[u8], Error>, Error> {
    match body.split_first() {
        Some((&DONE, results)) => Ok(Ok(results)),
        Some((&FAILED, failure)) => Ok(Err(parcel::read::<Failure>(failure, &[])?.into())),
        _ => Err(Error::Decode("a resposta não diz como a tarefa foi".to_owned())),
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Panicked { message, location } => Error::Panicked { message, location },
            Failure::Encode(reason) => Error::Encode(reason),
            Failure::Decode(reason) => Error::Decode(reason),
            Failure::TooLarge { limit } => Error::TooLarge { limit },
        }
    }
}

/// Se alguém fez a tarefa e respondeu, ainda que com uma falha.
pub(crate) fn is_reply<T>(outcome: &Result<T, Error>) -> bool {
    use Error::{Decode, Encode, Panicked, TooLarge};
    matches!(outcome, Ok(_) | Err(Panicked { .. } | Encode(_) | Decode(_) | TooLarge { .. }))
}

/// Os resultados de um bloco.
pub(crate) fn read_results<R: DeserializeOwned>(results: Parcel) -> Result<Vec<R>, Error> {
    parcel::read_list(&results.bytes, &results.descriptors)
}

/// O único resultado de um bloco de um item.
pub(crate) fn only<R>(values: Vec<R>) -> Result<R, Error> {
    values.into_iter().next().ok_or_else(|| Error::Decode("resposta vazia".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// O que chega do outro lado: o quadro sem o cabeçalho.
    fn body_of(mut frame: Parcel) -> Parcel {
        frame.bytes.drain(..8);
        frame
    }

    fn body_with(bytes: Vec<u8>) -> Parcel {
        Parcel { bytes, descriptors: vec![] }
    }

    #[test]
    fn a_greeting_from_another_program_is_refused() {
        let own = body_of(greeting().expect("um quadro"));
        assert!(check_greeting(&own).is_ok());
        // Outra compilação: o último byte do `build-id`, ou do resumo.
        let mut other = own.bytes.clone();
        *other.last_mut().expect("uma marca") ^= 1;
        let refused = check_greeting(&body_with(other));
        assert_eq!(
            refused.err().as_deref(),
            Some("o executável dele é outro, ou foi compilado de outra vez")
        );
        let nothing = check_greeting(&Parcel::default());
        assert_eq!(nothing, Err("a mensagem dele não foi entendida".to_owned()));
    }

    #[test]
    fn every_reply_survives_the_trip() {
        let failures = [
            Error::Panicked { message: "m".to_owned(), location: "l".to_owned() },
            Error::Encode("e".to_owned()),
            Error::Decode("d".to_owned()),
            Error::TooLarge { limit: 7 },
        ];
        for failure in failures {
            let frame =
                frame::build(|answer| write_failure(answer, answer.bytes.len(), failure.clone()).map(|_| ()))
                    .expect("um quadro");
            let arrived = read_reply(body_of(frame)).expect("uma resposta").expect_err("uma falha");
            assert_eq!(arrived.to_string(), failure.to_string());
        }
        assert!(read_reply(Parcel::default()).is_err());
        assert!(read_reply(body_with(vec![200])).is_err());
    }
}
