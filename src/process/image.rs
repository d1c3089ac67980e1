//! O programa, como o sistema o carregou: onde está o código dele, e a marca que o ligador deixou.
//!
//! Um executável e cada biblioteca dinâmica são imagens diferentes, carregadas cada uma onde o sistema quis. Só dentro de
//! uma delas a distância entre duas funções é fixa.
#![allow(unsafe_code)]

use std::ffi::{CStr, OsStr, c_int, c_void};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::slice;
use std::sync::LazyLock;

use libc::{PF_X, PT_LOAD, PT_NOTE, dl_phdr_info};

/// Uma imagem.
#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    /// Os endereços do código.
    pub(super) code: Range<usize>,
    /// A nota `build-id`, que muda quando qualquer coisa muda; `None` se o ligador não a deixou.
    pub(super) build_id: Option<Vec<u8>>,
    /// De que arquivo ela veio.
    pub(super) file: PathBuf,
}

/// As duas imagens em que uma tarefa pode estar: a do programa, e a desta biblioteca. São a mesma, a menos que alguém
/// tenha ligado a biblioteca dinamicamente.
pub(super) fn images() -> &'static [Image; 2] {
    static IMAGES: LazyLock<[Image; 2]> = LazyLock::new(|| {
        let loaded = loaded();
        let own = images as fn() -> &'static [Image; 2] as usize;
        let library = loaded.iter().find(|image| image.code.contains(&own));
        [loaded.first(), library].map(|image| image.cloned().unwrap_or_default())
    });
    &IMAGES
}

/// As imagens com código, na ordem em que foram carregadas.
fn loaded() -> Vec<Image> {
    let mut images: Vec<Image> = Vec::new();
    // SAFETY: `images` vive até `dl_iterate_phdr` voltar, e `visit` a recebe de volta com o tipo que tem.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut images).cast()) };
    images
}

/// Uma das imagens carregadas; zero pede a próxima.
unsafe extern "C" fn visit(info: *mut dl_phdr_info, _size: usize, images: *mut c_void) -> c_int {
    // SAFETY: é a lista que `loaded` entregou, e só esta chamada a usa agora; e o sistema garante `info`, o nome e a tabela
    // que ele aponta até esta função voltar.
    let (images, info, name, headers) = unsafe {
        let info = &*info;
        let name = if info.dlpi_name.is_null() { c"" } else { CStr::from_ptr(info.dlpi_name) };
        let headers = slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into());
        (&mut *images.cast::<Vec<Image>>(), info, name, headers)
    };
    let place = |start: u64, len: u64| {
        let start = (info.dlpi_addr as usize).wrapping_add(start as usize);
        start..start.wrapping_add(len as usize)
    };
    let of_type = |kind| headers.iter().filter(move |header| header.p_type == kind);
    let code = of_type(PT_LOAD).find(|header| header.p_flags & PF_X != 0);
    let Some(code) = code.map(|header| place(header.p_vaddr, header.p_memsz)) else { return 0 };
    let is_loaded = |notes: &Range<usize>| {
        of_type(PT_LOAD).any(|header| {
            let loaded = place(header.p_vaddr, header.p_filesz);
            loaded.start <= notes.start && notes.end <= loaded.end
        })
    };
    let notes = of_type(PT_NOTE).map(|header| place(header.p_vaddr, header.p_filesz)).filter(is_loaded);
    let build_id = notes
        .map(|Range { start, end }| {
            // SAFETY: o trecho está dentro de um que o sistema carregou (conferido acima), que ninguém muda e que não sai da
            // memória antes de esta função voltar.
            unsafe {
                slice::from_raw_parts(
                    std::ptr::with_exposed_provenance::<u8>(start),
                    end.saturating_sub(start),
                )
            }
        })
        .find_map(build_id_in);
    // O sistema mostra o programa antes das bibliotecas, e o nome dele pode ser o que o pai inventou.
    let name = if images.is_empty() { c"/proc/self/exe" } else { name };
    images.push(Image { code, build_id, file: OsStr::from_bytes(name.to_bytes()).into() });
    0
}

/// O `build-id` entre as notas de um trecho: tamanho do nome, tamanho do conteúdo, tipo, nome e conteúdo, alinhados.
///
/// Fonte: *Tool Interface Standard, ELF Specification*, «Note Section»; o tipo 3 de `GNU` é o `build-id`.
fn build_id_in(notes: &[u8]) -> Option<Vec<u8>> {
    const BUILD_ID: u32 = 3;
    let mut left = notes;
    loop {
        let (sizes, rest) = left.split_first_chunk::<12>()?;
        let number = |at: usize| u32::from_ne_bytes([sizes[at], sizes[at + 1], sizes[at + 2], sizes[at + 3]]);
        let (name_len, len, kind) = (number(0) as usize, number(4) as usize, number(8));
        let start = name_len.checked_next_multiple_of(4)?;
        let end = start.checked_add(len)?;
        let (name, content) = (rest.get(..name_len)?, rest.get(start..end)?);
        if kind == BUILD_ID && name == b"GNU\0" {
            return Some(content.to_vec());
        }
        left = rest.get(end.checked_next_multiple_of(4)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(name: &[u8], kind: u32, content: &[u8]) -> Vec<u8> {
        let mut note = Vec::new();
        for number in [name.len() as u32, content.len() as u32, kind] {
            note.extend(number.to_ne_bytes());
        }
        for part in [name, content] {
            note.extend(part);
            note.resize(note.len().next_multiple_of(4), 0);
        }
        note
    }

    #[test]
    fn a_function_of_this_program_is_in_its_image_and_one_of_the_system_is_not() {
        let [program, library] = images();
        assert_eq!(program.code, library.code);
        assert!(program.code.contains(&(build_id_in as fn(&[u8]) -> Option<Vec<u8>> as usize)));
        assert!(!program.code.contains(&(libc::getpid as unsafe extern "C" fn() -> i32 as usize)));
        assert!(loaded().len() > 1, "a biblioteca de C é outra imagem");
    }

    #[test]
    fn the_build_id_is_found_behind_other_notes() {
        let notes =
            [note(b"GNU\0", 1, &[0; 16]), note(b"Rust\0", 3, b"x"), note(b"GNU\0", 3, b"abcde")].concat();
        assert_eq!(build_id_in(&notes).as_deref(), Some(&b"abcde"[..]));
    }

    #[test]
    fn notes_that_lie_about_their_size_have_no_build_id() {
        let whole = note(b"GNU\0", 3, b"abcde");
        for end in 0..whole.len() - 3 {
            assert_eq!(build_id_in(&whole[..end]), None, "{end}");
        }
        let mut huge = whole.clone();
        huge[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert_eq!(build_id_in(&huge), None);
    }
}
