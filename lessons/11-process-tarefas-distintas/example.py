"""Lição 11 em Python: três tarefas distintas, cada uma no seu Process, com o seu limite.

Uso: python3 example.py [N]
"""

import os
import sys
import time
from multiprocessing import Pipe, Process


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


# ANCHOR: tasks
def count_primes(limit, answer):
    answer.send(sum(is_prime(n) for n in range(limit)))


def longest_chain(limit, answer):
    longest = (0, 1)
    for start in range(1, limit):
        steps, n = 0, start
        while n > 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        longest = max(longest, (steps, start), key=lambda chain: chain[0])
    answer.send(longest[1])


def mandelbrot(depth, answer):
    os.nice(10)  # sem pressa: cede a vez às outras
    lines = []
    for row in range(21):
        y = 1.2 - 2.4 * (row + 0.5) / 21
        points = [complex(-2.1 + 2.8 * (column + 0.5) / 52, y) for column in range(52)]
        lines.append("".join("@" if stays(c, depth) else "." for c in points))
    answer.send("\n".join(lines))
# ANCHOR_END: tasks


def stays(c, depth):
    z = 0
    for _ in range(depth):
        if abs(z) > 2:
            return False
        z = z * z + c
    return True


# ANCHOR: limits
def run(tasks):
    """Um processo e um limite para cada tarefa; devolve as respostas que chegaram, pelo nome da função."""
    start, running = time.monotonic(), []
    for function, argument, limit in tasks:
        mine, theirs = Pipe(duplex=False)
        process = Process(target=function, args=(argument, theirs), name=function.__name__)
        process.start()
        theirs.close()  # com este lado aberto, a morte do filho não fecharia o canal
        running.append((limit, process, mine))
    arrived = {}
    for limit, process, mine in sorted(running, key=lambda one: one[0]):
        try:
            # Primeiro a resposta: quem tem uma grande só termina depois que alguém a lê.
            if mine.poll(max(0, start + limit - time.monotonic())):
                arrived[process.name] = mine.recv()
        except EOFError:
            pass  # terminou sem responder
        if process.name not in arrived:
            process.terminate()
        process.join()
        if process.exitcode != 0:
            print(f"{process.name}: exitcode {process.exitcode}", flush=True)
    return arrived
# ANCHOR_END: limits


if __name__ == "__main__":
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    # Um limite curto para a cadeia, que tem zeros a mais; um longo para as outras duas.
    tasks = [(count_primes, limit, 30), (longest_chain, 10**12, 0.5), (mandelbrot, 100, 30)]
    arrived = run(tasks)
    print(arrived["mandelbrot"])
    print(arrived["count_primes"])
