//! Por que um valor não virou bytes, ou os bytes não viraram um valor.

use std::fmt::{self, Display};

use serde::de::{Expected, Unexpected};

/// O motivo. Cabe num ponteiro: ele volta por cada número de uma lista.
#[derive(Debug)]
pub(crate) struct Reason(Box<Cause>);

#[derive(Debug)]
enum Cause {
    /// Passou do tamanho permitido.
    TooLarge,
    /// Nas palavras de quem recusou: o tipo, ou este módulo.
    Said(String),
}

impl Reason {
    #[cold]
    pub(super) fn too_large() -> Self {
        Reason(Box::new(Cause::TooLarge))
    }

    #[cold]
    pub(super) fn said(reason: impl Display) -> Self {
        Reason(Box::new(Cause::Said(reason.to_string())))
    }

    /// Os bytes acabaram antes do valor.
    #[cold]
    pub(super) fn cut_short() -> Self {
        Reason::said("os bytes acabaram antes do valor")
    }

    #[cold]
    pub(super) fn out_of_memory() -> Self {
        Reason::said("falta memória para ele")
    }

    pub(crate) fn is_too_large(&self) -> bool {
        matches!(*self.0, Cause::TooLarge)
    }
}

impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Cause::TooLarge => f.write_str("o valor passa do limite"),
            Cause::Said(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Reason {}

impl serde::ser::Error for Reason {
    fn custom<T: Display>(reason: T) -> Self {
        Reason::said(reason)
    }
}

/// O serde diria o mesmo em inglês.
impl serde::de::Error for Reason {
    fn custom<T: Display>(reason: T) -> Self {
        Reason::said(reason)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Reason::said(format_args!("veio {}, de outro tipo (esperado: {expected})", in_words(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Reason::said(format_args!("veio {}, que não serve (esperado: {expected})", in_words(found)))
    }

    fn invalid_length(len: usize, expected: &dyn Expected) -> Self {
        Reason::said(format_args!("vieram {len} itens, e não é esse o tamanho (esperado: {expected})"))
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        Reason::said(format_args!("não há a variante «{found}» (há: {})", expected.join(", ")))
    }

    fn unknown_field(found: &str, expected: &'static [&'static str]) -> Self {
        Reason::said(format_args!("não há o campo «{found}» (há: {})", expected.join(", ")))
    }

    fn missing_field(field: &'static str) -> Self {
        Reason::said(format_args!("falta o campo «{field}»"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Reason::said(format_args!("o campo «{field}» veio duas vezes"))
    }
}

fn in_words(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("o booleano {value}"),
        Unexpected::Unsigned(value) => format!("o número {value}"),
        Unexpected::Signed(value) => format!("o número {value}"),
        Unexpected::Float(value) => format!("o número {value}"),
        Unexpected::Char(value) => format!("o caractere «{value}»"),
        Unexpected::Str(value) => format!("o texto «{value}»"),
        Unexpected::Bytes(_) => "uma lista de bytes".to_owned(),
        Unexpected::Unit => "o valor vazio ()".to_owned(),
        Unexpected::Option => "um Option".to_owned(),
        Unexpected::Seq => "uma lista".to_owned(),
        Unexpected::Map => "um mapa".to_owned(),
        Unexpected::Enum => "um enum".to_owned(),
        Unexpected::Other(what) => what.to_owned(),
        other => other.to_string(),
    }
}
