//! Um processo, sem confundi-lo com outro que receba o mesmo número mais tarde.

use std::fs;
use std::io;
use std::sync::{Mutex, PoisonError};

/// O número do processo e quando ele começou (em tiques desde que a máquina ligou).
///
/// O número só vale dentro de um contêiner: quem divide um semáforo ou uma barreira tem que estar no mesmo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) pid: u32,
    pub(super) start: u64,
}

impl Identity {
    /// A deste processo.
    pub(super) fn own() -> io::Result<Self> {
        /// Lida uma vez por processo: numa cópia feita por `fork`, a que veio do pai não serve.
        static OWN: Mutex<Option<Identity>> = Mutex::new(None);
        let pid = std::process::id();
        let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(identity) = *own
            && identity.pid == pid
        {
            return Ok(identity);
        }
        let Stat { start, .. } = Stat::read(pid)?.ok_or(io::ErrorKind::NotFound)?;
        Ok(*own.insert(Identity { pid, start }))
    }

    /// Se o processo terminou. Um zumbi terminou: só falta o pai recolhê-lo.
    ///
    /// Na dúvida (não há descritores para abrir o /proc, por exemplo), está vivo: tomar um vivo por morto daria
    /// a outro o que é dele.
    pub(super) fn is_gone(&self) -> bool {
        match Stat::read(self.pid) {
            Ok(Some(stat)) => stat.start != self.start || matches!(stat.state, 'Z' | 'X'),
            Ok(None) => true,
            Err(_) => false,
        }
    }
}

/// O que interessa de `/proc/<pid>/stat`.
struct Stat {
    state: char,
    start: u64,
}

impl Stat {
    /// `None` se não há tal processo.
    fn read(pid: u32) -> io::Result<Option<Self>> {
        match fs::read(format!("/proc/{pid}/stat")) {
            Ok(text) => Stat::parse(&String::from_utf8_lossy(&text))
                .map(Some)
                .ok_or(io::ErrorKind::InvalidData.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // Terminou entre abrir o arquivo e lê-lo.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `1234 (nome) S 1 …`: o nome pode ter espaços e parênteses; os campos começam depois do último.
    fn parse(text: &str) -> Option<Self> {
        // Segundo proc(5), o estado é o campo 3 e o início, o 22; aqui os dois primeiros já se foram.
        let mut fields = text.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?.chars().next()?;
        let start = fields.nth(18)?.parse().ok()?;
        Some(Stat { state, start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_told_from_another_with_the_same_number() {
        let own = Identity::own().expect("/proc");
        assert!(!own.is_gone());
        assert!(Identity { start: own.start + 1, ..own }.is_gone());
        // Acima do maior pid que o Linux dá.
        assert!(Identity { pid: 1 << 30, start: 0 }.is_gone());
    }

    #[test]
    fn a_zombie_is_gone() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep");
        let stat = Stat::read(child.id()).expect("/proc").expect("o filho");
        let child_identity = Identity { pid: child.id(), start: stat.start };
        assert!(!child_identity.is_gone());
        child.kill().expect("matar o filho");
        while Stat::read(child.id()).expect("/proc").expect("ainda não recolhido").state != 'Z' {
            std::thread::yield_now();
        }
        assert!(child_identity.is_gone());
        child.wait().expect("recolher o filho");
        assert!(child_identity.is_gone());
    }

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let text = format!("7 (a) b) (c) Z {} 4321 0", ["1"; 18].join(" "));
        let stat = Stat::parse(&text).expect("os campos");
        assert_eq!((stat.state, stat.start), ('Z', 4321));
        assert!(Stat::parse("lixo").is_none());
    }
}
