// Pede um trabalho ao servidor do livro e entrega as notícias dele, uma a uma, enquanto vêm (*server-sent events*).
'use strict';

// Só existe na página que vem de `cargo livro`; numa cópia parada não há a quem pedir.
const SERVED = document.querySelector('meta[name="caderno-servido"]');

// A página de imprimir junta os capítulos: lá não há o que perguntar nem o que rodar.
const IS_CHAPTER = document.querySelectorAll('form.medir').length === 1;

// O endereço no servidor: a raiz do livro, de onde quer que se leia.
function address(name) {
    return new URL(`${path_to_root}${name}`, document.baseURI).href;
}

// O que o navegador diz de uma rede que falhou vem em inglês, e cada um a seu modo.
const NO_ANSWER = 'o servidor do livro não responde. Veja se `cargo livro` continua aberto no terminal';

// Um passo na rede; o que der errado nele é dito em português.
async function overTheNetwork(step) {
    try {
        return await step();
    } catch (error) {
        throw error.name === 'AbortError' ? error : new Error(NO_ANSWER);
    }
}

// O que está num endereço do servidor.
async function ask(name) {
    const answer = await overTheNetwork(() => fetch(address(name)));
    if (!answer.ok) {
        throw new Error((await answer.text()).trim());
    }
    return overTheNetwork(() => answer.json());
}

// Termina quando chega a última notícia; é um erro se ela não chega.
async function follow(name, order, signal, tell) {
    const answer = await overTheNetwork(() => fetch(address(name), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(order),
        signal,
    }));
    if (!answer.ok) {
        throw new Error((await answer.text()).trim());
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let waiting = '';
    for (;;) {
        const { value, done } = await overTheNetwork(() => reader.read());
        if (done) {
            throw new Error(NO_ANSWER);
        }
        const news = (waiting + value).split('\n\n');
        waiting = news.pop();
        for (const text of news) {
            const field = name => text.split('\n').find(line => line.startsWith(`${name}: `))?.slice(name.length + 2);
            // Uma linha que começa por dois-pontos só diz que o servidor continua lá.
            const kind = field('event');
            if (!kind) {
                continue;
            }
            const what = JSON.parse(field('data'));
            if (kind === 'fim') {
                return;
            }
            if (kind === 'erro') {
                throw new Error(what.linha);
            }
            tell(kind, what);
        }
    }
}

// Um formulário que pede um trabalho: mostra o andamento, deixa cancelar e diz como terminou.
//
// `order` diz o que pedir, e pode recusar o pedido com um erro; `tell`, o que fazer com cada notícia, além das da
// compilação; `end`, chamada com sucesso ou sem ele, dá a última linha, ou a função que a escreve.
function orderForm(form, name, { order, tell, end }) {
    const [submit, cancel, bar, status] =
        ['[type=submit]', '.cancelar', 'progress', '.situacao'].map(part => form.querySelector(part));

    function say(text, done, total) {
        status.textContent = text;
        // Uma barra cheia e parada pareceria presa: o que vem depois da última repetição também leva tempo.
        const isRunning = total && done < total;
        bar.hidden = !isRunning;
        if (isRunning) {
            bar.max = total;
            bar.value = done;
        }
    }

    const NEWS = {
        esperando: () => say('outra compilação já começou: esta espera por ela, cerca de um minuto…'),
        compilando: ({ feito, total }) => say(`compilando… ${feito} de ${total}`, feito, total),
        ...tell(say),
    };

    form.hidden = false;
    form.addEventListener('submit', async event => {
        event.preventDefault();
        const stop = new AbortController();
        cancel.onclick = () => stop.abort();
        submit.disabled = true;
        cancel.hidden = false;
        window.addEventListener('beforeunload', askBeforeLeaving);
        say('preparando…');
        let [failure, line] = [null, ''];
        try {
            await follow(name, order(), stop.signal, (kind, what) => NEWS[kind]?.(what));
        } catch (error) {
            failure = stop.signal.aborted ? 'Cancelado.' : `Não deu certo: ${error.message}.`;
        }
        try {
            line = await end(!failure);
        } catch (error) {
            failure ??= `Não deu certo: ${error.message}.`;
        }
        window.removeEventListener('beforeunload', askBeforeLeaving);
        cancel.hidden = true;
        submit.disabled = false;
        say(failure ?? (typeof line === 'string' ? line : ''));
        if (!failure && typeof line === 'function') {
            line();
        }
    });
}

// Sair no meio encerra o que se pediu; o navegador pergunta antes, com as palavras dele.
function askBeforeLeaving(event) {
    event.preventDefault();
}
