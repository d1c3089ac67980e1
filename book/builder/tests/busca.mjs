// A busca do livro construído, fora do navegador: node book/builder/tests/busca.mjs book/book
// Não roda em `cargo test`, que só pede o cargo; `.ci/run` o chama.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

const folder = process.argv[2] ?? 'book/book';
const read = start => {
    const [directory, name] = [path.dirname(start), path.basename(start)];
    const file = fs.readdirSync(path.join(folder, directory)).find(file => file.startsWith(name));
    assert(file, `falta ${start} em ${folder}`);
    return fs.readFileSync(path.join(folder, directory, file), 'utf8');
};

globalThis.window = globalThis;
globalThis.search = {};
['elasticlunr', 'theme/busca', 'searchindex'].forEach(start => vm.runInThisContext(read(start)));
const { elasticlunr, search } = globalThis;

const own = {
    fields: ['title', 'body'],
    ref: 'id',
    documentStore: {
        docs: {
            0: { id: '0', title: 'Memória compartilhada', body: 'Índice, trava e ações do núcleo.' },
            1: { id: '1', title: 'Processos', body: 'Canais e tarefas paralelas: multiprocessing.Pool/Process.' },
        },
    },
};
const index = elasticlunr.Index.load(own);
const find = words => index.search(words, { bool: 'AND', expand: true }).map(found => found.ref);

for (const [words, expected] of [
    ['memoria', '0'], ['MEMÓRIAS', '0'], ['indice', '0'], ['acao', '0'], ['ação', '0'],
    ['nucleos', '0'], ['a trava do núcleo', '0'],
    ['processo', '1'], ['canal', '1'], ['paralelo', '1'], ['tarefa', '1'], ['pool', '1'], ['process', '1'],
]) {
    assert.deepEqual(find(words), [expected], words);
}
assert.deepEqual(find('inexistente'), []);

// O índice do livro de verdade, com as perguntas de um leitor sem acentos.
const book = elasticlunr.Index.load(search.index);
for (const words of ['introducao', 'glossario', 'nucleo', 'processos']) {
    const found = book.search(words, search.search_options);
    assert(found.length > 0, `o livro não acha ${words}`);
}
console.log('busca: tudo certo');
