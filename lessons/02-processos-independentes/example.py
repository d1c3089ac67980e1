"""Lição 2 em Python: quem vê o que quem escreve.

Uso: python3 example.py [N]
"""

import os
import sys
from multiprocessing import Process, Queue
from threading import Thread


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


# ANCHOR: counter
counter = 100


def visit():
    global counter
    counter += 1
    print(f"processo {os.getpid()}: somou 1 e viu {counter}", flush=True)
# ANCHOR_END: counter


# ANCHOR: run
def run(kind):
    running = [kind(target=visit) for _ in range(2)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    print(f"aqui, depois de {kind.__name__}: {counter}", flush=True)
# ANCHOR_END: run


def count_share(start, end, answers):
    answers.put(sum(is_prime(n) for n in range(start, end)))


if __name__ == "__main__":
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    run(Thread)
    run(Process)

    # A resposta volta por um canal explícito: de outro jeito, não voltaria.
    answers = Queue()
    edges = [0, limit // 2, limit]
    shares = [Process(target=count_share, args=(a, b, answers)) for a, b in zip(edges, edges[1:])]
    for share in shares:
        share.start()
    primes = sum(answers.get() for _ in shares)
    for share in shares:
        share.join()
    print(primes)
