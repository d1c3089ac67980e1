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
use super::task::{Fingerprint, TaskId};
use crate::Error;
use crate::ipc::frame;

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
pub(crate) fn greeting() -> Result<Vec<u8>, Error> {
    frame::build(|body| frame::encode(&Fingerprint::own(), body))
}

/// Confere a apresentação do outro lado.
pub(crate) fn check_greeting(body: &[u8]) -> Result<(), String> {
    match frame::decode::<Fingerprint>(body) {
        Ok((theirs, _)) if theirs == Fingerprint::own() => Ok(()),
        Ok(_) => Err("o executável dele é outro".to_owned()),
        Err(_) => Err("a mensagem dele não foi entendida".to_owned()),
    }
}

/// O quadro que pede `function` sobre cada um de `items`.
pub(crate) fn request<F, A, R>(function: F, items: &[A]) -> Result<Vec<u8>, Error>
where
    F: Fn(A) -> R + Copy + Send + 'static,
    A: Serialize + DeserializeOwned,
    R: Serialize,
{
    frame::build(|body| {
        frame::encode(&TaskId::of(function), body)?;
        frame::encode(items, body)
    })
}

/// Atende um pedido, no filho, e monta a resposta. Diz também se a tarefa entrou em pânico.
pub(super) fn serve(body: &[u8]) -> Result<(Vec<u8>, bool), Error> {
    let answer = frame::build(|answer| {
        frame::encode(&Reply::Done, answer)?;
        let (task, arguments) = frame::decode::<TaskId>(body)?;
        panics::catch(|| task.run(arguments, answer))?
    });
    match answer {
        Ok(answer) => Ok((answer, false)),
        Err(error) => {
            let panicked = matches!(error, Error::Panicked { .. });
            let reply = reply_to(error);
            Ok((frame::build(|answer| frame::encode(&reply, answer))?, panicked))
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

/// Lê uma resposta, no pai: os bytes dos resultados ou a falha da tarefa.
///
/// O `Err` de fora diz que os bytes não são uma resposta: o filho enlouqueceu.
pub(crate) fn read_reply(mut body: Vec<u8>) -> Result<Result<Vec<u8>, Error>, Error> {
    let (reply, results) = frame::decode::<Reply>(&body)?;
    let start = body.len() - results.len();
    Ok(match reply {
        Reply::Done => {
            body.drain(..start);
            Ok(body)
        }
        Reply::Panicked { message, location } => Err(Error::Panicked { message, location }),
        Reply::Encode(reason) => Err(Error::Encode(reason)),
        Reply::Decode(reason) => Err(Error::Decode(reason)),
        Reply::TooLarge { limit } => Err(Error::TooLarge { limit }),
    })
}

/// Os resultados de um bloco.
pub(crate) fn read_results<R: DeserializeOwned>(bytes: Vec<u8>) -> Result<Vec<R>, Error> {
    frame::decode(&bytes).map(|(values, _)| values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_from_another_program_is_refused() {
        let own = frame::build(|body| frame::encode(&Fingerprint::own(), body)).expect("um quadro");
        assert_eq!(check_greeting(&own[4..]), Ok(()));
        // Outra versão: o primeiro byte do texto, depois do tamanho dele.
        let mut other = own[4..].to_vec();
        other[1] ^= 1;
        assert_eq!(check_greeting(&other), Err("o executável dele é outro".to_owned()));
        // Outra distância entre as duas funções: o último byte.
        let mut other = own[4..].to_vec();
        *other.last_mut().expect("uma distância") ^= 1;
        assert_eq!(check_greeting(&other), Err("o executável dele é outro".to_owned()));
        assert_eq!(check_greeting(&[]), Err("a mensagem dele não foi entendida".to_owned()));
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
                frame::build(|answer| frame::encode(&reply_to(failure.clone()), answer)).expect("um quadro");
            let arrived = read_reply(frame[4..].to_vec()).expect("uma resposta").expect_err("uma falha");
            assert_eq!(arrived.to_string(), failure.to_string());
        }
        assert!(read_reply(vec![]).is_err());
        assert!(read_reply(vec![200]).is_err());
    }
}
