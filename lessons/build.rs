//! O que se descobre antes de compilar: a versão do compilador, para o registro das
//! medições; e as páginas que há, que assim não precisam de lista.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(rustc).arg("--version").output();
    let version =
        version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    println!("cargo::rustc-env=RUSTC_VERSION={}", version.unwrap_or_default());

    let lessons = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let pages = lessons.join("../book/src");
    println!("cargo::rerun-if-changed=build.rs");
    // Uma página nova entra no sumário.
    println!("cargo::rerun-if-changed=../book/src/SUMMARY.md");

    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("pages.rs"), examples(&pages)?)
}

/// O que há na pasta, em ordem.
fn listed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let name = |error| io::Error::other(format!("{}: {error}", folder.display()));
    let entries = fs::read_dir(folder).map_err(name)?;
    let mut found =
        entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    found.sort();
    Ok(found)
}

/// Cada página vira um item documentado, e os trechos dela, exemplos que
/// `cargo test --doc` confere.
fn examples(pages: &Path) -> io::Result<String> {
    let is_page =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let mut items = String::new();
    for (number, page) in listed(pages)?.into_iter().filter(is_page).enumerate() {
        let page = page.display().to_string();
        let _ =
            writeln!(items, "#[doc = include_str!({page:?})]\nstruct Page{number};");
    }
    Ok(items)
}
