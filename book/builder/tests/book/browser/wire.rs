//! A conversa com o Chromium pelo protocolo de desenvolvimento dele: mensagens JSON, cada uma fechada por um zero.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use serde_json::{Value, json};

/// O que já chegou do navegador.
#[derive(Default)]
struct Arrived {
    answers: HashMap<u64, Value>,
    /// Os acontecimentos de cada página, na ordem.
    events: HashMap<String, Vec<Value>>,
    closed: bool,
}

#[derive(Default)]
struct Mailbox {
    arrived: Mutex<Arrived>,
    news: Condvar,
}

impl Mailbox {
    fn open(&self) -> MutexGuard<'_, Arrived> {
        // Um teste que cai com a caixa na mão não a deixa pela metade.
        self.arrived.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn put(&self, mut message: Value) {
        let mut arrived = self.open();
        if let Some(id) = message["id"].as_u64() {
            arrived.answers.insert(id, message);
        } else if let Some(page) = message["sessionId"].as_str() {
            let page = page.to_owned();
            arrived.events.entry(page).or_default().push(message.take());
        }
        self.news.notify_all();
    }

    fn close(&self) {
        self.open().closed = true;
        self.news.notify_all();
    }
}

/// As duas pontas do cano: a de pedir, e uma thread que guarda o que chega.
pub(super) struct Wire {
    out: Mutex<(u64, Box<dyn Write + Send>)>,
    mailbox: Arc<Mailbox>,
}

impl Wire {
    pub(super) fn new(out: impl Write + Send + 'static, input: impl Read + Send + 'static) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let keeper = mailbox.clone();
        std::thread::spawn(move || {
            let messages = BufReader::new(input).split(0).map_while(Result::ok);
            messages.filter_map(|text| serde_json::from_slice(&text).ok()).for_each(|news| keeper.put(news));
            keeper.close();
        });
        Self { out: Mutex::new((0, Box::new(out))), mailbox }
    }

    /// Pede e espera a resposta; `page` vazio fala com o navegador todo.
    pub(super) fn call(
        &self,
        page: &str,
        method: &str,
        params: Value,
        until: Instant,
    ) -> Result<Value, String> {
        let id = self.send(page, method, params).map_err(|error| format!("{method}: {error}"))?;
        let mut arrived = self.mailbox.open();
        loop {
            if let Some(mut answer) = arrived.answers.remove(&id) {
                let refused = answer["error"]["message"].as_str();
                return refused
                    .map_or(Ok(()), |why| Err(format!("{method}: {why}")))
                    .map(|()| answer["result"].take());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || arrived.closed {
                return Err(format!("{method}: o navegador não respondeu"));
            }
            let waited = self.mailbox.news.wait_timeout(arrived, left);
            arrived = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        }
    }

    fn send(&self, page: &str, method: &str, params: Value) -> std::io::Result<u64> {
        let mut out = self.out.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        out.0 += 1;
        let mut message = json!({ "id": out.0, "method": method, "params": params });
        if !page.is_empty() {
            message["sessionId"] = page.into();
        }
        write!(out.1, "{message}\0")?;
        out.1.flush()?;
        Ok(out.0)
    }

    /// Os acontecimentos desta página com este nome, com o que cada um conta.
    pub(super) fn events(&self, page: &str, names: &[&str]) -> Vec<Value> {
        let arrived = self.mailbox.open();
        let all = arrived.events.get(page).into_iter().flatten();
        all.filter(|event| names.iter().any(|name| event["method"] == *name)).cloned().collect()
    }
}
