// A busca do mdBook só entende inglês sem acento. Aqui o índice é refeito com um radical do
// português, o mesmo no texto e na pergunta: `memoria` acha `memória`, `acao` acha `ações`.
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
        [/s$/, ''],
    ];

    function fold(word) {
        return word
            .toLowerCase()
            .normalize('NFD')
            .replace(/\p{M}/gu, '')
            .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
    }

    // Tira o plural e a vogal final, que muda com o gênero: `paralelo` e `paralelas` se encontram.
    // Palavras curtas ficam como são, ou `dia` e `dias` acabariam iguais a `di`.
    function stem(word) {
        let root = fold(word);
        if (root.length > 3) {
            const plural = PLURALS.find(([ending]) => ending.test(root));
            root = plural ? root.replace(plural[0], plural[1]) : root;
        }
        return root.length > 4 && !root.endsWith('ao') ? root.replace(/[aeo]$/, '') : root;
    }

    function meaningful(word) {
        const folded = fold(word);
        return folded && !STOP_WORDS.has(folded) ? word : undefined;
    }

    elasticlunr.Pipeline.registerFunction(meaningful, 'palavras-vazias');
    elasticlunr.Pipeline.registerFunction(stem, 'radical');
    // `Pool/Process` e `multiprocessing.Pool` são duas palavras cada.
    elasticlunr.tokenizer.setSeperator(/[\s\-/.,:;()]+/);
    // O trecho mostrado sob cada resultado usa este nome para achar as palavras da pergunta.
    elasticlunr.stemmer = stem;

    elasticlunr.Index.load = function(saved) {
        const index = new elasticlunr.Index();
        index.pipeline.add(meaningful, stem);
        index.setRef(saved.ref);
        saved.fields.forEach(field => index.addField(field));
        Object.values(saved.documentStore.docs).forEach(page => index.addDoc(page));
        return index;
    };
})();
