//! Como se lê o que esta lição mede.

use licoes::measure::compare::{BUSY_CORES, SPEEDUP};
use licoes::python::twin::{POOL, SERIAL, THREADS};
use registro::legend::Entry;

const FREE_SERIAL: Entry = Entry::model("python_free_serial", "Python serial, sem GIL")
    .family("python_serial")
    .serial("python_free_serial");

pub const LEGEND: &[Entry] = &[
    Entry::model("global_lock", "threads com uma trava só").family("thread_pool"),
    SERIAL,
    THREADS,
    POOL,
    FREE_SERIAL,
    Entry::model("python_free_threads", "threads do Python sem GIL")
        .family("python_free_threads")
        .serial(FREE_SERIAL.id),
    SPEEDUP,
    BUSY_CORES,
    Entry::metric("locked_speedup", "aceleração, com a trava fechada na conta"),
    Entry::metric("sha256_speedup", "aceleração, num SHA-256 feito em C"),
];
