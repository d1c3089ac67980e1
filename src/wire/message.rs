//! Um valor numa mensagem só de um soquete `SOCK_SEQPACKET`: ou chega inteiro, ou não chega.
//!
//! ```text
//!   corpo pequeno   │ 0 │ n │ corpo …  │                    + n descritores
//!   corpo grande    │ 1 │ n │ lastro … │   o corpo num memfd + n descritores, o memfd à frente
//! ```
//!
//! Quem guarda a mensagem inteira é o sistema. Por isso não há quadro pela metade, nem uma trava que alguém
//! possa morrer segurando: várias threads e vários processos usam o mesmo soquete sem combinar nada.

use std::borrow::Cow;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{MemfdFlags, fstat, memfd_create};
use rustix::net::sockopt::set_socket_send_buffer_size;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, socketpair};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{frame, raw};
use crate::Error;
use crate::error::missing;
use crate::parcel::{self, Descriptor, MAX_DESCRIPTORS, MAX_SIZE, Parcel};
use crate::shm::{file_limit, mapping};

const HEADER: usize = 2;

/// Até aqui o corpo vai dentro da mensagem. Acima, copiá-lo para um memfd sai mais barato, e o sistema não
/// aceitaria uma mensagem maior do que o espaço do soquete.
const INLINE_LIMIT: usize = 64 << 10;

const INLINE: u8 = 0;
const IN_FILE: u8 = 1;

/// O sistema faz esperar quem envia mais do que o soquete comporta, mas conta só os bytes da mensagem, e não
/// os do memfd que ela leva. Sem lastro, quem envia depressa ocuparia a memória toda com o que ninguém leu.
/// Com um dezesseis avos do corpo, até 64 KiB, ficam à espera alguns megabytes, ou poucos corpos maiores.
static BALLAST: [u8; INLINE_LIMIT] = [0; INLINE_LIMIT];
const BALLAST_SHARE: usize = 16;

/// O espaço de cada sentido do canal, que o sistema dobra para contar o que ele mesmo gasta. Fixado aqui, não
/// depende do padrão da máquina: cabe sempre uma mensagem, e nunca megabytes delas.
const SOCKET_SPACE: usize = 2 * INLINE_LIMIT;

thread_local! {
    /// Para onde se recebe. Sai daqui durante o uso: o código de quem definiu o tipo roda no meio.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Os dois lados de um canal que entrega mensagens inteiras, na ordem.
pub(crate) fn socket_pair() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    let (first, second) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    set_socket_send_buffer_size(&first, SOCKET_SPACE)?;
    set_socket_send_buffer_size(&second, SOCKET_SPACE)?;
    Ok((first, second))
}

/// Um valor já pronto para ir.
pub(crate) struct Message<'v> {
    header: [u8; HEADER],
    body: Cow<'v, [u8]>,
    descriptors: Vec<Descriptor>,
}

impl<'v> Message<'v> {
    /// `value` em bytes e descritores; um corpo grande já sai daqui no seu memfd.
    ///
    /// # Erros
    ///
    /// [`Error::Encode`] e [`Error::TooLarge`], por causa do valor; [`Error::Io`] se o sistema recusou o memfd.
    pub(crate) fn of<T: Serialize + 'static>(value: &'v T) -> Result<Self, Error> {
        let (body, mut descriptors) = match raw::as_bytes(value) {
            Some(bytes) if bytes.len() > MAX_SIZE => return Err(Error::TooLarge { limit: MAX_SIZE }),
            Some(bytes) => (Cow::Borrowed(bytes), Vec::new()),
            None => {
                let Parcel { bytes, descriptors } = Parcel::of(value)?;
                (Cow::Owned(bytes), descriptors)
            }
        };
        if body.len() <= INLINE_LIMIT {
            return Ok(Message { header: [INLINE, descriptors.len() as u8], body, descriptors });
        }
        if descriptors.len() == MAX_DESCRIPTORS {
            let most = MAX_DESCRIPTORS - 1;
            return Err(Error::Encode(format!("uma mensagem grande leva até {most} canais diferentes")));
        }
        let weight = (body.len() / BALLAST_SHARE).min(BALLAST.len());
        descriptors.insert(0, Descriptor::from(file_with(&body).map_err(Error::io)?));
        let body = Cow::Borrowed(&BALLAST[..weight]);
        Ok(Message { header: [IN_FILE, descriptors.len() as u8], body, descriptors })
    }

    /// Entrega a mensagem ao sistema, inteira; se ele a recusar, nada foi.
    pub(crate) fn send(&self, socket: impl AsFd, flags: SendFlags) -> rustix::io::Result<()> {
        let pieces = [IoSlice::new(&self.header), IoSlice::new(&self.body)];
        frame::send(socket, &pieces, &self.descriptors, flags).map(|_| ())
    }
}

fn file_with(body: &[u8]) -> io::Result<OwnedFd> {
    file_limit::check(body.len() as u64)?;
    let memory = memfd_create("mensagem", MemfdFlags::CLOEXEC);
    let mut file = File::from(memory.map_err(|error| missing("memfd_create", error))?);
    file.write_all(body)?;
    Ok(file.into())
}

