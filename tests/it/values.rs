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
    30 => a_value_too_deep_is_an_error,
    30 => a_skipped_field_is_an_error_and_never_another_value,
    30 => a_field_that_is_only_written_or_only_read_is_an_error,
    30 => a_variant_that_only_one_side_counts_is_never_its_neighbour,
    30 => a_field_that_neither_side_sees_and_one_with_two_names_cross,
    30 => a_list_that_does_not_know_its_length_crosses,
    30 => a_list_that_lies_about_its_length_is_an_error,
    30 => what_only_a_format_with_types_can_read_is_an_error_that_says_so,
    30 => the_reason_of_the_type_arrives_whole,
    120 => a_chunk_of_answers_may_pass_the_limit_of_a_value,
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
    let block = ByteBuf::from(vec![7; 4 << 20]);
    let waiting: Vec<_> = (0..8).map(|_| pool.apply_async(|b: ByteBuf| b.len(), block.clone())).collect();
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
    let task = |byte: u8| ByteBuf::from(vec![byte; 16 << 20]);
    let blocks = pool.chunk_size(1).unwrap().map(task, 0..8).unwrap();
    for (byte, block) in (0..8).zip(blocks) {
        assert!(block.len() == 16 << 20 && block.iter().all(|&b| b == byte));
    }
}

fn large_arguments_and_large_results_cross_at_the_same_time() {
    let pool = new_pool(2).unwrap();
    let input = || (0..12).map(|byte| ByteBuf::from(vec![byte; 8 << 20]));
    let output = pool.imap(|block: ByteBuf| block, input());
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
    // Uma mensagem pequena depois da grande é a vez de devolver o que sobrou; e o que está na memória dividida volta daí a pouco.
    pool.map(square, 0..100).unwrap();
    eventually("a memória voltou", || memory_kib("VmRSS").saturating_sub(before) < 64 << 10);
}

fn values_without_size_cross_too() {
    let pool = new_pool(2).unwrap();
    assert_eq!(pool.map(|(): ()| (), vec![(); 1000]).unwrap().len(), 1000);
    let paths = pool.map(|path: PathBuf| path.join("b"), [PathBuf::from("a")]).unwrap();
    assert_eq!(paths, [PathBuf::from("a/b")]);
}

fn same<T>(value: T) -> T {
    value
}

/// O que voltou de uma tarefa, de uma fila e de um pipe: igual, ou um erro.
fn crossings<T>(value: &T) -> Vec<Result<T, Error>>
where
    T: Serialize + serde::de::DeserializeOwned + Clone + 'static,
{
    let pool = new_pool(1).unwrap();
    let queue = multiprocessamento::Queue::bounded(1).unwrap();
    let (ours, theirs) = multiprocessamento::pipe::<T, T>().unwrap();
    vec![
        pool.apply(same, value.clone()),
        pool.map(same, vec![value.clone(); 3]).map(|mut values| values.remove(2)),
        pool.imap(same, [value.clone()]).next().unwrap(),
        new_process(same, value.clone()).and_then(multiprocessamento::Process::join),
        queue.put(value).and_then(|()| queue.get()),
        ours.send(value).and_then(|()| theirs.recv()),
    ]
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Skips {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    a: Option<u8>,
    b: u8,
    c: Vec<u8>,
}

/// Uma lista encadeada.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Chain {
    End,
    Link(u64, Box<Chain>),
}

fn chain(links: u64) -> Chain {
    (0..links).fold(Chain::End, |rest, link| Chain::Link(link, Box::new(rest)))
}

/// Cada nível gasta a pilha de quem escreve e de quem lê: sem um limite, o programa acabaria.
fn a_value_too_deep_is_an_error() {
    const LEVELS: u64 = 1000;
    let deepest = chain(LEVELS);
    for outcome in crossings(&deepest) {
        assert!(outcome.unwrap() == deepest);
    }
    let is_too_deep = |outcome: Result<Chain, Error>| match outcome {
        Err(Error::Encode(reason)) => assert!(reason.contains("mais de 1000 níveis"), "{reason}"),
        other => panic!("{other:?}"),
    };
    crossings(&chain(LEVELS + 1)).into_iter().for_each(is_too_deep);
    is_too_deep(new_pool(1).unwrap().apply(chain, LEVELS + 1));
    // Um ao lado do outro, quantos se quiser.
    let side_by_side = vec![Some(chain(10)); 2000];
    assert!(new_pool(1).unwrap().apply(same, side_by_side.clone()).unwrap() == side_by_side);
}

