use multiprocessamento::{Error, Pool, init};

fn main() -> Result<(), Error> {
    init();
    let texto = "um dois".to_owned();
    println!("{:?}", Pool::new(2)?.map(|palavra: &str| palavra.len(), texto.split(' '))?);
    Ok(())
}
