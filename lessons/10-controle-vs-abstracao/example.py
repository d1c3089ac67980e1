"""Lição 10 em Python: repartir à mão, deixar que o Pool reparta, e o que só um Process deixa fazer.

Uso: python3 example.py [N]
"""

import os
import sys
import time
from multiprocessing import Pool, Process, Queue


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


# ANCHOR: by_hand
def count_part(part, answers):
    answers.put(sum(count_primes(interval) for interval in part))


def by_hand(intervals, workers):
    answers = Queue()
    running = []
    for worker in range(workers):
        first = len(intervals) * worker // workers
        last = len(intervals) * (worker + 1) // workers
        process = Process(target=count_part, args=(intervals[first:last], answers))
        process.start()
        running.append(process)
    total = sum(answers.get() for _ in running)
    for process in running:
        process.join()
    return total
# ANCHOR_END: by_hand


# ANCHOR: by_pool
def by_pool(intervals, workers):
    with Pool(workers) as pool:
        return sum(pool.map(count_primes, intervals, chunksize=1))
# ANCHOR_END: by_pool


# ANCHOR: control
def never_ends():
    os.nice(10)  # a prioridade, quem muda é o próprio processo
    while True:
        time.sleep(1)


def control():
    process = Process(target=never_ends)
    process.start()
    process.join(timeout=0.2)  # volta, acabe ele ou não
    print(f"passado o limite, vivo: {process.is_alive()}")
    process.terminate()
    process.join()
    print(f"depois do terminate, exitcode {process.exitcode}")
# ANCHOR_END: control


# ANCHOR: restart
def stumble(attempt):
    if attempt == 1:
        os._exit(3)


def restart(most):
    for attempt in range(1, most + 1):
        process = Process(target=stumble, args=(attempt,))
        process.start()
        process.join()
        print(f"tentativa {attempt}: exitcode {process.exitcode}")
        if process.exitcode == 0:
            return
# ANCHOR_END: restart


def timed(way, intervals, workers):
    start = time.monotonic()
    primes = way(intervals, workers)
    print(f"{way.__name__}: {time.monotonic() - start:.3f} s", flush=True)
    return primes


if __name__ == "__main__":
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    intervals = [(limit * i // 64, limit * (i + 1) // 64) for i in range(64)]
    control()
    restart(3)
    primes = timed(by_hand, intervals, 2)
    assert primes == timed(by_pool, intervals, 2)
    print(primes)
