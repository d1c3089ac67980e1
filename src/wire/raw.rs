//! O atalho dos bytes: um `Vec<u8>` atravessa como está, sem passar pelo serde, que o leria byte a byte.
//!
//! O tipo só se conhece ao compilar cada uso; a pergunta "este `T` é um `Vec<u8>`?" se faz com [`Any`], e o
//! compilador, que sabe a resposta, apaga o ramo que não vale.

use std::any::{Any, TypeId};

/// Se `T` é um `Vec<u8>`.
pub(crate) fn is_bytes<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<Vec<u8>>()
}

/// Os bytes de `value`, se ele é um `Vec<u8>`.
pub(crate) fn as_bytes<T: 'static>(value: &T) -> Option<&[u8]> {
    (value as &dyn Any).downcast_ref::<Vec<u8>>().map(Vec::as_slice)
}

/// O contrário: `bytes`, sem cópia, como o `T` que eles já são; se `T` é outro tipo, devolve-os.
pub(crate) fn from_bytes<T: 'static>(bytes: Vec<u8>) -> Result<T, Vec<u8>> {
    // `downcast_mut` só dá referências; quem move o vetor para fora é o `take` do `Option`.
    let mut slot = Some(bytes);
    let value = (&mut slot as &mut dyn Any).downcast_mut::<Option<T>>().and_then(Option::take);
    value.ok_or_else(|| slot.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_vector_of_bytes_takes_the_short_cut() {
        assert!(is_bytes::<Vec<u8>>() && !is_bytes::<Vec<i8>>() && !is_bytes::<String>());
        assert_eq!(as_bytes(&vec![1u8, 2]), Some(&[1u8, 2][..]));
        assert_eq!(as_bytes(&"texto".to_owned()), None);
        assert_eq!(from_bytes::<Vec<u8>>(vec![1, 2]), Ok(vec![1, 2]));
        assert_eq!(from_bytes::<String>(vec![1, 2]), Err(vec![1, 2]));
    }

    #[test]
    fn the_short_cut_copies_nothing() {
        let bytes = vec![7; 100];
        let address = bytes.as_ptr();
        assert_eq!(as_bytes(&bytes).expect("bytes").as_ptr(), address);
        let same: Vec<u8> = from_bytes(bytes).expect("bytes");
        assert_eq!(same.as_ptr(), address);
    }
}
