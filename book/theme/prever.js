// *Preveja antes de medir*: o palpite fica no navegador do leitor, e só depois dele aparece o que se mediu.
'use strict';

// Um navegador pode negar a memória: os palpites duram então enquanto dura a página. Os de antes eram frases, com outra
// chave; não dizem mais nada.
const GUESSES = {
    key: chapter => `caderno-previsoes:${chapter}`,
    read(chapter) {
        try {
            const kept = JSON.parse(localStorage.getItem(GUESSES.key(chapter)));
            return Array.isArray(kept?.palpites) ? kept : { palpites: [], mostrado: false };
        } catch {
            return { palpites: [], mostrado: false };
        }
    },
    write(chapter, kept) {
        try {
            localStorage.setItem(GUESSES.key(chapter), JSON.stringify(kept));
        } catch {
            // Sem memória, nada a guardar.
        }
    },
};

function chapterName() {
    return location.pathname.split('/').pop().replace(/\.html$/, '');
}

// `1234.5` como `1.234,5`; uma razão fica com três algarismos, um palpite fica como foi dado.
function brazilian(number, digits = 15) {
    return number.toLocaleString('pt-BR', { maximumSignificantDigits: digits });
}

// O que se conta é exato: numa contagem, o vizinho do certo é o erro que a pergunta procura.
const COUNTED = new Set(['', 'respostas', 'itens', 'mensagens', 'arquivos']);

