"""Conta os primos abaixo de LIMITE, fatia por fatia.

Uso: python3 example.py [LIMITE] [--fatias N] [--trabalhadores N] [--modelo M] [--saida ARQUIVO] [--substituir]

É o mesmo programa da lição 14 em Rust: com os mesmos argumentos, os dois escrevem o mesmo arquivo.
"""

import argparse
import csv
import os
import queue
import sys
import time
from multiprocessing import Pipe, Pool, Process
from multiprocessing.pool import ThreadPool
from threading import Thread


def cores():
    """Os núcleos que este programa pode usar; onde o sistema não sabe dizer, os da máquina."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_prime(n):
    if n < 4:
        return n >= 2
    if n % 2 == 0:
        return False
    divisor = 3
    while divisor * divisor <= n:
        if n % divisor == 0:
            return False
        divisor += 2
    return True


# ANCHOR: row
def count(interval):
    start, end = interval
    return start, end, sum(is_prime(n) for n in range(start, end))
# ANCHOR_END: row


# ANCHOR: models
def serial(slices, workers):
    yield from map(count, slices)


def with_pool(kind):
    def run(slices, workers):
        with kind(workers) as pool:
            yield from pool.imap_unordered(count, slices)
    return run


def threads(slices, workers):
    ready = queue.Queue()

    def work(hand):
        try:
            for interval in hand:
                ready.put((count(interval), None))
        except Exception as error:
            ready.put((None, error))  # sem isto, quem espera a linha esperaria para sempre

    for first in range(workers):
        Thread(target=work, args=(slices[first::workers],), daemon=True).start()
    for _ in slices:
        row, error = ready.get()
        if error:
            raise error
        yield row
# ANCHOR_END: models


# ANCHOR: processes
def work_and_send(hand, out):
    for interval in hand:
        out.send(count(interval))


def processes(slices, workers):
    rows = []
    for first in range(workers):
        mine, theirs = Pipe(duplex=False)
        hand = slices[first::workers]
        Process(target=work_and_send, args=(hand, theirs), daemon=True).start()
        theirs.close()  # sem isto, a morte do filho não fecharia o canal
        rows.append(mine)
    for turn in range(len(slices)):
        yield rows[turn % workers].recv()
# ANCHOR_END: processes


MODELS = {
    "serial": serial,
    "threads": threads,
    "thread_pool": with_pool(ThreadPool),
    "process_pool": with_pool(Pool),
    "processes": processes,
}


# ANCHOR: save
def draft_of(path):
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.{os.getpid()}")


def check_place(path, replace):
    if os.path.lexists(path):
        if os.path.islink(path) or not os.path.isfile(path):
            stop(f"«{path}» não é um arquivo comum")
        if not replace:
            stop(f"«{path}» já existe; troque o nome, ou use --substituir")
    try:
        with open(draft_of(path), "x"):
            os.remove(draft_of(path))
    except OSError as error:
        cannot_write(path, error)


def save(path, rows):
    draft, total = draft_of(path), 0
    try:
        with open(draft, "x", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["inicio", "fim", "primos", "total"])
            for start, end, primes in rows:
                total += primes
                table.writerow([start, end, primes, total])
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        cannot_write(path, error)
    finally:
        if os.path.exists(draft):
            os.remove(draft)
# ANCHOR_END: save


def cannot_write(path, error):
    reasons = {
        FileNotFoundError: "a pasta não existe",
        NotADirectoryError: "o caminho passa por um arquivo",
        PermissionError: "sem permissão",
    }
    if isinstance(error, FileNotFoundError) and os.path.isdir(os.path.dirname(path) or "."):
        # Em /proc, por exemplo, é assim que se recusa um arquivo novo.
        stop(f"não dá para escrever «{path}»: essa pasta não aceita arquivos")
    stop(f"não dá para escrever «{path}»: {reasons.get(type(error), error.strerror)}")


def stop(line, code=1):
    print(f"erro: {line}", file=sys.stderr)
    sys.exit(code)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        stop("a linha de comando não foi entendida; veja --help", 2)


def whole(name, most):
    def read(text):
        digits = text.replace(".", "").replace("_", "")
        if digits.isdecimal() and 1 <= int(digits) <= most:
            return int(digits)
        stop(f"{name} precisa de um número inteiro de 1 a {dotted(most)}, e recebeu «{text}»", 2)
    return read


def model(name):
    if name.replace("-", "_") in MODELS:
        return name.replace("-", "_")
    stop(f"--modelo não conhece «{name}»; os modelos são {', '.join(MODELS)}", 2)


def dotted(number):
    return f"{number:,}".replace(",", ".")


# ANCHOR: parse
def parse():
    parser = Parser(description="Conta os primos abaixo de LIMITE, fatia por fatia.")
    add = parser.add_argument
    add("limite", nargs="?", type=whole("LIMITE", 10**9), default=200_000)
    add("--fatias", type=whole("--fatias", 100_000), default=64)
    add("--trabalhadores", type=whole("--trabalhadores", 512), default=cores())
    add("--modelo", type=model, default="process_pool")
    add("--saida")
    add("--substituir", action="store_true")
    return parser.parse_args()
# ANCHOR_END: parse


# ANCHOR: main
def main():
    asked = parse()
    if asked.saida is not None:
        check_place(asked.saida, asked.substituir)
    edges = [asked.limite * i // asked.fatias for i in range(asked.fatias + 1)]
    slices = list(zip(edges, edges[1:]))
    start, rows = time.perf_counter(), []
    for row in MODELS[asked.modelo](slices, asked.trabalhadores):
        rows.append(row)
        if sys.stderr.isatty():
            print(f"\r{len(rows)}/{len(slices)}", end="", file=sys.stderr, flush=True)
    took = time.perf_counter() - start
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    rows.sort()
    if asked.saida is not None:
        save(asked.saida, rows)
        print(f"tabela: {asked.saida}")
    print(f"{asked.modelo}, {asked.fatias} fatias: {took:.3f} s")
    print(sum(primes for _, _, primes in rows))


if __name__ == "__main__":
    main()
# ANCHOR_END: main
