//! `Vec<u8>` já são bytes: atravessa como está, sem passar pelo serde, que os copiaria um a um.

use std::any::Any;

/// Os bytes de `value`, se ele é um `Vec<u8>`.
pub(crate) fn as_bytes<T: 'static>(value: &T) -> Option<&[u8]> {
    (value as &dyn Any).downcast_ref::<Vec<u8>>().map(Vec::as_slice)
}

/// `bytes` como um `T`, se `T` é `Vec<u8>`; se não é, devolve-os.
pub(crate) fn from_bytes<T: 'static>(bytes: Vec<u8>) -> Result<T, Vec<u8>> {
    // Um `T` não sai de um `&mut dyn Any` por valor; de dentro de um `Option`, sai.
    let mut bytes = Some(bytes);
    let value = (&mut bytes as &mut dyn Any).downcast_mut::<Option<T>>().and_then(Option::take);
    value.ok_or_else(|| bytes.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_vector_of_bytes_goes_as_it_is() {
        let bytes = vec![1_u8, 2, 3];
        assert_eq!(as_bytes(&bytes), Some(&[1, 2, 3][..]));
        assert_eq!(as_bytes(&vec![1_i8]), None);
        let address = bytes.as_ptr();
        let same: Vec<u8> = from_bytes(bytes).expect("o mesmo tipo");
        assert_eq!((same.as_ptr(), same.len()), (address, 3));
        assert_eq!(from_bytes::<String>(same), Err(vec![1, 2, 3]));
    }
}
