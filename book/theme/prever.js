// *Preveja antes de medir*: o palpite fica no navegador do leitor, e só depois dele aparece o que se mediu.
'use strict';

// Um navegador pode negar a memória: os palpites duram então enquanto dura a página.
const GUESSES = {
    key: chapter => `caderno-palpites:${chapter}`,
    read(chapter) {
        try {
            return JSON.parse(localStorage.getItem(GUESSES.key(chapter)));
        } catch {
            return null;
        }
    },
    write(chapter, guesses) {
        try {
            if (guesses) {
                localStorage.setItem(GUESSES.key(chapter), JSON.stringify(guesses));
            } else {
                localStorage.removeItem(GUESSES.key(chapter));
            }
        } catch {
            // Sem memória, nada a guardar.
        }
    },
};

function chapterName() {
    return location.pathname.split('/').pop().replace(/\.html$/, '');
}

(function predictFirst() {
    const details = [...document.querySelectorAll('details.mediu')];
    const list = details[0]?.closest('ol');
    if (!IS_CHAPTER || !list) {
        return;
    }
    const chapter = chapterName();

    const questions = [...list.children].map((item, index) => {
        const label = document.createElement('label');
        label.className = 'palpite';
        const input = document.createElement('input');
        input.maxLength = 200;
        input.autocomplete = 'off';
        input.setAttribute('aria-label', `Seu palpite para a pergunta ${index + 1}`);
        label.append('Seu palpite: ', input);
        const answer = item.querySelector('details.mediu');
        item.insertBefore(label, answer);
        return { input, answer };
    });

    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'palpites';
    list.after(button);

    let guesses = GUESSES.read(chapter);

    // De que máquina, e quando: o que cada número já diz sob o ponteiro.
    function nameSource({ answer }) {
        const source = answer?.querySelector('.valor-medido')?.title;
        if (source) {
            answer.querySelector('summary').textContent = `O que se mediu (${source.toLowerCase()})`;
        }
    }

    function show() {
        const isGuessed = Boolean(guesses);
        questions.forEach(({ input, answer }, index) => {
            input.value = guesses?.[index] ?? input.value;
            input.readOnly = isGuessed;
            input.placeholder = isGuessed ? 'sem palpite' : '';
            if (answer) {
                answer.hidden = !isGuessed;
                answer.open = isGuessed;
            }
        });
        questions.forEach(nameSource);
        button.textContent = isGuessed ? 'Prever de novo' : 'Guardar os palpites e ver o que se mediu';
    }

    button.addEventListener('click', () => {
        guesses = guesses ? null : questions.map(({ input }) => input.value.trim());
        GUESSES.write(chapter, guesses);
        show();
    });
    document.addEventListener('figuras-mudaram', () => questions.forEach(nameSource));
    show();
})();
