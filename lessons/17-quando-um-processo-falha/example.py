"""Lição 17 em Python: uma tarefa que falha, e o que o Pool faz com ela.

Uso: python3 example.py [N]

A lição o roda com --json FALHA, e lê a linha que ele escreve.
"""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import Pool, TimeoutError, active_children


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


def slices(limit, count):
    return [(limit * i // count, limit * (i + 1) // count) for i in range(count)]


# ANCHOR: fault
def count_or_fail(task):
    interval, fault = task
    if fault == "panic":
        raise ValueError("de propósito")
    if fault == "exit":
        os._exit(3)
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "stuck":
        time.sleep(3600)
    return count_primes(*interval)
# ANCHOR_END: fault


# ANCHOR: suffer
def suffer(fault, intervals):
    """Um Pool faz as fatias; uma falha. Espera-se cada resposta até um limite."""
    tasks = [(interval, None) for interval in intervals]
    with Pool(2) as pool:
        expected = pool.map(count_or_fail, tasks, chunksize=1)
        begin = time.monotonic()
        pool.map(count_or_fail, tasks, chunksize=1)
        normal = time.monotonic() - begin
        limit = max(1.0, 20 * normal)

        workers = {child.pid for child in active_children()}
        failing = len(tasks) // 2
        tasks[failing] = (intervals[failing], fault)
        answers = pool.imap_unordered(count_or_fail, tasks, chunksize=1)
        right, outcome = [], "answered"
        while True:
            try:
                right.append(answers.next(timeout=limit))
            except StopIteration:
                break
            except TimeoutError:
                outcome = "waiting"
                break
            except Exception as error:
                outcome = f"raised {error!r}"
        died = len(workers - {child.pid for child in active_children()})
# ANCHOR_END: suffer
    assert set(right) <= set(expected)
    return {
        "fault": fault,
        "outcome": outcome.split()[0],
        "asked": len(tasks),
        "right": len(right),
        "processes": len(workers),
        "died": died,
        "normal": normal,
        "limit": limit,
    }


# ANCHOR: survive
def count_or_die(interval, attempt):
    if interval[0] == 0 and attempt == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return count_primes(*interval)


def survive(intervals):
    """Um executor que avisa da morte; refaz-se o que ele descartou."""
    answers, attempt = {}, 0
    while len(answers) < len(intervals):
        with ProcessPoolExecutor(2) as executor:
            missing = [i for i in intervals if i not in answers]
            futures = {}
            with suppress(BrokenProcessPool):
                for i in missing:
                    futures[i] = executor.submit(count_or_die, i, attempt)
            for interval, future in futures.items():
                with suppress(BrokenProcessPool):
                    answers[interval] = future.result()
        attempt += 1
        print(f"tentativa {attempt}: {len(answers)} de {len(intervals)}", flush=True)
    return sum(answers.values())
# ANCHOR_END: survive


# ANCHOR: interrupt
def work_until_interrupted():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with Pool(2) as pool:
        print(*(child.pid for child in active_children()), flush=True)
        pool.map(time.sleep, [60] * 2, chunksize=1)
# ANCHOR_END: interrupt


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def interrupt():
    """Manda a este grupo de processos o que o terminal manda no Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    command = [sys.executable, __file__, "--vitima"]
    victim = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    pids = [victim.pid, *map(int, victim.stdout.readline().split())]
    time.sleep(0.2)
    begin = time.monotonic()
    os.killpg(0, signal.SIGINT)
    while any(map(is_alive, pids)) and time.monotonic() < begin + 3:
        time.sleep(0.01)
    seconds = time.monotonic() - begin
    left = [pid for pid in pids if is_alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    lines = len(victim.communicate()[1].splitlines())
    code = victim.returncode if victim.returncode >= 0 else 128 - victim.returncode
    return {
        "processes": len(pids),
        "left": len(left),
        "code": code,
        "lines": lines,
        "seconds": seconds,
    }


def main(limit):
    intervals = slices(min(limit, 5_000), 64)
    for fault in ("panic", "kill"):
        seen = suffer(fault, intervals)
        print(f"{fault}: {seen['right']} de {seen['asked']} respostas; {seen['outcome']}", flush=True)
    print(survive(slices(limit, 8)))


if __name__ == "__main__":
    if "--vitima" in sys.argv:
        work_until_interrupted()
    elif sys.argv[1:2] == ["--json"]:
        fault = sys.argv[2]
        seen = interrupt() if fault == "ctrl_c" else suffer(fault, slices(5_000, 64))
        print(json.dumps(seen), flush=True)
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
