"""Lição 1 em Python: contar primos com um Pool e com processos feitos à mão.

Uso: python3 example.py [N]
"""

import multiprocessing
import sys
from multiprocessing import Pool

# ANCHOR: workload
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
# ANCHOR_END: workload


def slices(limit, count):
    return [(limit * i // count, limit * (i + 1) // count) for i in range(count)]


# ANCHOR: pool
def with_pool(intervals, workers):
    with Pool(workers) as pool:
        return sum(pool.map(count_primes, intervals, chunksize=1))
# ANCHOR_END: pool


# ANCHOR: processes
def count_share(share, answers):
    answers.put(sum(count_primes(interval) for interval in share))


def with_processes(intervals, workers):
    answers = multiprocessing.Queue()
    running = []
    for worker in range(workers):
        share = intervals[worker::workers]
        process = multiprocessing.Process(target=count_share, args=(share, answers))
        process.start()
        running.append(process)
    total = sum(answers.get() for _ in running)
    for process in running:
        process.join()
    return total
# ANCHOR_END: processes


# ANCHOR: main
if __name__ == "__main__":
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    intervals = slices(limit, 64)
    primes = with_pool(intervals, 2)
    assert primes == with_processes(intervals, 2)
    print(primes)
# ANCHOR_END: main
