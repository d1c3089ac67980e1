//! Quem deixou o anel: porque foi chamado, porque fez a sua cota, porque uma resposta não coube na memória, ou porque
//! morreu.
//!
//! Ninguém deu nada a um trabalhador do anel: ele pegou. A anotação que deixou diz que posição *podia* ter na mão; outro
//! pode tê-la pego antes. Por isso ela é uma suspeita, até que nenhum vivo a tenha anotada.

use std::sync::atomic::Ordering::Relaxed;

use super::arena::View;
use super::bulk::Side;
use super::seat::Departure;
use super::slot_state::{Kind, SlotState};
use super::slot_table::SlotTable;
use crate::Error;
use crate::dispatch::attempts::Retries;

impl SlotTable {
    /// O trabalhador `worker` voltou ao soquete.
    pub(crate) fn on_departure(&self, worker: usize, departure: Departure) {
        self.view().recall_of(worker).store(0, Relaxed);
        if let Some((slot, answer)) = departure.large {
            self.deliver(slot, answer);
        }
        self.find_takers();
    }

    /// O processo do trabalhador `dead` terminou. O bloco que ele fazia volta à fila, ou responde `error`.
    pub(crate) fn on_worker_exit(&self, dead: usize, error: Error) {
        let view = self.view();
        view.since(dead).store(0, Relaxed);
        view.recall_of(dead).store(0, Relaxed);
        // Podia estar no meio de uma resposta grande.
        self.keeper().note();
        if let Some(position) = view.ring.on_worker_exit(dead) {
            let mut state = self.state();
            if let Some(slot) = state.slot_at(position) {
                // Pronta a casa, talvez ele tenha morrido antes de tocar a campainha.
                view.ring.ring_doorbell(slot);
            }
            state.suspects.push((position, error));
        }
        self.decide_suspects();
    }

    /// Decide o destino das posições que podiam estar com quem morreu; diz se ficou alguma por decidir.
    pub(crate) fn decide_suspects(&self) -> bool {
        let (mut state, view) = (self.state(), self.view());
        let suspects = std::mem::take(&mut state.suspects);
        // Com uma delas anotada por um vivo, não se sabe de quem é: espera-se que ele anote outra.
        let (undecided, clear) =
            suspects.into_iter().partition::<Vec<_>, _>(|(position, _)| view.ring.may_be_claimed(*position));
        state.suspects = undecided;
        for (position, error) in clear {
            if let Some(slot) = state.slot_at(position).filter(|&slot| !view.ring.is_done(slot)) {
                lose(&mut state, &view, slot, error, self.retries());
            }
        }
        let any_left = !state.suspects.is_empty();
        drop(state);
        self.find_takers();
        any_left
    }

    /// Quem se foi podia ser quem ia pegar o que espera.
    fn find_takers(&self) {
        self.view().ring.wake_idle();
    }
}

/// O bloco da casa se perdeu com quem o fazia.
fn lose(state: &mut SlotState, view: &View<'_>, slot: u32, error: Error, retries: &Retries) {
    let entry = &mut state.entries[slot as usize];
    if !matches!(entry.kind, Kind::Seat(_)) && entry.attempts.lose(retries) {
        // O pedido continua lá; a resposta que ele começou, não.
        view.bulk.give_back(Side::Reply, slot);
        entry.position = Some(view.ring.publish(slot));
        retries.count(1);
    } else {
        state.deliver(view, slot, Err(error));
    }
}
