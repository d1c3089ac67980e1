//! O que `map` e `imap` fazem, já sem o tipo da função.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::core::{Core, Route};
use super::shm::ChunkSizing;
use crate::Error;
use crate::dispatch::lane::{Lane, Packed};
use crate::dispatch::stream::Stream;
use crate::process::protocol;
use crate::process::task::TaskId;

/// `map`, já sem o tipo da função: compila-se uma vez para cada tipo de entrada e de resultado, e não uma por tarefa.
pub(super) fn map_task<A, R>(
    core: &Arc<Core>,
    task: TaskId,
    items: impl Iterator<Item = A>,
    sizing: ChunkSizing,
    window: Option<usize>,
) -> Result<Vec<R>, Error>
where
    A: Serialize,
    R: DeserializeOwned,
{
    match core.route(window) {
        Route::Socket => {
            let lane = lane(core, Ok(task), window);
            Stream::new(items, sizing.items, core.workers, lane).with_window(window).collect(|_| ())
        }
        Route::Shm(lease) => {
            let by_socket = core.sender();
            lease.map(task, items, sizing, window, &|task, body, promise| match protocol::request_with(
                task,
                promise.chunk().len,
                body,
            ) {
                Ok(frame) => by_socket(frame, promise),
                Err(error) => promise.keep(Err(error)),
            })
        }
    }
}

/// Por onde vão os blocos de um fluxo: pelo caminho que houver.
pub(super) fn lane<A: Serialize, R: DeserializeOwned>(
    core: &Arc<Core>,
    task: Result<TaskId, Error>,
    window: Option<usize>,
) -> impl Lane<A, R> + Send + use<A, R> {
    let pack = move |items: Vec<A>| protocol::request_of(task.clone()?, &items);
    let carrier = Core::carrier(core, window);
    Packed { carrier, pack, open: protocol::read_results::<R>, weigh: |answer| answer.bytes.len() }
}
