//! `fork` e `wait`, sem mais nada.
#![allow(unsafe_code)]

/// Copia este processo; a cópia termina na hora, e é recolhida.
///
/// # Panics
///
/// Se o sistema recusou.
pub fn fork_and_wait() {
    // SAFETY: a cópia só chama `_exit`, permitida depois de um `fork` mesmo com outras threads.
    unsafe {
        let pid = libc::fork();
        if pid == 0 {
            libc::_exit(0);
        }
        assert!(pid > 0, "fork");
        assert_eq!(libc::waitpid(pid, std::ptr::null_mut(), 0), pid);
    }
}
