//! O relógio de um bloco: até quando ele pode ser feito.

use std::time::{Duration, Instant};

use crate::Error;

/// O prazo de um bloco que alguém está fazendo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline {
    due: Instant,
    /// Quanto ele podia durar, ao todo.
    limit: Duration,
}

impl Deadline {
    /// O de um bloco de `items` itens que começou em `since`, com `limit` por item.
    ///
    /// `None` se não há limite; e o que não cabe no relógio não tem limite.
    pub(crate) fn of_chunk(limit: Option<Duration>, items: usize, since: Instant) -> Option<Self> {
        let limit = limit?.saturating_mul(u32::try_from(items).unwrap_or(u32::MAX));
        Some(Deadline { due: since.checked_add(limit)?, limit })
    }

    pub(crate) fn due(self) -> Instant {
        self.due
    }

    pub(crate) fn is_over(self) -> bool {
        self.due <= Instant::now()
    }

    /// O que se diz do processo `pid`, que passou do prazo.
    pub(crate) fn missed_by(self, pid: u32) -> Error {
        Error::TaskTimedOut { pid, limit: self.limit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_chunk_has_the_time_of_its_items() {
        let since = Instant::now();
        let deadline = Deadline::of_chunk(Some(SECOND), 3, since).expect("há um prazo");
        assert_eq!(deadline.due(), since + 3 * SECOND);
        assert!(!deadline.is_over());
        assert_eq!(
            deadline.missed_by(7).to_string(),
            Error::TaskTimedOut { pid: 7, limit: 3 * SECOND }.to_string()
        );
    }

    #[test]
    fn without_a_limit_or_beyond_the_clock_there_is_no_deadline() {
        let now = Instant::now();
        assert_eq!(Deadline::of_chunk(None, 1, now), None);
        assert_eq!(Deadline::of_chunk(Some(Duration::MAX), 2, now), None);
    }
}
