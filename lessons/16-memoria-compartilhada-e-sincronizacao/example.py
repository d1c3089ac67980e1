"""Lição 16 em Python: um número, uma peneira e três sinais que os processos dividem.

Uso: python3 example.py [N]
"""

import sys
import time
from math import isqrt
from multiprocessing import Barrier, Event, Process, Semaphore, Value
from multiprocessing.shared_memory import SharedMemory

TIMES = 50_000


def run_all(target, arguments):
    processes = [Process(target=target, args=args) for args in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


# ANCHOR: race
def add(counter, start):
    start.wait()
    for _ in range(TIMES):
        counter.value += 1
# ANCHOR_END: race


# ANCHOR: lock
def add_with_lock(counter, start):
    start.wait()
    for _ in range(TIMES):
        with counter.get_lock():
            counter.value += 1
# ANCHOR_END: lock


# ANCHOR: local
def add_locally(counter, start):
    start.wait()
    mine = 0
    for _ in range(TIMES):
        mine += 1
    with counter.get_lock():
        counter.value += mine
# ANCHOR_END: local


def race():
    for target in (add, add_with_lock, add_locally):
        counter, start = Value("q", 0), Barrier(2)
        begin = time.perf_counter()
        run_all(target, [(counter, start)] * 2)
        seconds = time.perf_counter() - begin
        lost = 2 * TIMES - counter.value
        print(f"{target.__name__}: {lost} de {2 * TIMES} perdidas, {seconds:.2f} s")


# ANCHOR: visit
def visit(start, door, inside, most):
    start.wait()
    with door:
        with inside.get_lock():
            inside.value += 1
            most.value = max(most.value, inside.value)
        time.sleep(0.02)
        with inside.get_lock():
            inside.value -= 1
# ANCHOR_END: visit


def visits(people, places):
    start, door = Event(), Semaphore(places)
    inside, most = Value("q", 0), Value("q", 0)
    arguments = [(start, door, inside, most)] * people
    visitors = [Process(target=visit, args=args) for args in arguments]
    for visitor in visitors:
        visitor.start()
    start.set()
    for visitor in visitors:
        visitor.join()
    print(f"{people} visitas, {places} vagas: até {most.value} de uma vez")


# ANCHOR: sieve
def strike(memory, start, end):
    sieve = memory.buf
    for divisor in range(2, isqrt(end) + 1):
        first = max(divisor * divisor, -(-start // divisor) * divisor)
        count = len(range(first, end, divisor))
        sieve[first:end:divisor] = b"\x01" * count


def count_by_sieve(limit):
    memory = SharedMemory(create=True, size=limit)
    try:
        middle = limit // 2
        run_all(strike, [(memory, 0, middle), (memory, middle, limit)])
        return bytes(memory.buf[2:limit]).count(0)
    finally:
        memory.close()
        memory.unlink()
# ANCHOR_END: sieve


if __name__ == "__main__":
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    race()
    visits(4, 2)
    print(count_by_sieve(max(limit, 2)))
