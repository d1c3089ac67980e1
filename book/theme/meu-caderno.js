// *Meu caderno*: o que o leitor já mediu, previu e resolveu.
'use strict';

(async function myNotebook() {
    const place = document.getElementById('ate-aqui');
    if (!place || !SERVED) {
        return;
    }

    function element(name, ...children) {
        const made = document.createElement(name);
        made.append(...children);
        return made;
    }

    function verdicts({ confirmada, refutada, inconclusiva }) {
        const parts = Object.entries({ confirmada, refutada, inconclusiva })
            .filter(([, count]) => count > 0)
            .map(([verdict, count]) => {
                const mark = element('span', `${count} ${verdict}${count > 1 ? 's' : ''}`);
                mark.className = `veredito ${verdict}`;
                return mark;
            });
        return parts.length ? parts.flatMap(part => [part, ' ']) : ['—'];
    }

    function measured({ medida, olhada, quebrado }) {
        if (quebrado) {
            return 'o registro está quebrado; meça de novo';
        }
        const date = medida ? new Date(medida).toLocaleDateString('pt-BR') : '—';
        return olhada ? `${date}, só uma primeira olhada` : date;
    }

    function row(lesson) {
        const chapter = lesson.capitulo.replace(/\.html$/, '');
        const link = element('a', `${lesson.licao}. ${lesson.titulo}`);
        link.href = `${path_to_root}${lesson.capitulo}`;
        const title = element('th', link);
        title.scope = 'row';
        const guesses = GUESSES.read(chapter).palpites.filter(guess => Number.isFinite(guess)).length;
        return element(
            'tr',
            title,
            element('td', guesses ? `${guesses} ${guesses > 1 ? 'palpites' : 'palpite'}` : '—'),
            element('td', measured(lesson)),
            element('td', ...verdicts(lesson.vereditos)),
            element('td', lesson.exercicio ?? '—'),
        );
    }

    async function show() {
        const lessons = await ask('progresso');
        const count = test => lessons.filter(test).length;
        const titles = ['Lição', 'Previ', 'Medi', 'Vereditos', 'Exercício'].map(title => {
            const head = element('th', title);
            head.scope = 'col';
            return head;
        });
        const wrapper = element('div', element(
            'table',
            element('thead', element('tr', ...titles)),
            element('tbody', ...lessons.map(row)),
        ));
        wrapper.className = 'table-wrapper progresso';
        const judged = lessons.reduce((sum, { vereditos }) =>
            sum + Object.values(vereditos).reduce((all, one) => all + one, 0), 0);
        place.replaceChildren(
            element('p', `De ${lessons.length} lições, você mediu ${count(({ medida }) => medida)}, julgou ${judged} `
                + `afirmações e resolveu ${count(({ exercicio }) => exercicio === 'resolvido')} exercícios.`),
            wrapper,
        );
    }

    const retry = () => show().catch(({ message }) => { place.textContent = `Não deu certo: ${message}.`; });
    await retry();
    document.addEventListener('registro-mudou', retry);
})();
