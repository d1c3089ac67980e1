"""Lição 15 em Python: três jeitos de um processo nascer.

Uso: python3 example.py [N] [RODADAS] [--json]

Com --json, escreve como acabou cada filho que tentou pegar a trava, um por linha.
"""

import json
import sys
import threading
import warnings
from multiprocessing import get_context, get_start_method

METHODS = ["fork", "forkserver", "spawn"]


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


def count_primes(interval):
    start, end = interval
    return sum(is_prime(n) for n in range(start, end))


# ANCHOR: global
value = 1


def show(method):
    print(f"por {method}, o filho vê {value}", flush=True)


def change_and_show():
    global value
    value = 42
    for method in METHODS:
        child = get_context(method).Process(target=show, args=(method,))
        child.start()
        child.join()
# ANCHOR_END: global


# ANCHOR: lock
lock = threading.Lock()


def take_the_lock():
    with lock:
        pass


def finishes(method, held, patience):
    """Se o filho pega a trava; com `held`, outra thread do pai a tem na mão."""
    taken, release = threading.Event(), threading.Event()

    def hold():
        with lock:
            taken.set()
            release.wait()

    if held:
        threading.Thread(target=hold, daemon=True).start()
        taken.wait()
    child = get_context(method).Process(target=take_the_lock)
    child.start()
    child.join(patience)
    finished = not child.is_alive()
    child.kill()
    child.join()
    release.set()
    with lock:  # a thread a soltou
        return finished
# ANCHOR_END: lock


def try_the_lock(rounds, report):
    for _ in range(rounds):
        for method in METHODS:
            # Uma cópia leva milissegundos; quem executa o Python de novo, numa máquina ocupada, alguns segundos.
            patience = 1 if method == "fork" else 20
            for held in (False, True):
                report(method, held, finishes(method, held, patience))


# ANCHOR: context
def count_with_each(limit):
    """Um terço da conta para cada método."""
    edges = [limit * i // 12 for i in range(13)]
    slices = list(zip(edges, edges[1:]))
    total = 0
    for first, method in enumerate(METHODS):
        with get_context(method).Pool(2) as pool:
            total += sum(pool.map(count_primes, slices[first::3]))
    return total
# ANCHOR_END: context


def main(limit, rounds, as_json):
    def report(method, held, finished):
        if as_json:
            print(json.dumps({"method": method, "held": held, "finished": finished}), flush=True)
        elif held:
            print(f"por {method}, com a trava na mão de outra thread:", "terminou" if finished else "travou")

    # Desde a 3.12 o Python avisa de um fork com threads; aqui ele é de propósito.
    warnings.simplefilter("ignore", DeprecationWarning)
    print("o padrão aqui é", get_start_method(), flush=True)
    total = count_with_each(limit)
    change_and_show()
    try_the_lock(rounds, report)
    print(total)


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:] if argument != "--json"]
    defaults = [200_000, 1]
    main(*given, *defaults[len(given):], as_json="--json" in sys.argv)
