// As dicas dos gráficos vêm num atributo: como texto, as centenas delas entrariam no índice da busca.
'use strict';

document.querySelectorAll('svg.grafico [data-dica]').forEach(mark => {
    const title = document.createElementNS('http://www.w3.org/2000/svg', 'title');
    title.textContent = mark.dataset.dica;
    mark.append(title);
});
