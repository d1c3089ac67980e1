//! A casa por dentro: cada módulo de `src` só conhece os que estão abaixo dele, e nenhum arquivo precisa de outro que
//! precise dele. A ordem é a que `lib.rs` conta ao leitor.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::cases;

cases! {
    10 => each_room_knows_only_the_ones_below_it,
    10 => the_layout_names_every_room,
    10 => no_file_needs_one_that_needs_it,
    10 => every_public_method_is_used_in_an_example,
    10 => every_fallible_function_tells_its_errors,
    10 => a_path_in_braces_is_many_paths,
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../src")
}

/// Um arquivo: o caminho do seu módulo, e os caminhos de que ele fala.
struct Source {
    module: Vec<String>,
    mentions: Vec<Vec<String>>,
}

fn each_room_knows_only_the_ones_below_it() {
    let rooms = layout();
    let height = |room: &str| rooms.iter().position(|known| known == room);
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(own) = source.module.first() else { continue };
        for mention in &source.mentions {
            let room = room_of(mention);
            if height(room).is_some_and(|room| room > height(own).expect("lib.rs fala de todos")) {
                wrong.push(format!("{} conhece {}", source.module.join("::"), mention.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `Error` e `ExitStatus` se citam pela raiz; o que mais `lib.rs` apresenta, não.
fn room_of(mention: &[String]) -> &str {
    match mention.first().map(String::as_str) {
        Some("Error" | "ExitStatus") => "error",
        Some(name) if name.starts_with(char::is_uppercase) => {
            panic!("{} se cita pelo módulo", mention.join("::"))
        }
        room => room.unwrap_or_default(),
    }
}

fn the_layout_names_every_room() {
    let named: BTreeSet<String> = layout().into_iter().collect();
    let there: BTreeSet<String> =
        sources().into_iter().filter_map(|source| source.module.into_iter().next()).collect();
    assert_eq!(named, there);
}

/// Os módulos, de baixo para cima: os que abrem cada item da lista de `lib.rs`.
fn layout() -> Vec<String> {
    let text = fs::read_to_string(src().join("lib.rs")).expect("lib.rs");
    let items = text.lines().filter_map(|line| line.strip_prefix("//! * `"));
    items.map(|item| item.split('`').next().expect("um nome").to_owned()).collect()
}

fn no_file_needs_one_that_needs_it() {
    let sources = sources();
    let modules: BTreeSet<&[String]> = sources.iter().map(|source| &source.module[..]).collect();
    let needs: BTreeMap<&[String], BTreeSet<&[String]>> = sources
        .iter()
        .map(|source| {
            let needed = source.mentions.iter().map(|mention| file_of(mention, &modules));
            (&source.module[..], needed.filter(|file| *file != &source.module[..]).collect())
        })
        .collect();
    for start in modules {
        let mut reached = BTreeSet::new();
        let mut left: Vec<&[String]> = needs[start].iter().copied().collect();
        while let Some(file) = left.pop() {
            assert!(file != start, "{} precisa de um arquivo que precisa dele", start.join("::"));
            if reached.insert(file) {
                left.extend(&needs[file]);
            }
        }
    }
}

/// O arquivo em que está o que `mention` diz: o maior começo do caminho que é um módulo.
fn file_of<'m>(mention: &'m [String], modules: &BTreeSet<&[String]>) -> &'m [String] {
    let lengths = (0..=mention.len()).rev();
    lengths.map(|len| &mention[..len]).find(|path| modules.contains(path)).expect("a raiz é um módulo")
}

/// Cada método público está num exemplo, na página do seu tipo. Só o texto se confere: o `.map(` de um iterador também
/// conta.
fn every_public_method_is_used_in_an_example() {
    let (mut methods, mut examples) = (Vec::new(), BTreeMap::new());
    visit(&src(), &mut |path| {
        read_pages(&fs::read_to_string(path).expect("texto"), &mut methods, &mut examples);
    });
    methods.retain(|(owner, name)| {
        let uses = [format!(".{name}("), format!("::{name}("), format!("::{name}::<")];
        !uses.iter().any(|used| examples[owner].contains(used))
    });
    let missing: Vec<String> = methods.iter().map(|(owner, name)| format!("{owner}::{name}")).collect();
    assert!(missing.is_empty(), "sem exemplo na página do tipo:\n{}", missing.join("\n"));
}

/// De cada tipo de um arquivo, os métodos e o código dos exemplos, na definição e nos `impl`: o `cargo fmt` põe uma e
/// outros na margem.
fn read_pages(text: &str, methods: &mut Vec<(String, String)>, examples: &mut BTreeMap<String, String>) {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let (mut owner, mut fence, mut example) = (String::new(), None, String::new());
    for line in text.lines() {
        if let Some(doc) = line.trim_start().strip_prefix("///") {
            match (doc.strip_prefix(" ```"), fence) {
                (Some(kind), None) => fence = Some(kind),
                (Some(_), Some(_)) => fence = None,
                (None, Some("" | "no_run")) => example.push_str(doc), // e não o que nem compila
                _ => {}
            }
        } else if !line.trim_start().starts_with("#[") {
            let heads = ["impl ", "pub struct ", "pub enum ", "pub trait ", "pub fn "];
            let plain = heads.iter().find_map(|head| line.strip_prefix(head));
            let generic = line.strip_prefix("impl<").and_then(|rest| Some(rest.split_once("> ")?.1));
            owner = plain.or(generic).map_or(owner, word);
            methods.extend(line.strip_prefix("    pub fn ").map(|method| (owner.clone(), word(method))));
            examples.entry(owner.clone()).or_default().push_str(&std::mem::take(&mut example));
        }
    }
}

/// O que pode falhar diz como, em `# Erros`.
fn every_fallible_function_tells_its_errors() {
    let mut silent = Vec::new();
    visit(&src(), &mut |path| {
        let text = fs::read_to_string(path).expect("texto");
        let (mut doc, mut signature) = (String::new(), String::new());
        for line in text.lines().map(str::trim) {
            if line.starts_with("pub fn ") || !signature.is_empty() {
                signature.push_str(line);
                if !line.ends_with('{') {
                    continue;
                }
                if signature.contains("-> Result<") && !doc.contains("# Erros") {
                    silent.push(format!("{}: {signature}", path.display()));
                }
                signature.clear();
            }
            // Só o que está logo acima.
            match line.strip_prefix("///") {
                Some(text) => doc.push_str(text),
                None if line.starts_with("#[") => {}
                None => doc.clear(),
            }
        }
    });
    assert!(silent.is_empty(), "sem dizer como falha:\n{}", silent.join("\n"));
}

fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    visit(&src(), &mut |path| {
        let relative = path.strip_prefix(src()).expect("dentro de src").with_extension("");
        let mut module: Vec<String> =
            relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let is_folder = module.last().is_some_and(|last| last == "mod");
        if is_folder {
            module.pop();
        }
        // `lib.rs` apresenta a todos.
        if module == ["lib"] {
            module.clear();
        }
        let text = fs::read_to_string(path).expect("texto");
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let mentions = if module.is_empty() { Vec::new() } else { mentions(code, &module, is_folder) };
        sources.push(Source { module, mentions });
    });
    sources
}

fn visit(folder: &Path, look: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).expect("pasta").flatten() {
        let path = entry.path();
        if path.is_dir() {
            visit(&path, look);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            look(&path);
        }
    }
}

/// Os caminhos desta biblioteca de que o código fala, inteiros, a partir da raiz.
fn mentions(code: &str, module: &[String], is_folder: bool) -> Vec<Vec<String>> {
    let code: String =
        code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let parent = module[..module.len() - 1].to_vec();
    let mut found = Vec::new();
    for (root, base) in [("crate::", Vec::new()), ("super::", parent)] {
        // `pub(in crate::pool)` diz quem vê, e não o que se usa.
        for (at, _) in code.match_indices(root).filter(|(at, _)| !code[..*at].ends_with("(in ")) {
            let (mut base, mut rest) = (base.clone(), &code[at + root.len()..]);
            while let Some(above) = rest.strip_prefix("super::") {
                base.pop();
                rest = above;
            }
            expand(rest, &base, &mut found);
        }
    }
    if is_folder {
        // Numa pasta, `filho::X` fala de um filho.
        for (at, _) in code.match_indices("mod ") {
            let child = code[at + 4..].split(';').next().unwrap_or_default();
            let path = format!("{child}::");
            let uses = code.match_indices(&path).map(|(at, _)| at);
            let is_whole =
                |at: &usize| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
            uses.filter(is_whole).for_each(|at| expand(&code[at..], module, &mut found));
        }
    }
    found
}

/// O caminho no começo de `text`, depois de `base`; um entre chaves são muitos.
fn expand(text: &str, base: &[String], found: &mut Vec<Vec<String>>) {
    let mut path = base.to_vec();
    let mut rest = text.trim_start();
    loop {
        if let Some(inside) = rest.strip_prefix('{') {
            for part in split_braces(inside) {
                expand(part, &path, found);
            }
            return;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end > 0 && &rest[..end] != "self" {
            path.push(rest[..end].to_owned());
        }
        match rest[end..].strip_prefix("::") {
            Some(next) => rest = next,
            None => return found.push(path),
        }
    }
}

/// As partes de uma lista entre chaves, que `inside` abre e que pode ter outras dentro.
fn split_braces(inside: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                parts.push(inside[start..at].trim());
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn a_path_in_braces_is_many_paths() {
    let module = ["pool".to_owned(), "front".to_owned()];
    let code = "use super::{core::{Core, Route}, shm};\nuse crate::wire::socket; // crate::mpi\n";
    let found = mentions(code, &module, false);
    let found: Vec<String> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["wire::socket", "pool::core::Core", "pool::core::Route", "pool::shm"]);
}
