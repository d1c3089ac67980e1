//! Acha as respostas erradas que há: assim elas não precisam de lista.

use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs, io};

/// Um módulo para as respostas erradas de cada lição, e a lista deles.
fn main() -> io::Result<()> {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let lessons = package.join("../..");
    // Uma lição nova entra no manifesto.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../Cargo.toml");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(&lessons)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    folders.sort();
    let (mut modules, mut all) = (String::new(), String::new());
    let of_lessons = folders.into_iter().filter(|folder| folder.join("main.rs").is_file());
    for (number, folder) in of_lessons.enumerate() {
        let file = folder.join("wrong.rs");
        if file.is_file() {
            let _ = writeln!(modules, "#[path = {:?}]\nmod lesson_{number};", file.display().to_string());
            let _ = write!(all, "lesson_{number}::WRONG, ");
        } else {
            // Enquanto ele falta, o cargo volta aqui a cada vez.
            println!("cargo::rerun-if-changed={}", file.display());
        }
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("wrong_answers.rs"), format!("{modules}const ALL: &[&[Wrong]] = &[{all}];\n"))
}
