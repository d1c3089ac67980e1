//! Pasta, binário, capítulo, sumário e linha do README têm o mesmo número e o mesmo nome.

use std::path::Path;

use crate::workspace::{lessons, read, root};

crate::cases! {
    10 => folder_binary_chapter_summary_and_readme_agree,
    10 => every_lesson_has_all_its_parts_and_a_short_main,
    10 => the_summary_follows_the_headings_of_the_notes,
    10 => every_chapter_has_the_same_sections_and_a_length_that_can_be_read_at_once,
    10 => exercises_are_built_only_when_asked_for,
    10 => unsafe_code_lives_only_in_the_named_files,
    10 => reference_records_parse_and_belong_to_their_lesson,
    10 => the_page_and_the_judge_say_the_same_sentence,
    10 => the_page_keeps_what_the_notes_say,
}

fn folder_binary_chapter_summary_and_readme_agree() {
    let (manifest, summary, readme) =
        (read("lessons/Cargo.toml"), read("book/src/SUMMARY.md"), read("README.md"));
    for (expected, lesson) in (1..).zip(lessons()) {
        let (number, slug) = (lesson.number, &lesson.slug);
        assert_eq!(number, expected, "os números são seguidos");
        assert!(slug.starts_with(&format!("{number:02}-")), "{slug}");
        let entry = format!("{{ name = \"lesson-{number}\", path = \"{slug}/main.rs\",");
        assert!(manifest.contains(&entry), "Cargo.toml: falta {entry}");
        assert!(summary.contains(&format!("({slug}.md)")), "SUMMARY.md: falta {slug}.md");
        let row = readme.lines().find(|line| line.contains(&format!("`lesson-{number}`")));
        let row = row.unwrap_or_else(|| panic!("README: falta a linha da lesson-{number}"));
        assert!(row.contains(&format!("book/src/{slug}.md")), "README: {row}");

        let chapter = read(&format!("book/src/{slug}.md"));
        let title = lesson.read("main.rs");
        let title = title.split("title: \"").nth(1).and_then(|rest| rest.split('"').next()).expect("título");
        assert_eq!(chapter.lines().next(), Some(format!("# {title}").as_str()), "{slug}: o título");
    }
}

fn every_lesson_has_all_its_parts_and_a_short_main() {
    for lesson in lessons() {
        for part in [
            "claims.rs",
            "legend.rs",
            "check.rs",
            "exercise.rs",
            "solution.rs",
            "wrong.rs",
            "declared.json",
            "example.py",
            "hints.md",
        ] {
            assert!(lesson.folder.join(part).is_file(), "{}: falta {part}", lesson.slug);
        }
        let lines = lesson.read("main.rs").lines().count();
        assert!(lines <= 120, "{}: main.rs tem {lines} linhas", lesson.slug);
    }
}

/// Os títulos das notas, na ordem delas: os que têm partes viram partes do livro, e os outros, capítulos.
const NOTES: [&str; 17] = [
    "# Python com Multiprocessamento",
    "# Conceito",
    "- [Processos independentes]",
    "- [Paralelismo real]",
    "# Características",
    "- [Contorno do GIL]",
    "- [Isolamento de memória]",
    "- [Queue]",
    "- [Pipe]",
    "- [Manager]",
    "- [Overhead]",
    "# Pool VS Process",
    "- [Controle vs. abstração]",
    "# Cenário de uso",
    "# Exemplo prático",
    "- [Exemplo prático]",
    "# Além das notas",
];

fn the_summary_follows_the_headings_of_the_notes() {
    let summary = read("book/src/SUMMARY.md");
    let mut rest = summary.as_str();
    for heading in NOTES {
        let Some((_, after)) = rest.split_once(&format!("\n{heading}")) else {
            panic!("SUMMARY.md: {heading} falta, ou está fora da ordem das notas")
        };
        rest = after;
    }
}

