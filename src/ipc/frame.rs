//! Quadros: cada mensagem vai precedida do seu tamanho, em 4 bytes (little-endian).

use std::io::{self, Read};
use std::os::fd::AsFd;

use postcard::ser_flavors::Flavor;
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

/// Até quanto de memória vazia se guarda entre mensagens: páginas novas custam mais que a cópia, mas uma
/// mensagem enorme não deve ocupar a memória para sempre.
const KEEP: usize = 4 << 20;

/// Monta um quadro: `write` acrescenta o corpo e o tamanho é escrito depois, sem copiar nada.
pub(crate) fn build(write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>) -> Result<Vec<u8>, Error> {
    let mut frame = vec![0; HEADER];
    write(&mut frame)?;
    let size = frame.len() - HEADER;
    frame[..HEADER].copy_from_slice(&(size as u32).to_le_bytes());
    Ok(frame)
}

/// Acrescenta `value` a `bytes`, em postcard.
///
/// # Erros
///
/// [`Error::TooLarge`] assim que o quadro passa do limite: um valor que será recusado não chega a ocupar a
/// memória da máquina.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<(), Error> {
    postcard::serialize_with_flavor(value, Bounded(bytes)).map_err(|error| match error {
        postcard::Error::SerializeBufferFull => Error::TooLarge { limit: MAX_FRAME },
        other => Error::Encode(other.to_string()),
    })
}

/// Um quadro que o postcard preenche até o limite, e nem um byte a mais.
struct Bounded<'a>(&'a mut Vec<u8>);

