use multiprocessamento::{Error, Pool, init};

fn main() -> Result<(), Error> {
    init();
    let nomes = vec!["ana".to_owned(), "bia".to_owned()];
    println!("{:?}", Pool::new(2)?.map(move |i: usize| nomes[i].len(), 0..2)?);
    Ok(())
}
