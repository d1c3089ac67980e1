//! O que atravessa: valores que não viram bytes, bytes que não viram valores, e tamanhos extremos.

use std::path::PathBuf;

use multiprocessamento::Error;
use serde::de::Error as _;
use serde::ser::{Error as _, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

use crate::support::*;

crate::cases! {
    for pools;
    30 => an_argument_that_cannot_be_encoded_is_an_error,
    30 => a_result_that_cannot_be_encoded_is_an_error,
    30 => an_argument_that_cannot_be_decoded_is_an_error,
    30 => a_result_that_cannot_be_decoded_is_an_error,
    60 => a_result_beyond_the_limit_is_an_error,
    60 => an_argument_beyond_the_limit_is_an_error,
    30 => four_megabyte_arguments_wait_for_busy_workers,
    30 => large_results_come_from_all_workers_at_once,
    30 => large_arguments_and_large_results_cross_at_the_same_time,
    60 => the_memory_of_a_large_result_is_given_back,
    30 => values_without_size_cross_too,
}

/// Um valor que se recusa a atravessar numa das quatro passagens.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stubborn {
    Fine,
    NotEncodable,
    NotDecodable,
}

impl Serialize for Stubborn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Stubborn::Fine => serializer.serialize_u8(0),
            Stubborn::NotEncodable => Err(S::Error::custom("recusa-se a sair")),
            Stubborn::NotDecodable => serializer.serialize_u8(2),
        }
    }
}

impl<'de> Deserialize<'de> for Stubborn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            0 => Ok(Stubborn::Fine),
            _ => Err(D::Error::custom("recusa-se a entrar")),
        }
    }
}

fn accept(_: Stubborn) -> u64 {
    7
}

fn produce(index: u64) -> Stubborn {
    match index {
        3 => Stubborn::NotEncodable,
        5 => Stubborn::NotDecodable,
        _ => Stubborn::Fine,
    }
}

/// O prefixo da mensagem aparece uma vez só, por mais que a falha tenha viajado.
fn assert_says_once(error: &Error, prefix: &str) {
    assert_eq!(error.to_string().matches(prefix).count(), 1, "{error}");
}

fn an_argument_that_cannot_be_encoded_is_an_error() {
    let pool = new_pool(1).unwrap();
    let error = pool.apply(accept, Stubborn::NotEncodable).unwrap_err();
    assert!(matches!(error, Error::Encode(_)), "{error:?}");
    assert_says_once(&error, "não foi possível codificar o valor");
    let error = new_process(accept, Stubborn::NotEncodable).map(|process| process.pid()).unwrap_err();
    assert!(matches!(error, Error::Encode(_)), "{error:?}");
    assert_eq!(pool.apply(accept, Stubborn::Fine).unwrap(), 7);
}

fn a_result_that_cannot_be_encoded_is_an_error() {
    let pool = new_pool(1).unwrap();
    let worker = pool.pids();
    let error = pool.apply(produce, 3).unwrap_err();
    assert!(matches!(error, Error::Encode(_)), "{error:?}");
    assert_says_once(&error, "não foi possível codificar o valor");
    let error = new_process(produce, 3).unwrap().join().unwrap_err();
    assert!(matches!(error, Error::Encode(_)), "{error:?}");
    assert_eq!(pool.pids(), worker, "o trabalhador continua");
}

fn an_argument_that_cannot_be_decoded_is_an_error() {
    let pool = new_pool(1).unwrap();
    let worker = pool.pids();
    let error = pool.apply(accept, Stubborn::NotDecodable).unwrap_err();
    assert!(matches!(error, Error::Decode(_)), "{error:?}");
    assert_says_once(&error, "não foi possível decodificar o valor");
    assert_eq!(pool.apply(accept, Stubborn::Fine).unwrap(), 7);
    assert_eq!(pool.pids(), worker, "o trabalhador continua");
}

fn a_result_that_cannot_be_decoded_is_an_error() {
    let pool = new_pool(2).unwrap();
    let results: Vec<_> = pool.imap(produce, 0..8).collect();
    for (index, result) in results.into_iter().enumerate() {
        match index {
            3 => assert!(matches!(result, Err(Error::Encode(_)))),
            5 => assert!(matches!(result, Err(Error::Decode(_)))),
            _ => assert_eq!(result.unwrap(), Stubborn::Fine),
        }
    }
}

