//! Listas de números: a memória delas já são os bytes.
//!
//! O serde entrega uma lista item a item, sem dizer de que tipo ela é, e 64 MiB assim custam dez vezes uma cópia. O tipo, porém,
//! quem compila sabe: [`typeid`] pergunta se isto é um `Vec<u64>`, e o compilador, que tem a resposta, apaga o ramo que não
//! vale.
//!
//! ```text
//!   lista comum        │ 2·itens     │ item │ item │ …
//!   lista de números   │ 2·itens + 1 │ que números │ a memória deles …
//! ```
#![allow(unsafe_code)]

use std::any::TypeId;
use std::fmt;
use std::mem::ManuallyDrop;

use bytemuck::Pod;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::reason::Reason;
use crate::huge;

/// A partir de quantos itens. Com menos, um número pequeno, que ocupa um byte só, vale mais do que a pressa.
const MANY: usize = 512;

/// Um número que ocupa sempre os mesmos bytes.
trait Number: Pod + for<'de> Deserialize<'de> {
    const KIND: u8;
    fn visit<'b, V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason>;
}

macro_rules! numbers {
    ($($number:ty: $kind:literal, $visit:ident as $wide:ty;)*) => {
        $(
            impl Number for $number {
                const KIND: u8 = $kind;

                #[inline]
                fn visit<'b, V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
                    visitor.$visit(self as $wide)
                }
            }
        )*

        /// A memória de `list`, se ela é uma lista de muitos números.
        #[inline]
        pub(super) fn memory_of<I>(list: &I) -> Option<Numbers<'_>> {
            None$(.or_else(|| Numbers::of::<$number, I>(list)))*
        }

        impl<'b> Numbers<'b> {
            /// O que `visitor` faz de uma lista com estes números.
            #[inline]
            pub(super) fn read<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
                $(
                    if self.kind == <$number>::KIND && Some(typeid::of::<V>()) == reader_of_vec::<$number>() {
                        return self.to_value::<$number, V::Value>();
                    }
                )*
                self.read_each(visitor)
            }
        }

        impl<'de> Deserializer<'de> for One<'de> {
            type Error = Reason;

            fn is_human_readable(&self) -> bool {
                false
            }

            fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Reason> {
                match self.kind {
                    $(<$number>::KIND => bytemuck::pod_read_unaligned::<$number>(self.memory).visit(visitor),)*
                    _ => Err(unknown_kind()),
                }
            }

            fn deserialize_newtype_struct<V: Visitor<'de>>(
                self,
                _: &'static str,
                visitor: V,
            ) -> Result<V::Value, Reason> {
                visitor.visit_newtype_struct(self)
            }

            forward_to_deserialize_any! {
                bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
                unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
            }
        }

        /// Quantos bytes ocupa um número destes.
        pub(super) fn width_of(kind: u8) -> Result<usize, Reason> {
            match kind {
                $(<$number>::KIND => Ok(size_of::<$number>()),)*
                _ => Err(unknown_kind()),
            }
        }
    };
}

numbers! {
    u8: 0, visit_u8 as u8;
    u16: 1, visit_u16 as u16;
    u32: 2, visit_u32 as u32;
    u64: 3, visit_u64 as u64;
    usize: 4, visit_u64 as u64;
    i8: 5, visit_i8 as i8;
    i16: 6, visit_i16 as i16;
    i32: 7, visit_i32 as i32;
    i64: 8, visit_i64 as i64;
    isize: 9, visit_i64 as i64;
    f32: 10, visit_f32 as f32;
    f64: 11, visit_f64 as f64;
}

#[cold]
fn unknown_kind() -> Reason {
    Reason::said("uma lista de números que não se conhecem")
}

/// Uma lista de números, na memória.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'b> {
    pub(super) kind: u8,
    pub(super) len: usize,
    pub(super) memory: &'b [u8],
}

