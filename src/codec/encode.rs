//! De valor a bytes.

use std::fmt::Display;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::name::name_digest;
use super::numbers::{self, Numbers};
use super::reason::Reason;
use crate::huge;

/// Acrescenta `value` a `bytes`; ele pode ocupar até `most` bytes.
///
/// # Erros
///
/// O que o tipo disse, ou o limite, assim que passa: um valor que será recusado não chega a ocupar a memória da máquina. O
/// que já tinha sido escrito fica em `bytes`.
#[inline]
pub(crate) fn encode<T: Serialize + ?Sized>(
    value: &T,
    bytes: &mut Vec<u8>,
    most: usize,
) -> Result<(), Reason> {
    let end = bytes.len().saturating_add(most);
    let brim = end.min(bytes.capacity());
    value.serialize(&mut Encoder { bytes, end, brim, levels: LEVELS })
}

/// Escreve um valor.
pub(super) struct Encoder<'b> {
    bytes: &'b mut Vec<u8>,
    /// Até onde `bytes` pode crescer.
    end: usize,
    /// Até onde cabe sem pedir memória.
    brim: usize,
    /// Quantos níveis ainda pode descer.
    levels: u32,
}

/// Quantos valores podem estar um dentro do outro. Escrever e ler gastam a pilha a cada nível: sem um limite, um valor fundo
/// demais não seria um erro, e sim o fim do programa.
const LEVELS: u32 = 1000;

/// Quantos bytes ocupa o maior número, de sete em sete bits.
const LONGEST: usize = 10;

/// Até aqui, byte a byte sai mais barato do que chamar a cópia.
const SHORT: usize = 4;

impl Encoder<'_> {
    #[inline]
    fn put(&mut self, data: &[u8]) -> Result<(), Reason> {
        if data.len() > self.brim.saturating_sub(self.bytes.len()) {
            self.make_room(data.len())?;
        }
        if data.len() <= SHORT {
            data.iter().for_each(|&byte| self.bytes.push(byte));
        } else {
            self.bytes.extend_from_slice(data);
        }
        Ok(())
    }

    /// O lugar de mais `len` bytes. Se falta memória, é um erro: por si, um vetor acabaria com o programa.
    #[cold]
    fn make_room(&mut self, len: usize) -> Result<(), Reason> {
        if len > self.end.saturating_sub(self.bytes.len()) {
            return Err(Reason::too_large());
        }
        self.bytes.try_reserve(len).map_err(|_| Reason::out_of_memory())?;
        huge::advise(self.bytes.spare_capacity_mut());
        self.brim = self.end.min(self.bytes.capacity());
        Ok(())
    }

    #[inline]
    fn put_byte(&mut self, byte: u8) -> Result<(), Reason> {
        if self.bytes.len() >= self.brim {
            self.make_room(1)?;
        }
        self.bytes.push(byte);
        Ok(())
    }

    /// De sete em sete bits, os menores primeiro; o oitavo diz que há mais.
    #[inline]
    fn put_number(&mut self, number: u64) -> Result<(), Reason> {
        if number < 0x80 { self.put_byte(number as u8) } else { self.put_long_number(number) }
    }

    /// À parte, para que os pequenos, que são quase todos, fiquem no lugar de quem os escreve.
    #[inline(never)]
    fn put_long_number(&mut self, mut number: u64) -> Result<(), Reason> {
        let (mut digits, mut len) = ([0; LONGEST], 0);
        while number >= 0x80 {
            digits[len] = number as u8 | 0x80;
            number >>= 7;
            len += 1;
        }
        digits[len] = number as u8;
        self.put(&digits[..=len])
    }

    /// Qual variante de um `enum`: o número dela, se traz algo consigo, e um resumo do nome. O número é entre todas, e quem lê
    /// conta só as que lê: é pelo nome que se sabe que é a mesma.
    #[inline]
    fn put_variant(&mut self, index: u32, name: &str, has_content: bool) -> Result<(), Reason> {
        self.put_number(u64::from(index) << 1 | u64::from(has_content))?;
        self.put(&name_digest(name).to_le_bytes())
    }

    /// Um número negativo pequeno também ocupa pouco: 0, -1, 1, -2, … são 0, 1, 2, 3, …
    #[inline]
    fn put_signed(&mut self, number: i64) -> Result<(), Reason> {
        self.put_number((number << 1 ^ number >> 63).cast_unsigned())
    }
}

