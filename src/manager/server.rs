//! O processo servidor: uma thread por cliente, e um estado só.
//!
//! A trava do estado dura uma operação, e nunca uma leitura ou uma escrita: um cliente parado, lento ou morto
//! só diz respeito à thread dele.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::protocol::{Reception, Visit};
use super::store::Store;
use crate::Error;

/// A tarefa do servidor: recebe clientes até que ninguém mais possa chegar.
pub(super) fn serve(reception: Reception) {
    let store = Arc::new(Mutex::new(Store::default()));
    if reception.send(&()).is_err() {
        return;
    }
    loop {
        match reception.recv() {
            Ok(visit) => {
                let store = Arc::clone(&store);
                let name = "cliente".to_owned();
                // Sem uma thread para ele, o canal do cliente se fecha, e ele fica sabendo.
                let _ = thread::Builder::new().name(name).spawn(move || attend(&visit, &store));
            }
            // O descritor não coube na tabela deste processo: esse cliente se perde, os outros não.
            Err(Error::Decode(_)) => {}
            Err(_) => return,
        }
    }
}

/// Atende um cliente até ele fechar o canal, ou morrer.
fn attend(client: &Visit, store: &Mutex<Store>) {
    while let Ok(request) = client.recv() {
        // A resposta sai da trava já em bytes.
        let answer = store.lock().unwrap_or_else(PoisonError::into_inner).answer(request);
        if client.send(&answer).is_err() {
            return;
        }
    }
}