impl<'b> Numbers<'b> {
    /// A memória de `list`, se é um `&Vec<N>` ou um `&[N]`: é assim que um e outro se dão ao serde.
    #[inline]
    fn of<N: Number, I>(list: &'b I) -> Option<Self> {
        let list: *const I = list;
        let numbers: &'b [N] = if typeid::of::<I>() == typeid::of::<&Vec<N>>() {
            // SAFETY: `I` é um `&Vec<N>`, a menos do tempo de vida, que não é menor do que o do empréstimo de `list`.
            unsafe { *list.cast::<&'b Vec<N>>() }
        } else if typeid::of::<I>() == typeid::of::<&[N]>() {
            // SAFETY: idem, um `&[N]`.
            unsafe { *list.cast::<&'b [N]>() }
        } else {
            return None;
        };
        let memory = bytemuck::cast_slice(numbers);
        (numbers.len() >= MANY).then_some(Numbers { kind: N::KIND, len: numbers.len(), memory })
    }

    /// Os números como o `V` que um `Vec<N>` é.
    fn to_value<N: Number, V>(self) -> Result<V, Reason> {
        let mut numbers: Vec<N> = huge::vec_for(self.len).ok_or_else(Reason::out_of_memory)?;
        match bytemuck::try_cast_slice(self.memory) {
            Ok(list) => numbers.extend_from_slice(list),
            // Onde a lista começa num endereço que não é o de um número.
            Err(_) => {
                let each = self.memory.chunks_exact(size_of::<N>());
                numbers.extend(each.map(bytemuck::pod_read_unaligned::<N>));
            }
        }
        assert_eq!(typeid::of::<V>(), typeid::of::<Vec<N>>());
        let numbers = ManuallyDrop::new(numbers);
        // SAFETY: `V` é `Vec<N>` (conferido acima), que não tem tempos de vida; o original não se descarta.
        Ok(unsafe { std::mem::transmute_copy::<ManuallyDrop<Vec<N>>, V>(&numbers) })
    }

    /// Um a um, para quem não é um `Vec`, ou o preenche de outro jeito.
    fn read_each<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
        let mut left = Each { kind: self.kind, memory: self.memory, width: width_of(self.kind)? };
        let value = visitor.visit_seq(&mut left)?;
        match left.memory.len() / left.width {
            0 => Ok(value),
            left => Err(Reason::said(format_args!("o tipo deixou {left} itens sem ler"))),
        }
    }
}

/// Os números que faltam ler.
struct Each<'b> {
    kind: u8,
    memory: &'b [u8],
    width: usize,
}

impl<'b> SeqAccess<'b> for &mut Each<'b> {
    type Error = Reason;

    fn next_element_seed<T: DeserializeSeed<'b>>(&mut self, seed: T) -> Result<Option<T::Value>, Reason> {
        let Some((memory, left)) = self.memory.split_at_checked(self.width) else { return Ok(None) };
        self.memory = left;
        seed.deserialize(One { kind: self.kind, memory }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.memory.len() / self.width)
    }
}

/// Um número.
struct One<'b> {
    kind: u8,
    memory: &'b [u8],
}

/// Que tipo lê os itens de um `Vec<N>`. O nome dele só o serde sabe; mas a um formato que não existe ele também se apresenta, e
/// diz quem é. Assim, um tipo que enche um vetor de outro jeito (um filtro, uma ordem) não se confunde com este.
#[inline]
fn reader_of_vec<N: Number>() -> Option<TypeId> {
    Vec::<N>::deserialize(Nowhere).err()?.0
}

/// Um formato de que não se lê nada.
struct Nowhere;

/// Quem quis ler dele.
#[derive(Debug)]
struct Reader(Option<TypeId>);

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nada se lê daqui")
    }
}

impl std::error::Error for Reader {}

impl serde::de::Error for Reader {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Reader(None)
    }
}

impl<'de> Deserializer<'de> for Nowhere {
    type Error = Reader;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Reader> {
        Err(Reader(Some(typeid::of::<V>())))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::fmt::Debug;

    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::codec::{encode, take};

    fn bytes_of<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(value, &mut bytes, 1 << 24).expect("um valor que vira bytes");
        bytes
    }

