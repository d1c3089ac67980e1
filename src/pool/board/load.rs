//! Um maço a caminho: o que já voltou dele, o que se perdeu, e o que falta.

use std::time::Instant;

use super::attend::NO_BLOCK;
use super::batch::Take;
use super::pack::{Entry, Pack};
use crate::Error;
use crate::parcel::Parcel;
use crate::process::protocol;

/// Um maço a caminho.
pub(super) struct Load {
    pub(super) pack: usize,
    /// Quantos blocos tem, com os que voltaram.
    pub(super) count: usize,
    /// Quantos tinha ao sair; a partir daí, de qual deles cada bloco é a repetição, e quantas vezes já se perdeu.
    pub(super) original: usize,
    pub(super) repeated: Vec<(usize, usize)>,
    pub(super) items: usize,
    pub(super) posts_out: usize,
    pub(super) since: Instant,
    /// As respostas que não couberam nos diários.
    pub(super) large: Vec<(usize, Parcel)>,
    /// Os blocos que podiam estar com quem morreu.
    pub(super) suspects: Vec<(usize, Error)>,
}

impl Load {
    /// A resposta que veio na casa do posto, porque não coube no diário ou porque é uma falha.
    pub(super) fn keep_large(&mut self, mut answer: Parcel) -> Result<(), (usize, Error)> {
        let short = || (0, Error::Decode("a resposta de um posto não foi entendida".to_owned()));
        let (block, _) = answer.bytes.split_first_chunk().ok_or_else(short)?;
        let block = u32::from_le_bytes(*block);
        if block != NO_BLOCK {
            answer.bytes.drain(..4);
            let block = block as usize;
            let results = protocol::read_reply(answer).and_then(|outcome| outcome);
            let results = results.map_err(|error| (self.repeated_from(block).0, error))?;
            self.large.push((block, results));
        }
        Ok(())
    }

    /// Traz para cá o que está num diário quase cheio, que não é de ninguém agora.
    pub(super) fn make_room(&mut self, pack: &Pack<'_>, post: usize) {
        if !pack.is_nearly_full(post) {
            return;
        }
        for (block, entry) in pack.logged(post) {
            let mut bytes = Vec::new();
            pack.read_logged(entry, &mut bytes);
            self.large.push((block, Parcel { bytes, descriptors: Vec::new() }));
        }
        pack.empty_log(post);
    }

    /// O erro de um bloco que com certeza se perdeu e não voltará à fila. Os outros suspeitos esperam.
    pub(super) fn hopeless(&self, pack: &Pack<'_>, posts: usize, retries: usize) -> Option<(usize, Error)> {
        let lost = self.suspects.iter().find(|(block, _)| {
            // Nesta ordem: quem o tem na mão só anota outro depois de o pôr no diário.
            self.repeated_from(*block).1 == retries
                && !pack.ranges().holds(*block as u32)
                && !pack.ranges().may_be_held(*block as u32)
                && !self.is_done(pack, posts, *block)
        });
        lost.map(|(block, error)| (self.repeated_from(*block).0, error.clone()))
    }

    fn is_done(&self, pack: &Pack<'_>, posts: usize, block: usize) -> bool {
        self.large.iter().any(|(large, _)| *large == block)
            || (0..posts).any(|post| pack.logged(post).any(|(logged, _)| logged == block))
    }

    /// Os postos acabaram e as faixas estão vazias: o que não está pronto volta ao maço. Diz, de cada bloco que volta,
    /// se ele se perdeu com quem morreu, ou se nem começou.
    ///
    /// # Erros
    ///
    /// O de um bloco que já se perdeu vezes demais.
    pub(super) fn send_back_missing(
        &mut self,
        pack: &Pack<'_>,
        places: &[Place],
        retries: usize,
    ) -> Result<Vec<bool>, (usize, Error)> {
        let suspects = std::mem::take(&mut self.suspects);
        let start = self.count;
        let mut again = Vec::new();
        for block in (0..places.len()).filter(|&block| places[block] == Place::Missing) {
            let blamed = suspects.iter().find(|(suspect, _)| self.repeated_from(*suspect).0 == block);
            let losses = self.losses_of(block) + usize::from(blamed.is_some());
            let error = || blamed.map_or(Error::Terminated, |(_, error)| error.clone());
            if losses > retries || !pack.repeat(block, self.count) {
                return Err((block, error()));
            }
            self.repeated.push((block, losses));
            self.count += 1;
            again.push(blamed.is_some());
        }
        if !again.is_empty() {
            pack.share(start, self.count);
        }
        Ok(again)
    }

    /// Quantas vezes o bloco já se perdeu: o que diz a última repetição dele.
    fn losses_of(&self, block: usize) -> usize {
        self.repeated.iter().rev().find(|(original, _)| *original == block).map_or(0, |(_, losses)| *losses)
    }

    /// Onde está a resposta de cada bloco.
    pub(super) fn places(&self, pack: &Pack<'_>, posts: usize) -> Vec<Place> {
        let mut places = vec![Place::Missing; self.original];
        for (block, entry) in (0..posts).flat_map(|post| pack.logged(post)) {
            places[self.repeated_from(block).0] = Place::Logged(entry);
        }
        for (index, (block, _)) in self.large.iter().enumerate() {
            places[self.repeated_from(*block).0] = Place::Large(index as u32);
        }
        places
    }

    /// De qual bloco este é a repetição, e quantas vezes ele já se perdeu.
    fn repeated_from(&self, block: usize) -> (usize, usize) {
        block.checked_sub(self.original).map_or((block, 0), |index| self.repeated[index])
    }

    /// Entrega a `take` os resultados, bloco a bloco, na ordem.
    pub(super) fn read(&self, pack: &Pack<'_>, places: &[Place], take: &mut Take<'_>) -> Result<(), Error> {
        let mut bytes = Vec::new();
        for place in places {
            match *place {
                Place::Logged(entry) => {
                    pack.read_logged(entry, &mut bytes);
                    take(&bytes, &[])?;
                }
                Place::Large(index) => {
                    let Parcel { bytes, descriptors } = &self.large[index as usize].1;
                    take(bytes, descriptors)?;
                }
                Place::Missing => {}
            }
        }
        Ok(())
    }
}

/// Onde está a resposta de um bloco. Há um por bloco: que caiba em poucos bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Missing,
    Logged(Entry),
    Large(u32),
}
