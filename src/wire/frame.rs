//! Quadros: cada mensagem vai precedida do seu tamanho, em 6 bytes, e de quantos descritores leva, em 2
//! (little-endian).

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::buffer::spare_capacity;
use rustix::cmsg_space;
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recv, recvmsg, sendmsg,
};

use crate::Error;
use crate::parcel::{Descriptor, MAX_DESCRIPTORS, MAX_SIZE, Parcel};

const HEADER: usize = 8;

/// De quantos bits do cabeçalho é o tamanho.
const SIZE_BITS: u32 = 48;

/// O maior quadro aceito: um bloco de muitos valores, cada um até [`MAX_SIZE`]. Um tamanho acima disso é defeito ou lixo.
const MAX_FRAME: usize = 64 * MAX_SIZE;

/// Quanto se pede ao sistema por leitura: cabe a maioria das mensagens, várias de uma vez. Uma maior que
/// isto é lida direto para a memória que será dela. Não mais, porque cada trabalhador parado ocupa estas páginas.
const READ_SIZE: usize = 16 << 10;

/// Quanto lugar para um quadro, antes de saber o que leva.
const SMALL: usize = 64;

// ANCHOR: build
/// Monta um quadro: `write` acrescenta o corpo e o cabeçalho é escrito depois, sem copiar nada.
pub(crate) fn build(write: impl FnOnce(&mut Parcel) -> Result<(), Error>) -> Result<Parcel, Error> {
    // Cabe um pedido pequeno: crescer aos poucos custaria mais do que escrevê-lo.
    let mut frame = Parcel { bytes: Vec::with_capacity(SMALL), descriptors: Vec::new() };
    frame.bytes.extend([0; HEADER]);
    write(&mut frame)?;
    let size = frame.bytes.len() - HEADER;
    if size > MAX_FRAME {
        return Err(Error::TooLarge { limit: MAX_FRAME });
    }
    let header = (frame.descriptors.len() as u64) << SIZE_BITS | size as u64;
    frame.bytes[..HEADER].copy_from_slice(&header.to_le_bytes());
    Ok(frame)
}
// ANCHOR_END: build

/// Escreve o que couber de `pieces` em `socket`; `descriptors` vão com o primeiro byte.
pub(crate) fn send(
    socket: impl AsFd,
    pieces: &[IoSlice<'_>],
    descriptors: &[Descriptor],
    flags: SendFlags,
) -> rustix::io::Result<usize> {
    // NOSIGNAL: um filho morto é um erro a devolver, não um SIGPIPE que mata o pai.
    let flags = flags | SendFlags::NOSIGNAL;
    if descriptors.is_empty() {
        return sendmsg(socket, pieces, &mut SendAncillaryBuffer::default(), flags);
    }
    let borrowed: Vec<BorrowedFd<'_>> = descriptors.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&borrowed));
    sendmsg(socket, pieces, &mut control, flags)
}

/// Lê para `buffer` uma vez; os descritores que vierem entram em `descriptors`.
pub(crate) fn receive(
    socket: impl AsFd,
    buffer: &mut [u8],
    descriptors: &mut impl Extend<Descriptor>,
    flags: RecvFlags,
) -> rustix::io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = flags | RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, flags)?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            descriptors.extend(fds.map(Descriptor::from));
        }
    }
    Ok(received.bytes)
}

/// O que uma leitura encontrou.
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
pub(crate) struct FrameReader {
    buffer: Box<[u8]>,
    /// O que há no `buffer` e ainda não foi entregue.
    waiting: std::ops::Range<usize>,
    descriptors: VecDeque<Descriptor>,
    /// O quadro que não cabe no `buffer`, enquanto chega.
    large: Option<Large>,
}

struct Large {
    body: Vec<u8>,
    size: usize,
    descriptors: usize,
}

impl Default for FrameReader {
    fn default() -> Self {
        FrameReader {
            buffer: vec![0; READ_SIZE].into(),
            waiting: 0..0,
            descriptors: VecDeque::new(),
            large: None,
        }
    }
}

