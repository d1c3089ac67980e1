"""Lição 12 em Python: uma função sobre uma lista, com map, imap e imap_unordered.

Uso: python3 example.py [N] [RODADAS] [TRABALHADORES] [--json]

Com --json, mede o tamanho do bloco e a memória como a lição as lê, uma medida por linha.
"""

import json
import os
import sys
import time
from itertools import islice
from multiprocessing import Pool


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


def slices(limit, count):
    return [(limit * i // count, limit * (i + 1) // count) for i in range(count)]


# ANCHOR: calls
def with_map(pool, intervals):
    """Todas as respostas, numa lista, na ordem dos intervalos."""
    return sum(pool.map(count_primes, intervals))


def with_imap(pool, intervals):
    """Na ordem, cada uma assim que ela e as de antes ficam prontas."""
    return sum(pool.imap(count_primes, intervals, chunksize=16))


def with_imap_unordered(pool, intervals):
    """Cada uma assim que fica pronta, na ordem em que terminam."""
    return sum(pool.imap_unordered(count_primes, intervals, chunksize=16))
# ANCHOR_END: calls


def timed(function):
    start = time.perf_counter()
    return function(), time.perf_counter() - start


SIZES = [1, 3, 10, 30, 100, 300, 1000, 2000]


def chunk_sizes(pool, tasks):
    """Segundos das mesmas tarefas num laço, por map, e por map em blocos de cada tamanho."""
    expected, serial = timed(lambda: [count_primes(task) for task in tasks])
    answers, automatic = timed(lambda: pool.map(count_primes, tasks))
    agree, sized = answers == expected, []
    for size in SIZES:
        answers, seconds = timed(lambda: pool.map(count_primes, tasks, chunksize=size))
        agree = agree and answers == expected
        sized.append((size, seconds))
    return {"tasks": len(tasks), "serial": serial, "automatic": automatic, "sized": sized, "agree": agree}


# ANCHOR: endless
def draw(number):
    """O que cada tarefa devolve: 16 KiB, como uma imagem pequena."""
    return bytes([number % 256]) * (16 << 10)


def numbers(read):
    """Aqui a entrada precisa ter fim: o Pool não espera por quem consome."""
    for number in range(8_000):
        read[0] += 1
        yield number


def consume(pool):
    """Consome as primeiras respostas, uma por milissegundo."""
    read, before = [0], pss_mib()
    answers = pool.imap(draw, numbers(read))
    for consumed, _ in enumerate(islice(answers, 300), start=1):
        time.sleep(0.001)
        if consumed % 50 == 0:
            yield {"consumed": consumed, "read": read[0], "mib": pss_mib() - before}
# ANCHOR_END: endless


def pss_mib():
    with open("/proc/self/smaps_rollup") as rollup:
        return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) / 1024


def main(limit, rounds, workers, as_json):
    with Pool(workers) as pool:
        if as_json:
            # Intervalos do mesmo tamanho, tão longe do começo que custam quase o mesmo.
            tasks = [(start, start + 20) for start in range(40_000, 80_000, 20)]
            chunk_sizes(pool, tasks[:100])
            for _ in range(rounds):
                print(json.dumps(chunk_sizes(pool, tasks)), flush=True)
        intervals = slices(limit, 1_000)
        for call in (with_map, with_imap, with_imap_unordered):
            primes, seconds = timed(lambda: call(pool, intervals))
            print(f"{call.__name__}: {1e3 * seconds:.0f} ms")
    if as_json:
        with Pool(workers) as pool:
            for look in consume(pool):
                print(json.dumps(look), flush=True)
    print(primes)


if __name__ == "__main__":
    defaults = [200_000, 5, cores()]
    given = [int(argument) for argument in sys.argv[1:] if argument != "--json"]
    main(*given, *defaults[len(given):], as_json="--json" in sys.argv)
