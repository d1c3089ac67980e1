use multiprocessamento::{Error, Pool, init};

struct Pedido {
    pao: u32,
}

fn main() -> Result<(), Error> {
    init();
    println!("{:?}", Pool::new(2)?.map(|pedido: Pedido| pedido.pao, [Pedido { pao: 3 }])?);
    Ok(())
}
