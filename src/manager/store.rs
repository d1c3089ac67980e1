//! O que o servidor guarda, e cada operação sobre isso. Aqui não há soquetes: só dados.

use std::collections::HashMap;

use serde::Serialize;

use super::protocol::{
    Bytes, CounterOperation, DictOperation, Kind, ListOperation, ManagerRequest, ObjectId, Operation,
    Refusal, Stored, Swap, Version,
};
use crate::parcel::{MAX_SIZE, Parcel};

/// Todos os objetos de um servidor. Cada um vive tanto quanto ele.
#[derive(Default)]
pub(super) struct Store {
    objects: Vec<Object>,
    clock: Clock,
}

enum Object {
    Dict(HashMap<Bytes, Entry>),
    List(Vec<Stored>),
    Counter(i64),
}

struct Entry {
    /// A versão com que a chave entrou: é a ordem em que as chaves aparecem.
    born: Version,
    stored: Stored,
}

/// Dá as versões. Um só para o servidor inteiro: uma chave removida e posta de novo não repete nenhuma, e
/// quem a leu antes da remoção não a confunde com a nova.
#[derive(Default)]
struct Clock(Version);

impl Clock {
    fn stamp(&mut self, value: Bytes) -> Stored {
        self.0 += 1;
        Stored { version: self.0, value }
    }
}

impl Store {
    /// Atende um pedido e codifica a resposta.
    pub(super) fn answer(&mut self, request: ManagerRequest) -> Vec<u8> {
        let (object, operation) = match request {
            ManagerRequest::Create(kind) => return done(self.create(kind)),
            ManagerRequest::On(object, operation) => (self.objects.get_mut(object as usize), operation),
        };
        let clock = &mut self.clock;
        match (object, operation) {
            (Some(Object::Dict(entries)), Operation::Dict(operation)) => on_dict(entries, operation, clock),
            (Some(Object::List(items)), Operation::List(operation)) => on_list(items, operation, clock),
            (Some(Object::Counter(value)), Operation::Counter(operation)) => on_counter(value, operation),
            _ => refused(Refusal::UnknownObject),
        }
    }

    fn create(&mut self, kind: Kind) -> ObjectId {
        self.objects.push(match kind {
            Kind::Dict => Object::Dict(HashMap::new()),
            Kind::List => Object::List(Vec::new()),
            Kind::Counter => Object::Counter(0),
        });
        (self.objects.len() - 1) as ObjectId
    }
}

fn on_dict(entries: &mut HashMap<Bytes, Entry>, operation: DictOperation, clock: &mut Clock) -> Vec<u8> {
    match operation {
        DictOperation::Get(key) => done(entries.get(&key).map(|entry| &entry.stored)),
        DictOperation::Insert(key, value) => {
            put(entries, key, clock.stamp(value));
            done(())
        }
        DictOperation::Remove(key) => done(entries.remove(&key).map(|entry| entry.stored)),
        DictOperation::Contains(key) => done(entries.contains_key(&key)),
        DictOperation::Len => done(entries.len()),
        DictOperation::Keys => done(in_order(entries).into_iter().map(|(key, _)| key).collect::<Vec<_>>()),
        DictOperation::Items => done(in_order(entries)),
        DictOperation::Clear => {
            entries.clear();
            done(())
        }
        DictOperation::Swap { key, expected, value } => {
            let current = entries.get(&key).map(|entry| &entry.stored);
            if current.map(|stored| stored.version) != expected {
                return done(Swap::Conflict(current));
            }
            put(entries, key, clock.stamp(value));
            done(Swap::<()>::Done)
        }
    }
}

/// Uma chave que já existe conserva o seu lugar na ordem, como em Python.
fn put(entries: &mut HashMap<Bytes, Entry>, key: Bytes, stored: Stored) {
    let born = entries.get(&key).map_or(stored.version, |entry| entry.born);
    entries.insert(key, Entry { born, stored });
}

fn in_order(entries: &HashMap<Bytes, Entry>) -> Vec<(&Bytes, &Bytes)> {
    let mut listed: Vec<_> = entries.iter().collect();
    listed.sort_unstable_by_key(|(_, entry)| entry.born);
    listed.into_iter().map(|(key, entry)| (key, &entry.stored.value)).collect()
}

fn on_list(items: &mut Vec<Stored>, operation: ListOperation, clock: &mut Clock) -> Vec<u8> {
    let len = items.len();
    let out_of_range = |index| refused(Refusal::OutOfRange { index, len });
    match operation {
        ListOperation::Push(value) => {
            items.push(clock.stamp(value));
            done(())
        }
        ListOperation::Pop => done(items.pop()),
        ListOperation::Get(index) => items.get(index).map_or_else(|| out_of_range(index), done),
        ListOperation::Set(index, value) => match items.get_mut(index) {
            Some(stored) => {
                *stored = clock.stamp(value);
                done(())
            }
            None => out_of_range(index),
        },
        ListOperation::Len => done(len),
        ListOperation::Items => done(items.iter().map(|stored| &stored.value).collect::<Vec<_>>()),
        ListOperation::Clear => {
            items.clear();
            done(())
        }
        ListOperation::Swap { index, expected, value } => match items.get_mut(index) {
            Some(stored) if stored.version == expected => {
                *stored = clock.stamp(value);
                done(Swap::<()>::Done)
            }
            Some(stored) => done(Swap::Conflict(stored)),
            None => out_of_range(index),
        },
    }
}

fn on_counter(value: &mut i64, operation: CounterOperation) -> Vec<u8> {
    match operation {
        CounterOperation::Add(amount) => {
            *value = value.wrapping_add(amount);
            done(*value)
        }
        CounterOperation::Get => done(*value),
        CounterOperation::Set(new) => {
            *value = new;
            done(())
        }
    }
}

fn done<T: Serialize>(answer: T) -> Vec<u8> {
    match Parcel::of(&Ok::<T, Refusal>(answer)) {
        Ok(parcel) => parcel.bytes,
        // Bytes e números sempre viram bytes; o que pode haver é bytes demais.
        Err(_) => refused(Refusal::TooLarge { limit: MAX_SIZE }),
    }
}

fn refused(refusal: Refusal) -> Vec<u8> {
    // Uma recusa cabe sempre; se não coubesse, uma resposta vazia seria um erro do outro lado.
    Parcel::of(&Err::<(), Refusal>(refusal)).map(|parcel| parcel.bytes).unwrap_or_default()
}