const SECTIONS: [&str; 7] = [
    "O que ",
    "Preveja antes de medir",
    "Medir",
    "Por que foi assim",
    "Armadilhas",
    "Exercício",
    "Para saber mais",
];

fn every_chapter_has_the_same_sections_and_a_length_that_can_be_read_at_once() {
    for lesson in lessons() {
        let chapter = read(&format!("book/src/{}.md", lesson.slug));
        let mut rest = chapter.as_str();
        for section in SECTIONS {
            let Some((_, after)) = rest.split_once(&format!("\n## {section}")) else {
                panic!("{}: falta «{section}», ou está fora de ordem", lesson.slug)
            };
            rest = after;
        }
        let promised = [
            "{{#pergunta ",
            "{{#rodar}}",
            "{{#medida vereditos}}",
            "{{#conferir}}",
            "{{#dicas}}",
            "{{#solucao}}",
        ];
        for promised in promised {
            assert!(chapter.contains(promised), "{}: falta {promised}", lesson.slug);
        }
        let words = chapter.split_whitespace().count();
        assert!((700..=1500).contains(&words), "{}: {words} palavras", lesson.slug);
    }
}

fn exercises_are_built_only_when_asked_for() {
    let manifest = read("lessons/Cargo.toml");
    for lesson in lessons() {
        let (number, slug) = (lesson.number, &lesson.slug);
        let entry = format!(
            "{{ name = \"exercicio-{number}\", path = \"{slug}/exercise.rs\", test = false, bench = false, \
             required-features = [\"exercicios\"] }}"
        );
        assert!(manifest.contains(&entry), "Cargo.toml: falta {entry}");
    }
}

/// Os únicos arquivos com `unsafe`, e por quê está neles mesmos.
const UNSAFE: [&str; 14] = [
    "benches/floor/fork.rs",
    "benches/floor/ring.rs",
    "src/before_main.rs",
    "src/codec/numbers.rs",
    "src/huge.rs",
    "src/mpi/witness.rs",
    "src/pool/shm/bulk.rs",
    "src/process/copy.rs",
    "src/process/fork.rs",
    "src/process/image.rs",
    "src/process/lifeline.rs",
    "src/process/task.rs",
    "src/shm/mapping.rs",
    "src/shm/robust.rs",
];

/// Partido, para que este arquivo não se ache.
const ALLOWED: &str = concat!("allow(", "unsafe_code)");

fn unsafe_code_lives_only_in_the_named_files() {
    let mut found = Vec::new();
    for folder in ["src", "lessons", "benches", "book/builder/src"] {
        visit(&root().join(folder), &mut |path, text| {
            if text.contains(ALLOWED) {
                found.push(path.strip_prefix(root()).expect("dentro do repositório").display().to_string());
            }
        });
    }
    found.sort();
    assert_eq!(found, UNSAFE);
    // A página que mostra a biblioteca por dentro diz quais são os dela.
    let page = read("book/src/por-dentro-do-pool.md");
    let (_, sentence) = page.split_once("O `unsafe`").expect("a página fala dele");
    let (sentence, _) = sentence.split_once(". Cada bloco").expect("uma frase");
    let mut told: Vec<&str> = sentence.split('`').filter(|word| word.ends_with(".rs")).collect();
    let of_the_library = UNSAFE.iter().filter(|place| place.starts_with("src/"));
    let mut names: Vec<&str> = of_the_library.filter_map(|place| place.rsplit('/').next()).collect();
    told.sort_unstable();
    names.sort_unstable();
    assert_eq!(told, names);
}

fn visit(folder: &Path, look: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).expect("pasta").flatten() {
        let path = entry.path();
        if path.is_dir() {
            visit(&path, look);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            look(&path, &std::fs::read_to_string(&path).expect("texto"));
        }
    }
}