impl FrameReader {
    /// Lê uma vez de `socket`; com [`RecvFlags::DONTWAIT`], sem esperar.
    pub(crate) fn fill(&mut self, socket: impl AsFd, flags: RecvFlags) -> io::Result<Filled> {
        let outcome = match &mut self.large {
            Some(large) => large.fill(socket, flags),
            None => {
                self.make_room();
                let end = self.waiting.end;
                let outcome = receive(socket, &mut self.buffer[end..], &mut self.descriptors, flags);
                self.waiting.end += outcome.unwrap_or(0);
                outcome
            }
        };
        match outcome {
            Ok(0) | Err(Errno::CONNRESET) => Ok(Filled::End),
            Ok(_) => Ok(Filled::Some),
            Err(Errno::AGAIN | Errno::INTR) => Ok(Filled::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    fn make_room(&mut self) {
        if self.waiting.is_empty() {
            self.waiting = 0..0;
        } else if self.waiting.end == self.buffer.len() {
            self.buffer.copy_within(self.waiting.clone(), 0);
            self.waiting = 0..self.waiting.len();
        }
    }

    /// O próximo quadro inteiro, se já chegou.
    ///
    /// # Erros
    ///
    /// [`Error::TooLarge`] ou [`Error::Decode`] se os bytes não formam quadros: não há como seguir.
    pub(crate) fn next(&mut self) -> Result<Option<Parcel>, Error> {
        if let Some(large) = self.large.take_if(|large| large.body.len() == large.size) {
            return self.deliver(large.body, large.descriptors).map(Some);
        }
        let Some((header, rest)) = self.buffer[self.waiting.clone()].split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        if self.large.is_some() {
            return Ok(None);
        }
        let [size, descriptors] = numbers_in(header)?;
        if let Some(body) = rest.get(..size) {
            let body = body.to_vec();
            self.waiting.start += HEADER + size;
            return self.deliver(body, descriptors).map(Some);
        }
        if HEADER + size > READ_SIZE {
            self.large = Some(Large { body: rest.to_vec(), size, descriptors });
            self.waiting = 0..0;
        }
        Ok(None)
    }

    fn deliver(&mut self, bytes: Vec<u8>, count: usize) -> Result<Parcel, Error> {
        if self.descriptors.len() < count {
            // O sistema descarta os que não cabem na tabela deste processo.
            return Err(Error::Decode("os canais que vinham na mensagem se perderam no caminho".to_owned()));
        }
        Ok(Parcel { bytes, descriptors: self.descriptors.drain(..count).collect() })
    }
}

impl Large {
    /// Os descritores vieram com o cabeçalho: aqui são só bytes, direto para o lugar deles.
    fn fill(&mut self, socket: impl AsFd, flags: RecvFlags) -> rustix::io::Result<usize> {
        if self.body.len() == self.body.capacity() {
            // A memória cresce com o que chega, não com o que o cabeçalho promete; dobrá-la a cada vez torna
            // linear o custo do quadro inteiro.
            let more = self.body.len().max(READ_SIZE).min(self.size - self.body.len());
            self.body.reserve_exact(more);
        }
        let missing = self.size - self.body.len();
        if self.body.capacity() - self.body.len() <= missing {
            return recv(socket, spare_capacity(&mut self.body), flags).map(|(_, received)| received);
        }
        // O alocador deu mais do que se pediu: para não ler do quadro seguinte, por um trecho à parte.
        let mut piece = vec![0; missing.min(READ_SIZE)];
        let (_, received) = recv(socket, &mut piece[..], flags)?;
        self.body.extend_from_slice(&piece[..received]);
        Ok(received)
    }
}

fn numbers_in(header: &[u8; HEADER]) -> Result<[usize; 2], Error> {
    let header = u64::from_le_bytes(*header);
    let [size, descriptors] = [header & ((1 << SIZE_BITS) - 1), header >> SIZE_BITS].map(|n| n as usize);
    if size > MAX_FRAME {
        return Err(Error::TooLarge { limit: MAX_FRAME });
    }
    if descriptors > MAX_DESCRIPTORS {
        return Err(Error::Decode(format!("um quadro não leva {descriptors} canais")));
    }
    Ok([size, descriptors])
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

    fn header(size: usize, descriptors: usize) -> [u8; HEADER] {
        ((descriptors as u64) << SIZE_BITS | size as u64).to_le_bytes()
    }

    fn frame_of(body: &[u8]) -> Vec<u8> {
        let header = header(body.len(), 0);
        [&header[..], body].concat()
    }

    /// Lê tudo o que há no soquete: os quadros e como terminou.
    fn drain(reader: &mut FrameReader, socket: &UnixStream) -> (Vec<Vec<u8>>, Filled) {
        let mut frames = Vec::new();
        loop {
            while let Some(frame) = reader.next().expect("quadros válidos") {
                frames.push(frame.bytes);
            }
            match reader.fill(socket, RecvFlags::DONTWAIT).expect("um soquete são") {
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
                    let size = [0, 1, 7, 300, 5000, 70_000, 200_000][random.below(7)];
                    random.bytes(size)
                })
                .collect();
            let bytes: Vec<u8> = bodies.iter().flat_map(|body| frame_of(body)).collect();
            let (mut ours, theirs) = UnixStream::pair().expect("um par de soquetes");
            let (mut reader, mut received, mut sent) = (FrameReader::default(), Vec::new(), 0);
            while sent < bytes.len() {
                let piece = (1 + random.below(20_000)).min(bytes.len() - sent);
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
        for cut in [0, 1, 7, 8, 9, 500, 1007] {
            let (mut ours, theirs) = UnixStream::pair().expect("um par de soquetes");
            ours.write_all(&bytes[..cut]).expect("escrever");
            ours.shutdown(Shutdown::Write).expect("fechar");
            assert_eq!(drain(&mut FrameReader::default(), &theirs), (vec![], Filled::End), "corte em {cut}");
        }
    }

    /// Um leitor que recebeu `bytes`.
    fn reader_of(bytes: &[u8]) -> FrameReader {
        let (mut ours, theirs) = UnixStream::pair().expect("um par de soquetes");
        ours.write_all(bytes).expect("escrever");
        let mut reader = FrameReader::default();
        reader.fill(&theirs, RecvFlags::DONTWAIT).expect("ler");
        reader
    }

    #[test]
    fn a_promised_size_beyond_the_limit_is_refused() {
        for size in [MAX_FRAME + 1, (1 << SIZE_BITS) - 1] {
            assert!(matches!(reader_of(&header(size, 0)).next(), Err(Error::TooLarge { .. })));
        }
        let too_many = header(3, MAX_DESCRIPTORS + 1);
        assert!(matches!(reader_of(&too_many).next(), Err(Error::Decode(_))));
    }

    #[test]
    fn a_size_that_does_not_come_reserves_nothing() {
        let (mut ours, theirs) = UnixStream::pair().expect("um par de soquetes");
        ours.write_all(&header(MAX_FRAME, 0)).expect("escrever");
        let mut reader = FrameReader::default();
        assert_eq!(drain(&mut reader, &theirs), (vec![], Filled::Nothing));
        assert!(reader.large.expect("um quadro grande").body.capacity() < 1 << 20);
    }

    #[test]
    fn descriptors_arrive_with_the_frame_they_belong_to() {
        let (ours, theirs) = UnixStream::pair().expect("um par de soquetes");
        let file = |name| Descriptor::from(std::os::fd::OwnedFd::from(tempfile::tempfile().expect(name)));
        let files: Vec<Descriptor> = ["a", "b", "c"].map(file).into();
        let mut reader = FrameReader::default();
        for (body, count) in [(10, 1), (0, 0), (90_000, 2), (3, 3), (5, 0)] {
            let mut frame = Parcel { bytes: frame_of(&vec![7; body]), descriptors: files[..count].to_vec() };
            frame.bytes[..HEADER].copy_from_slice(&header(body, count));
            let pieces = [IoSlice::new(&frame.bytes)];
            let sent = send(&ours, &pieces, &frame.descriptors, SendFlags::empty()).expect("enviar");
            assert_eq!(sent, frame.bytes.len());
        }
        let inode = |file: &Descriptor| rustix::fs::fstat(file).expect("um arquivo").st_ino;
        let expected: Vec<u64> = files.iter().map(inode).collect();
        for (body, count) in [(10, 1), (0, 0), (90_000, 2), (3, 3), (5, 0)] {
            let frame = loop {
                if let Some(frame) = reader.next().expect("um quadro válido") {
                    break frame;
                }
                assert_eq!(reader.fill(&theirs, RecvFlags::DONTWAIT).expect("ler"), Filled::Some);
            };
            assert_eq!(frame.bytes.len(), body);
            assert_eq!(frame.descriptors.iter().map(inode).collect::<Vec<_>>(), expected[..count]);
        }
    }

    #[test]
    fn descriptors_that_did_not_come_are_an_error() {
        assert!(matches!(reader_of(&header(0, 2)).next(), Err(Error::Decode(_))));
    }

    #[test]
    fn random_bytes_are_an_error_or_a_wait_but_never_a_crash() {
        let mut random = Random(0xbad);
        for _ in 0..2000 {
            let size = random.below(64);
            let mut garbage = random.bytes(size);
            // Metade começa como um quadro de verdade: o resto dele também tem que ser posto à prova.
            if random.below(2) == 0 && size > HEADER {
                garbage[..HEADER].copy_from_slice(&header(random.below(size), random.below(2)));
            }
            let mut reader = reader_of(&garbage);
            while let Ok(Some(frame)) = reader.next() {
                assert!(frame.bytes.len() < garbage.len());
                let _ = frame.read::<(u8, String, Vec<u64>)>();
            }
        }
    }
}