/// Recebe uma mensagem: `None` se o outro lado fechou; senão o valor, ou por que os bytes não são um.
pub(crate) fn receive<T: DeserializeOwned + 'static>(
    socket: impl AsFd,
    flags: RecvFlags,
) -> rustix::io::Result<Option<Result<T, Error>>> {
    let mut buffer = BUFFER.take();
    buffer.resize(HEADER + INLINE_LIMIT, 0);
    let mut descriptors = Vec::new();
    // `TRUNC`: o tamanho verdadeiro da mensagem, mesmo que não caiba, e com isso se sabe que foi cortada.
    let received = frame::receive(socket, &mut buffer, &mut descriptors, flags | RecvFlags::TRUNC);
    let outcome = received.map(|size| match size {
        0 => None,
        _ => Some(match buffer.get(..size) {
            Some(message) => read(message, descriptors),
            None => Err(Error::Decode(format!("uma mensagem não tem {size} bytes"))),
        }),
    });
    BUFFER.set(buffer);
    outcome
}

fn read<T: DeserializeOwned + 'static>(message: &[u8], descriptors: Vec<Descriptor>) -> Result<T, Error> {
    let Some((&[place, count], body)) = message.split_first_chunk::<HEADER>() else {
        return Err(Error::Decode("a mensagem não tem cabeçalho".to_owned()));
    };
    if descriptors.len() != usize::from(count) {
        // O sistema descarta os que não cabem na tabela deste processo.
        return Err(Error::Decode("os canais que vinham na mensagem se perderam no caminho".to_owned()));
    }
    match (place, descriptors.split_first()) {
        (INLINE, _) if raw::is_bytes::<T>() => value_of(body.to_vec(), &descriptors),
        (INLINE, _) => parcel::read(body, &descriptors),
        (IN_FILE, Some((file, others))) => value_of(contents(file)?, others),
        _ => Err(Error::Decode("a mensagem não diz onde está o corpo".to_owned())),
    }
}

fn value_of<T: DeserializeOwned + 'static>(body: Vec<u8>, descriptors: &[Descriptor]) -> Result<T, Error> {
    raw::from_bytes(body).or_else(|body| parcel::read(&body, descriptors))
}

fn contents(file: &Descriptor) -> Result<Vec<u8>, Error> {
    let size = fstat(file).map_err(Error::io)?.st_size;
    match usize::try_from(size) {
        Ok(size) if size <= MAX_SIZE => mapping::read_file(file, 0, size).map_err(Error::io),
        _ => Err(Error::TooLarge { limit: MAX_SIZE }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// O que se recebe quando do outro lado se escreve `bytes` e se manda `file`, sem passar por [`Message`].
    fn received<T: DeserializeOwned + 'static>(bytes: &[u8], file: Option<File>) -> Result<T, Error> {
        let (ours, theirs) = socket_pair().expect("um par de soquetes");
        let descriptors: Vec<Descriptor> =
            file.into_iter().map(|file| Descriptor::from(OwnedFd::from(file))).collect();
        frame::send(&ours, &[IoSlice::new(bytes)], &descriptors, SendFlags::empty()).expect("enviar");
        receive(&theirs, RecvFlags::empty()).expect("receber").expect("uma mensagem")
    }

    fn file_of(size: u64) -> Option<File> {
        let file = tempfile::tempfile().expect("um arquivo");
        file.set_len(size).expect("o tamanho do arquivo");
        Some(file)
    }

    #[test]
    fn a_header_that_lies_is_an_error() {
        let lies: [(&[u8], _); 7] = [
            (&[INLINE], None),
            (&[INLINE, 1, 0], None),
            (&[INLINE, 0, 0], file_of(9)),
            (&[IN_FILE, 0, 0], None),
            (&[IN_FILE, 2, 0], file_of(9)),
            (&[9, 0, 0], None),
            (&[0; HEADER + INLINE_LIMIT + 1], None),
        ];
        for (bytes, file) in lies {
            let outcome = received::<Vec<u8>>(bytes, file);
            assert!(matches!(outcome, Err(Error::Decode(_))), "{:?}: {outcome:?}", bytes.first_chunk::<3>());
        }
    }

    #[test]
    fn a_file_that_lies_is_an_error() {
        let huge = received::<Vec<u8>>(&[IN_FILE, 1], file_of(1 << 40));
        assert!(matches!(huge, Err(Error::TooLarge { .. })));
        let empty = received::<String>(&[IN_FILE, 1], file_of(0));
        assert!(matches!(empty, Err(Error::Decode(_))));
        let device = received::<String>(&[IN_FILE, 1], Some(File::open("/dev/zero").expect("/dev/zero")));
        assert!(matches!(device, Err(Error::Decode(_))));
    }

    /// Um tipo cujo código, ao decodificar, recebe outra mensagem: o espaço de recepção está em uso.
    #[test]
    fn receiving_while_decoding_is_fine() {
        struct Nested(String);
        impl<'de> serde::Deserialize<'de> for Nested {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let inner = received::<Vec<u8>>(&[INLINE, 0, 1, 2, 3], None).expect("bytes");
                assert_eq!(inner, [1, 2, 3]);
                String::deserialize(deserializer).map(Nested)
            }
        }
        let nested = received::<Nested>(&[INLINE, 0, 2, b'o', b'i'], None).expect("um texto");
        assert_eq!(nested.0, "oi");
    }
}
