// O exercício: conferir o arquivo do leitor sem sair da página, e uma dica de cada vez.
'use strict';

(function hintsOneAtATime() {
    if (!IS_CHAPTER) {
        return;
    }
    const hints = [...document.querySelectorAll('details.dica')];
    hints.slice(1).forEach((hint, before) => {
        hint.hidden = true;
        hints[before].addEventListener('toggle', () => { hint.hidden = false; }, { once: true });
    });
})();

(function checkHere() {
    const form = document.querySelector('form.conferir');
    if (!IS_CHAPTER || !form || !SERVED) {
        return;
    }
    const list = form.querySelector('.pontos');
    const { licao } = form.dataset;
    let points = [];

    function add(text, className) {
        const item = document.createElement('li');
        item.className = className;
        item.textContent = text;
        list.append(item);
    }

    orderForm(form, 'conferir', {
        order() {
            list.replaceChildren();
            points = [];
            return { licao: Number(licao) };
        },
        tell: say => ({
            compilado: () => say('conferindo…'),
            ponto({ texto, passou }) {
                points.push(passou);
                add(texto, passou ? 'certo' : 'errado');
            },
            linha: ({ texto }) => add(texto, 'recado'),
        }),
        end(finished) {
            const right = points.filter(Boolean).length;
            const solved = finished && points.length > 0 && right === points.length;
            form.classList.toggle('resolvido', solved);
            return solved ? 'Resolvido: todos os pontos passaram.' : `Passaram ${right} de ${points.length} pontos.`;
        },
    });

    // O aviso vem também quando a conferência passa: só o arquivo que difere do que passou pede outra.
    document.addEventListener('exercicio-mudou', async () => {
        const lessons = await (await fetch(address('progresso'))).json();
        const isSolved = lessons.some(lesson => lesson.licao === Number(licao) && lesson.exercicio === 'resolvido');
        if (points.length > 0 && !isSolved) {
            form.querySelector('.situacao').textContent = 'O arquivo mudou. Confira de novo.';
        }
    });
})();
