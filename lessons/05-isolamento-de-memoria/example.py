"""Lição 5 em Python: o que um processo derruba, e o que chega aos outros.

Uso: python3 example.py [N]
"""

import os
import resource
import sys
from multiprocessing import Pipe, Process
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


def count_primes(start, end):
    return sum(is_prime(n) for n in range(start, end))


# ANCHOR: share
numbers = [1, 2, 3]


def append_to(numbers, name):
    numbers.append(name)


def share():
    for kind in (Thread, Process):
        one = kind(target=append_to, args=(numbers, kind.__name__))
        one.start()
        one.join()
        print(f"depois de {kind.__name__}: {numbers}", flush=True)
# ANCHOR_END: share


# ANCHOR: abort
def count_or_abort(interval, fatal, out):
    if fatal:
        os.abort()
    out.send(count_primes(*interval))


def start(target, *args):
    mine, theirs = Pipe(duplex=False)
    process = Process(target=target, args=(*args, theirs))
    process.start()
    theirs.close()  # sem isto, o fim do filho não fecharia o canal
    return process, mine


def answer(process, mine):
    try:
        return mine.recv()
    except EOFError:
        process.join()
        print(f"processo {process.pid} morreu, exitcode {process.exitcode}", flush=True)
        return None


def one_process_each(intervals):
    running = []
    for number, interval in enumerate(intervals):
        running.append(start(count_or_abort, interval, number == 2))
    return [answer(*one) for one in running]
# ANCHOR_END: abort


# ANCHOR: threads
def all_in_threads(intervals, out):
    counts = [None] * len(intervals)

    def count(number):
        if number == 2:
            os.abort()
        counts[number] = count_primes(*intervals[number])

    threads = [Thread(target=count, args=(n,)) for n in range(len(intervals))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out.send(counts)
# ANCHOR_END: threads


if __name__ == "__main__":
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # quem aborta não deixa um arquivo core
    intervals = [(limit * i // 4, limit * (i + 1) // 4) for i in range(4)]
    share()

    print("quatro threads, num processo sacrificado:", flush=True)
    print(answer(*start(all_in_threads, intervals)), flush=True)

    print("quatro processos:", flush=True)
    counts = one_process_each(intervals)
    print(counts, flush=True)

    # Só a fatia perdida se refaz.
    redone = [count_primes(*intervals[n]) for n, count in enumerate(counts) if count is None]
    print(sum(count for count in counts if count is not None) + sum(redone))
