//! De bytes a valor.

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::name::name_digest;
use super::numbers::{self, Numbers};
use super::reason::Reason;
use crate::huge::{self, HUGE};

/// Lê um valor do começo de `bytes`, que fica com o que sobrou.
///
/// # Erros
///
/// Os bytes não formam um valor deste tipo, ou o próprio tipo o recusou.
#[inline]
pub(crate) fn take<'b, T: Deserialize<'b>>(bytes: &mut &'b [u8]) -> Result<T, Reason> {
    let mut decoder = Decoder { bytes };
    let value = T::deserialize(&mut decoder)?;
    *bytes = decoder.bytes;
    Ok(value)
}

/// Lê valores, um atrás do outro.
pub(super) struct Decoder<'b> {
    bytes: &'b [u8],
}

impl<'b> Decoder<'b> {
    #[inline]
    fn byte(&mut self) -> Result<u8, Reason> {
        let (byte, rest) = self.bytes.split_first().ok_or_else(Reason::cut_short)?;
        self.bytes = rest;
        Ok(*byte)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Reason> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or_else(Reason::cut_short)?;
        self.bytes = rest;
        Ok(*array)
    }

    #[inline]
    fn slice(&mut self) -> Result<&'b [u8], Reason> {
        let len = self.len()?;
        self.take(len)
    }

    #[inline]
    fn take(&mut self, len: usize) -> Result<&'b [u8], Reason> {
        let (slice, rest) = self.bytes.split_at_checked(len).ok_or_else(Reason::cut_short)?;
        self.bytes = rest;
        Ok(slice)
    }

    #[inline]
    fn text(&mut self) -> Result<&'b str, Reason> {
        std::str::from_utf8(self.slice()?).map_err(|_| Reason::said("um texto que não é UTF-8"))
    }

    /// De sete em sete bits, os menores primeiro.
    #[inline]
    fn number(&mut self) -> Result<u64, Reason> {
        match self.bytes {
            [byte @ 0..0x80, rest @ ..] => {
                self.bytes = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_number(),
        }
    }

    #[inline(never)]
    fn long_number(&mut self) -> Result<u64, Reason> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let digit = u64::from(byte & 0x7f);
            if digit << shift >> shift != digit {
                break;
            }
            number |= digit << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Reason::said("um número que não cabe em 64 bits"))
    }

    #[inline]
    fn narrow<T: TryFrom<u64>>(&mut self) -> Result<T, Reason> {
        T::try_from(self.number()?).map_err(|_| Reason::said("um número que não cabe no tipo"))
    }

    #[inline]
    fn signed(&mut self) -> Result<i64, Reason> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    #[inline]
    fn narrow_signed<T: TryFrom<i64>>(&mut self) -> Result<T, Reason> {
        T::try_from(self.signed()?).map_err(|_| Reason::said("um número que não cabe no tipo"))
    }

    #[inline]
    fn len(&mut self) -> Result<usize, Reason> {
        self.narrow()
    }

    /// Quantos itens tem uma lista, e se são números, todos juntos ([`Numbers`]).
    #[inline]
    fn list(&mut self) -> Result<(usize, bool), Reason> {
        let head: usize = self.narrow()?;
        Ok((head >> 1, head & 1 == 1))
    }

    #[inline(never)]
    fn numbers(&mut self, len: usize) -> Result<Numbers<'b>, Reason> {
        let kind = self.byte()?;
        let size = len.checked_mul(numbers::width_of(kind)?).ok_or_else(Reason::cut_short)?;
        Ok(Numbers { kind, len, memory: self.take(size)? })
    }

    #[inline]
    fn flag(&mut self) -> Result<bool, Reason> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Reason::said(format_args!("{other} no lugar de um sim ou não"))),
        }
    }

    #[inline]
    fn items<V: Visitor<'b>>(&mut self, left: usize, visitor: V) -> Result<V::Value, Reason> {
        let mut items = Items { decoder: self, left, are_fields: false };
        let value = visitor.visit_seq(&mut items)?;
        items.finish()?;
        Ok(value)
    }

    /// Os campos de um `struct`, que traz antes quantos são.
    #[inline]
    fn fields<V: Visitor<'b>>(&mut self, visitor: V) -> Result<V::Value, Reason> {
        let left = self.len()?;
        let mut fields = Items { decoder: self, left, are_fields: true };
        let value = visitor.visit_seq(&mut fields)?;
        fields.finish()?;
        Ok(value)
    }
}