impl Flavor for Bounded<'_> {
    type Output = ();

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        if data.len() > HEADER + MAX_FRAME - self.0.len() {
            return Err(postcard::Error::SerializeBufferFull);
        }
        self.0.extend_from_slice(data);
        Ok(())
    }

    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.try_extend(&[data])
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
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
        return Err(Error::TooLarge { limit: MAX_FRAME });
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
        if self.buffer.is_empty() && self.buffer.capacity() > KEEP {
            self.buffer = Vec::new();
        }
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

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::Shutdown;
    use std::os::unix::net::UnixStream;

    use super::*;

    /// Um gerador sem dependências: os mesmos casos a cada vez.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % limit as u64) as usize
        }

        fn bytes(&mut self, size: usize) -> Vec<u8> {
            (0..size).map(|_| self.below(256) as u8).collect()
        }
    }

    fn frame_of(body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len()).expect("um corpo pequeno");
        [&size.to_le_bytes(), body].concat()
    }

    /// Lê tudo o que há no soquete: os quadros e como terminou.
    fn drain(reader: &mut FrameReader, socket: &UnixStream) -> (Vec<Vec<u8>>, Filled) {
        let mut frames = Vec::new();
        loop {
            while let Some(frame) = reader.next().expect("quadros válidos") {
                frames.push(frame);
            }
            match reader.fill(socket).expect("um soquete são") {
                Filled::Some => {}
                end => return (frames, end),
            }
        }
    }

    #[test]
    fn frames_come_out_whole_however_the_bytes_are_cut() {
        let mut random = Random(0x5eed);
        for _ in 0..200 {
            let bodies: Vec<Vec<u8>> = (0..random.below(20))
                .map(|_| {
                    let size = [0, 1, 7, 300, 5000][random.below(5)];
                    random.bytes(size)
                })
                .collect();
            let bytes: Vec<u8> = bodies.iter().flat_map(|body| frame_of(body)).collect();
            let (mut ours, theirs) = UnixStream::pair().expect("um par de soquetes");
            let (mut reader, mut received, mut sent) = (FrameReader::default(), Vec::new(), 0);
            while sent < bytes.len() {
                let piece = (1 + random.below(2000)).min(bytes.len() - sent);
                ours.write_all(&bytes[sent..sent + piece]).expect("escrever");
                sent += piece;
                received.extend(drain(&mut reader, &theirs).0);
            }
            assert!(received == bodies);
            drop(ours);
            assert_eq!(drain(&mut reader, &theirs), (vec![], Filled::End));
        }
    }

    #[test]
    fn a_frame_cut_by_the_end_never_comes_out() {
        let mut random = Random(0xc07);
        let bytes = frame_of(&random.bytes(1000));
        for cut in [0, 1, 3, 4, 5, 500, 1003] {
            let (mut ours, theirs) = UnixStream::pair().expect("um par de soquetes");
            ours.write_all(&bytes[..cut]).expect("escrever");
            ours.shutdown(Shutdown::Write).expect("fechar");
            assert_eq!(drain(&mut FrameReader::default(), &theirs), (vec![], Filled::End), "corte em {cut}");
            let read = read(&mut &bytes[..cut]);
            if cut < HEADER {
                assert!(matches!(read, Ok(None)), "corte em {cut}: {read:?}");
            } else {
                assert_eq!(read.expect_err("um quadro partido").kind(), io::ErrorKind::UnexpectedEof);
            }
        }
    }

    #[test]
    fn both_readers_agree() {
        let mut random = Random(0xa9ee);
        let bodies: Vec<Vec<u8>> = (0..50).map(|size| random.bytes(size * 100)).collect();
        let bytes: Vec<u8> = bodies.iter().flat_map(|body| frame_of(body)).collect();
        let mut waiting = &bytes[..];
        for body in &bodies {
            assert_eq!(read(&mut waiting).expect("um quadro").as_ref(), Some(body));
        }
        assert!(read(&mut waiting).expect("o fim").is_none());
    }

    #[test]
    fn a_promised_size_beyond_the_limit_is_refused_without_reserving_it() {
        for size in [MAX_FRAME as u32 + 1, u32::MAX] {
            assert!(read(&mut &size.to_le_bytes()[..]).is_err());
            let (mut ours, theirs) = UnixStream::pair().expect("um par de soquetes");
            ours.write_all(&size.to_le_bytes()).expect("escrever");
            let mut reader = FrameReader::default();
            reader.fill(&theirs).expect("ler");
            assert!(matches!(reader.next(), Err(Error::TooLarge { .. })));
            assert!(reader.buffer.capacity() < 1 << 20);
        }
        // Um tamanho aceito, mas que não vem, também não reserva nada.
        let (mut ours, theirs) = UnixStream::pair().expect("um par de soquetes");
        ours.write_all(&(MAX_FRAME as u32).to_le_bytes()).expect("escrever");
        let mut reader = FrameReader::default();
        assert_eq!(drain(&mut reader, &theirs), (vec![], Filled::Nothing));
        assert!(reader.buffer.capacity() < 1 << 20);
    }

    #[test]
    fn random_bytes_are_an_error_or_a_wait_but_never_a_crash() {
        let mut random = Random(0xbad);
        for _ in 0..2000 {
            let size = random.below(64);
            let garbage = random.bytes(size);
            let (mut ours, theirs) = UnixStream::pair().expect("um par de soquetes");
            ours.write_all(&garbage).expect("escrever");
            let mut reader = FrameReader::default();
            reader.fill(&theirs).expect("ler");
            while let Ok(Some(frame)) = reader.next() {
                assert!(frame.len() < garbage.len());
                let _ = decode::<(u8, String, Vec<u64>)>(&frame);
            }
        }
    }

    #[test]
    fn a_large_frame_does_not_keep_its_memory() {
        let (mut ours, theirs) = UnixStream::pair().expect("um par de soquetes");
        let body = vec![7; 4 * KEEP];
        let frame = frame_of(&body);
        let writer = std::thread::spawn(move || ours.write_all(&frame));
        let mut reader = FrameReader::default();
        let received = loop {
            if let Some(frame) = reader.next().expect("um quadro válido") {
                break frame;
            }
            reader.fill(&theirs).expect("ler");
        };
        writer.join().expect("sem pânico").expect("escrever");
        assert!(received == body);
        reader.fill(&theirs).expect("ler");
        assert!(reader.buffer.capacity() <= KEEP);
    }
}
