//! O nome de uma variante em dois bytes.

/// Um resumo do nome: FNV-1a de 32 bits, dobrado em 16.
///
/// Fonte: Fowler, Noll e Vo, *The FNV Non-Cryptographic Hash Algorithm*.
pub(super) const fn name_digest(name: &str) -> u16 {
    let (bytes, mut hash, mut place) = (name.as_bytes(), 0x811c_9dc5_u32, 0);
    while place < bytes.len() {
        hash = (hash ^ bytes[place] as u32).wrapping_mul(0x0100_0193);
        place += 1;
    }
    (hash >> 16) as u16 ^ hash as u16
}
