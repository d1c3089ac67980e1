//! O construtor do livro: põe as medições nas páginas, traduz a interface e serve o resultado.
//!
//! # Layout
//!
//! * [`project`]: onde ficam as lições, os registros e o livro.
//! * [`assembly`]: constrói o livro inteiro, dentro deste processo.
//! * [`preprocessor`] e [`directive`]: trocam `{{#medida …}}` e companhia pelo que elas pedem.
//! * [`measure`]: tabelas, gráficos e vereditos a partir do registro de uma lição.
//! * [`boxes`]: medir e conferir sem sair da página.
//! * [`question`]: o que se pergunta antes de medir, e o que se mostra depois.
//! * [`spoiler`]: o que a busca não deve mostrar.
//! * [`exercise`]: as dicas e a solução de um exercício.
//! * [`renderer`] e [`words`]: as páginas do mdBook, com a interface em português.
//! * [`serve`]: o servidor local.
//! * [`cli`]: as palavras da linha de comando.

pub mod assembly;
pub mod boxes;
pub mod cli;
pub mod directive;
pub mod exercise;
pub mod measure;
pub mod preprocessor;
pub mod project;
pub mod question;
pub mod renderer;
pub mod serve;
pub mod spoiler;
pub mod words;
