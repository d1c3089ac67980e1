# Liga a vida deste Python à da lição que o começou, e só então roda o programa: quem encerra a lição, até por
# um `kill -9`, encerra o que ela começou.
import ctypes
import os
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1

ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    os._exit(1)  # a lição terminou antes do `prctl`: o sinal nunca viria
del sys.argv[:2]
runpy.run_path(sys.argv[0], run_name="__main__")