/// Codifica-se em 1 GiB e um pouco; na memória, ocupa 8 bytes.
struct Enormous(usize);

impl Serialize for Enormous {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let piece = "0123456789abcdef".repeat(1 << 16);
        let mut pieces = serializer.serialize_seq(Some(self.0))?;
        for _ in 0..self.0 {
            pieces.serialize_element(&piece)?;
        }
        pieces.end()
    }
}

impl<'de> Deserialize<'de> for Enormous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(deserializer).map(|pieces| Enormous(pieces.len()))
    }
}

const BEYOND: usize = 1025;

fn a_result_beyond_the_limit_is_an_error() {
    let pool = new_pool(1).unwrap();
    let worker = pool.pids();
    let error = pool.apply(|()| Enormous(BEYOND), ()).map(|value| value.0).unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit, .. } if limit == 1 << 30), "{error:?}");
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
    assert_eq!(pool.pids(), worker, "o trabalhador continua");
}

fn an_argument_beyond_the_limit_is_an_error() {
    let pool = new_pool(1).unwrap();
    let before = memory_kib("VmHWM");
    let error = pool.apply(|value: Enormous| value.0, Enormous(3 * BEYOND)).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
    let grown = memory_kib("VmHWM") - before;
    println!("o pico cresceu {grown} KiB");
    assert!(grown < 1100 << 10, "a codificação não parou no limite: o pico cresceu {grown} KiB");
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
}

fn four_megabyte_arguments_wait_for_busy_workers() {
    let (pool, dir) = (new_pool(2).unwrap(), folder());
    let gate = dir.path().join("portão");
    let busy: Vec<_> = (0..2).map(|_| pool.apply_async(wait_at_gate, gate.clone())).collect();
    let block = vec![7u8; 4 << 20];
    let waiting: Vec<_> = (0..8).map(|_| pool.apply_async(|b: Vec<u8>| b.len(), block.clone())).collect();
    assert!(!waiting[0].is_ready());
    touch(&gate);
    for result in waiting {
        assert_eq!(result.get().unwrap(), 4 << 20);
    }
    for result in busy {
        result.get().unwrap();
    }
}

fn large_results_come_from_all_workers_at_once() {
    let pool = new_pool(4).unwrap();
    let blocks = pool.chunk_size(1).unwrap().map(|byte: u8| vec![byte; 16 << 20], 0..8).unwrap();
    for (byte, block) in (0..8).zip(blocks) {
        assert!(block.len() == 16 << 20 && block.iter().all(|&b| b == byte));
    }
}

fn large_arguments_and_large_results_cross_at_the_same_time() {
    let pool = new_pool(2).unwrap();
    let input = || (0..12u8).map(|byte| vec![byte; 8 << 20]);
    let output = pool.imap(|block: Vec<u8>| block, input());
    for (sent, received) in input().zip(output) {
        assert!(sent == received.unwrap());
    }
}

fn the_memory_of_a_large_result_is_given_back() {
    let pool = new_pool(2).unwrap();
    let before = memory_kib("VmRSS");
    for _ in 0..4 {
        let lengths = pool.imap(|size: usize| ByteBuf::from(vec![1; size]), [100 << 20, 100 << 20]);
        assert_eq!(lengths.map(|block| block.unwrap().len()).sum::<usize>(), 200 << 20);
    }
    // Uma mensagem pequena depois da grande é a vez de devolver o que sobrou.
    pool.map(square, 0..100).unwrap();
    let grown = memory_kib("VmRSS").saturating_sub(before);
    println!("ficaram {grown} KiB");
    assert!(grown < 64 << 10, "ficaram {grown} KiB");
}

fn values_without_size_cross_too() {
    let pool = new_pool(2).unwrap();
    assert_eq!(pool.map(|(): ()| (), vec![(); 1000]).unwrap().len(), 1000);
    let paths = pool.map(|path: PathBuf| path.join("b"), [PathBuf::from("a")]).unwrap();
    assert_eq!(paths, [PathBuf::from("a/b")]);
}
