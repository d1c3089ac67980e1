// As dicas dos gráficos vêm num atributo: como texto, as centenas delas entrariam no índice da busca.
'use strict';

function showTips(root) {
    root.querySelectorAll('svg.grafico [data-dica]').forEach(mark => {
        const title = document.createElementNS('http://www.w3.org/2000/svg', 'title');
        title.textContent = mark.dataset.dica;
        mark.prepend(title);
    });
}

showTips(document);

// O papel é branco: seja qual for o tema na tela, imprime-se com o claro.
(function printLight() {
    const page = document.documentElement;
    const codes = ['highlight', 'tomorrow-night', 'ayu-highlight'].map(name =>
        document.querySelector(`#mdbook-${name}-css`));
    let screen;
    window.addEventListener('beforeprint', () => {
        screen = { themes: page.className, disabled: codes.map(code => code.disabled) };
        page.classList.remove('rust', 'coal', 'navy', 'ayu');
        page.classList.add('light');
        codes.forEach((code, place) => { code.disabled = place > 0; });
    });
    window.addEventListener('afterprint', () => {
        page.className = screen.themes;
        codes.forEach((code, place) => { code.disabled = screen.disabled[place]; });
    });
})();
