//! O que as lições do caderno dividem entre si.
//!
//! # Layout
//!
//! * [`workload`]: a carga comum, contar primos, e as suas respostas conhecidas.
//! * [`collatz`], [`mandelbrot`]: duas tarefas que não se parecem com ela, para quando é preciso mais de uma.
//! * [`model`]: a mesma carga em série, com threads, com pools e com processos.
//! * [`trace`]: quem fez cada pedaço, em que núcleo, de quando a quando.
//! * [`stats`]: mediana, e o intervalo em que ela está.
//! * [`compare`]: os modelos lado a lado, repetição a repetição.
//! * [`choice`]: o mesmo trabalho com todos os modelos que servem, e o arrependimento de cada escolha.
//! * [`birth`]: o que um trabalhador custa antes da primeira tarefa.
//! * [`crew`]: trabalhadores que já nasceram, à espera de tarefas.
//! * [`granularity`]: quanto rende cada modelo com tarefas cada vez menores.
//! * [`python`]: um Python da máquina, e como se roda um programa nele.
//! * [`twin`]: o gêmeo em Python de uma lição, e o que ele mediu.
//! * [`together`]: vários processos, ou threads, que largam juntos.
//! * [`tally`]: quanto se perdeu de uma conta que vários fazem juntos.
//! * [`price`]: quanto custa uma operação pequena demais para o relógio.
//! * [`places`]: o mesmo valor num `Manager`, na memória compartilhada e atrás de um `Mutex`.
//! * [`machine`]: onde se está medindo, e se mais alguém a ocupa.
//! * [`judge`]: o que uma medição diz de uma afirmação.
//! * [`record`]: o registro, um evento por linha.
//! * [`report`]: o mesmo registro no terminal e em JSON.
//! * [`layout`]: frases e tabelas na largura que o terminal tem.
//! * [`kept`]: o que uma lição guarda para o livro.
//! * [`mod@format`]: números e nomes como o leitor os lê.
//! * [`command_line`]: valores conferidos, e cada erro em uma linha em português.
//! * [`options`]: as opções de linha de comando, as mesmas em toda lição.
//! * [`lesson`]: o que junta tudo; é por onde uma lição começa.
//! * [`crash`]: morrer de propósito, sem deixar sujeira.
//! * [`scratch`]: uma pasta que some com o programa, qualquer que seja o fim dele.
//! * [`hosts`]: dois hosts dentro desta máquina, para os processos que se falam pela rede.
//! * [`fate`]: o que uma falha deixou.
//! * [`exchange`]: o preço de uma mensagem, por canal e por tamanho.
//! * [`system`]: o que o sistema recusou, em português.
//! * [`source`]: quantas linhas uma maneira de fazer pede.
//! * [`exercise`]: a conferência dos exercícios.

pub mod birth;
pub mod choice;
pub mod collatz;
pub mod command_line;
pub mod compare;
pub mod crash;
pub mod crew;
pub mod exchange;
pub mod exercise;
pub mod fate;
pub mod format;
pub mod granularity;
pub mod hosts;
pub mod judge;
pub mod kept;
pub mod layout;
pub mod lesson;
pub mod machine;
pub mod mandelbrot;
pub mod model;
pub mod options;
pub mod places;
pub mod price;
pub mod python;
pub mod record;
pub mod report;
pub mod scratch;
pub mod source;
pub mod stats;
pub mod system;
pub mod tally;
pub mod timeline;
pub mod together;
pub mod trace;
pub mod twin;
pub mod workload;