fn reference_records_parse_and_belong_to_their_lesson() {
    use registro::record::Event;
    for lesson in lessons() {
        let events = crate::workspace::events(&read(&format!("book/records/lesson-{}.json", lesson.number)));
        let Some(Event::Start(start)) = events.first() else { panic!("o primeiro evento é start") };
        assert_eq!(start.lesson, lesson.number);
        assert!(matches!(events.last(), Some(Event::End(_))), "registro inteiro");
        assert!(lesson.read("main.rs").contains(&format!("title: \"{}\"", start.title)));

        let chapter = read(&format!("book/src/{}.md", lesson.slug));
        for event in &events {
            if let Event::Claim(claim) = event {
                let stated = chapter.contains(&format!("- **{}** ", claim.id));
                assert!(stated, "{}: o capítulo não diz a {}", lesson.slug, claim.id);
            }
        }
    }
}

/// As afirmações de um capítulo, cada uma numa linha e sem as marcas do Markdown.
fn stated(chapter: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut is_open = false;
    for line in chapter.lines() {
        let plain = line.trim().replace(['`', '*'], "");
        let claim = line.strip_prefix("- **").and_then(|rest| rest.split_once("** "));
        if let Some((id, _)) = claim.filter(|(id, _)| id.contains(".C")) {
            all.push((id.to_owned(), plain[2 + id.len()..].trim().to_owned()));
            is_open = true;
        } else if is_open && line.starts_with("  ") {
            let (_, text) = all.last_mut().expect("há uma aberta");
            *text = format!("{text} {plain}");
        } else {
            is_open = false;
        }
    }
    all
}

fn the_page_and_the_judge_say_the_same_sentence() {
    for lesson in lessons() {
        // Um texto em duas linhas é um só.
        let code = lesson.read("claims.rs").split("\\\n").map(str::trim_start).collect::<String>();
        let claims = stated(&read(&format!("book/src/{}.md", lesson.slug)));
        assert!(!claims.is_empty(), "{}", lesson.slug);
        for (id, text) in claims {
            assert!(code.contains(&format!("\"{text}\"")), "{id}: o juiz não diz «{text}»");
        }
    }
}

/// O que cada frase das notas ressalva ou qualifica: a página pode dizê-la com outras palavras, mas não sem isto.
const QUALIFIERS: [(u32, &[&str]); 13] = [
    (1, &["No começo", "suficiente", "diversos recursos"]),
    (2, &["ao contrário", "interpretador Python", "espaço de memória", "sem as limitações do GIL"]),
    (3, &["ou pode ser", "ao máximo", "ideal para", "que exigem muito processamento"]),
    (4, &["interpretador", "CPU-bound", "ganho de", "cálculos intensivos"]),
    (
        5,
        &[
            "por padrão",
            "segurança",
            "estabilidade",
            "Se for necessário",
            "mecanismos explícitos",
            "como Queue",
        ],
    ),
    (6, &["exemplos", "do caderno"]),
    (7, &["exemplo", "do caderno"]),
    (8, &["exemplo", "do caderno"]),
    (9, &["tempo", "memória", "importante", "realmente", "como cálculos intensivos ou processamento pesado"]),
    (10, &["controle total", "cada processo", "gerenciamento", "de forma automática"]),
    (11, &["melhor para tarefas distintas", "ou quando", "controle fino", "cada processo"]),
    (12, &["ideal para", "grande número", "semelhantes", "como aplicar uma função"]),
    (13, &["entre os dois métodos", "contexto", "tipo de tarefas", "em paralelo"]),
];

fn the_page_keeps_what_the_notes_say() {
    let lessons = lessons();
    for (number, qualifiers) in QUALIFIERS {
        let lesson = lessons.iter().find(|lesson| lesson.number == number).expect("a lição");
        let chapter = read(&format!("book/src/{}.md", lesson.slug));
        let (_, section) = chapter.split_once("## O que dizem as notas").expect("a seção");
        let section = section.split("\n## ").next().unwrap_or_default().replace(['`', '*'], "");
        let section = section.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in qualifiers {
            assert!(section.contains(words), "{}: a frase das notas perdeu «{words}»", lesson.slug);
        }
    }
}
