//! A porta da frente: este processo é o programa, ou alguém que ele criou?

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use crate::Error;
use crate::process::forkserver;
use crate::process::invitation::{Invitation, Role, mark_initialized, mark_initialized_early, stop};
use crate::process::serve::{prepare, serve_requests};

/// Prepara este programa para criar processos. Chame na primeira linha de `main`.
///
/// No programa que você rodou, volta na hora. Num processo filho, que é este mesmo programa executado
/// de novo, não volta: atende as tarefas do pai e termina com ele. É o que
/// `if __name__ == "__main__":` faz em Python, do avesso: lá a guarda protege o resto do arquivo do
/// filho; aqui o filho nunca chega ao resto.
///
/// # Exemplos
///
/// ```
/// multiprocessamento::init();
/// // Daqui para baixo, só o programa principal.
/// ```
///
/// # Em testes
///
/// Num `#[test]`, chame-a na primeira linha de cada teste que crie processos; as outras chamadas não fazem nada. Ali
/// `main` é do arcabouço de testes, e o filho atende antes dele: nenhum teste roda duas vezes (e nada que outro pacote só prepare
/// antes de `main`, como o `inventory`, está certamente pronto nas tarefas). Vale o mesmo para um
/// `#[tokio::test]`, para um exemplo da documentação (*doctest*), e para um programa que já tem outras threads quando a chama,
/// como um `#[tokio::main]`.
///
/// Sem outras threads, o que vier antes dela roda também nos filhos. Num `criterion_main!`, que ela seja a primeira linha do
/// primeiro grupo. E com `#[tokio::main(flavor = "current_thread")]` um filho a alcançaria já dentro do executor, onde um
/// `block_on` da tarefa não é aceito: escreva um `main` comum, chame-a, e só depois crie o executor.
///
/// ```
/// // Num teste, com #[test] aqui.
/// fn dobra_todos() {
///     multiprocessamento::init();
///     let pool = multiprocessamento::Pool::new(2).unwrap();
///     assert_eq!(pool.map(|x: u64| 2 * x, [1, 2]).unwrap(), [2, 4]);
/// }
/// # dobra_todos();
/// ```
// ANCHOR: init
pub fn init() {
    // Só a primeira chamada conta: num filho que já atende, o convite foi usado.
    if !mark_initialized() {
        return;
    }
    #[cfg(feature = "mpi")]
    crate::mpi::job::serve_if_rank();
    let Some(invitation) = Invitation::read() else { return };
    if invitation.is_early && invitation.is_from_my_parent() {
        // `main` não é de quem chamou: seguir adiante faria tudo o que ele faz outra vez.
        stop("o desvio de antes de main não está neste executável");
    }
    if invitation.is_at_stdin() {
        // Um erro é o pai que fechou ou morreu no meio de uma mensagem: ninguém espera mais nada daqui.
        std::process::exit(serve_from_stdin(&invitation).unwrap_or(1));
    }
    if invitation.is_from_my_parent() {
        // Seguir adiante, como se este fosse o programa principal, criaria filhos que criariam filhos.
        stop("a entrada padrão dele foi trocada antes de multiprocessamento::init()");
    }
}
// ANCHOR_END: init

/// Antes de `main`: um filho convidado a atender já não volta. `prepare` faz o que a biblioteca padrão ainda não fez.
pub(crate) fn serve_early(prepare: impl FnOnce()) {
    let Some(invitation) = Invitation::read().filter(|invitation| invitation.is_early) else { return };
    if invitation.is_at_stdin() {
        prepare();
        mark_initialized_early();
        std::process::exit(serve_from_stdin(&invitation).unwrap_or(1));
    }
}

/// Um filho executado: o soquete é a entrada padrão, e o nome que o pai escolheu vem em `argv[0]`.
fn serve_from_stdin(invitation: &Invitation) -> Result<i32, Error> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned().map_err(Error::io)?);
    let name = std::env::args_os().next().unwrap_or_default();
    prepare(invitation.parent, &socket, &name)?;
    match invitation.role {
        Role::Worker => serve_requests(socket.into()),
        Role::ForkServer => forkserver::serve(socket.into()),
    }
}
