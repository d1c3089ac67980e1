// Recarrega a página quando o livro muda, e conta aos outros programas dela o que mudou de registros e exercícios.
'use strict';

(function listenToChanges() {
    if (!SERVED) {
        return;
    }
    // De que arquivos esta página foi feita; o servidor conta o que mudou depois deles.
    let state = SERVED.dataset.estado;
    let source = null;

    const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail, cancelable: true }));

    // Recarregar encerraria a medição que esta página pediu: espera-se por ela. O navegador guarda o lugar da leitura.
    function reload() {
        if (document.querySelector('.cancelar:not([hidden])') || !tell('livro-mudou')) {
            setTimeout(reload, 1000);
        } else {
            location.reload();
        }
    }

    const CHANGES = {
        livro: () => { close(); reload(); },
        registro: licao => tell('registro-mudou', { licao }),
        exercicio: licao => tell('exercicio-mudou', { licao }),
        erro: (_, linha) => console.warn(`O livro não pôde ser refeito: ${linha}`),
    };

    function open() {
        close();
        source = new EventSource(`${address('novidades')}?desde=${state}`);
        source.addEventListener('novidade', event => {
            const { mudou, licao, estado, linha } = JSON.parse(event.data);
            state = estado;
            CHANGES[mudou]?.(licao, linha);
        });
        // O servidor saiu: ao voltar, conta o que mudou desde o que já se sabe.
        source.addEventListener('error', () => {
            close();
            setTimeout(attend, 2000);
        });
    }

    function close() {
        source?.close();
        source = null;
    }

    // Um navegador abre poucas conexões por servidor: só a aba à vista ocupa uma.
    function attend() {
        if (document.hidden) {
            close();
        } else if (!source) {
            open();
        }
    }

    document.addEventListener('visibilitychange', attend);
    window.addEventListener('pagehide', close);
    window.addEventListener('pageshow', attend);
})();
