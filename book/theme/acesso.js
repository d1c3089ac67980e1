// O que falta às páginas do mdBook para quem não usa o mouse ou não vê a tela.
'use strict';

(function reachableWithoutAMouse() {
    // O botão do sumário é um rótulo: sem isto, o Tab passa por cima dele.
    const toggle = document.getElementById('mdbook-sidebar-toggle');
    toggle.setAttribute('role', 'button');
    toggle.tabIndex = 0;
    toggle.addEventListener('keydown', event => {
        if (event.key === 'Enter' || event.key === ' ') {
            event.preventDefault();
            toggle.click();
        }
    });
    document.getElementById('mdbook-menu-bar').setAttribute('role', 'banner');

    // Quem chega pelo teclado não precisa passar pelo sumário inteiro.
    const skip = document.createElement('a');
    skip.className = 'pular';
    skip.href = '#mdbook-content';
    skip.textContent = 'Ir para o texto';
    document.body.prepend(skip);
    document.getElementById('mdbook-content').tabIndex = -1;

    const FIELDS = 'button, input, select, textarea, summary, [role=button]';
    // As setas mudam de página, mas não para quem está num botão, num campo ou numa dobra.
    document.addEventListener('keydown', event => {
        if (/^Arrow(?:Left|Right)$/.test(event.key) && event.target.closest?.(FIELDS)) {
            event.stopPropagation();
        }
    }, true);

    // O que é mais largo que a tela rola com as setas, e só então recebe o foco.
    const WIDE = 'main pre > code, main .table-wrapper';
    function focusWhatScrolls() {
        document.querySelectorAll(WIDE).forEach(box => {
            if (box.scrollWidth > box.clientWidth) {
                box.tabIndex = 0;
            } else {
                box.removeAttribute('tabindex');
            }
        });
    }
    // Fora daqui, a mesma seta mudaria de página.
    document.addEventListener('keydown', event => {
        if (event.key.startsWith('Arrow') && event.target.closest(WIDE)?.tabIndex === 0) {
            event.stopPropagation();
        }
    }, true);
    window.addEventListener('load', focusWhatScrolls);
    window.addEventListener('resize', focusWhatScrolls);
    document.addEventListener('toggle', focusWhatScrolls, true);
    document.addEventListener('figuras-mudaram', focusWhatScrolls);

    // As seções da página, que o mdBook põe no sumário assim que ela se monta.
    document.addEventListener('DOMContentLoaded', () => {
        const sections = document.querySelector('.on-this-page');
        sections?.setAttribute('role', 'navigation');
        sections?.setAttribute('aria-label', 'Nesta página');
    });
})();
