"""Lição 13 em Python: medir uma tarefa e os preços desta máquina, escolher, e conferir a escolha.

Uso: python3 example.py [N]
"""

import os
import sys
import time
from multiprocessing import Pool
from statistics import median


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


def count_primes(interval):
    start, end = interval
    return sum(is_prime(n) for n in range(start, end))


def nothing(_):
    pass


def timed(function):
    start = time.perf_counter()
    return function(), time.perf_counter() - start


# ANCHOR: advise
def use_pool(function, items, workers):
    with Pool(workers) as pool:
        return pool.map(function, items)


def pool_price(workers):
    """Segundos de um Pool que não faz nada: nascer, entregar, terminar."""
    def empty():
        return use_pool(nothing, range(workers), workers)
    return median(timed(empty)[1] for _ in range(3))


def advise(function, items, workers, risky=False):
    """O modelo que deve levar menos tempo, pelo que uma amostra das tarefas levou."""
    if risky:
        # O Pool esperaria para sempre por uma tarefa que mata o processo; este levanta um erro.
        return "Process" if len(items) <= workers else "ProcessPoolExecutor"
    sample = items[:: max(1, len(items) // 8)]
    each = sum(timed(lambda: function(item))[1] for item in sample) / len(sample)
    serial = each * len(items)
    return "Pool" if serial / workers + pool_price(workers) < serial else "em série"
# ANCHOR_END: advise


def main(limit):
    workers = cores()
    print(f"uma tarefa arriscada: {advise(count_primes, [(0, 100)], workers, risky=True)}")
    for numbers in (limit // 100, limit):
        items = [(numbers * i // 64, numbers * (i + 1) // 64) for i in range(64)]
        advice = advise(count_primes, items, workers)
        serial, alone = timed(lambda: [count_primes(item) for item in items])
        pooled, together = timed(lambda: use_pool(count_primes, items, workers))
        assert serial == pooled
        print(f"primos abaixo de {numbers}: conselho, {advice}; "
              f"em série, {1e3 * alone:.0f} ms; com Pool, {1e3 * together:.0f} ms")
    print(sum(pooled))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
