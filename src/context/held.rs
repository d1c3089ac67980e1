//! Um valor mandado a um processo antes dos itens que o usam, e que ali espera por eles.
//!
//! É como um contexto chega a quem não divide memória com quem o criou: a um rank de outra máquina.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

thread_local! {
    static HELD: RefCell<BTreeMap<u64, Rc<dyn Any>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Uma tarefa: guarda um contexto com o seu número, e deixa os que ninguém mais usará.
#[cfg(feature = "mpi")]
pub(crate) fn hold<C: 'static>((id, unused, context): (u64, Vec<u64>, C)) {
    let context: Rc<dyn Any> = Rc::new(context);
    // Os que saem só se desfazem fora do empréstimo: isso roda código de quem definiu o tipo.
    let _left: Vec<Rc<dyn Any>> = HELD.with_borrow_mut(|held| {
        held.insert(id, context);
        unused.iter().filter_map(|id| held.remove(id)).collect()
    });
}

/// O contexto deste número, se este processo o guarda.
pub(super) fn get<C: 'static>(id: u64) -> Option<Rc<C>> {
    HELD.with_borrow(|held| held.get(&id).cloned())?.downcast().ok()
}
