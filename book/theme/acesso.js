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
