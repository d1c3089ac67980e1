//! Os dois postos: o de um trabalhador no anel, desde que o supervisor o dá até que ele o deixe; e o de um maço.

use serde::{Deserialize, Serialize};

use super::arena::Arena;
use crate::Error;
use crate::parcel::Parcel;
use crate::process::protocol;

/// O posto de um trabalhador.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Seat {
    pub(super) arena: Arena,
    pub(super) worker: usize,
    /// Quantos itens ele ainda faz.
    pub(super) quota: Option<usize>,
    /// Se alguém vigia quanto tempo leva cada bloco.
    pub(super) timed: bool,
}

/// Como um trabalhador deixou o mural.
pub(crate) struct Departure {
    /// Quantos itens fez.
    pub(crate) items: usize,
    /// A casa cuja resposta não coube na memória, e a resposta.
    pub(crate) large: Option<(u32, Result<Parcel, Error>)>,
}

/// O começo da resposta: a casa, se alguma, e quantos itens.
pub(super) const HEADER: usize = 12;
pub(super) const NO_SLOT: u32 = u32::MAX;

impl Departure {
    /// Lê a resposta de [`worker_loop`](super::worker_loop::worker_loop).
    pub(crate) fn read(mut answer: Parcel) -> Result<Self, Error> {
        let short = || Error::Decode("a saída de um trabalhador não foi entendida".to_owned());
        let (header, _) = answer.bytes.split_first_chunk::<HEADER>().ok_or_else(short)?;
        let [a, b, c, d, items @ ..] = *header;
        let slot = u32::from_le_bytes([a, b, c, d]);
        answer.bytes.drain(..HEADER);
        let large = if slot == NO_SLOT { None } else { Some((slot, protocol::read_reply(answer)?)) };
        Ok(Departure { items: u64::from_le_bytes(items) as usize, large })
    }
}

pub(super) fn header(slot: u32, items: usize) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..4].copy_from_slice(&slot.to_le_bytes());
    header[4..].copy_from_slice(&(items as u64).to_le_bytes());
    header
}

/// Com que pressa um trabalhador é chamado de volta.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recall {
    /// Quando não houver mais blocos.
    Drain = 1,
    /// Assim que acabar o bloco que faz.
    Now = 2,
}

/// Um posto num maço, como viaja no pedido de uma casa.
#[derive(Clone, Copy)]
pub(super) struct BatchSeat {
    pub(super) batch: usize,
    pub(super) seat: usize,
    /// Se é de um fluxo: cada resposta interessa por si, e uma falha não dispensa as outras.
    pub(super) streams: bool,
}

impl BatchSeat {
    pub(super) fn write(self) -> [u8; 8] {
        let BatchSeat { batch, seat, streams } = self;
        (u64::from(streams) << 63 | (batch as u64) << 32 | seat as u64).to_le_bytes()
    }

    pub(super) fn read(bytes: &[u8]) -> Self {
        let both = bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let batch = (both >> 32) as usize & 0x7fff_ffff;
        BatchSeat { batch, seat: both as u32 as usize, streams: both >> 63 != 0 }
    }
}

/// No lugar do bloco que não coube no diário: não houve nenhum.
pub(super) const NO_CHUNK: u32 = u32::MAX;
