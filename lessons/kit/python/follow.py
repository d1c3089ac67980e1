# Liga a vida deste Python, e a de tudo o que ele começar, à da lição que o começou; só então roda o programa. Quem
# encerra a lição, até por um `kill -9`, encerra o grupo inteiro: um trabalhador no meio de uma tarefa também.
import ctypes
import os
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1

lesson, leader = int(sys.argv[1]), os.getpid()


def follow(*_):
    # Os filhos por fork herdam este tratador, e não o dever: um SIGHUP para eles é assunto deles.
    if os.getpid() == leader and os.getppid() != lesson:
        # O rastreador de recursos do multiprocessing ignora o SIGTERM, e só ele: fica para apagar os semáforos de
        # /dev/shm, e termina em seguida.
        os.killpg(leader, signal.SIGTERM)
        os.kill(leader, signal.SIGKILL)


signal.signal(signal.SIGHUP, follow)
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGHUP)
follow()  # a lição pode ter terminado antes do `prctl`: então o sinal nunca viria
del sys.argv[:2]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    # O forkserver do Python termina depois deste processo, e o tempo de processador dos trabalhadores, que é dele,
    # passaria por tempo de outros programas.
    server = sys.modules.get("multiprocessing.forkserver")
    if server:
        server._forkserver._stop()
