"""Os nomes públicos do multiprocessing, um por linha: os que todo Python de 3.9 a 3.14 tem."""

import importlib, inspect
import multiprocessing as mp

def public(obj):
    return {n for n in dir(obj) if not n.startswith("_")}

# Os submódulos com `__all__`; `synchronize`, `queues`, `process` e `context` repetem os nomes do topo.
names = {"multiprocessing." + n for n in public(mp) if not inspect.ismodule(getattr(mp, n))}
for module in ("connection", "dummy", "managers", "pool", "shared_memory", "sharedctypes"):
    full = "multiprocessing." + module
    names |= {full + "." + n for n in importlib.import_module(full).__all__}

# `acquire`, `release` e outros só existem no objeto, daí as instâncias. Com `fork` elas não criam
# nenhum processo auxiliar.
ctx = mp.get_context("fork")
from multiprocessing import connection, managers, pool, shared_memory
for prefix, obj in {
    "Process": mp.Process,
    "pool.Pool": pool.Pool, "pool.ThreadPool": pool.ThreadPool,
    "pool.AsyncResult": pool.AsyncResult, "pool.IMapIterator": pool.IMapIterator,
    "connection.Connection": connection.Connection, "connection.Listener": connection.Listener,
    "Queue": ctx.Queue(), "JoinableQueue": ctx.JoinableQueue(), "SimpleQueue": ctx.SimpleQueue(),
    "managers.BaseManager": managers.BaseManager, "managers.SyncManager": managers.SyncManager,
    "managers.SharedMemoryManager": managers.SharedMemoryManager,
    "shared_memory.SharedMemory": shared_memory.SharedMemory,
    "shared_memory.ShareableList": shared_memory.ShareableList,
    "Value": ctx.Value("i"), "Array": ctx.Array("c", 1),
    "Lock": ctx.Lock(), "RLock": ctx.RLock(), "Semaphore": ctx.Semaphore(),
    "BoundedSemaphore": ctx.BoundedSemaphore(), "Condition": ctx.Condition(),
    "Event": ctx.Event(), "Barrier": ctx.Barrier(1),
}.items():
    names |= {"multiprocessing." + prefix + "." + n for n in public(obj)}
# O que SyncManager e SharedMemoryManager só herdam já está em BaseManager.
for n in public(managers.BaseManager):
    names -= {"multiprocessing.managers.%s.%s" % (m, n) for m in ("SyncManager", "SharedMemoryManager")}

# Fora do alcance de `dir` e de `__all__`, mas na documentação ou no que o usuário recebe.
names |= {"multiprocessing." + n for n in (
    "connection.Connection", "connection.answer_challenge", "connection.deliver_challenge", "managers.BaseManager.shutdown", "managers.Namespace", "managers.RemoteError",
    "pool.AsyncResult", "pool.IMapIterator", "pool.MaybeEncodingError", "shared_memory.ShareableList.shm",
)} | {"queue.Empty", "queue.Full", "threading.BrokenBarrierError"}

# Nomes que nem todo Python de 3.9 a 3.14 tem.
newer = {"multiprocessing." + n for n in (
    "Process.interrupt", "Lock.locked", "RLock.locked", "Semaphore.locked", "BoundedSemaphore.locked",
    "managers.SyncManager.set",
)}
print("\n".join(sorted(names - newer)))
