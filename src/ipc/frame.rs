//! Quadros: cada mensagem vai precedida do seu tamanho, em 4 bytes (little-endian).

use std::io::{self, Read};
use std::os::fd::AsFd;

use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// O maior quadro aceito: 1 GiB. Um tamanho acima disso é defeito ou lixo, nunca um pedido.
pub(crate) const MAX_FRAME: usize = 1 << 30;

const HEADER: usize = 4;
/// Quanto se pede ao sistema por leitura: cabe a maioria das mensagens, várias de uma vez.
const READ_SIZE: usize = 64 << 10;

/// Monta um quadro: `write` acrescenta o corpo e o tamanho é escrito depois, sem copiar nada.
pub(crate) fn build(write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>) -> Result<Vec<u8>, Error> {
    let mut frame = vec![0; HEADER];
    write(&mut frame)?;
    let size = frame.len() - HEADER;
    if size > MAX_FRAME {
        return Err(Error::TooLarge { size, limit: MAX_FRAME });
    }
    frame[..HEADER].copy_from_slice(&(size as u32).to_le_bytes());
    Ok(frame)
}

/// Acrescenta `value` a `bytes`, em postcard.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<(), Error> {
    postcard::to_io(value, bytes).map(drop).map_err(|e| Error::Encode(e.to_string()))
}

/// Lê um valor do começo de `bytes` e devolve também o que sobrou.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8]), Error> {
    postcard::take_from_bytes(bytes).map_err(|e| Error::Decode(e.to_string()))
}

/// Espera por um quadro inteiro; `None` se o outro lado fechou entre dois quadros.
pub(crate) fn read(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; HEADER];
    match from.read_exact(&mut header) {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let size = size_in(header).map_err(io::Error::other)?;
    // O corpo cresce com o que chega, não com o que o cabeçalho promete.
    let mut body = Vec::with_capacity(size.min(READ_SIZE));
    let received = from.take(size as u64).read_to_end(&mut body)?;
    if received < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(body))
}

fn size_in(header: [u8; HEADER]) -> Result<usize, Error> {
    let size = u32::from_le_bytes(header) as usize;
    if size > MAX_FRAME {
        return Err(Error::TooLarge { size, limit: MAX_FRAME });
    }
    Ok(size)
}

/// O que uma leitura sem espera encontrou.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    /// Chegaram bytes.
    Some,
    /// Nada por enquanto.
    Nothing,
    /// O outro lado fechou.
    End,
}

/// Junta os bytes que chegam, em qualquer partição, e devolve quadros inteiros.
#[derive(Default)]
pub(crate) struct FrameReader {
    buffer: Vec<u8>,
    consumed: usize,
}

impl FrameReader {
    /// Lê uma vez de `socket`, sem esperar.
    pub(crate) fn fill(&mut self, socket: impl AsFd) -> io::Result<Filled> {
        self.buffer.drain(..self.consumed);
        self.consumed = 0;
        // Dobrar o espaço a cada leitura cheia torna linear o custo de uma mensagem grande.
        self.buffer.reserve(READ_SIZE.max(self.buffer.len()));
        match recv(socket, spare_capacity(&mut self.buffer), RecvFlags::DONTWAIT) {
            Ok((0, _)) => Ok(Filled::End),
            Ok(_) => Ok(Filled::Some),
            Err(Errno::AGAIN | Errno::INTR) => Ok(Filled::Nothing),
            Err(Errno::CONNRESET) => Ok(Filled::End),
            Err(e) => Err(e.into()),
        }
    }

    /// O próximo quadro inteiro, se já chegou.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let waiting = &self.buffer[self.consumed..];
        let Some((header, rest)) = waiting.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let size = size_in(*header)?;
        let Some(body) = rest.get(..size) else {
            return Ok(None);
        };
        let body = body.to_vec();
        self.consumed += HEADER + size;
        Ok(Some(body))
    }
}
