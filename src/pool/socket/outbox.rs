//! Os blocos que estão com um trabalhador: os que ele já tem inteiros, e os que ainda não couberam no soquete.

use std::collections::VecDeque;
use std::io::IoSlice;

use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::net::SendFlags;

use super::job::SocketJob;
use super::pace::Pace;
use crate::Error;
use crate::wire::frame;

/// Do mais antigo ao mais novo; o primeiro é o que ele faz agora.
#[derive(Default)]
pub(crate) struct Outbox {
    jobs: VecDeque<SocketJob>,
    /// Quantos já foram escritos inteiros, e quantos bytes do seguinte.
    sent: usize,
    sent_bytes: usize,
}

impl Outbox {
    pub(crate) fn push(&mut self, job: SocketJob) {
        self.jobs.push_back(job);
    }

    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    pub(crate) fn oldest(&self) -> Option<&SocketJob> {
        self.jobs.front()
    }

    /// Se há o que escrever.
    pub(crate) fn has_unsent(&self) -> bool {
        self.sent < self.jobs.len()
    }

    /// Escreve o que couber em `socket`, vários pedidos por chamada.
    pub(crate) fn send(&mut self, socket: BorrowedFd<'_>) -> Result<(), Error> {
        /// O sistema aceita 1024 por chamada; a entrega adiantada nunca passa de `Pace::DEEPEST`.
        const AT_ONCE: usize = Pace::DEEPEST;
        while self.has_unsent() {
            let mut pieces = [IoSlice::new(&[]); AT_ONCE];
            let mut count = 0;
            // Os descritores vão com o primeiro byte do pedido a que pertencem; o sistema os junta a um envio,
            // não a um pedido, então um pedido com descritores começa sempre um envio.
            let mut descriptors = &[][..];
            for (piece, job) in pieces.iter_mut().zip(self.jobs.range(self.sent..)) {
                let skip = if count == 0 { self.sent_bytes } else { 0 };
                if skip == 0 && !job.request.descriptors.is_empty() {
                    if count > 0 {
                        break;
                    }
                    descriptors = &job.request.descriptors;
                }
                *piece = IoSlice::new(&job.request.bytes[skip..]);
                count += 1;
            }
            match frame::send(socket, &pieces[..count], descriptors, SendFlags::DONTWAIT) {
                Ok(written) => self.advance(written),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(()),
                Err(error) => return Err(Error::io(error)),
            }
        }
        Ok(())
    }

    fn advance(&mut self, mut written: usize) {
        while written > 0 {
            let left = self.jobs[self.sent].request.bytes.len() - self.sent_bytes;
            if written < left {
                self.sent_bytes += written;
                return;
            }
            written -= left;
            self.sent += 1;
            self.sent_bytes = 0;
        }
    }

    /// O bloco mais antigo, que acaba de ser respondido.
    ///
    /// # Erros
    ///
    /// [`Error::Decode`] se ele nem tinha partido inteiro: o trabalhador respondeu o que não se pediu.
    pub(crate) fn answered(&mut self) -> Result<SocketJob, Error> {
        if self.sent == 0 {
            return Err(Error::Decode("resposta sem pedido".to_owned()));
        }
        self.sent -= 1;
        self.jobs.pop_front().ok_or(Error::Closed)
    }

    /// O que fica de um trabalhador que morreu: o bloco que ele fazia, e os que não começou.
    pub(crate) fn into_remains(mut self) -> (Option<SocketJob>, VecDeque<SocketJob>) {
        if self.jobs.front().is_some_and(SocketJob::is_own) {
            // É deste trabalhador, e não de quem usa o pool: não volta à fila.
            self.jobs.pop_front();
            self.sent = self.sent.saturating_sub(1);
        }
        let lost = if self.sent > 0 { self.jobs.pop_front() } else { None };
        (lost, self.jobs)
    }
}