impl<'e, 'b> Encoder<'b> {
    #[inline]
    fn descend(&mut self) -> Result<(), Reason> {
        self.levels = self.levels.checked_sub(1).ok_or_else(too_deep)?;
        Ok(())
    }

    /// Um valor dentro de outro que só tem ele.
    #[inline]
    fn nested<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Reason> {
        self.descend()?;
        value.serialize(&mut *self)?;
        self.levels += 1;
        Ok(())
    }

    /// Uma lista cujo tamanho vem antes dela, e depois os itens: o bit mais baixo fica para [`Numbers`].
    #[inline]
    fn listed(&'e mut self, len: usize) -> Result<Items<'e, 'b>, Reason> {
        self.put_number((len as u64) << 1)?;
        self.items(len)
    }

    /// Uma lista de números, de uma vez.
    fn put_numbers(&mut self, numbers: Numbers<'_>) -> Result<(), Reason> {
        self.put_number((numbers.len as u64) << 1 | 1)?;
        self.put_byte(numbers.kind)?;
        self.put(numbers.memory)
    }

    /// Os campos de um `struct`, que traz antes quantos são.
    #[inline]
    fn counted(&'e mut self, len: usize) -> Result<Items<'e, 'b>, Reason> {
        self.put_number(len as u64)?;
        self.items(len)
    }

    /// Uma lista cujo tamanho quem lê já sabe.
    #[inline]
    fn items(&'e mut self, len: usize) -> Result<Items<'e, 'b>, Reason> {
        self.descend()?;
        Ok(Items { encoder: self, promised: Promised::Known(len), written: 0 })
    }

    /// Uma lista de não se sabe quantos: o lugar do tamanho fica guardado.
    fn uncounted(&'e mut self) -> Result<Items<'e, 'b>, Reason> {
        let at = self.bytes.len();
        self.put(&[0; LONGEST])?;
        self.descend()?;
        Ok(Items { encoder: self, promised: Promised::Unknown { at }, written: 0 })
    }
}

/// O que se escreve um a um: itens, pares, campos.
pub(super) struct Items<'e, 'b> {
    encoder: &'e mut Encoder<'b>,
    promised: Promised,
    written: usize,
}

enum Promised {
    Known(usize),
    /// O tamanho vai para esta posição, no fim.
    Unknown {
        at: usize,
    },
}

impl Items<'_, '_> {
    #[inline]
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Reason> {
        self.written += 1;
        value.serialize(&mut *self.encoder)
    }

    #[inline]
    fn finish(self) -> Result<(), Reason> {
        self.encoder.levels += 1;
        match self.promised {
            Promised::Known(len) if len == self.written => Ok(()),
            Promised::Known(len) => Err(Reason::said(format_args!(
                "o tipo prometeu {len} itens e escreveu {}: quem lê se perderia",
                self.written
            ))),
            Promised::Unknown { at } => {
                let mut left = (self.written as u64) << 1;
                for (index, digit) in self.encoder.bytes[at..at + LONGEST].iter_mut().enumerate() {
                    let more = if index + 1 < LONGEST { 0x80 } else { 0 };
                    *digit = left as u8 & 0x7f | more;
                    left >>= 7;
                }
                Ok(())
            }
        }
    }
}

#[cold]
fn too_deep() -> Reason {
    Reason::said(format_args!(
        "ele tem mais de {LEVELS} níveis, um dentro do outro, e acabaria com a pilha de quem o lê: mande-o como uma lista (Vec)"
    ))
}

/// Um campo pulado só se entende num formato com nomes.
#[cold]
fn skipped(field: &str) -> Reason {
    Reason::said(format_args!(
        "o campo «{field}» foi pulado (skip_serializing_if): sem os nomes dos campos, quem lê o trocaria por outro; \
         tire o atributo, ou mande o valor em JSON"
    ))
}

macro_rules! numbers {
    ($($name:ident: $type:ty => $put:ident as $wide:ty),*) => { $(
        #[inline]
        fn $name(self, value: $type) -> Result<(), Reason> {
            self.$put(<$wide>::from(value))
        }
    )* };
}

impl<'e, 'b> Serializer for &'e mut Encoder<'b> {
    type Ok = ();
    type Error = Reason;
    type SerializeSeq = Items<'e, 'b>;
    type SerializeTuple = Items<'e, 'b>;
    type SerializeTupleStruct = Items<'e, 'b>;
    type SerializeTupleVariant = Items<'e, 'b>;
    type SerializeMap = Items<'e, 'b>;
    type SerializeStruct = Items<'e, 'b>;
    type SerializeStructVariant = Items<'e, 'b>;

