"""Lição 8 em Python: um dicionário servido por outro processo.

Uso: python3 example.py [N]
"""

import sys
from multiprocessing import Lock, Manager, Process


def primes(interval):
    for n in range(*interval):
        if n < 4:
            prime = n >= 2
        else:
            prime = n % 2 == 1
            divisor = 3
            while prime and divisor * divisor <= n:
                prime = n % divisor != 0
                divisor += 2
        if prime:
            yield n


# ANCHOR: loses
def count_and_lose(interval, total):
    for _ in primes(interval):
        total["primos"] += 1
# ANCHOR_END: loses


# ANCHOR: lock
def count_with_lock(interval, total, lock):
    for _ in primes(interval):
        with lock:
            total["primos"] += 1
# ANCHOR_END: lock


# ANCHOR: local
def count_locally(interval, total, lock):
    here = sum(1 for _ in primes(interval))
    with lock:
        total["primos"] += here
# ANCHOR_END: local


# ANCHOR: run
def run(manager, task, limit, *extra):
    total = manager.dict(primos=0)
    middle = limit // 2
    halves = [(0, middle), (middle, limit)]
    workers = [Process(target=task, args=(half, total, *extra)) for half in halves]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return total["primos"]


if __name__ == "__main__":
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    few = min(limit, 10_000)
    lock = Lock()
    with Manager() as manager:
        print("sem trava:", run(manager, count_and_lose, few))
        print("com trava:", run(manager, count_with_lock, few, lock))
        print(run(manager, count_locally, limit, lock))
# ANCHOR_END: run
