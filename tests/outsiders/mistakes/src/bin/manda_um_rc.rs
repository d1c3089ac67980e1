use std::rc::Rc;

use multiprocessamento::{Error, Pool, init};

fn main() -> Result<(), Error> {
    init();
    println!("{:?}", Pool::new(2)?.map(|x: Rc<u64>| *x, [Rc::new(1)])?);
    Ok(())
}
