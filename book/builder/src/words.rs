//! As palavras da interface do mdBook: em inglês, como ele as escreve; em português.
//!
//! Cada uma vem com a marcação em volta, para que o texto de uma página nunca case com ela.

/// Uma palavra da interface.
#[derive(Debug)]
pub struct Word {
    /// O que, estando no arquivo, obriga a palavra a estar também; vazio, sempre.
    pub sign: &'static str,
    /// Como o mdBook a escreve.
    pub english: &'static str,
    /// O que fica no lugar.
    pub portuguese: &'static str,
}

const fn always(english: &'static str, portuguese: &'static str) -> Word {
    Word { sign: "", english, portuguese }
}

const fn beside(sign: &'static str, english: &'static str, portuguese: &'static str) -> Word {
    Word { sign, english, portuguese }
}

/// As de toda página.
pub const PAGE: &[Word] = &[
    always(">Keyboard shortcuts<", ">Atalhos do teclado<"),
    always(
        "Press <kbd>←</kbd> or <kbd>→</kbd> to navigate between chapters",
        "<kbd>←</kbd> e <kbd>→</kbd> mudam de capítulo",
    ),
    always(
        "Press <kbd>S</kbd> or <kbd>/</kbd> to search in the book",
        "<kbd>S</kbd> ou <kbd>/</kbd> busca no livro",
    ),
    always("Press <kbd>?</kbd> to show this help", "<kbd>?</kbd> mostra esta ajuda"),
    always("Press <kbd>Esc</kbd> to hide this help", "<kbd>Esc</kbd> esconde esta ajuda"),
    always(r#"aria-label="Table of contents""#, r#"aria-label="Sumário""#),
    always(
        r#"title="Toggle Table of Contents" aria-label="Toggle Table of Contents""#,
        r#"title="Mostrar ou esconder o sumário" aria-label="Mostrar ou esconder o sumário""#,
    ),
    always(
        r#"title="Change theme" aria-label="Change theme""#,
        r#"title="Mudar o tema" aria-label="Mudar o tema""#,
    ),
    always(r#"aria-label="Themes""#, r#"aria-label="Temas""#),
    always(">Auto</button>", ">Automático</button>"),
    always(">Light</button>", ">Claro</button>"),
    always(">Rust</button>", ">Ferrugem</button>"),
    always(">Coal</button>", ">Carvão</button>"),
    always(">Navy</button>", ">Marinho</button>"),
    always(
        r#"title="Search (`/`)" aria-label="Toggle Searchbar""#,
        r#"title="Buscar (`/`)" aria-label="Mostrar ou esconder a busca""#,
    ),
    always(
        r#"title="Print this book" aria-label="Print this book""#,
        r#"title="Imprimir o livro" aria-label="Imprimir o livro""#,
    ),
    always(r#"placeholder="Search this book ...""#, r#"placeholder="Buscar no livro…""#),
    always(r#"aria-label="Page navigation""#, r#"aria-label="Navegação entre páginas""#),
    beside(
        r#"rel="prev""#,
        r#"title="Previous chapter" aria-label="Previous chapter""#,
        r#"title="Capítulo anterior" aria-label="Capítulo anterior""#,
    ),
    beside(
        r#"rel="next prefetch""#,
        r#"title="Next chapter" aria-label="Next chapter""#,
        r#"title="Próximo capítulo" aria-label="Próximo capítulo""#,
    ),
    beside("blockquote-tag-note", "</svg>Note</p>", "</svg>Nota</p>"),
    beside("blockquote-tag-tip", "</svg>Tip</p>", "</svg>Dica</p>"),
    beside("blockquote-tag-important", "</svg>Important</p>", "</svg>Importante</p>"),
    beside("blockquote-tag-warning", "</svg>Warning</p>", "</svg>Atenção</p>"),
    beside("blockquote-tag-caution", "</svg>Caution</p>", "</svg>Cuidado</p>"),
];

/// As da página de endereço inexistente, além das de toda página.
pub const NOT_FOUND: &[Word] = &[always("<title>Page not found", "<title>Página não encontrada")];

/// As de um redirecionamento.
pub const REDIRECT: &[Word] = &[
    always(r#"<html lang="en">"#, r#"<html lang="pt-BR">"#),
    always("<title>Redirecting...</title>", "<title>Redirecionando…</title>"),
    always("<p>Redirecting to... ", "<p>Esta página agora fica em "),
];

/// As do programa de toda página.
pub const BOOK_JS: &[Word] = &[
    always("'Running...'", "'Rodando…'"),
    always("'No output'", "'Sem saída'"),
    always("'Playground Communication: '", "'Comunicação com o Playground: '"),
    always("Show hidden lines", "Mostrar as linhas escondidas"),
    always("'Hide lines'", "'Esconder as linhas'"),
    always("'Copy to clipboard'", "'Copiar'"),
    always("'Run this code'", "'Rodar este código'"),
    always("'Undo changes'", "'Desfazer as mudanças'"),
    always("'Copied!'", "'Copiado'"),
    always("'Clipboard error!'", "'Não deu para copiar'"),
];

/// As do programa da busca.
pub const SEARCHER_JS: &[Word] = &[
    always(
        r"count + ' search result for \'' + searchterm + '\':'",
        "count + ' resultado para “' + searchterm + '”:'",
    ),
    always(
        r"count + ' search results for \'' + searchterm + '\':'",
        "count + ' resultados para “' + searchterm + '”:'",
    ),
    always(
        r"'No search results for \'' + searchterm + '\'.'",
        "'Nada encontrado para “' + searchterm + '”.'",
    ),
    always(r#"aria-label="Search Result Teaser""#, r#"aria-label="Trecho da página""#),
    always("`Failed to load", "`Não consegui ler"),
];