/// Com um `default`, o serde poria no lugar do campo que falta, que é o último, um valor qualquer.
#[cold]
fn uneven() -> Reason {
    Reason::said(
        "os campos escritos não são os que se leem: um deles só se escreve, ou só se lê (skip_serializing, \
         skip_deserializing), e sem os nomes dos campos um seria trocado por outro",
    )
}

#[cold]
fn unknown_variant() -> Reason {
    Reason::said(
        "a variante escrita não é nenhuma das que se leem: ela só se escreve (skip, skip_deserializing)",
    )
}

#[cold]
fn untold() -> Reason {
    Reason::said(
        "este tipo só se lê de um formato que diz o tipo de cada valor, e aqui só vai o valor: é o caso de \
         serde_json::Value, de #[serde(untagged)], #[serde(tag)] e #[serde(flatten)]; mande-o em JSON, ou em outro tipo",
    )
}

macro_rules! values {
    ($($name:ident => $visit:ident($read:ident)),*) => { $(
        #[inline]
        fn $name<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
            visitor.$visit(self.$read()?)
        }
    )* };
}

impl<'b> Deserializer<'b> for &mut Decoder<'b> {
    type Error = Reason;

    fn is_human_readable(&self) -> bool {
        false
    }

    values! {
        deserialize_bool => visit_bool(flag),
        deserialize_u8 => visit_u8(byte),
        deserialize_u16 => visit_u16(narrow),
        deserialize_u32 => visit_u32(narrow),
        deserialize_u64 => visit_u64(number),
        deserialize_i16 => visit_i16(narrow_signed),
        deserialize_i32 => visit_i32(narrow_signed),
        deserialize_i64 => visit_i64(signed),
        deserialize_str => visit_borrowed_str(text),
        deserialize_string => visit_borrowed_str(text),
        deserialize_bytes => visit_borrowed_bytes(slice)
    }

    #[inline]
    fn deserialize_byte_buf<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
        let slice = self.slice()?;
        if slice.len() < HUGE {
            return visitor.visit_borrowed_bytes(slice);
        }
        let mut bytes = huge::vec_for(slice.len()).ok_or_else(Reason::out_of_memory)?;
        bytes.extend_from_slice(slice);
        visitor.visit_byte_buf(bytes)
    }

    #[inline]
    fn deserialize_i8<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
        visitor.visit_i8(self.byte()?.cast_signed())
    }

    #[inline]
    fn deserialize_i128<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
        visitor.visit_i128(i128::from_le_bytes(self.array()?))
    }

    #[inline]
    fn deserialize_u128<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
        visitor.visit_u128(u128::from_le_bytes(self.array()?))
    }

    #[inline]
    fn deserialize_f32<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
        visitor.visit_f32(f32::from_le_bytes(self.array()?))
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
        visitor.visit_f64(f64::from_le_bytes(self.array()?))
    }

    fn deserialize_char<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
        let letter = char::from_u32(self.narrow()?);
        visitor.visit_char(letter.ok_or_else(|| Reason::said("um número que não é de caractere nenhum"))?)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
        if self.flag()? { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'b>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Reason> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'b>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Reason> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
        match self.list()? {
            (len, false) => self.items(len, visitor),
            (len, true) => self.numbers(len)?.read(visitor),
        }
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'b>>(self, len: usize, visitor: V) -> Result<V::Value, Reason> {
        self.items(len, visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'b>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Reason> {
        self.fields(visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Reason> {
        let (len, false) = self.list()? else {
            return Err(Reason::said("uma lista de números no lugar de um mapa"));
        };
        let mut pairs = Items { decoder: self, left: len, are_fields: false };
        let value = visitor.visit_map(&mut pairs)?;
        pairs.finish()?;
        Ok(value)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'b>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Reason> {
        self.fields(visitor)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'b>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Reason> {
        let number = self.number()?;
        let digest = u16::from_le_bytes(self.array()?);
        let is_same = |name: &&&str| name_digest(name) == digest;
        // Quase sempre, a posição entre as que se leem é a que foi escrita.
        let at_its_place =
            usize::try_from(number >> 1).ok().and_then(|index| variants.get(index)).filter(is_same);
        let name = at_its_place.or_else(|| variants.iter().find(is_same)).ok_or_else(unknown_variant)?;
        visitor.visit_enum(Variant { decoder: self, name, has_content: number & 1 == 1 })
    }

    fn deserialize_any<V: Visitor<'b>>(self, _: V) -> Result<V::Value, Reason> {
        Err(untold())
    }

    fn deserialize_identifier<V: Visitor<'b>>(self, _: V) -> Result<V::Value, Reason> {
        Err(untold())
    }

    fn deserialize_ignored_any<V: Visitor<'b>>(self, _: V) -> Result<V::Value, Reason> {
        Err(untold())
    }
}

