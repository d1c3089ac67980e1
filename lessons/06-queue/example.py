"""Lição 6 em Python: trabalhadores alimentados por uma fila, e uma fila cheia.

Uso: python3 example.py [N]
"""

import queue
import sys
import time
from multiprocessing import Process, Queue


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


# ANCHOR: work
def work(orders, answers):
    while True:
        interval = orders.get()
        if interval is None:
            return
        answers.put(count_primes(interval))
# ANCHOR_END: work


# ANCHOR: feed
def feed(intervals, workers):
    orders, answers = Queue(maxsize=2 * workers), Queue()
    running = [Process(target=work, args=(orders, answers)) for _ in range(workers)]
    for worker in running:
        worker.start()
    for interval in intervals:
        orders.put(interval)
    for _ in running:
        orders.put(None)  # um fim para cada trabalhador
    total = sum(answers.get() for _ in intervals)
    for worker in running:
        worker.join()
    return total
# ANCHOR_END: feed


# ANCHOR: full
def overfill():
    orders = Queue(maxsize=8)
    accepted = 0
    start = time.perf_counter()
    try:
        while True:
            orders.put(7, timeout=0.2)
            accepted += 1
    except queue.Full:
        waited = time.perf_counter() - start
        print(f"entraram {accepted} itens; o seguinte esperou {waited:.1f} s e voltou com queue.Full")
    orders.cancel_join_thread()
# ANCHOR_END: full


if __name__ == "__main__":
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    overfill()
    print(feed([(limit * i // 64, limit * (i + 1) // 64) for i in range(64)], 2))
