"""Lição 7 em Python: uma conversa por um pipe, dois que só escrevem, e uma linha de dois estágios.

Uso: python3 example.py [N]
"""

import os
import sys
from multiprocessing import Pipe, Process


# ANCHOR: converse
def answer(channel):
    while True:
        question = channel.recv()
        if question is None:
            return
        channel.send((question * question, os.getpid()))


def converse():
    ours, theirs = Pipe()
    partner = Process(target=answer, args=(theirs,))
    partner.start()
    theirs.close()  # com este lado aberto, a morte do outro não seria o fim do canal
    for number in range(3):
        ours.send(number)
        square, pid = ours.recv()
        print(f"o processo {pid} respondeu a {os.getpid()}: {number}² = {square}")
    ours.send(None)
    partner.join()
# ANCHOR_END: converse


# ANCHOR: deadlock
def write_then_read(channel, size):
    channel.send_bytes(bytes(size))
    channel.recv_bytes()


def meet(size):
    ends = Pipe()
    sides = [Process(target=write_then_read, args=(end, size)) for end in ends]
    for side in sides:
        side.start()
    for side in sides:
        side.join(timeout=0.5)
    outcome = "esperam um pelo outro" if any(side.is_alive() for side in sides) else "terminaram"
    for side in sides:
        side.kill()
        side.join()
    print(f"dois que escrevem {size} bytes antes de ler: {outcome}")
# ANCHOR_END: deadlock


# ANCHOR: stages
def survives(n, start, end):
    divisor = start
    while divisor < end and divisor * divisor <= n:
        if n % divisor == 0:
            return False
        divisor += 2
    return True


def sift(intervals, cut, following):
    for start, end in intervals:
        odd = (n for n in range(start, end) if n == 2 or n % 2 == 1 and n > 1)
        following.send([n for n in odd if survives(n, 3, cut)])
    following.send(None)


def two_stages(intervals, cut):
    previous, following = Pipe(duplex=False)
    first = Process(target=sift, args=(intervals, cut, following))
    first.start()
    following.close()
    total = 0
    while (candidates := previous.recv()) is not None:
        total += sum(survives(n, cut, n) for n in candidates)
    first.join()
    return total
# ANCHOR_END: stages


if __name__ == "__main__":
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    converse()
    meet(1_000)
    meet(1_000_000)
    intervals = [(limit * i // 64, limit * (i + 1) // 64) for i in range(64)]
    middle = max(3, int(limit ** 0.5) // 4 * 2 + 1)
    print(two_stages(intervals, middle))
