// A busca do mdBook só entende inglês sem acento. Aqui o índice é refeito com um radical do
// português, o mesmo no texto e na pergunta: `memoria` acha `memória`, `medir` acha `medição`.
'use strict';

(function portugueseSearch() {
    if (typeof elasticlunr === 'undefined') {
        return;
    }

    const STOP_WORDS = new Set(
        ('a ao aos as com como da das de do dos e em entre essa esse esta este isso isto ja la mais '
        + 'mas na nas no nos o os ou para pela pelas pelo pelos por que se sem ser seu seus sua suas '
        + 'tambem um uma umas uns').split(' '));

    const PLURALS = [
        [/(?:oes|aes)$/, 'ao'],
        [/([aeou])is$/, '$1l'],
        [/ns$/, 'm'],
        [/([^s])s$/, '$1'],
    ];

    // As terminações de uma ação, de um advérbio e de um verbo. A ideia de tirá-las em passos é a do RSLP
    // (Orengo e Huyck, 2001); a lista é a do vocabulário deste livro.
    const ACTIONS = [[/ucao$/, 'ut'], [/[ai]cao$/, ''], [/[ai]mento$/, ''], [/ismo$/, ''], [/mente$/, '']];
    const VERB = /(?:[aei]ndo|[ai]d[oa]|[aei]ram|[aei]mos?|avam|ava|[aei]r|ou|eu|iu|am|em)$/;

    // Nomes que só parecem português: sem a última letra, um passaria por outro.
    const NAMES = new Set(
        ('apply array barrier cache chunk cluster close code core drop file fork free future handle imap join '
        + 'kernel lock manager map mapa mpi mutex node none numa order pickle pipe pool process processador python '
        + 'queue race range rayon scope serde server share socket spawn start starmap state task thread time tokio trait '
        + 'type value worker').split(' '));

    function fold(word) {
        return word
            .toLowerCase()
            .normalize('NFD')
            .replace(/\p{M}/gu, '')
            .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
    }

    function singular(word) {
        const plural = word.length > 3 && PLURALS.find(([ending]) => ending.test(word));
        return plural ? word.replace(...plural) : word;
    }

    // Sem a terminação, se sobra o bastante para a palavra ainda ser ela.
    function without(word, ending, instead = '') {
        const root = word.replace(ending, instead);
        return root.length > 2 ? root : word;
    }

    // O que fica de uma palavra em todas as formas dela: `medir`, `medindo`, `medidas` e `medição` são `med-`.
    // Um radical de três letras ganha um traço, ou `med` acharia tudo o que começa assim.
    function root(word) {
        const folded = fold(word);
        const one = singular(folded);
        const name = [folded, one].find(word => NAMES.has(word));
        if (name || one.length < 4 || !/^\p{L}+$/u.test(one)) {
            return name ?? one;
        }
        const action = ACTIONS.reduce((word, [ending, instead]) => without(word, ending, instead), one);
        const verb = without(action, VERB);
        const left = verb === one && !one.endsWith('ao') ? without(one, /[aeo]$/) : without(verb, /[aeo]$/);
        return left.length === 3 ? `${left}-` : left;
    }

    // O livro repete muito as mesmas palavras: cada uma só se estuda uma vez. As vazias não valem nada.
    const known = new Map();

    function term(word) {
        if (!known.has(word)) {
            known.set(word, STOP_WORDS.has(fold(word)) ? undefined : root(word) || undefined);
        }
        return known.get(word);
    }

    function terms(text) {
        return elasticlunr.tokenizer(text).map(term).filter(Boolean);
    }

    elasticlunr.Pipeline.registerFunction(term, 'radical');
    // `Pool/Process` e `multiprocessing.Pool` são duas palavras cada.
    elasticlunr.tokenizer.setSeperator(/[\s\-/.,:;()]+/);
    // O trecho mostrado sob cada resultado usa este nome para achar as palavras da pergunta.
    elasticlunr.stemmer = word => term(word) ?? fold(word);

    // O que tem no título todas as palavras da pergunta vem antes do que só as menciona; o capítulo, antes da seção.
    function rank(page, asked) {
        const title = terms(page.title);
        if (!asked.every(word => title.includes(word))) {
            return 2;
        }
        return page.breadcrumbs === `${page.title} » ${page.title}` ? 0 : 1;
    }

    elasticlunr.Index.load = function(saved) {
        const index = new elasticlunr.Index();
        index.pipeline.add(term);
        index.setRef(saved.ref);
        saved.fields.forEach(field => index.addField(field));
        // Um pouco de cada vez, para não prender quem já digita; a primeira pergunta apressa o resto.
        const waiting = Object.values(saved.documentStore.docs);
        function add(until) {
            while (waiting.length && performance.now() < until) {
                index.addDoc(waiting.shift());
            }
            window.search.ready = !waiting.length;
        }
        (function addSome() {
            add(performance.now() + 10);
            if (waiting.length) {
                setTimeout(addSome);
            }
        })();
        const search = index.search.bind(index);
        index.search = (question, options) => {
            add(Infinity);
            const asked = terms(question);
            const found = search(question, options).map(page => ({ ...page, rank: rank(page.doc, asked) }));
            return found.sort((one, other) => one.rank - other.rank || other.score - one.score);
        };
        return index;
    };
})();
