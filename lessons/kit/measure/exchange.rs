//! O preço de uma mensagem, por tamanho: quanto se espera pela resposta, e quantos bytes passam por segundo.
//!
//! Em todo canal, quem envia continua com os seus bytes e quem recebe ganha bytes que são dele. Entre processos
//! isso é uma cópia para o sistema e outra do sistema. Entre threads é uma cópia só; e, na ida e volta, nenhuma:
//! a mensagem muda de dono e volta.

use std::cell::Cell;
use std::thread;
use std::time::Duration;

use multiprocessamento::{Connection, Error, Process, Queue, pipe};
use registro::format::{integer, seconds};
use registro::legend::Entry;
use registro::stats::median;
use serde::{Deserialize, Serialize};

use crate::measure::trace::now;
use crate::run::lesson::{Failure, Lesson};

/// Por onde processos e threads se falam.
pub const QUEUE: Entry = Entry::model("queue", "Queue").family("process_pool");
/// Entre dois processos.
pub const PIPE: Entry = Entry::model("pipe", "Pipe").family("process_pool");
/// Um processo que guarda coisas para os outros.
pub const MANAGER: Entry = Entry::model("manager", "Manager").family("process_pool");
/// Um número na memória que é de todos.
pub const SHARED_VALUE: Entry = Entry::model("shared_value", "Value compartilhado").family("processes");
/// Entre threads.
pub const CHANNEL: Entry = Entry::model("channel", "canal entre threads").family("threads");

/// O tempo de uma ida e volta.
pub const LATENCY: Entry =
    Entry::series("latency_by_size", "Quanto leva uma mensagem, pelo tamanho dela?").x_unit(SIZE_AXIS);
/// Os bytes por segundo, numa direção.
pub const THROUGHPUT: Entry =
    Entry::series("throughput_by_size", "Quantos bytes por segundo passam, pelo tamanho da mensagem?")
        .x_unit(SIZE_AXIS);
/// O tempo de uma ida e volta da menor mensagem.
pub const ROUND_TRIP: Entry = Entry::metric("round_trip_us", "ida e volta").in_tables();

/// O eixo de toda curva por tamanho.
pub const SIZE_AXIS: &str = "tamanho (bytes)";

/// Quantas mensagens esperam numa fila, ou num canal entre threads.
const CAPACITY: usize = 64;

/// Os tamanhos de mensagem, em bytes: de um número a 2 MiB, de oito em oito vezes.
pub const SIZES: [usize; 7] = [8, 64, 512, 4 << 10, 32 << 10, 256 << 10, 2 << 20];

/// Uma rodada: `count` mensagens de `size` bytes vão, e uma resposta de `answer` bytes volta.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Exchange {
    /// Bytes de cada mensagem.
    pub size: usize,
    /// Quantas vão.
    pub count: usize,
    /// Bytes da resposta.
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
    ///
    /// # Erros
    ///
    /// O de `send` ou o de `receive`.
    ///
    /// # Panics
    ///
    /// Se a resposta não tem o tamanho combinado.
    pub fn ask<E>(
        self,
        message: &Vec<u8>,
        send: impl Fn(&Vec<u8>) -> Result<(), E>,
        receive: impl Fn() -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        for _ in 0..self.count {
            send(message)?;
        }
        assert_eq!(receive()?.len(), self.answer, "o tamanho da resposta");
        Ok(())
    }

    /// O outro lado: recebe e responde até `receive` dizer que acabou.
    ///
    /// # Erros
    ///
    /// O de `send`.
    pub fn serve<E>(
        self,
        receive: impl Fn() -> Option<Vec<u8>>,
        send: impl Fn(Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let round = || (0..self.count).try_fold(Vec::new(), |_, _| receive());
        while let Some(mut message) = round() {
            message.truncate(self.answer);
            send(message)?;
        }
        Ok(())
    }
}

/// Uma rodada por um canal já aberto, com o outro lado à espera.
pub type Round<'a> = &'a dyn Fn() -> Result<(), Error>;

