//! A prova de que dois processos são o mesmo programa, compilado da mesma vez.

use std::fs::File;
use std::hash::Hasher;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::image::{Image, images};
use crate::Error;

/// Que compilação é esta: a do programa, e a desta biblioteca.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Build([Mark; 2]);

/// O que distingue um arquivo compilado de qualquer outro.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Mark {
    /// O `build-id`, que o ligador calcula de tudo o que pôs no arquivo.
    Linked(Vec<u8>),
    /// Sem ele, um resumo do arquivo inteiro.
    Hashed(u64),
}

/// Quem a tem sabe que o outro lado é este mesmo programa: só a apresentação a dá, e só com ela se roda uma tarefa que o
/// outro lado pediu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SameBuild(());

impl Build {
    /// A deste processo.
    ///
    /// # Erros
    ///
    /// [`Error::Spawn`] se o executável não tem `build-id`, e não se deixa ler.
    pub(crate) fn own() -> Result<&'static Self, Error> {
        static OWN: OnceLock<Build> = OnceLock::new();
        if let Some(own) = OWN.get() {
            return Ok(own);
        }
        let [program, library] = images();
        let program_mark = mark_of(program).map_err(Error::spawn)?;
        let library_mark = match program.code == library.code {
            true => program_mark.clone(),
            false => mark_of(library).map_err(Error::spawn)?,
        };
        let own = Build([program_mark, library_mark]);
        Ok(OWN.get_or_init(|| own))
    }

    /// Compara esta, que é a deste processo, com a do outro lado.
    pub(crate) fn prove(&self, theirs: &Build) -> Option<SameBuild> {
        (self == theirs).then_some(SameBuild(()))
    }
}

fn mark_of(image: &Image) -> std::io::Result<Mark> {
    match &image.build_id {
        Some(id) => Ok(Mark::Linked(id.clone())),
        None => hash_of(&image.file).map(Mark::Hashed),
    }
}

/// Um resumo do arquivo, lido inteiro: uma vez por processo.
fn hash_of(file: &Path) -> std::io::Result<u64> {
    let mut file = BufReader::with_capacity(64 << 10, File::open(file)?);
    let mut hasher = std::hash::DefaultHasher::new();
    loop {
        let piece = file.fill_buf()?;
        let len = piece.len();
        if len == 0 {
            return Ok(hasher.finish());
        }
        hasher.write(piece);
        file.consume(len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_build_is_a_proof() {
        let linked = |id: &[u8]| Build([Mark::Linked(id.to_vec()), Mark::Hashed(1)]);
        assert!(linked(b"a").prove(&linked(b"a")).is_some());
        assert!(linked(b"a").prove(&linked(b"b")).is_none());
        let other_library = Build([Mark::Linked(b"a".to_vec()), Mark::Hashed(2)]);
        assert!(linked(b"a").prove(&other_library).is_none());
    }

    #[test]
    fn without_a_build_id_the_file_itself_is_the_identity() {
        let unmarked = Image { build_id: None, ..images()[0].clone() };
        let first = mark_of(&unmarked).expect("um resumo");
        assert!(matches!(first, Mark::Hashed(_)));
        assert_eq!(mark_of(&unmarked).expect("o mesmo"), first);
        let other = Image { file: "/proc/version".into(), ..unmarked };
        assert_ne!(mark_of(&other).expect("outro"), first);
    }
}
