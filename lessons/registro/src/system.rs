//! O que o sistema recusou, em português.

use std::io::{self, ErrorKind};

/// Por que o sistema recusou, em poucas palavras: `o disco está cheio`. O que não tem nome aqui leva o número, que se
/// procura.
///
/// # Exemplos
///
/// ```
/// use registro::system::reason;
/// let error = std::io::Error::from_raw_os_error(28);
/// assert_eq!(reason(&error), "o disco está cheio");
/// ```
pub fn reason(error: &io::Error) -> String {
    let known = match error.kind() {
        ErrorKind::NotFound => "não existe",
        ErrorKind::PermissionDenied => "sem permissão",
        ErrorKind::AlreadyExists => "já existe um arquivo com esse nome",
        ErrorKind::NotADirectory => "o caminho passa por um arquivo",
        ErrorKind::IsADirectory => "é uma pasta",
        ErrorKind::ReadOnlyFilesystem => "ali só se pode ler",
        ErrorKind::StorageFull => "o disco está cheio",
        ErrorKind::QuotaExceeded => "a cota do disco acabou",
        ErrorKind::FileTooLarge => "o arquivo passaria do tamanho permitido",
        ErrorKind::InvalidFilename => "o nome não serve",
        ErrorKind::OutOfMemory => "falta memória",
        ErrorKind::WouldBlock => "o limite de processos foi atingido",
        ErrorKind::BrokenPipe => "quem lia foi embora",
        _ => return other(error),
    };
    known.to_owned()
}

/// O texto, se fomos nós que o escrevemos; senão, o número.
fn other(error: &io::Error) -> String {
    error
        .raw_os_error()
        .map_or_else(|| error.to_string(), |code| format!("o sistema respondeu com o erro {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_keeps_its_number_and_what_we_wrote_stays() {
        assert_eq!(reason(&io::Error::from_raw_os_error(5)), "o sistema respondeu com o erro 5");
        assert_eq!(reason(&io::Error::other("a lição não tem pasta")), "a lição não tem pasta");
    }
}
