"""Confere a ortografia do que se lê: o livro, o README, as dicas e os comentários do código.

Usa o hunspell com o dicionário pt_BR e, além dele, as palavras de .ci/dicionario.txt.
"""

import re
import subprocess
import sys
from pathlib import Path

PROSE = ["README.md", "src/README.md", "CONTRIBUTING.md", "book/LICENSE.md", "book/src/*.md", "lessons/*/hints.md"]
CODE = ["src/**/*.rs", "lessons/**/*.rs", "benches/*.rs", "tests/**/*.rs", "book/builder/**/*.rs"]


def prose(text):
    """O texto sem o que não é português: código, endereços, diretivas, HTML e o que está em itálico."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    text = re.sub(r"\[[^\]]*\]\(https?:[^)]*\)|(?<!\*)\*[^*\n]+(\n[^*\n]+)?\*(?!\*)", " ", text)
    return re.sub(r"\{\{.*?\}\}|`[^`]*`|<code>.*?</code>|<[^>]+>|https?://\S+|\]\([^)]*\)|\[!\w+\]", " ", text)


def comments(text):
    """Só os comentários, com a documentação tratada como prosa."""
    lines = re.findall(r"^\s*//[/!]?[ \t]*(?![ \t]|ANCHOR|SAFETY)(.*)$", text, flags=re.M)
    return prose(re.sub(r"\[[^\]]*\](\([^)]*\))?", " ", "\n".join(lines)))


def misspelled(text):
    dictionary = str(Path(".ci/dicionario.txt"))
    command = ["hunspell", "-d", "pt_BR", "-p", dictionary, "-i", "utf-8", "-l"]
    found = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return set(found.stdout.split())


def main():
    texts = {
        path: clean(path.read_text())
        for patterns, clean in ((PROSE, prose), (CODE, comments))
        for pattern in patterns
        for path in sorted(Path().glob(pattern))
    }
    # Uma chamada só: abrir o dicionário custa mais do que ler o caderno inteiro.
    wrong = misspelled("\n".join(texts.values()))
    for path, text in texts.items():
        # Para o hunspell uma palavra acaba onde começa um algarismo: `\b` não a acharia.
        whole = (rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])" for word in wrong)
        if found := sorted({match[0] for pattern in whole if (match := re.search(pattern, text))}):
            print(f"{path}: {' '.join(found)}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