/// O que fazer com as rodadas de um canal, enquanto ele está aberto.
pub type Measure<'a> = &'a mut dyn FnMut(Round<'_>) -> Result<(), Error>;

/// Um canal: abre-se, põe o outro lado à espera, chama `measure` e se desfaz.
pub type Channel = fn(Exchange, Measure<'_>) -> Result<(), Error>;

/// Um [`pipe`] entre este processo e outro.
///
/// # Erros
///
/// Os do canal e do processo, e os de `measure`.
pub fn by_pipe(exchange: Exchange, measure: Measure<'_>) -> Result<(), Error> {
    fn serve((channel, exchange): (Connection<Vec<u8>, Vec<u8>>, Exchange)) -> Result<(), Error> {
        exchange.serve(|| channel.recv().ok(), |answer| channel.send(&answer))
    }
    let (ours, theirs) = pipe::<Vec<u8>, Vec<u8>>()?;
    let process = Process::start(serve, (theirs, exchange))?;
    let message = vec![7; exchange.size];
    measure(&|| exchange.ask(&message, |message| ours.send(message), || ours.recv()))?;
    drop(ours);
    process.join()?
}

/// Duas [`Queue`], uma de ida e outra de volta, entre este processo e outro.
///
/// # Erros
///
/// Os do canal e do processo, e os de `measure`.
pub fn by_queue(exchange: Exchange, measure: Measure<'_>) -> Result<(), Error> {
    type Bytes = Queue<Vec<u8>>;
    fn serve((requests, answers, exchange): (Bytes, Bytes, Exchange)) -> Result<(), Error> {
        exchange.serve(|| requests.get().ok(), |answer| answers.put(&answer))
    }
    let (requests, answers) = (Bytes::bounded(CAPACITY)?, Bytes::bounded(CAPACITY)?);
    let process = Process::start(serve, (requests.clone(), answers.clone(), exchange))?;
    let message = vec![7; exchange.size];
    measure(&|| exchange.ask(&message, |message| requests.put(message), || answers.get()))?;
    requests.close()?;
    process.join()?
}

/// Dois canais do crossbeam, um de ida e outro de volta, entre esta thread e outra.
///
/// # Erros
///
/// Os de `measure`; e [`Error::Disconnected`] se a outra thread se foi.
pub fn between_threads(exchange: Exchange, measure: Measure<'_>) -> Result<(), Error> {
    let (ours, requests) = crossbeam_channel::bounded::<Vec<u8>>(CAPACITY);
    let (answers, replies) = crossbeam_channel::bounded::<Vec<u8>>(CAPACITY);
    thread::scope(|scope| {
        scope.spawn(move || {
            // A resposta é a última mensagem, inteira: cortá-la não pouparia nada, porque ninguém a copia.
            let whole = Exchange { answer: exchange.size, ..exchange };
            whole.serve(|| requests.recv().ok(), |answer| answers.send(answer))
        });
        let message = Cell::new(vec![7; exchange.size]);
        let send = |message: Vec<u8>| ours.send(message).map_err(|_| Error::Disconnected);
        measure(&|| {
            let last = message.take();
            for _ in 1..exchange.count {
                send(last.clone())?;
            }
            send(last)?;
            message.set(replies.recv().map_err(|_| Error::Disconnected)?);
            Ok(())
        })?;
        drop(ours);
        Ok(())
    })
}

/// Mede `channel` e um canal entre threads, em alternância, e registra duas curvas por tamanho de mensagem:
/// [`LATENCY`] e [`THROUGHPUT`].
///
/// # Erros
///
/// Os dos canais.
pub fn chart(lesson: &mut Lesson, model: &str, channel: Channel) -> Result<(), Failure> {
    // O bastante para dezenas de rodadas de cada mensagem, e pouco mais de um segundo ao todo.
    let budget = Duration::from_millis(10 * lesson.options().repetitions.min(10) as u64);
    let models = [model, CHANNEL.id];
    let mut smallest = None;
    for size in SIZES {
        let trip = side_by_side(Exchange::round_trip(size), channel, budget)?;
        smallest.get_or_insert(trip);
        for (model, seconds) in models.iter().zip(trip) {
            lesson.point(LATENCY.id, model, (size as f64, "bytes"), (seconds * 1e6, "us"));
        }
    }
    for size in SIZES {
        let count = ((4 << 20) / size).clamp(2, 2000);
        let way = side_by_side(Exchange::one_way(size, count), channel, budget)?;
        let mebibytes = (count * size) as f64 / f64::from(1 << 20);
        for (model, seconds) in models.iter().zip(way) {
            let x = (size as f64, "bytes");
            lesson.point(THROUGHPUT.id, model, x, (mebibytes / seconds, "MiB/s"));
        }
    }
    if let Some([own, threads]) = smallest {
        lesson.metric(ROUND_TRIP.id, model, own * 1e6, "us");
        lesson.metric(ROUND_TRIP.id, CHANNEL.id, threads * 1e6, "us");
        lesson.say(&format!(
            "Ida e volta de {} bytes: {} entre processos, {} entre threads.",
            integer(SIZES[0] as u64),
            seconds(own),
            seconds(threads)
        ));
    }
    Ok(())
}

/// O tempo mediano de uma rodada por `channel` e por um canal entre threads.
fn side_by_side(exchange: Exchange, channel: Channel, budget: Duration) -> Result<[f64; 2], Error> {
    let mut medians = [f64::NAN; 2];
    channel(exchange, &mut |own| {
        between_threads(exchange, &mut |threads| {
            medians = alternate([own, threads], budget)?;
            Ok(())
        })
    })?;
    Ok(medians)
}

/// O tempo mediano de cada rodada, medidas uma de cada por vez até acabar o tempo, e pelo menos três vezes.
fn alternate(rounds: [Round<'_>; 2], budget: Duration) -> Result<[f64; 2], Error> {
    let mut taken = [Vec::new(), Vec::new()];
    // A primeira de cada uma espera o outro lado nascer, e não conta.
    rounds.iter().try_for_each(|round| round())?;
    let end = now() + budget.as_secs_f64();
    while now() < end || taken[0].len() < 3 {
        for (round, taken) in rounds.iter().zip(&mut taken) {
            let start = now();
            round()?;
            taken.push(now() - start);
        }
    }
    Ok(taken.map(|taken| median(&taken)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_exchange_every_message_and_answer_once_a_round() {
        let counted = Cell::new(0);
        for exchange in [Exchange::round_trip(100), Exchange::one_way(8, 1000)] {
            let mut measure = |round: Round<'_>| {
                for _ in 0..3 {
                    round()?;
                    counted.set(counted.get() + 1);
                }
                Ok(())
            };
            between_threads(exchange, &mut measure).expect("a outra thread responde");
        }
        assert_eq!(counted.get(), 6);
    }

    #[test]
    fn a_served_round_answers_with_what_was_agreed() {
        let exchange = Exchange::one_way(8, 2);
        let left = Cell::new(5);
        let receive = || {
            left.set(left.get() - 1);
            (left.get() > 0).then(|| vec![1; 8])
        };
        let answers = Cell::new(0);
        let send = |answer: Vec<u8>| {
            answers.set(answers.get() + 1);
            if answer.len() == 1 { Ok(()) } else { Err("o tamanho da resposta") }
        };
        // Quatro mensagens são duas rodadas; a quinta não vem.
        assert_eq!((exchange.serve(receive, send), answers.get()), (Ok(()), 2));
    }
}
