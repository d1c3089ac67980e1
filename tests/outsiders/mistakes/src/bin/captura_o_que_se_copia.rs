use multiprocessamento::{Error, Pool, init};

fn main() -> Result<(), Error> {
    init();
    let fator = 3;
    println!("{:?}", Pool::new(2)?.map(move |x: u64| x * fator, 0..10)?);
    Ok(())
}
