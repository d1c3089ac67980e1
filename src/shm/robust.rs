//! Uma trava entre processos que sobrevive à morte do dono.
//!
//! É o *mutex robusto* do sistema. Cada thread mantém uma lista das travas que tem na mão; quando ela morre, o
//! Linux percorre a lista, abre cada trava e marca nela que o dono morreu. O próximo a pegá-la fica sabendo.
//! Um semáforo comum, como o do Python, ficaria fechado para sempre.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::io;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::mapping::{Mapping, Shared};
use crate::Error;

/// Quanto se dorme de uma vez à espera da trava.
///
/// Quem a solta acorda um só. Se o acordado é morto antes de pegá-la, o Linux acorda outro, mas não se nesse meio
/// tempo alguém que não esperava a pegou: este não sabe que há quem durma, e não acorda ninguém ao soltá-la.
const SLICE: Duration = Duration::from_millis(100);

/// A memória da trava, como o sistema a define.
#[repr(transparent)]
struct RawMutex(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: são inteiros, sem bytes proibidos; e a trava existe para que vários a disputem, de processos
// diferentes (PTHREAD_PROCESS_SHARED, em `RobustMutex::create`).
unsafe impl Shared for RawMutex {}

/// Uma trava num lugar da memória compartilhada.
#[derive(Clone, Debug)]
pub(crate) struct RobustMutex {
    memory: Arc<Mapping>,
    offset: usize,
}

impl RobustMutex {
    /// Quanto a trava ocupa.
    pub(crate) const SIZE: usize = size_of::<RawMutex>();

    /// Cria a trava em `offset`, numa memória que ninguém mais vê ainda.
    pub(crate) fn create(memory: &Arc<Mapping>, offset: usize) -> io::Result<Self> {
        let mutex = RobustMutex { memory: memory.clone(), offset };
        let mut attributes = MaybeUninit::<libc::pthread_mutexattr_t>::uninit();
        let attributes = attributes.as_mut_ptr();
        // SAFETY: `attributes` é memória deste quadro, iniciada pela primeira chamada e destruída pela última;
        // `raw()` é memória mapeada e alinhada para uma trava, que ninguém usa ainda.
        unsafe {
            check(libc::pthread_mutexattr_init(attributes))?;
            let created = check(libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED))
                .and_then(|()| {
                    check(libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST))
                })
                // Pedi-la duas vezes na mesma thread vira um erro, e não uma espera sem fim.
                .and_then(|()| {
                    check(libc::pthread_mutexattr_settype(attributes, libc::PTHREAD_MUTEX_ERRORCHECK))
                })
                .and_then(|()| check(libc::pthread_mutex_init(mutex.raw(), attributes)));
            libc::pthread_mutexattr_destroy(attributes);
            created?;
        }
        Ok(mutex)
    }

    /// A trava que outro processo criou em `offset`.
    pub(crate) fn existing(memory: &Arc<Mapping>, offset: usize) -> Self {
        RobustMutex { memory: memory.clone(), offset }
    }

    fn raw(&self) -> *mut libc::pthread_mutex_t {
        self.memory.at::<RawMutex>(self.offset).0.get()
    }

    /// Pega a trava, esperando por ela até `deadline`; `None` se o tempo acabou.
    ///
    /// # Erros
    ///
    /// [`Error::AlreadyLocked`] se esta thread já a tem.
    pub(crate) fn lock(&self, deadline: Option<Instant>) -> Result<Option<RobustGuard>, Error> {
        // SAFETY: `raw()` aponta para uma trava criada por `create`, em memória que `self` mantém mapeada.
        let mut status = unsafe { libc::pthread_mutex_trylock(self.raw()) };
        while status == libc::EBUSY {
            let now = Instant::now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Ok(None);
            }
            let slice = deadline.map_or(now + SLICE, |deadline| deadline.min(now + SLICE));
            // SAFETY: idem.
            status = match unsafe { libc::pthread_mutex_timedlock(self.raw(), &on_the_wall(slice)) } {
                libc::ETIMEDOUT => libc::EBUSY,
                status => status,
            };
        }
        let abandoned = match status {
            0 => false,
            libc::EOWNERDEAD => true,
            libc::EDEADLK => return Err(Error::AlreadyLocked),
            code => return Err(Error::io(io::Error::from_raw_os_error(code))),
        };
        let guard = RobustGuard { mutex: self.clone(), abandoned, _not_send: PhantomData };
        if abandoned {
            // SAFETY: a trava acaba de ser pega por esta thread com EOWNERDEAD, como a chamada exige. Quem
            // cuida dos dados que ela protege é quem a pegou; sem esta chamada ela se perderia ao ser solta.
            check(unsafe { libc::pthread_mutex_consistent(self.raw()) }).map_err(Error::io)?;
        }
        Ok(Some(guard))
    }
}

/// A trava na mão desta thread; solta ao ser descartada.
///
/// Guarda a memória viva: esquecido com `mem::forget`, deixa na lista da thread uma trava que ainda existe.
#[derive(Debug)]
pub(crate) struct RobustGuard {
    mutex: RobustMutex,
    abandoned: bool,
    /// Só a thread que pegou a trava pode soltá-la.
    _not_send: PhantomData<*const ()>,
}

impl RobustGuard {
    /// Se o dono anterior morreu com ela na mão: o que ela protege pode estar pela metade.
    pub(crate) fn abandoned(&self) -> bool {
        self.abandoned
    }
}

impl Drop for RobustGuard {
    fn drop(&mut self) {
        // SAFETY: esta thread tem a trava (`RobustGuard` não muda de thread), e a memória dela está mapeada.
        let status = unsafe { libc::pthread_mutex_unlock(self.mutex.raw()) };
        // Na cópia feita por um `fork`, a trava é da thread que a pegou, no outro processo: soltá-la daqui é
        // recusado, como deve ser.
        debug_assert!(matches!(status, 0 | libc::EPERM), "{status}");
    }
}

/// `pthread_mutex_timedlock` só entende a hora do relógio de parede.
fn on_the_wall(deadline: Instant) -> libc::timespec {
    let left = deadline.saturating_duration_since(Instant::now());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let at = now.saturating_add(left);
    libc::timespec {
        tv_sec: libc::time_t::try_from(at.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: at.subsec_nanos().into(),
    }
}

fn check(status: i32) -> io::Result<()> {
    if status == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(status)) }
}
