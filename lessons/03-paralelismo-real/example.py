"""Lição 3 em Python: a mesma conta com 1, 2, … processos.

Uso: python3 example.py [N]
"""

import sys
import time
from multiprocessing import Pool, cpu_count


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


# ANCHOR: sweep
def timed(function):
    start = time.perf_counter()
    return function(), time.perf_counter() - start


def with_pool(intervals, workers):
    with Pool(workers) as pool:
        return sum(pool.map(count_primes, intervals, chunksize=1))


def sweep(intervals):
    primes, serial = timed(lambda: sum(map(count_primes, intervals)))
    for workers in range(1, 2 * cpu_count() + 1):
        answer, parallel = timed(lambda: with_pool(intervals, workers))
        assert answer == primes
        speedup = serial / parallel
        print(f"{workers} processos: aceleração {speedup:.2f}, eficiência {speedup / workers:.2f}")
    return primes
# ANCHOR_END: sweep


if __name__ == "__main__":
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    print(sweep([(limit * i // 64, limit * (i + 1) // 64) for i in range(64)]))