fn a_skipped_field_is_an_error_and_never_another_value() {
    let whole = Skips { a: Some(4), b: 1, c: vec![0, 2, 0, 0] };
    for outcome in crossings(&whole) {
        assert_eq!(outcome.unwrap(), whole);
    }
    for outcome in crossings(&Skips { a: None, ..whole }) {
        let Err(Error::Encode(reason)) = outcome else { panic!("{outcome:?}") };
        assert!(reason.contains("o campo «a» foi pulado (skip_serializing_if)"), "{reason}");
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct OnlyWritten {
    #[serde(skip_deserializing)]
    a: u8,
    b: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct OnlyRead {
    #[serde(skip_serializing, default)]
    a: u8,
    #[serde(default)]
    b: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct TupleSkips(#[serde(skip_serializing_if = "is_zero", default)] u8, #[serde(default)] u8);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum VariantSkips {
    Pair(#[serde(skip_serializing_if = "is_zero", default)] u8, #[serde(default)] u8),
    Fields {
        #[serde(skip_serializing, default)]
        a: u8,
        #[serde(default)]
        b: u8,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum NewtypeSkips {
    Number(#[serde(skip_deserializing)] u8),
}

/// A primeira só existe deste lado: as outras têm um número ao escrever e outro ao ler.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Hidden {
    #[serde(skip)]
    _Local,
    #[serde(alias = "Alpha")]
    A,
    B(u8),
    #[serde(skip_deserializing)]
    OnlyWritten,
    #[serde(rename = "c")]
    C {
        x: u8,
    },
}

fn a_variant_that_only_one_side_counts_is_never_its_neighbour() {
    for value in [Hidden::A, Hidden::B(7), Hidden::C { x: 3 }] {
        for outcome in crossings(&value) {
            assert_eq!(outcome.unwrap(), value);
        }
    }
    for outcome in crossings(&Hidden::OnlyWritten) {
        let Err(Error::Decode(reason)) = outcome else { panic!("{outcome:?}") };
        assert!(reason.contains("a variante escrita não é nenhuma das que se leem"), "{reason}");
    }
    for outcome in crossings(&Hidden::_Local) {
        assert!(matches!(outcome, Err(Error::Encode(_))), "{outcome:?}");
    }
}

fn is_zero(value: &u8) -> bool {
    *value == 0
}

fn assert_uneven<T: std::fmt::Debug>(outcomes: Vec<Result<T, Error>>) {
    for outcome in outcomes {
        let Err(Error::Decode(reason)) = outcome else { panic!("{outcome:?}") };
        assert!(reason.contains("os campos escritos não são os que se leem"), "{reason}");
    }
}

fn a_field_that_is_only_written_or_only_read_is_an_error() {
    assert_uneven(crossings(&OnlyWritten { a: 1, b: 2 }));
    assert_uneven(crossings(&OnlyRead { a: 1, b: 2 }));
    assert_uneven(crossings(&TupleSkips(0, 2)));
    assert_uneven(crossings(&VariantSkips::Pair(0, 2)));
    assert_uneven(crossings(&VariantSkips::Fields { a: 1, b: 2 }));
    assert_uneven(crossings(&NewtypeSkips::Number(3)));
    assert_uneven(crossings(&(NewtypeSkips::Number(3), "ab".to_owned())));
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Harmless {
    #[serde(skip)]
    unseen: u8,
    #[serde(alias = "outro", rename = "nome")]
    named: u8,
    #[serde(default)]
    last: Option<(u8, String)>,
    nothing: (),
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Nothing,
    One(f64),
    Two(i16, i128),
    Named { text: String, letters: Vec<char> },
}

fn a_field_that_neither_side_sees_and_one_with_two_names_cross() {
    let kinds = [
        Kind::Nothing,
        Kind::One(-0.5),
        Kind::Two(i16::MIN, i128::MAX),
        Kind::Named { text: "ação".to_owned(), letters: vec!['\0', 'ç', '🦀'] },
    ];
    for kind in kinds {
        let value = Harmless { unseen: 0, named: 200, last: Some((0, String::new())), nothing: (), kind };
        for outcome in crossings(&value) {
            assert_eq!(outcome.unwrap(), value);
        }
    }
}

/// Os números de 1 até este, sem dizer antes quantos são.
#[derive(Clone, Debug, PartialEq)]
struct Uncounted(u64);

impl Serialize for Uncounted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        (1..=self.0).try_for_each(|number| list.serialize_element(&number))?;
        list.end()
    }
}

impl<'de> Deserialize<'de> for Uncounted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::<u64>::deserialize(deserializer)?;
        assert!(list.iter().copied().eq(1..=list.len() as u64));
        Ok(Uncounted(list.len() as u64))
    }
}

fn a_list_that_does_not_know_its_length_crosses() {
    for len in [0, 1, 127, 128, 1000] {
        for outcome in crossings(&Uncounted(len)) {
            assert_eq!(outcome.unwrap(), Uncounted(len));
        }
    }
}

/// Promete três números, e escreve outros tantos.
#[derive(Clone, Debug, PartialEq)]
struct Liar(u64);

impl Serialize for Liar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(3))?;
        (0..self.0).try_for_each(|number| list.serialize_element(&number))?;
        list.end()
    }
}

impl<'de> Deserialize<'de> for Liar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<u64>::deserialize(deserializer).map(|list| Liar(list.len() as u64))
    }
}

