//! Um soquete por onde passam quadros inteiros.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use super::frame::{self, Filled, FrameReader};
use crate::Error;
use crate::parcel::Parcel;

/// Um lado de um par de soquetes, com o que já chegou por ele.
pub(crate) struct FrameSocket {
    socket: UnixStream,
    inbox: FrameReader,
}

/// Uma mensagem do outro lado, ou a falta dela.
pub(crate) enum Received {
    Frame(Parcel),
    Nothing,
    /// O outro lado fechou: terminou ou está terminando.
    End,
}

impl From<UnixStream> for FrameSocket {
    fn from(socket: UnixStream) -> Self {
        FrameSocket { socket, inbox: FrameReader::default() }
    }
}

impl AsFd for FrameSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl FrameSocket {
    /// Escreve o quadro inteiro, esperando o outro lado ler, até `deadline`.
    ///
    /// # Erros
    ///
    /// [`io::ErrorKind::TimedOut`] se ele não leu a tempo: o quadro pode ter ido pela metade, e este soquete
    /// não serve mais. Outro, se ele fechou.
    pub(crate) fn send(&self, frame: &Parcel, deadline: Option<Instant>) -> io::Result<()> {
        let (mut bytes, mut descriptors) = (&frame.bytes[..], &frame.descriptors[..]);
        while !bytes.is_empty() {
            match frame::send(&self.socket, &[IoSlice::new(bytes)], descriptors, SendFlags::DONTWAIT) {
                Ok(sent) => (bytes, descriptors) = (&bytes[sent..], &[]),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let mut events = [PollFd::new(&self.socket, PollFlags::OUT)];
                    if wait(&mut events, deadline)? == 0 {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Avisa o outro lado de que não virão mais quadros.
    pub(crate) fn finish(&self) {
        // Falha só se ele já fechou, e então não há a quem avisar.
        let _ = self.socket.shutdown(std::net::Shutdown::Write);
    }

    /// O próximo quadro, sem esperar.
    pub(crate) fn try_receive(&mut self) -> Result<Received, Error> {
        self.next(RecvFlags::DONTWAIT)
    }

    /// Espera o próximo quadro; `None` se o outro lado fechou.
    pub(crate) fn receive(&mut self) -> Result<Option<Parcel>, Error> {
        loop {
            match self.next(RecvFlags::empty())? {
                Received::Frame(frame) => return Ok(Some(frame)),
                Received::End => return Ok(None),
                Received::Nothing => {}
            }
        }
    }

    fn next(&mut self, flags: RecvFlags) -> Result<Received, Error> {
        loop {
            if let Some(frame) = self.inbox.next()? {
                return Ok(Received::Frame(frame));
            }
            match self.inbox.fill(&self.socket, flags).map_err(Error::io)? {
                Filled::Some => {}
                Filled::Nothing => return Ok(Received::Nothing),
                Filled::End => return Ok(Received::End),
            }
        }
    }
}

/// `poll` até `deadline`; um sinal no meio não encurta a espera. Devolve quantos eventos há.
pub(crate) fn wait(events: &mut [PollFd<'_>], deadline: Option<Instant>) -> io::Result<usize> {
    loop {
        let left = deadline.map(|deadline| {
            let left = deadline.saturating_duration_since(Instant::now());
            Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
        });
        match poll(events, left.as_ref()) {
            Err(Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}
