"""Lição 4 em Python: a mesma conta em série, com threads e com um Pool.

Uso: python3 example.py [N] [REPETIÇÕES] [TRABALHADORES] [--json]
"""

import functools
import hashlib
import json
import os
import sys
import threading
import time
from multiprocessing import Pool, cpu_count
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


def count_primes(interval):
    start, end = interval
    return sum(is_prime(n) for n in range(start, end))


# ANCHOR: serial
def in_series(task, items, workers):
    return [task(item) for item in items]
# ANCHOR_END: serial


# ANCHOR: threads
def with_threads(task, items, workers):
    answers = []

    def work(share):
        for item in share:
            answers.append(task(item))

    threads = [Thread(target=work, args=(items[i::workers],)) for i in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
# ANCHOR_END: threads


# ANCHOR: pool
def with_pool(task, items, workers):
    with Pool(workers) as pool:
        return pool.map(task, items, chunksize=1)
# ANCHOR_END: pool


# ANCHOR: hash
BLOCK = bytes(1 << 17)


def digest(_item):
    hashlib.sha256(BLOCK).digest()  # feito em C, com o GIL solto
    return 1
# ANCHOR_END: hash


TASKS = {"primes": count_primes, "sha256": digest}
WAYS = {"serial": in_series, "threads": with_threads, "pool": with_pool}


def has_gil():
    # Antes da 3.13 todo Python tinha o GIL, e por isso nem o que perguntar.
    return getattr(sys, "_is_gil_enabled", lambda: True)()


def plan():
    rounds = [("primes", "serial"), ("primes", "threads")]
    if has_gil():
        rounds += [("primes", "pool"), ("sha256", "serial"), ("sha256", "threads")]
    return rounds


def core():
    """O núcleo em que esta thread está: o 39º campo, contado depois do nome do programa."""
    with open("/proc/thread-self/stat") as stat:
        return int(stat.read().rsplit(")", 1)[1].split()[36])


def traced(task, item):
    """A tarefa e a história dela, como a lição as lê."""
    start, busy = time.monotonic(), time.thread_time()
    value = task(item)
    end, busy = time.monotonic(), time.thread_time() - busy
    return {"value": value, "pid": os.getpid(), "tid": threading.get_native_id(), "cpu": core(),
            "start": start, "end": end, "cpu_seconds": busy}


def timed(task, way, items, workers):
    start = time.monotonic()
    answers = WAYS[way](task, items, workers)
    return start, time.monotonic() - start, answers


def report(task, way, items, workers, done, total):
    start, seconds, pieces = timed(functools.partial(traced, TASKS[task]), way, items, workers)
    model = f"python_{way}" if has_gil() else f"python_free_{way}"
    print(json.dumps({"task": task, "model": model, "start": start, "seconds": seconds,
                      "pieces": pieces, "done": done, "total": total}), flush=True)
    return sum(piece["value"] for piece in pieces)


def show(task, way, items, workers, serial):
    _start, seconds, answers = timed(TASKS[task], way, items, workers)
    serial.setdefault(task, seconds)
    speedup = serial[task] / seconds
    print(f"{task}, {way}: {seconds:.3f} s, aceleração {speedup:.2f}", flush=True)
    return sum(answers)


if __name__ == "__main__":
    as_json = "--json" in sys.argv
    given = [int(word) for word in sys.argv[1:] if word != "--json"]
    limit, repetitions, workers = given + [200_000, 1, cpu_count()][len(given):]
    count = max(64, 8 * workers)
    items = [(limit * i // count, limit * (i + 1) // count) for i in range(count)]
    rounds, primes = plan(), set()
    for repetition in range(repetitions):
        serial = {}
        for turn in range(len(rounds)):
            # Com o registro, cada repetição começa por um: o que atrapalha a máquina atrapalha a todos.
            task, way = rounds[(turn + (repetition if as_json else 0)) % len(rounds)]
            done = repetition * len(rounds) + turn + 1
            if as_json:
                answer = report(task, way, items, workers, done, repetitions * len(rounds))
            else:
                answer = show(task, way, items, workers, serial)
            if task == "primes":
                primes.add(answer)
    (answer,) = primes
    print(answer)
