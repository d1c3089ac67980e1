//! O atalho dos bytes: um `Vec<u8>` atravessa como está, sem passar pelo serde, que o leria byte a byte.
//!
//! O tipo só se conhece ao compilar cada uso; a pergunta "este `T` é um `Vec<u8>`?" se faz com [`Any`], e o
//! compilador, que sabe a resposta, apaga o ramo que não vale.

use std::any::{Any, TypeId};
use std::io;
use std::os::fd::AsFd;

use rustix::buffer::spare_capacity;
use rustix::io::{Errno, pread};

/// Se `T` é um `Vec<u8>`.
pub(crate) fn is_bytes<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<Vec<u8>>()
}

/// Os bytes de `value`, se ele é um `Vec<u8>`.
pub(crate) fn as_bytes<T: 'static>(value: &T) -> Option<&[u8]> {
    (value as &dyn Any).downcast_ref::<Vec<u8>>().map(Vec::as_slice)
}

/// O contrário: `bytes`, sem cópia, como o `T` que eles já são; `None` se `T` é outro tipo.
pub(crate) fn from_bytes<T: 'static>(bytes: Vec<u8>) -> Option<T> {
    // `downcast_mut` só dá referências; quem move o vetor para fora é o `take` do `Option`.
    let mut slot = Some(bytes);
    (&mut slot as &mut dyn Any).downcast_mut::<Option<T>>()?.take()
}

/// Os `len` bytes de um arquivo a partir de `offset`, num vetor novo.
///
/// # Erros
///
/// [`io::ErrorKind::UnexpectedEof`] se o arquivo é menor.
// PROVISÓRIA: na junção dá lugar a `mapping::read_file`, de mesmo nome e assinatura, que pede páginas grandes
// ao sistema e por isso lê em metade do tempo.
pub(crate) fn read_file(fd: impl AsFd, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        let position = offset + bytes.len() as u64;
        match pread(&fd, spare_capacity(&mut bytes), position) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bytes.truncate(len);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn only_a_vector_of_bytes_takes_the_short_cut() {
        assert!(is_bytes::<Vec<u8>>() && !is_bytes::<Vec<i8>>() && !is_bytes::<String>());
        assert_eq!(as_bytes(&vec![1u8, 2]), Some(&[1u8, 2][..]));
        assert_eq!(as_bytes(&"texto".to_owned()), None);
        assert_eq!(from_bytes::<Vec<u8>>(vec![1, 2]), Some(vec![1, 2]));
        assert_eq!(from_bytes::<String>(vec![1, 2]), None);
    }

    #[test]
    fn the_short_cut_copies_nothing() {
        let bytes = vec![7; 100];
        let address = bytes.as_ptr();
        assert_eq!(as_bytes(&bytes).expect("bytes").as_ptr(), address);
        let same: Vec<u8> = from_bytes(bytes).expect("bytes");
        assert_eq!(same.as_ptr(), address);
    }

    #[test]
    fn a_file_shorter_than_promised_is_an_error() {
        let mut file = tempfile::tempfile().expect("um arquivo");
        file.write_all(b"dezoito caracteres").expect("escrever");
        assert_eq!(read_file(&file, 8, 10).expect("ler"), b"caracteres");
        assert_eq!(read_file(&file, 8, 0).expect("ler"), b"");
        let outcome = read_file(&file, 8, 11);
        assert_eq!(outcome.expect_err("um erro").kind(), io::ErrorKind::UnexpectedEof);
    }
}
