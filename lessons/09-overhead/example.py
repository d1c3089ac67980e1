"""Lição 9 em Python: o que custa um trabalhador, e o que custa uma tarefa.

Uso: python3 example.py [N] [REPETIÇÕES] [TRABALHADORES] [--json]

Com --json, escreve as medidas como a lição as lê, uma por linha.
"""

import json
import os
import sys
import time
from multiprocessing import Pool, Process
from statistics import median
from threading import Thread


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


def timed(function):
    start = time.perf_counter()
    return function(), time.perf_counter() - start


# ANCHOR: birth
def nothing():
    pass


def lifetime(kind):
    """Segundos para criar e recolher um trabalhador que não faz nada."""
    def start_and_join():
        worker = kind(target=nothing)
        worker.start()
        worker.join()
    return timed(start_and_join)[1]
# ANCHOR_END: birth


# ANCHOR: spin
def spin(turns):
    total = 0
    for turn in range(turns):
        total += turn
    return total


def side_by_side(pool, turns, tasks):
    """Segundos das mesmas tarefas em série e pelo pool, uma tarefa por mensagem."""
    items = [turns] * tasks
    expected, serial = timed(lambda: [spin(item) for item in items])
    answers, parallel = timed(lambda: pool.map(spin, items, chunksize=1))
    assert answers == expected
    return serial, parallel
# ANCHOR_END: spin


SIZES = [3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5]


def sweep(pool, workers, repetitions, budget, report):
    turns_per_second = 100_000 / median(timed(lambda: spin(100_000))[1] for _ in range(5))
    task_cost = 0.0
    for seconds in SIZES:
        tasks = int(min(max(budget / (seconds / workers + task_cost), 16 * workers), 20_000))
        samples = [side_by_side(pool, int(seconds * turns_per_second), tasks) for _ in range(repetitions)]
        for serial, parallel in samples:
            report({"seconds": seconds, "tasks": tasks, "serial": serial, "parallel": parallel})
        beyond = median((parallel - serial / workers) / tasks for serial, parallel in samples)
        task_cost = max(beyond, 0.0)
        efficiency = median(serial / parallel / workers for serial, parallel in samples)
        print(f"tarefa de {1e6 * seconds:.0f} µs: eficiência {efficiency:.2f}")
        if efficiency < 0.1:
            return


def pss_kib(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    except OSError:
        return 0


def idle_kib():
    """KiB que cada trabalhador parado de um Pool acrescenta."""
    def total(workers):
        with Pool(workers) as pool:
            # Cada um responde quem é: só então todos nasceram de fato.
            pids = set()
            while len(pids) < workers:
                pids.update(pool.map(own_pid, range(4 * workers), chunksize=1))
            return sum(map(pss_kib, pids | {os.getpid()}))
    return (total(5) - total(1)) / 4


def own_pid(_):
    time.sleep(0.001)
    return os.getpid()


def main(limit, repetitions, workers, as_json):
    def report(measure):
        if as_json:
            print(json.dumps(measure), flush=True)

    for name, kind in [("python_threads", Thread), ("python_processes", Process)]:
        lifetime(kind)
        seconds = [lifetime(kind) for _ in range(4 * repetitions)]
        print(f"nascer e terminar, {kind.__name__}: {1e6 * median(seconds):.0f} µs")
        report({"model": name, "spawn_us": 1e6 * median(seconds)})
    kib = idle_kib()
    print(f"memória de um trabalhador parado do Pool: {kib:.0f} KiB")
    report({"model": "python_pool", "pss_kib": kib})
    with Pool(workers) as pool:
        pool.map(spin, [1] * workers)
        sweep(pool, workers, repetitions, 0.03, report)
        intervals = [(limit * i // 64, limit * (i + 1) // 64) for i in range(64)]
        print(sum(pool.map(count_primes, intervals, chunksize=1)))


if __name__ == "__main__":
    defaults = [200_000, 5, cores()]
    given = [int(argument) for argument in sys.argv[1:] if argument != "--json"]
    main(*given, *defaults[len(given):], as_json="--json" in sys.argv)
