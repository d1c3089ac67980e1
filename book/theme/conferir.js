// O exercício: conferir o arquivo do leitor sem sair da página, e uma dica de cada vez.
'use strict';

// A solução só aparece depois de uma tentativa, ou da última dica.
function showSolution() {
    document.querySelectorAll('details.solucao').forEach(solution => { solution.hidden = false; });
}

(function hintsOneAtATime() {
    if (!IS_CHAPTER) {
        return;
    }
    const hints = [...document.querySelectorAll('details.dica')];
    hints.slice(1).forEach((hint, before) => {
        hint.hidden = true;
        hints[before].addEventListener('toggle', () => { hint.hidden = false; }, { once: true });
    });
    if (hints.length) {
        document.querySelectorAll('details.solucao').forEach(solution => { solution.hidden = true; });
        hints.at(-1).addEventListener('toggle', showSolution, { once: true });
    }
})();

(function checkHere() {
    const form = document.querySelector('form.conferir');
    if (!IS_CHAPTER || !form || !SERVED) {
        return;
    }
    const [list, compiler, status] = ['.pontos', '.compilador', '.situacao'].map(part => form.querySelector(part));
    const lesson = Number(form.dataset.licao);
    let points = [];
    let compiles = true;

    function add(text, className) {
        const item = document.createElement('li');
        item.className = className;
        item.textContent = text;
        list.append(item);
    }

    // O próximo capítulo, que o mdBook já põe na página.
    function onwards() {
        const next = document.querySelector('a[rel~="next"]');
        if (next) {
            const link = document.createElement('a');
            link.href = next.href;
            link.textContent = 'Siga para o próximo capítulo.';
            status.append(' ', link);
        }
    }

    function solved(line) {
        form.classList.add('resolvido');
        status.textContent = line;
        showSolution();
        onwards();
    }

    async function isSolved() {
        const lessons = await ask('progresso');
        return lessons.some(({ licao, exercicio }) => licao === lesson && exercicio === 'resolvido');
    }

    orderForm(form, 'conferir', {
        order() {
            list.replaceChildren();
            compiler.textContent = '';
            compiler.hidden = true;
            form.classList.remove('resolvido');
            points = [];
            compiles = true;
            return { licao: lesson };
        },
        tell: say => ({
            compilado: () => say('conferindo…'),
            ponto({ texto, passou }) {
                points.push(passou);
                add(texto, passou ? 'certo' : 'errado');
            },
            linha: ({ texto }) => add(texto, 'recado'),
            compilador({ texto }) {
                compiler.hidden = false;
                compiler.textContent += `${texto}\n`;
            },
            conferido: ({ compila }) => { compiles = compila; },
        }),
        end(finished) {
            if (!finished) {
                return '';
            }
            showSolution();
            if (!compiles) {
                return 'Ainda não compila. O compilador disse:';
            }
            const right = points.filter(Boolean).length;
            if (points.length > 0 && right === points.length) {
                return () => solved('Resolvido: todos os pontos passaram.');
            }
            return `Passaram ${right} de ${points.length} pontos.`;
        },
    });

    // Quem já conferiu uma vez nesta página e salva o arquivo quer saber se agora passa. O aviso vem também quando a
    // conferência passa: aí não há o que conferir de novo.
    let hasTried = false;
    form.addEventListener('submit', () => { hasTried = true; });
    document.addEventListener('exercicio-mudou', async ({ detail }) => {
        const isOther = detail.licao !== null && detail.licao !== lesson;
        const isBusy = document.querySelector('.cancelar:not([hidden])');
        if (hasTried && !isOther && !isBusy && !await isSolved().catch(() => true)) {
            form.requestSubmit();
        }
    });

    // O que se resolveu continua resolvido.
    isSolved().then(yes => yes && solved('Resolvido.'), () => {});
})();
