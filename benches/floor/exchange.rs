//! O que se mede num canal: mensagens numa direção e uma resposta na outra.

use serde::{Deserialize, Serialize};

/// Uma rodada: `count` mensagens de `size` bytes vão, e uma resposta de `answer` bytes volta.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Exchange {
    pub size: usize,
    pub count: usize,
    pub answer: usize,
}

impl Exchange {
    /// A mensagem vai e volta inteira.
    pub fn round_trip(size: usize) -> Self {
        Exchange { size, count: 1, answer: size }
    }

    /// As mensagens só vão; um byte confirma a última.
    pub fn one_way(size: usize, count: usize) -> Self {
        Exchange { size, count, answer: 1 }
    }

    /// O lado que mede: uma rodada.
    pub fn ask(self, message: &Vec<u8>, send: impl Fn(&Vec<u8>), receive: impl Fn() -> Vec<u8>) {
        for _ in 0..self.count {
            send(message);
        }
        assert_eq!(receive().len(), self.answer);
    }

    /// O outro lado: recebe e responde até `receive` dizer que acabou.
    pub fn serve(self, receive: impl Fn() -> Option<Vec<u8>>, send: impl Fn(Vec<u8>)) {
        let round = || (0..self.count).try_fold(Vec::new(), |_, _| receive());
        while let Some(mut message) = round() {
            message.truncate(self.answer);
            send(message);
        }
    }
}
