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

// Termina quando chega a última notícia; é um erro se ela não chega.
async function follow(name, order, signal, tell) {
    const answer = await fetch(address(name), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(order),
        signal,
    });
    if (!answer.ok) {
        throw new Error((await answer.text()).trim());
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let waiting = '';
    for (;;) {
        const { value, done } = await reader.read();
        if (done) {
            throw new Error('o servidor parou de responder');
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
// `order` diz o que pedir; `tell`, o que fazer com cada notícia, além das da compilação; `end`, chamada com sucesso ou
// sem ele, pode dizer a última linha.
function orderForm(form, name, { order, tell, end }) {
    const [submit, cancel, bar, status] =
        ['[type=submit]', '.cancelar', 'progress', '.situacao'].map(part => form.querySelector(part));

    function say(text, done, total) {
        status.textContent = text;
        bar.hidden = !total;
        if (total) {
            bar.max = total;
            bar.value = done;
        }
    }

    const NEWS = {
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
        say('preparando…');
        let failure = null;
        try {
            await follow(name, order(), stop.signal, (kind, what) => NEWS[kind]?.(what));
        } catch (error) {
            failure = stop.signal.aborted ? 'Cancelado.' : `Não deu certo: ${error.message}`;
        }
        cancel.hidden = true;
        bar.hidden = true;
        const line = await end(!failure);
        submit.disabled = false;
        say(failure ?? line);
    });
}