    fn is_human_readable(&self) -> bool {
        false
    }

    numbers! {
        serialize_bool: bool => put_byte as u8,
        serialize_u8: u8 => put_byte as u8,
        serialize_u16: u16 => put_number as u64,
        serialize_u32: u32 => put_number as u64,
        serialize_u64: u64 => put_number as u64,
        serialize_char: char => put_number as u64,
        serialize_i16: i16 => put_signed as i64,
        serialize_i32: i32 => put_signed as i64,
        serialize_i64: i64 => put_signed as i64
    }

    #[inline]
    fn serialize_i8(self, value: i8) -> Result<(), Reason> {
        self.put_byte(value.cast_unsigned())
    }

    #[inline]
    fn serialize_i128(self, value: i128) -> Result<(), Reason> {
        self.put(&value.to_le_bytes())
    }

    #[inline]
    fn serialize_u128(self, value: u128) -> Result<(), Reason> {
        self.put(&value.to_le_bytes())
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<(), Reason> {
        self.put(&value.to_le_bytes())
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<(), Reason> {
        self.put(&value.to_le_bytes())
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), Reason> {
        self.serialize_bytes(value.as_bytes())
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Reason> {
        self.put_number(value.len() as u64)?;
        self.put(value)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Reason> {
        self.put_byte(0)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Reason> {
        self.put_byte(1)?;
        self.nested(value)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), Reason> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Reason> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, index: u32, name: &'static str) -> Result<(), Reason> {
        self.put_variant(index, name, false)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Reason> {
        self.nested(value)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), Reason> {
        self.put_variant(index, name, true)?;
        self.nested(value)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Items<'e, 'b>, Reason> {
        match len {
            Some(len) => self.listed(len),
            None => self.uncounted(),
        }
    }

    #[inline]
    fn collect_seq<I>(self, list: I) -> Result<(), Reason>
    where
        I: IntoIterator,
        I::Item: Serialize,
    {
        // Números pequenos, um a um, ocupam menos: pelo limite, talvez ainda caibam.
        let room = self.end.saturating_sub(self.bytes.len());
        if let Some(numbers) = numbers::memory_of(&list).filter(|numbers| numbers.memory.len() < room) {
            return self.put_numbers(numbers);
        }
        let mut items = list.into_iter();
        let len = match items.size_hint() {
            (least, Some(most)) if least == most => Some(most),
            _ => None,
        };
        let mut seq = self.serialize_seq(len)?;
        items.try_for_each(|item| seq.add(&item))?;
        seq.finish()
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Items<'e, 'b>, Reason> {
        self.items(len)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Items<'e, 'b>, Reason> {
        self.counted(len)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Items<'e, 'b>, Reason> {
        self.put_variant(index, name, true)?;
        self.counted(len)
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Items<'e, 'b>, Reason> {
        self.serialize_seq(len)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Items<'e, 'b>, Reason> {
        self.counted(len)
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Items<'e, 'b>, Reason> {
        self.put_variant(index, name, true)?;
        self.counted(len)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Reason> {
        self.serialize_str(&value.to_string())
    }
}

/// Listas, tuplas e variantes: um item atrás do outro.
macro_rules! one_by_one {
    ($($kind:ident: $add:ident),*) => { $(
        impl $kind for Items<'_, '_> {
            type Ok = ();
            type Error = Reason;

            #[inline]
            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Reason> {
                self.add(value)
            }

            #[inline]
            fn end(self) -> Result<(), Reason> {
                self.finish()
            }
        }
    )* };
}
one_by_one!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

impl SerializeMap for Items<'_, '_> {
    type Ok = ();
    type Error = Reason;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Reason> {
        self.add(key)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Reason> {
        value.serialize(&mut *self.encoder)
    }

    #[inline]
    fn end(self) -> Result<(), Reason> {
        self.finish()
    }
}

macro_rules! with_fields {
    ($($kind:ident),*) => { $(
        impl $kind for Items<'_, '_> {
            type Ok = ();
            type Error = Reason;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<(), Reason> {
                self.add(value)
            }

            fn skip_field(&mut self, field: &'static str) -> Result<(), Reason> {
                Err(skipped(field))
            }

            #[inline]
            fn end(self) -> Result<(), Reason> {
                self.finish()
            }
        }
    )* };
}
with_fields!(SerializeStruct, SerializeStructVariant);