/// O que se lê um a um: itens, pares, campos.
struct Items<'d, 'b> {
    decoder: &'d mut Decoder<'b>,
    left: usize,
    /// Quem lê um campo a mais do que os escritos está perdido; um item a mais é só o fim da lista.
    are_fields: bool,
}

impl Items<'_, '_> {
    /// Um tipo que para antes do fim deixaria o resto para o valor seguinte.
    #[inline]
    fn finish(&self) -> Result<(), Reason> {
        if self.left == 0 {
            return Ok(());
        }
        if self.are_fields {
            return Err(uneven());
        }
        Err(Reason::said(format_args!("o tipo deixou {} itens sem ler", self.left)))
    }

    /// Cada item tem pelo menos um byte, ou não ocupa memória: uma contagem sem sentido não a esgota.
    #[inline]
    fn hint(&self) -> usize {
        self.left.min(self.decoder.bytes.len())
    }
}

impl<'b> SeqAccess<'b> for &mut Items<'_, 'b> {
    type Error = Reason;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'b>>(&mut self, seed: T) -> Result<Option<T::Value>, Reason> {
        if self.left == 0 {
            return if self.are_fields { Err(uneven()) } else { Ok(None) };
        }
        self.left -= 1;
        seed.deserialize(&mut *self.decoder).map(Some)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.hint())
    }
}

impl<'b> MapAccess<'b> for &mut Items<'_, 'b> {
    type Error = Reason;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'b>>(&mut self, seed: K) -> Result<Option<K::Value>, Reason> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.decoder).map(Some)
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'b>>(&mut self, seed: T) -> Result<T::Value, Reason> {
        seed.deserialize(&mut *self.decoder)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.hint())
    }
}

/// A variante que foi escrita.
struct Variant<'d, 'b> {
    decoder: &'d mut Decoder<'b>,
    name: &'static str,
    has_content: bool,
}

impl Variant<'_, '_> {
    /// Uma variante que só de um lado traz algo consigo deixaria o resto para o valor seguinte.
    #[inline]
    fn expect_content(&self, expected: bool) -> Result<(), Reason> {
        if self.has_content == expected { Ok(()) } else { Err(uneven()) }
    }
}

impl<'b> EnumAccess<'b> for Variant<'_, 'b> {
    type Error = Reason;
    type Variant = Self;

    #[inline]
    fn variant_seed<V: DeserializeSeed<'b>>(self, seed: V) -> Result<(V::Value, Self), Reason> {
        let variant = seed.deserialize(IntoDeserializer::<Reason>::into_deserializer(self.name))?;
        Ok((variant, self))
    }
}

impl<'b> VariantAccess<'b> for Variant<'_, 'b> {
    type Error = Reason;

    #[inline]
    fn unit_variant(self) -> Result<(), Reason> {
        self.expect_content(false)
    }

    #[inline]
    fn newtype_variant_seed<T: DeserializeSeed<'b>>(self, seed: T) -> Result<T::Value, Reason> {
        self.expect_content(true)?;
        seed.deserialize(self.decoder)
    }

    #[inline]
    fn tuple_variant<V: Visitor<'b>>(self, _: usize, visitor: V) -> Result<V::Value, Reason> {
        self.expect_content(true)?;
        self.decoder.fields(visitor)
    }

    #[inline]
    fn struct_variant<V: Visitor<'b>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Reason> {
        self.expect_content(true)?;
        self.decoder.fields(visitor)
    }
}
