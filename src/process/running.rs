//! Um processo que já tem a sua tarefa, seja qual for o tipo do que ela devolve.

use std::time::Instant;

use rustix::process::Signal;

use super::child::{Child, START_LIMIT, is_gone};
use super::protocol;
use crate::parcel::Parcel;
use crate::wire::socket::Received;
use crate::{Error, ExitStatus};

pub(super) struct Running {
    child: Child,
    name: String,
    /// Até quando o filho pode se apresentar; `None` depois que se apresentou.
    greeting_due: Option<Instant>,
    result: Option<Result<Parcel, Error>>,
    taken: bool,
}

impl Running {
    /// Entrega a um filho recém-criado o que ele tem a fazer.
    pub(super) fn begin(child: Child, name: String, request: &Parcel) -> Result<Self, Error> {
        match child.send(request, Instant::now() + START_LIMIT) {
            Ok(()) => child.finish_requests(),
            // O filho já morreu: quem conta como foi é o `join`, com o código de saída na mão.
            Err(error) if is_gone(&error) => {}
            Err(other) => return Err(other),
        }
        let greeting_due = Some(Instant::now() + START_LIMIT);
        Ok(Running { child, name, greeting_due, result: None, taken: false })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.pid()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.child.has_exited()
    }

    pub(super) fn signal(&self, signal: Signal) {
        self.child.signal(signal);
    }

    pub(super) fn reap(&mut self) -> Result<ExitStatus, Error> {
        self.child.reap()
    }

    /// Espera o desfecho, até `deadline`; diz se já há um.
    pub(super) fn wait_until(&mut self, deadline: Option<Instant>) -> Result<bool, Error> {
        while self.result.is_none() && !self.taken {
            // A ordem importa: o que o filho escreveu antes de morrer ainda está no soquete.
            let exited = self.child.has_exited();
            match self.child.receive() {
                Ok(Received::Frame(body)) if self.greeting_due.is_some() => {
                    match self.child.check_greeting(&body) {
                        Ok(()) => self.greeting_due = None,
                        Err(error) => self.give_up(error),
                    }
                }
                Ok(Received::Frame(body)) => {
                    self.result = Some(protocol::read_reply(body).and_then(|reply| reply));
                }
                Ok(Received::Nothing) if !exited => {
                    let until = deadline.into_iter().chain(self.greeting_due).min();
                    if !self.child.wait_event(until)? {
                        if until != self.greeting_due {
                            return Ok(false);
                        }
                        let reason = format!("não passou por init() em {} s", START_LIMIT.as_secs());
                        self.give_up(Error::Handshake { pid: self.pid(), reason });
                    }
                }
                Ok(Received::Nothing | Received::End) => self.result = Some(Err(self.obituary()?)),
                Err(error) => self.give_up(error),
            }
        }
        // Sem `?`: um pai que ignora SIGCHLD não tem o que recolher, e o resultado já está aqui.
        let _ = self.child.reap();
        Ok(true)
    }

    fn give_up(&mut self, error: Error) {
        self.child.signal(Signal::KILL);
        self.result = Some(Err(error));
    }

    fn obituary(&mut self) -> Result<Error, Error> {
        let (pid, status) = (self.pid(), self.child.reap()?);
        Ok(if self.greeting_due.is_none() || status.signal().is_some() {
            Error::WorkerDied { pid, status }
        } else {
            let reason = format!("{status} sem passar por init(), que deve vir na primeira linha de main");
            Error::Handshake { pid, reason }
        })
    }

    /// O desfecho, uma vez só.
    pub(super) fn take_result(&mut self) -> Result<Parcel, Error> {
        let outcome = self.result.take().ok_or(Error::AlreadyTaken)?;
        self.taken = true;
        outcome
    }
}
