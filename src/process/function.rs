//! O que pode ser uma tarefa.

/// Uma função que outro processo pode rodar: de `A` para `R`, sem levar nada consigo.
///
/// É toda função, e todo fecho que não captura nada; não há o que implementar. O que atravessa é só o lugar dela no
/// código, que é o mesmo nos dois processos. O que a tarefa precisa vai no argumento.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Pool};
/// fn quadrado(x: u64) -> u64 {
///     x * x
/// }
///
/// # fn main() -> Result<(), Error> {
/// # init();
/// let pool = Pool::new(2)?;
/// assert_eq!(pool.map(quadrado, 0..3)?, [0, 1, 4]);
/// assert_eq!(pool.map(|x: u64| x + 1, 0..3)?, [1, 2, 3]);
/// // O fator vai com cada item; um valor grande iria uma vez só, com `with_context`.
/// let fator = 3;
/// assert_eq!(pool.map(|(x, fator): (u64, u64)| x * fator, (0..3).map(|x| (x, fator)))?, [0, 3, 6]);
/// # Ok(())
/// # }
/// ```
///
/// Um fecho que captura não compila. Se o que ele captura se copia, quem diz é `cargo build`, com uma mensagem nossa; se
/// não, já `cargo check`:
///
/// ```compile_fail
/// # use multiprocessamento::Pool;
/// let pool = Pool::new(2).unwrap();
/// let nomes = vec!["ana".to_owned()];
/// pool.map(move |i: usize| nomes[i].len(), 0..1).unwrap();
/// ```
///
/// # Um valor de tamanho zero não é uma prova
///
/// A função é refeita do outro lado a partir de nada, e com ela tudo o que só tem tipo: um fecho que captura um valor de
/// tamanho zero passa, e o valor é *conjurado* no outro processo. Um tipo vazio que servisse de prova de que algo foi feito
/// aqui (a trava fechada, a biblioteca iniciada) não prova nada lá.
#[diagnostic::on_unimplemented(
    message = "isto não pode ser uma tarefa de `{A}` para `{R}`",
    label = "só atravessa uma função, ou um fecho que não captura nada",
    note = "o valor capturado mora na memória deste processo: mande-o no argumento, com cada item (uma tupla) ou uma vez por trabalhador (`with_context`)",
    note = "a função recebe o item inteiro, por valor, e não uma referência a ele"
)]
pub trait Task<A, R>: Fn(A) -> R + Copy + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<F, A, R> Task<A, R> for F where F: Fn(A) -> R + Copy + Send + 'static {}