fn a_list_that_lies_about_its_length_is_an_error() {
    for outcome in crossings(&Liar(3)) {
        assert_eq!(outcome.unwrap(), Liar(3));
    }
    for outcome in [0, 2, 4].into_iter().flat_map(|len| crossings(&Liar(len))) {
        let Err(Error::Encode(reason)) = outcome else { panic!("{outcome:?}") };
        assert!(reason.contains("o tipo prometeu 3 itens e escreveu"), "{reason}");
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "tipo")]
enum Tagged {
    Bread { count: u8 },
    Milk,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u8),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flattened {
    name: String,
    #[serde(flatten)]
    rest: Skips,
}

fn what_only_a_format_with_types_can_read_is_an_error_that_says_so() {
    fn assert_untold<T: std::fmt::Debug>(outcomes: Vec<Result<T, Error>>) {
        for outcome in outcomes {
            let Err(Error::Decode(reason)) = outcome else { panic!("{outcome:?}") };
            assert!(
                reason.contains("este tipo só se lê de um formato que diz o tipo de cada valor"),
                "{reason}"
            );
        }
    }
    assert_untold(crossings(&serde_json::json!([1])));
    assert_untold(crossings(&Tagged::Bread { count: 1 }));
    assert_untold(crossings(&Tagged::Milk));
    assert_untold(crossings(&Untagged::Number(1)));
    assert_untold(crossings(&Untagged::Text("a".to_owned())));
    let rest = Skips { a: Some(1), b: 2, c: vec![] };
    assert_untold(crossings(&Flattened { name: "a".to_owned(), rest }));
}

fn the_reason_of_the_type_arrives_whole() {
    for outcome in crossings(&Stubborn::NotEncodable) {
        assert!(
            matches!(&outcome, Err(Error::Encode(reason)) if reason == "recusa-se a sair"),
            "{outcome:?}"
        );
    }
    for outcome in crossings(&Stubborn::NotDecodable) {
        assert!(
            matches!(&outcome, Err(Error::Decode(reason)) if reason == "recusa-se a entrar"),
            "{outcome:?}"
        );
    }
    let pool = new_pool(1).unwrap();
    let zero = pool.apply(|number: std::num::NonZeroU8| number.get(), std::num::NonZeroU8::MIN).unwrap();
    assert_eq!(zero, 1);
}

/// O limite é de cada valor; um bloco de muitos pode passar dele.
fn a_chunk_of_answers_may_pass_the_limit_of_a_value() {
    let pool = new_pool(1).unwrap();
    let large = |_: u32| ByteBuf::from(vec![1; 300 << 20]);
    let answers = pool.chunk_size(4).unwrap().map(large, 0..4).unwrap();
    assert_eq!(answers.iter().map(|answer| answer.len()).collect::<Vec<_>>(), [300 << 20; 4]);
}