    fn back<T: for<'de> Deserialize<'de>>(mut bytes: &[u8]) -> Result<T, Reason> {
        let value = take(&mut bytes)?;
        assert!(bytes.is_empty(), "sobraram {} bytes", bytes.len());
        Ok(value)
    }

    fn comes_back<T: Serialize + for<'de> Deserialize<'de> + PartialEq + Debug>(value: &T) {
        assert_eq!(&back::<T>(&bytes_of(value)).expect("o mesmo"), value);
    }

    #[test]
    fn lists_of_every_number_and_length_come_back() {
        macro_rules! each {
            ($($number:ty),*) => { $(
                for len in [0, 1, MANY - 1, MANY, MANY + 1, 5000] {
                    let list: Vec<$number> = (0..len).map(|i| (i as $number) / (3 as $number)).collect();
                    comes_back(&list);
                    assert_eq!(bytes_of(&list), bytes_of(&list[..]));
                    assert_eq!(back::<VecDeque<$number>>(&bytes_of(&list)).expect("os mesmos"), list);
                    let header = 1 + usize::from(2 * len >= 0x80);
                    if len >= MANY {
                        assert_eq!(bytes_of(&list).len(), header + 1 + size_of_val(&list[..]));
                    }
                }
            )* };
        }
        each!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, f32, f64);
        comes_back(&[f64::MIN, f64::INFINITY, -0.0, f64::EPSILON].repeat(MANY));
        comes_back(&[i64::MIN, -1, 0, i64::MAX].repeat(MANY));
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inside {
        name: String,
        list: Vec<u64>,
        maybe: Option<Vec<f32>>,
        boxed: Box<[i16]>,
    }

    #[test]
    fn a_list_comes_back_from_wherever_it_is() {
        let list: Vec<u64> = (0..2000).collect();
        comes_back(&(1_u8, list.clone(), "texto".to_owned(), vec![1_u8; 700]));
        comes_back(&vec![list.clone(), Vec::new(), vec![7; MANY]]);
        let boxed = vec![-5_i16; MANY].into_boxed_slice();
        comes_back(&Inside { name: "x".to_owned(), list, maybe: Some(vec![0.5; 900]), boxed });
    }

    /// O que cada tipo faz ao ler vale, ainda que no fim dê um `Vec`.
    #[test]
    fn a_type_that_reads_the_items_its_own_way_reads_them() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Metres(u64);
        #[derive(Debug, PartialEq, Deserialize)]
        struct OnlyEven(#[serde(deserialize_with = "only_even")] Vec<u64>);
        fn only_even<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
            struct Even;
            impl<'de> Visitor<'de> for Even {
                type Value = Vec<u64>;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("números")
                }
                fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u64>, A::Error> {
                    let mut even = Vec::new();
                    while let Some(number) = seq.next_element::<u64>()? {
                        even.extend(Some(number).filter(|number| number % 2 == 0));
                    }
                    Ok(even)
                }
            }
            deserializer.deserialize_seq(Even)
        }
        let bytes = bytes_of(&(0..1000).collect::<Vec<u64>>());
        assert_eq!(back::<Vec<Metres>>(&bytes).expect("metros")[999], Metres(999));
        assert_eq!(back::<OnlyEven>(&bytes).expect("pares").0.len(), 500);
        let other_type = back::<Vec<u8>>(&bytes).expect_err("256 não é um u8");
        assert!(other_type.to_string().contains("256"), "{other_type}");
        assert!(back::<std::collections::BTreeMap<u64, u64>>(&bytes).is_err());
    }

    #[test]
    fn bytes_cut_or_changed_are_an_error_or_another_value_but_never_a_crash() {
        let value = (vec![3_u16; MANY], 5_u8);
        let bytes = bytes_of(&value);
        for end in 0..bytes.len() {
            assert!(take::<(Vec<u16>, u8)>(&mut &bytes[..end]).is_err(), "{end} bytes");
        }
        for place in 0..8 {
            for changed in 0..=255 {
                let mut bytes = bytes.clone();
                bytes[place] = changed;
                let _ = take::<(Vec<u16>, u8)>(&mut &bytes[..]);
            }
        }
    }
}
