//! O que pai e filho dizem um ao outro. Cada linha é um quadro:
//!
//! ```text
//!   pai ──▶ filho   Fingerprint                 quem sou
//!   filho ──▶ pai   Fingerprint                 quem sou (e: estou pronto)
//!   pai ──▶ filho   TaskId, bloco de argumentos  quantas vezes quiser, sem esperar
//!   filho ──▶ pai   Reply, bloco de resultados   uma por pedido, na ordem deles
//! ```
//!
//! Não há mensagem de fim: quem fecha o seu lado terminou.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::panics;
use super::task::{Arguments, Fingerprint, TaskId};
use crate::Error;
use crate::ipc::frame;
use crate::ipc::parcel::{self, Parcel};

/// Como foi um bloco; os resultados vêm logo depois de `Done`.
#[derive(Serialize, Deserialize)]
enum Reply {
    Done,
    Panicked { message: String, location: String },
    Encode(String),
    Decode(String),
    TooLarge { limit: usize },
}

/// O quadro em que um lado se apresenta.
pub(crate) fn greeting() -> Result<Parcel, Error> {
    frame::build(|body| body.write(&Fingerprint::own()))
}

/// Confere a apresentação do outro lado.
pub(crate) fn check_greeting(body: &Parcel) -> Result<(), String> {
    match body.read::<Fingerprint>() {
        Ok((theirs, _)) if theirs == Fingerprint::own() => Ok(()),
        Ok(_) => Err("o executável dele é outro".to_owned()),
        Err(_) => Err("a mensagem dele não foi entendida".to_owned()),
    }
}

/// O quadro que pede `function` sobre cada um de `items`.
pub(crate) fn request<F, A, R>(function: F, items: &[A]) -> Result<Parcel, Error>
where
    F: Fn(A) -> R + Copy + Send + 'static,
    A: Serialize + DeserializeOwned,
    R: Serialize,
{
    frame::build(|body| {
        body.write(&TaskId::of(function))?;
        body.write(items)
    })
}

/// Atende um pedido, no filho, e monta a resposta. Diz também se a tarefa entrou em pânico.
pub(super) fn serve(request: Parcel) -> Result<(Parcel, bool), Error> {
    let answer = frame::build(|answer| {
        answer.write(&Reply::Done)?;
        let Parcel { bytes, descriptors } = request;
        let (task, bytes) = parcel::read::<TaskId>(&bytes, &[])?;
        panics::catch(|| task.run(Arguments { bytes, descriptors }, answer))?
    });
    match answer {
        Ok(answer) => Ok((answer, false)),
        Err(error) => {
            let panicked = matches!(error, Error::Panicked { .. });
            let reply = reply_to(error);
            Ok((frame::build(|answer| answer.write(&reply))?, panicked))
        }
    }
}

fn reply_to(error: Error) -> Reply {
    match error {
        Error::Panicked { message, location } => Reply::Panicked { message, location },
        Error::TooLarge { limit } => Reply::TooLarge { limit },
        Error::Encode(reason) => Reply::Encode(reason),
        Error::Decode(reason) => Reply::Decode(reason),
        other => Reply::Encode(other.to_string()),
    }
}

/// Lê uma resposta, no pai: os resultados ainda em bytes, ou a falha da tarefa.
///
/// O `Err` de fora diz que os bytes não são uma resposta: o filho enlouqueceu.
pub(crate) fn read_reply(mut body: Parcel) -> Result<Result<Parcel, Error>, Error> {
    let (reply, results) = body.read::<Reply>()?;
    let start = body.bytes.len() - results.len();
    Ok(match reply {
        Reply::Done => {
            body.bytes.drain(..start);
            Ok(body)
        }
        Reply::Panicked { message, location } => Err(Error::Panicked { message, location }),
        Reply::Encode(reason) => Err(Error::Encode(reason)),
        Reply::Decode(reason) => Err(Error::Decode(reason)),
        Reply::TooLarge { limit } => Err(Error::TooLarge { limit }),
    })
}

/// Os resultados de um bloco.
pub(crate) fn read_results<R: DeserializeOwned>(results: Parcel) -> Result<Vec<R>, Error> {
    results.read().map(|(values, _)| values)
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
        assert_eq!(check_greeting(&own), Ok(()));
        // Outra versão: o primeiro byte do texto, depois do tamanho dele.
        let mut other = own.bytes.clone();
        other[1] ^= 1;
        assert_eq!(check_greeting(&body_with(other)), Err("o executável dele é outro".to_owned()));
        // Outra distância entre as duas funções: o último byte.
        let mut other = own.bytes.clone();
        *other.last_mut().expect("uma distância") ^= 1;
        assert_eq!(check_greeting(&body_with(other)), Err("o executável dele é outro".to_owned()));
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
            let frame = frame::build(|answer| answer.write(&reply_to(failure.clone()))).expect("um quadro");
            let arrived = read_reply(body_of(frame)).expect("uma resposta").expect_err("uma falha");
            assert_eq!(arrived.to_string(), failure.to_string());
        }
        assert!(read_reply(Parcel::default()).is_err());
        assert!(read_reply(body_with(vec![200])).is_err());
    }
}
