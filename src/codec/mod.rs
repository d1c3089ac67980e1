//! Valores que viram bytes, e voltam.
//!
//! Um número pequeno ocupa um byte; um texto e uma lista trazem antes o tamanho; de um `enum`, vai o número da variante. Os
//! nomes não vão: quem lê é este mesmo programa, e sabe que tipo espera. Uma lista de muitos números vai de uma vez, como está na
//! memória ([`numbers`]). No mais é a escrita do postcard, com uma diferença, que é a razão de este módulo existir: o que o serde deixa escrever de um jeito e ler de outro, aqui é um erro, e não outro
//! valor.
//!
//! * Um `struct` traz antes quantos campos tem. Um que pulou um campo (`skip_serializing_if`, `skip_serializing`) é recusado
//!   por quem o escreve, ou por quem o lê. Só escapa um que pule tantos campos ao escrever quantos, outros, ao ler.
//! * Uma variante de `enum` leva também um resumo do nome: uma que só um dos lados conta (`skip`) não vira a vizinha.
//! * Uma lista tem os itens que prometeu, e nenhum byte sobra depois do valor.
//! * O motivo que o próprio tipo dá para não virar bytes chega inteiro a quem mandou o valor.
//!
//! Fonte da escrita dos números: *LEB128* e *zigzag*, na especificação do DWARF 5 (§ 7.6) e do Protocol Buffers.

mod decode;
mod encode;
mod name;
mod numbers;
pub(crate) mod portable;
mod reason;

pub(crate) use decode::take;
pub(crate) use encode::encode;
pub(crate) use reason::Reason;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    const MOST: usize = 1 << 20;

    fn bytes_of<T: Serialize>(value: &T) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(value, &mut bytes, MOST).expect("um valor que vira bytes");
        bytes
    }

    /// O valor que volta, com todos os bytes lidos.
    fn back<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Reason> {
        let mut left = bytes;
        let value = take(&mut left)?;
        assert!(left.is_empty(), "sobraram {} bytes", left.len());
        Ok(value)
    }

    #[test]
    fn numbers_of_every_size_come_back() {
        for shift in 0..64 {
            for near in [-1, 0, 1] {
                let number = (1_u64 << shift).wrapping_add_signed(near);
                assert_eq!(back::<u64>(&bytes_of(&number)).expect("o mesmo"), number);
                let signed = number.cast_signed();
                assert_eq!(back::<i64>(&bytes_of(&signed)).expect("o mesmo"), signed);
                assert_eq!(back::<i64>(&bytes_of(&-(signed >> 1))).expect("o mesmo"), -(signed >> 1));
            }
        }
    }

    #[test]
    fn small_values_take_few_bytes() {
        assert_eq!(bytes_of(&127_u64), [127]);
        assert_eq!(bytes_of(&128_u64), [0x80, 1]);
        assert_eq!(bytes_of(&-1_i64), [1]);
        assert_eq!(bytes_of(&(1_u8, -1_i8, true, ())), [1, 255, 1]);
        assert_eq!(bytes_of(&Some("ab")), [1, 2, b'a', b'b']);
        assert_eq!(bytes_of(&(0_u64..2)), [2, 0, 2], "um struct de dois campos");
    }

    #[test]
    fn a_number_too_large_for_its_type_is_refused() {
        assert!(back::<u16>(&bytes_of(&70_000_u64)).is_err());
        assert!(back::<i16>(&bytes_of(&-70_000_i64)).is_err());
        assert!(back::<u64>(&[0xff; 10]).is_err());
        assert!(back::<u64>(&[0x80; 20]).is_err());
        assert!(back::<char>(&bytes_of(&0xd800_u32)).is_err());
        assert!(back::<bool>(&[2]).is_err());
    }

    #[test]
    fn what_passes_the_limit_stops_there() {
        let mut bytes = vec![9];
        let reason = encode(&vec![7_u8; 200], &mut bytes, 100).expect_err("200 bytes não cabem em 100");
        assert!(reason.is_too_large());
        assert_eq!(bytes.len(), 101);
        encode(&vec![7_u8; 98], &mut bytes, 100).expect("o limite é de cada valor");
    }

    type Everything = (u8, Vec<(i64, String)>, BTreeMap<String, Option<f64>>, Result<char, bool>, [u16; 3]);

    #[test]
    fn bytes_cut_or_changed_are_an_error_or_another_value_but_never_a_crash() {
        let pairs = vec![(-3, "três".to_owned()), (i64::MAX, String::new())];
        let map = BTreeMap::from([("a".to_owned(), None), ("b".to_owned(), Some(0.5))]);
        let value: Everything = (1, pairs, map, Ok('ç'), [0, 300, u16::MAX]);
        let bytes = bytes_of(&value);
        assert_eq!(back::<Everything>(&bytes).expect("o mesmo"), value);
        for end in 0..bytes.len() {
            let mut left = &bytes[..end];
            assert!(take::<Everything>(&mut left).is_err(), "{end} bytes");
        }
        for place in 0..bytes.len() {
            for changed in 0..=255 {
                let mut bytes = bytes.clone();
                bytes[place] = changed;
                let _ = take::<Everything>(&mut &bytes[..]);
            }
        }
    }

    #[test]
    fn a_promised_length_that_does_not_come_reserves_nothing() {
        let huge = bytes_of(&u64::MAX);
        assert!(back::<Vec<[u64; 32]>>(&huge).is_err());
        assert!(back::<String>(&huge).is_err());
    }

    #[test]
    fn what_serde_says_is_said_in_portuguese() {
        let zero = back::<std::num::NonZeroU8>(&[0]).expect_err("zero não serve");
        assert!(zero.to_string().starts_with("veio o número 0, que não serve (esperado: "), "{zero}");
        let variant = back::<Result<u8, u8>>(&[7, 0, 0, 0]).expect_err("não há a sétima");
        assert!(
            variant.to_string().starts_with("a variante escrita não é nenhuma das que se leem"),
            "{variant}"
        );
        let text = back::<String>(&[1, 0xff]).expect_err("não é UTF-8");
        assert_eq!(text.to_string(), "um texto que não é UTF-8");
    }
}
