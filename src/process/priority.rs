//! A prioridade com que o sistema reparte o processador: o *nice*.
//!
//! No Linux o nice é de cada thread, e uma thread nova herda o da que a criou. Quem o muda aqui é o pai, entre o
//! nascimento do filho e o pedido: nessa hora o filho tem uma thread só, parada em [`init`](crate::init) à espera
//! do que fazer. Tudo o que a tarefa criar nasce depois, e herda.

use std::sync::Arc;

use rustix::process::{Pid, getpriority_process, setpriority_process};

use crate::Error;

/// Dá a `child` o nice desta thread mais `increment`, dentro do que o sistema aceita.
///
/// # Erros
///
/// [`Error::Priority`] se o sistema recusou.
pub(super) fn raise_nice(child: Pid, increment: i32) -> Result<(), Error> {
    let set = |nice| setpriority_process(Some(child), nice);
    // O nice vai de -20 a 19, e o sistema leva ao extremo o que passa dele.
    let nice = getpriority_process(None).map(|own| own.saturating_add(increment).clamp(-20, 19));
    nice.and_then(set).map_err(|error| Error::Priority { increment, error: Arc::new(error.into()) })
}
