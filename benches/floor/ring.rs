//! Uma transferência sem nada da biblioteca: quatro pedaços de 1 MiB de memória dividida, em rodízio. Um lado enche um pedaço
//! enquanto o outro esvazia o anterior; quem não tem o que fazer procura um pouco e dorme.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Release};

use rustix::fd::OwnedFd;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap};
use rustix::thread::futex;

const PIECE: usize = 1 << 20;
const PIECES: u32 = 4;
/// Antes dos pedaços, quantos já foram cheios e quantos já foram esvaziados, cada conta na sua linha de cache.
const HEADER: usize = 4096;
const FULL: usize = 0;
const EMPTIED: usize = 128;
const SIZE: usize = HEADER + PIECES as usize * PIECE;

const TURNS: u32 = 2000;

/// O anel, num dos dois processos. Fica mapeado até o fim dele.
pub struct Ring {
    address: NonNull<u8>,
    /// Quantos pedaços este lado já encheu, ou esvaziou.
    done: u32,
}

impl Ring {
    /// A memória de um anel novo.
    pub fn memory() -> OwnedFd {
        let memory = memfd_create("anel", MemfdFlags::CLOEXEC).expect("um memfd");
        ftruncate(&memory, SIZE as u64).expect("o tamanho dele");
        memory
    }

    /// O anel que mora em `memory`.
    pub fn open(memory: &OwnedFd) -> Self {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: um mapeamento novo, onde o sistema quiser, de um arquivo do tamanho certo, que ninguém encolhe.
        let address = unsafe { mmap(std::ptr::null_mut(), SIZE, access, MapFlags::SHARED, memory, 0) };
        Ring { address: NonNull::new(address.expect("a memória").cast()).expect("um endereço"), done: 0 }
    }

    /// Leva `bytes` ao outro lado.
    pub fn send(&mut self, bytes: &[u8]) {
        for bytes in bytes.chunks(PIECE) {
            let done = self.done;
            wait(self.count(EMPTIED), |emptied| done.wrapping_sub(emptied) < PIECES);
            // SAFETY: o pedaço está vazio: o outro lado só o lê depois do aviso; e `bytes` não passa do tamanho dele.
            unsafe { self.piece().copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) };
            self.finish(FULL);
        }
    }

    /// Recebe `size` bytes, num vetor novo.
    pub fn receive(&mut self, size: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size);
        while bytes.len() < size {
            let done = self.done;
            wait(self.count(FULL), |full| full != done);
            let len = PIECE.min(size - bytes.len());
            // SAFETY: o pedaço está cheio: o outro lado só escreve nele de novo depois do aviso.
            bytes.extend_from_slice(unsafe { std::slice::from_raw_parts(self.piece().as_ptr(), len) });
            self.finish(EMPTIED);
        }
        bytes
    }

    fn finish(&mut self, count: usize) {
        self.done = self.done.wrapping_add(1);
        let count = self.count(count);
        count.store(self.done, Release);
        let _ = futex::wake(count, futex::Flags::empty(), 1);
    }

    fn piece(&self) -> NonNull<u8> {
        let offset = HEADER + (self.done % PIECES) as usize * PIECE;
        // SAFETY: o pedaço fica dentro do mapeamento.
        unsafe { self.address.add(offset) }
    }

    fn count(&self, offset: usize) -> &AtomicU32 {
        // SAFETY: fica dentro do mapeamento, que não se desfaz; está alinhada; e um átomo tolera o outro processo.
        unsafe { self.address.add(offset).cast::<AtomicU32>().as_ref() }
    }
}

fn wait(count: &AtomicU32, enough: impl Fn(u32) -> bool) {
    for turn in 0.. {
        let seen = count.load(Acquire);
        if enough(seen) {
            return;
        }
        if turn < TURNS {
            std::hint::spin_loop();
        } else {
            // Um erro é a contagem que mudou, ou um sinal: olha-se de novo.
            let _ = futex::wait(count, futex::Flags::empty(), seen, None);
        }
    }
}
