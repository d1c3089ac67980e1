//! Até quando esperar, e um relógio que todos os processos leem igual.

use std::time::{Duration, Instant};

/// Até quando esperar, para quem espera no máximo `limit`. Um limite que não cabe no relógio é nenhum limite.
pub(crate) fn deadline_in(limit: Duration) -> Option<Instant> {
    Instant::now().checked_add(limit)
}

/// O relógio que todos os processos da máquina leem igual, em ns.
pub(crate) fn now_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}
