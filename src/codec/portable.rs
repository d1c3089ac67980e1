//! O que pode atravessar para outro processo.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Um valor que pode atravessar para outro processo: vira bytes aqui, e os bytes viram outro igual lá.
///
/// É tudo o que tem o `Serialize` e o `Deserialize` do serde e não pede nada emprestado; não há o que implementar. Um tipo seu
/// ganha os dois com `#[derive(Serialize, Deserialize)]`. As ferramentas deste pacote também atravessam: filas, pipes,
/// travas, memória compartilhada.
///
/// Só vão os valores, sem os nomes dos campos nem os tipos. Por isso não atravessam, e respondem com um erro que diz por quê:
///
/// * um campo pulado (`skip_serializing_if`), ou que só se escreve ou só se lê (`skip_serializing`,
///   `skip_deserializing`): sem os nomes, quem lê o trocaria por outro (só não se percebe um tipo que pule
///   um campo ao escrever e outro, no lugar dele, ao ler);
/// * o que só se lê de um formato que diz os tipos: `#[serde(untagged)]`, `#[serde(tag)]`, `#[serde(flatten)]`,
///   `serde_json::Value`. Mande o texto em JSON, ou outro tipo;
/// * um valor com mais de 1000 outros, um dentro do outro, como uma lista encadeada: escrevê-lo e lê-lo gastaria a pilha
///   inteira. Mande-o num `Vec`.
///
/// # Exemplos
///
/// ```
/// # use multiprocessamento::{init, Error, Pool};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Pedido {
///     pao: u32,
///     bilhete: Option<String>,
/// }
///
/// # fn main() -> Result<(), Error> {
/// # init();
/// let pool = Pool::new(2)?;
/// let pedidos = [Pedido { pao: 3, bilhete: None }, Pedido { pao: 4, bilhete: Some("sem sal".to_owned()) }];
/// assert_eq!(pool.map(|pedido: Pedido| pedido.pao, pedidos)?, [3, 4]);
/// # Ok(())
/// # }
/// ```
///
/// Um valor emprestado mora na memória deste processo, e não atravessa: mande um que seja dono do seu conteúdo (`String` em
/// vez de `&str`, `Vec<T>` em vez de `&[T]`). O compilador o diz assim: *implementation of `Deserialize` is not general
/// enough*.
///
/// ```compile_fail
/// # use multiprocessamento::Pool;
/// let pool = Pool::new(2).unwrap();
/// pool.map(|texto: &str| texto.len(), ["a", "b"]).unwrap();
/// ```
///
/// De um tipo sem o serde, ou que é deste processo, ele diz «`Pedido` não atravessa para outro processo», e o que fazer:
///
/// ```compile_fail
/// # use multiprocessamento::Pool;
/// # struct Pedido;
/// let pool = Pool::new(2).unwrap();
/// pool.map(|pedido: Pedido| 1, [Pedido]).unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` não atravessa para outro processo",
    label = "este tipo não vira bytes que o outro processo entenda",
    note = "num tipo seu, ponha `#[derive(serde::Serialize, serde::Deserialize)]`",
    note = "no lugar de um empréstimo, mande quem é dono: `String` por `&str`, `Vec<T>` por `&[T]`",
    note = "um `Rc`, uma trava, um arquivo ou um ponteiro são deste processo: mande o valor que está dentro, ou uma `Queue`, uma `SharedMemory`, um `Manager`"
)]
pub trait Portable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Portable for T {}
