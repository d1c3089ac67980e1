//! O servidor do livro, como o leitor o abre.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::fake;
use crate::sandbox::Sandbox;

/// O programa, na pasta do livro desta caixa.
pub(crate) fn livro(sandbox: &Sandbox, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_livro"));
    command.args(words).current_dir(sandbox.path("book")).stdin(Stdio::null());
    // O cargo de verdade compilaria o projeto de verdade.
    command.env("CARGO", sandbox.path(fake::CARGO));
    // Quem lê pede cores ao terminal; a página não as quer.
    command.envs([("CLICOLOR_FORCE", "1"), ("CARGO_TERM_COLOR", "always")]);
    command
}

/// O servidor, encerrado ao sair do teste.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Outro programa pode tomar a porta livre antes do servidor; por isso as tentativas.
    pub(crate) fn start(sandbox: &Sandbox) -> Self {
        (0..5).find_map(|_| Self::try_start(sandbox)).expect("o servidor sobe")
    }

    fn try_start(sandbox: &Sandbox) -> Option<Self> {
        let port = free_port();
        let mut child = livro(sandbox, &["--porta", &port.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("o programa roda");
        let output = child.stdout.take().expect("saída");
        let server = Self { child, port };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("lê");
        let address = format!("O livro está em http://127.0.0.1:{port}/ (Ctrl-C encerra)");
        (line.trim() == address).then_some(server)
    }

    /// O endereço de uma página do livro.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn ask(&self, method: &str, path: &str, host: &str) -> String {
        self.send(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    }

    pub(crate) fn get(&self, path: &str) -> String {
        self.ask("GET", path, &self.host())
    }

    /// O que uma página deste livro lê como JSON.
    pub(crate) fn data(&self, path: &str) -> Value {
        let answer = self.get(path);
        let (_, body) = answer.split_once("\r\n\r\n").expect("há um corpo");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// O pedido, como está, e tudo o que se responde a ele; quem se recusa a ler até o fim ainda pode ter respondido.
    pub(crate) fn send(&self, request: &str) -> String {
        let mut stream = self.connect();
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Um pedido como as páginas os fazem; as notícias vêm depois.
    pub(crate) fn post(&self, path: &str, body: &str) -> News {
        let host = self.host();
        self.begin(&format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    pub(crate) fn begin(&self, request: &str) -> News {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).expect("pede");
        News::new(stream)
    }

    /// Nenhum teste espera mais do que isto por uma linha.
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("conecta");
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("prazo");
        stream
    }

    /// Pede ao servidor que termine, e espera por ele.
    pub(crate) fn stop(&mut self, signal: Signal) -> ExitStatus {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("um pid");
        kill_process(pid, signal).expect("o sinal chega");
        let mut status = None;
        eventually("o servidor termina", || {
            status = self.child.try_wait().expect("o sistema diz");
            status.is_some()
        });
        status.expect("terminou")
    }

    /// Os programas que o servidor começou e que ainda não recolheu.
    pub(crate) fn children(&self) -> String {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("o servidor está vivo");
        tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok()).collect()
    }
}

/// O que o servidor responde, e as notícias que manda à medida que acontecem.
pub(crate) struct News {
    pub(crate) status: String,
    lines: Lines<BufReader<TcpStream>>,
}

impl News {
    fn new(stream: TcpStream) -> Self {
        let mut lines = BufReader::new(stream).lines();
        let status = lines.next().expect("uma resposta").expect("uma linha");
        // O cabeçalho.
        while lines.next().is_some_and(|line| !line.expect("uma linha").is_empty()) {}
        Self { status, lines }
    }

    /// A próxima notícia; nada, se acabaram. Os tamanhos dos pedaços, que o HTTP põe entre elas, não interessam.
    pub(crate) fn next(&mut self) -> Option<(String, Value)> {
        let mut kind = String::new();
        loop {
            let line = self.lines.next()?.expect("uma notícia no prazo");
            if let Some(name) = line.strip_prefix("event: ") {
                name.clone_into(&mut kind);
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((kind, serde_json::from_str(data).expect("é JSON")));
            } else if line == "0" {
                return None;
            }
        }
    }

    /// Todas, até a última.
    pub(crate) fn all(mut self) -> Vec<(String, Value)> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

/// Espera, com prazo, que algo aconteça.
pub(crate) fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let since = Instant::now();
    while !happened() {
        assert!(since.elapsed() < Duration::from_secs(20), "{what}: não aconteceu");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("porta");
    listener.local_addr().expect("porta").port()
}
