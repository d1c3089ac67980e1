"""Abre cada página do livro no Chromium, larga e estreita, clara e escura.

Em nenhuma delas algo pode passar da largura da tela ou aparecer no console. Uso: paginas.py ENDEREÇO
"""

import re
import sys
import tempfile
from urllib.parse import urljoin, urldefrag

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

WIDTHS = [400, 1280]
THEMES = ["light", "navy"]


def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in ["headless", "no-sandbox", "disable-gpu", "no-first-run", "disable-sync",
                 "disable-background-networking", "disable-component-update",
                 f"user-data-dir={tempfile.mkdtemp()}"]:
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def links(driver, root):
    found = driver.execute_script("return [...document.querySelectorAll('a[href]')].map(a => a.href)")
    pages = {urldefrag(link).url for link in found}
    return {page for page in pages if page.startswith(root) and re.search(r"(\.html|/)$", page)}


def overflow(driver):
    return driver.execute_script("""
        const wide = document.documentElement.scrollWidth, room = window.innerWidth;
        if (wide <= room) return null;
        const culprits = [...document.querySelectorAll('main *')]
            .filter(e => e.getBoundingClientRect().right > room).slice(0, 3)
            .map(e => e.tagName + '.' + e.className + ': ' + e.textContent.trim().slice(0, 40));
        return `${wide} > ${room}: ${culprits.join(' | ')}`;
    """)


def main():
    root = sys.argv[1].rstrip("/") + "/"
    driver = browser()
    problems, seen, queue = [], set(), [urljoin(root, "index.html"), urljoin(root, "print.html")]
    try:
        while queue:
            page = queue.pop(0)
            if page in seen:
                continue
            seen.add(page)
            for width in WIDTHS:
                for theme in THEMES:
                    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
                    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
                    driver.get(page)
                    driver.execute_script("localStorage.setItem('mdbook-theme', arguments[0])", theme)
                    driver.get(page)
                    where = f"{page} ({width} px, {theme})"
                    if found := overflow(driver):
                        problems.append(f"{where}: transborda, {found}")
                    problems += [f"{where}: console: {entry['message']}" for entry in driver.get_log("browser")]
            queue += sorted(links(driver, root) - seen)
    finally:
        driver.quit()
    print("\n".join(problems) or f"{len(seen)} páginas sem transbordo e com o console calado")
    sys.exit(1 if problems or len(seen) < 5 else 0)


if __name__ == "__main__":
    main()
