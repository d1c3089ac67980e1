// *Medir nesta máquina*: o servidor roda a lição, e as figuras da página mudam enquanto ela mede.
'use strict';

function drawFigure(place, fresh) {
    const old = document.querySelector(`[data-medida="${place}"]`);
    if (!old || !fresh || old.isEqualNode(fresh)) {
        return;
    }
    // O que o leitor abriu continua aberto.
    const folds = old.querySelectorAll('details');
    fresh.querySelectorAll('details').forEach((fold, index) => { fold.open = folds[index]?.open ?? false; });
    // O véu de quem ainda não deu o palpite fica.
    fresh.classList.toggle('velado', old.classList.contains('velado'));
    fresh.inert = old.inert;
    old.replaceWith(fresh);
    showTips(fresh);
}

// As figuras como o servidor as desenha agora: com o registro inteiro, ou com o de antes se a medição não chegou ao fim.
async function refreshFigures() {
    const text = await overTheNetwork(async () => (await fetch(location.href)).text());
    const page = new DOMParser().parseFromString(text, 'text/html');
    page.querySelectorAll('[data-medida]').forEach(fresh => drawFigure(fresh.dataset.medida, fresh));
    document.dispatchEvent(new CustomEvent('figuras-mudaram'));
}

// Quantas afirmações tiveram cada veredito nesta máquina.
function verdictsLine() {
    if (document.documentElement.classList.contains('com-veu')) {
        return 'Medido nesta máquina. Dê os seus palpites, ou mostre sem palpite, para ver as figuras.';
    }
    const counts = new Map();
    document.querySelectorAll('.vereditos > li > p > .veredito')
        .forEach(({ textContent: verdict }) => counts.set(verdict, (counts.get(verdict) ?? 0) + 1));
    const parts = [...counts].map(([verdict, count]) => `${count} ${verdict}${count > 1 ? 's' : ''}`);
    return `Medido nesta máquina: ${parts.join(', ')}. As figuras desta página já são as suas.`;
}

(function measureHere() {
    const form = document.querySelector('form.medir');
    if (!IS_CHAPTER || !SERVED) {
        return;
    }
    const { licao } = form.dataset;
    form.elements.trabalhadores.value = Math.max(2, Number(SERVED.content));
    const { tamanho } = form.elements;
    const explain = () => { form.querySelector('.olhada').hidden = tamanho.value !== 'curta'; };
    tamanho.addEventListener('change', explain);
    explain();
    let warning = null;

    orderForm(form, 'medir', {
        order() {
            const chosen = new FormData(form);
            const boxes = form.querySelectorAll('[name=modelo]');
            const models = chosen.getAll('modelo');
            warning = null;
            if (models.length === 0) {
                throw new Error('escolha pelo menos um modelo');
            }
            return {
                licao: Number(licao),
                trabalhadores: Number(chosen.get('trabalhadores')),
                tamanho: chosen.get('tamanho'),
                // Todos, ou nenhum: o que a lição faz sem que se diga.
                modelos: models.length === boxes.length ? [] : models,
            };
        },
        tell: say => ({
            compilado: () => say('medindo…'),
            andamento: ({ modelo, feito, total }) =>
                say(feito < total ? `medindo: ${modelo}` : 'continua medindo…', feito, total),
            aviso({ linha }) { warning = linha; },
            figura({ lugar, html }) {
                const page = new DOMParser().parseFromString(html, 'text/html');
                drawFigure(lugar, page.querySelector('[data-medida]'));
            },
        }),
        async end(finished) {
            // O que não foi guardado só existe nas figuras que estão à vista: desenhá-las de novo as perderia.
            if (finished && warning?.includes('não foi guardado')) {
                return `Medido, mas ${warning}. As figuras são desta medição, e se perdem quando a página se recarregar.`;
            }
            await refreshFigures();
            return warning ? `${verdictsLine()} Atenção: ${warning}.` : verdictsLine();
        },
    });

    // A lição rodou num terminal: as figuras passam a ser as dela, sem que a página pule.
    document.addEventListener('registro-mudou', () => refreshFigures().catch(() => {}));
})();
