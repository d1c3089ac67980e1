"""Lição 18 em Python: a mesma chamada, com processos desta máquina ou com os ranks do MPI.

Uso: python3 example.py [N]
     mpirun -n 3 python3 -m mpi4py.futures example.py [N]
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from os import getpid
from socket import gethostname


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


# ANCHOR: task
def count_primes(interval):
    """Quantos primos, e quem os contou: a máquina e o processo."""
    start, end = interval
    return sum(is_prime(n) for n in range(start, end)), (gethostname(), getpid())
# ANCHOR_END: task


def slices(limit, count):
    return [(limit * i // count, limit * (i + 1) // count) for i in range(count)]


# ANCHOR: executor
def new_executor():
    """Os ranks do MPI, se foi com eles que o programa começou; senão, processos daqui."""
    if "mpi4py.futures" in sys.modules:  # python3 -m mpi4py.futures
        from mpi4py.futures import MPIPoolExecutor
        return MPIPoolExecutor()
    return ProcessPoolExecutor()
# ANCHOR_END: executor


# ANCHOR: map
def count_all(executor, intervals):
    """A chamada é a mesma: ela não diz onde estão os processos."""
    with executor:
        answers = list(executor.map(count_primes, intervals))
    return sum(primes for primes, _ in answers), {who for _, who in answers}
# ANCHOR_END: map


def main(limit):
    executor = new_executor()
    primes, workers = count_all(executor, slices(limit, 64))
    hosts = ", ".join(sorted({host for host, _ in workers}))
    print(f"{type(executor).__name__}: {len(workers)} a trabalhar, em {hosts}")
    print(primes)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