(function predictFirst() {
    const answers = [...document.querySelectorAll('details.mediu')];
    const list = answers[0]?.closest('ol');
    if (!IS_CHAPTER || !list) {
        return;
    }
    const chapter = chapterName();
    const kept = GUESSES.read(chapter);

    function element(name, className, ...children) {
        const made = document.createElement(name);
        made.className = className;
        made.append(...children);
        return made;
    }

    // O que se mediu agora: muda quando o leitor mede.
    function measured(answer) {
        const { valor, unidade, singular, fator } = answer.querySelector('.medido').dataset;
        return valor === undefined ? null : { value: Number(valor), unit: unidade, singular, factor: Number(fator) };
    }

    // Cada escolha, e de onde a onde ela está certa.
    function choicesOf(answer) {
        let low = -Infinity;
        return JSON.parse(answer.dataset.escolhas ?? '[]').map(([label, limit]) => {
            const choice = { label, low, high: limit ?? Infinity };
            low = choice.high;
            return choice;
        });
    }

    const isIn = (value, { low, high }) => value >= low && value < high;

    // Quão longe o palpite ficou, nos termos da pergunta.
    function distance(answer, guess) {
        const real = measured(answer);
        if (!real) {
            return '';
        }
        const choices = choicesOf(answer);
        if (choices.length) {
            const right = choices.find(choice => isIn(real.value, choice));
            const own = choices[guess]?.label;
            return right?.label === own
                ? `Você escolheu «${own}», e foi isso.`
                : `Você escolheu «${own}»; foi «${right?.label}».`;
        }
        const unit = guess > 0 && guess < 2 ? real.singular : real.unit;
        const said = `Você disse ${brazilian(guess)} ${unit}`.trimEnd();
        if (guess === real.value || (!COUNTED.has(real.unit) && Math.abs(guess / real.value - 1) < 0.1)) {
            return `${said}: em cheio.`;
        }
        if (COUNTED.has(real.unit) || guess === 0 || real.value === 0) {
            const off = Math.abs(guess - real.value);
            return `${said}: ${brazilian(off, 3)} a ${guess > real.value ? 'mais' : 'menos'} do que se mediu.`;
        }
        if (guess > 0 && real.value > 0) {
            const times = guess > real.value ? guess / real.value : real.value / guess;
            const word = times < 1.995 ? 'vez' : 'vezes';
            return guess > real.value
                ? `${said}: ${brazilian(times, 3)} ${word} o que se mediu.`
                : `${said}; mediu-se ${brazilian(times, 3)} ${word} isso.`;
        }
        return `${said}.`;
    }

    // Uma régua curta com os dois lugares: o do palpite e o do que se mediu.
    function ruler(answer, guess) {
        const real = measured(answer);
        const choice = choicesOf(answer)[guess];
        if (!real || !Number.isFinite(choice ? 0 : guess)) {
            return '';
        }
        const ends = choice ? [choice.low, choice.high].filter(Number.isFinite) : [guess];
        const top = 1.25 * Math.max(real.value, ...ends) || 1;
        const place = value => 10 + 300 * Math.min(1, Math.max(0, value / top));
        const own = choice
            ? `<rect class="palpite-na-figura" x="${place(choice.low)}" y="14" height="12" `
                + `width="${Math.max(2, place(choice.high) - place(choice.low))}"></rect>`
            : `<path class="palpite-na-figura" d="M${place(guess)} 26l-6 -12h12z"></path>`;
        const drawing = element('div', 'regua');
        drawing.innerHTML = `<svg viewBox="0 0 320 44" aria-hidden="true"><line class="eixo" x1="10" y1="27" x2="310" `
            + `y2="27"></line>${own}<circle class="medido-na-regua" cx="${place(real.value)}" cy="27" r="6"></circle></svg>`;
        drawing.append(element('span', 'legenda-da-regua', choice ? '▬ seu palpite  ● o que se mediu' : '▼ seu palpite  ● o que se mediu'));
        return drawing;
    }

    const SVG = 'http://www.w3.org/2000/svg';

    function place(axis, value) {
        const along = number => (axis.log ? Math.log10(number) : number);
        // Antes do logaritmo: uma escolha pode começar abaixo de tudo.
        const inside = Math.min(axis.v1, Math.max(axis.v0, value));
        const share = (along(inside) - along(axis.v0)) / (along(axis.v1) - along(axis.v0));
        return axis.p0 + share * (axis.p1 - axis.p0);
    }

    // O palpite na figura, ao lado do que se mediu: numa barra, um traço ou uma faixa; numa curva, um anel.
    function drawInFigures(answer, index, guess) {
        document.querySelectorAll(`.palpite-na-figura[data-pergunta="${index}"]`).forEach(mark => mark.remove());
        const real = measured(answer);
        const { nome, modelo, ponta } = answer.dataset;
        if (!real || !nome || guess === undefined) {
            return;
        }
        const figure = document.querySelector(`svg.grafico[data-nome="${CSS.escape(nome)}"]`);
        const choice = choicesOf(answer)[guess];
        const values = choice ? [choice.low, choice.high] : [guess, guess];
        const [low, high] = values.map(value => value * real.factor);
        function mark(name, attributes) {
            const made = document.createElementNS(SVG, name);
            made.classList.add('palpite-na-figura');
            made.dataset.pergunta = index;
            Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
            const title = document.createElementNS(SVG, 'title');
            title.textContent = 'seu palpite';
            made.append(title);
            figure.append(made);
        }
        const bar = figure?.querySelector(`g[data-modelo="${CSS.escape(modelo)}"]`);
        if (bar && figure.dataset.eixoX) {
            const axis = JSON.parse(figure.dataset.eixoX);
            const [x, end] = [place(axis, low), place(axis, high)];
            const [top, bottom] = [Number(bar.dataset.topo), Number(bar.dataset.base)];
            mark('rect', { x: x - 1.5, y: top - 4, width: Math.max(3, end - x), height: bottom - top + 8 });
        } else if (ponta && figure?.dataset.eixoY) {
            const [across, up] = [JSON.parse(figure.dataset.eixoX), JSON.parse(figure.dataset.eixoY)];
            const x = ponta === 'ultima' ? across.p1 : across.p0;
            const [from, to] = [place(up, low), place(up, high)];
            mark('rect', { x: x - 7, y: Math.min(from, to) - 2, width: 14, height: Math.max(4, Math.abs(from - to)) });
        }
    }

    // O campo do palpite: as escolhas, ou um número com a unidade.
    function field(answer, index) {
        const choices = choicesOf(answer);
        const button = element('button', 'palpitar', 'Este é o meu palpite');
        button.type = 'submit';
        const form = element('form', 'palpite');
        if (choices.length) {
            const group = element('fieldset', 'escolhas', element('legend', 'so-leitor', `Pergunta ${index + 1}`));
            choices.forEach(({ label }, number) => {
                const radio = document.createElement('input');
                Object.assign(radio, { type: 'radio', name: `pergunta-${index}`, value: number, required: true });
                group.append(element('label', '', radio, ` ${label}`));
            });
            form.append(group);
        } else {
            const input = document.createElement('input');
            Object.assign(input, { type: 'number', step: 'any', min: 0, required: true });
            input.setAttribute('aria-label', `Seu palpite para a pergunta ${index + 1}`);
            form.append(element('label', '', 'Seu palpite: ', input, ` ${measured(answer)?.unit ?? ''}`));
        }
        form.append(button);
        form.addEventListener('submit', event => {
            event.preventDefault();
            const chosen = form.querySelector('input:checked') ?? form.querySelector('input[type=number]');
            kept.palpites[index] = Number(chosen.value);
            save();
            answer.querySelector('summary').focus();
        });
        answer.before(form);
        return form;
    }

    const questions = answers.map((answer, index) => ({ answer, index, form: field(answer, index) }));
    const skip = element('button', 'palpites', 'Mostrar sem palpite');
    skip.type = 'button';
    list.after(skip);
    skip.addEventListener('click', () => {
        if (isOpen()) {
            Object.assign(kept, { palpites: [], mostrado: false });
        } else {
            kept.mostrado = true;
        }
        save();
    });

    // Uma escolha que não existe mais é de um capítulo que mudou depois do palpite.
    function guessOf(index) {
        const guess = kept.palpites[index] ?? undefined;
        const choices = choicesOf(answers[index]);
        return choices.length && !choices[guess] ? undefined : guess;
    }
    const isOpen = () => kept.mostrado || questions.every(({ index }) => guessOf(index) !== undefined);

    // O que se mediu, depois das perguntas: as figuras, e os números no meio do texto.
    function results() {
        const after = node => list.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING;
        const all = document.querySelectorAll('main .medidas, main .valor-medido');
        return [...all].filter(node => after(node) && !node.closest('details.mediu'));
    }

    // O véu guarda o lugar: a página não pula quando ele sai.
    function veil() {
        const isVeiled = !isOpen();
        document.documentElement.classList.toggle('com-veu', isVeiled);
        results().forEach(node => {
            node.classList.toggle('velado', isVeiled);
            node.inert = isVeiled;
        });
        skip.textContent = isVeiled ? 'Mostrar sem palpite' : 'Prever de novo';
    }

    function show() {
        questions.forEach(({ answer, index, form }) => {
            const guess = guessOf(index);
            answer.querySelectorAll('.distancia, .regua').forEach(old => old.remove());
            const isShown = guess !== undefined || kept.mostrado;
            answer.hidden = !isShown;
            answer.open = isShown;
            form.hidden = isShown;
            if (guess !== undefined) {
                const medido = answer.querySelector('.medido');
                medido.after(' ', element('span', 'distancia', distance(answer, guess)), ruler(answer, guess), ' ');
            }
            drawInFigures(answer, index, isOpen() ? guess : undefined);
        });
        veil();
    }

    function save() {
        GUESSES.write(chapter, kept);
        show();
    }

    document.addEventListener('figuras-mudaram', show);
    show();
})();
