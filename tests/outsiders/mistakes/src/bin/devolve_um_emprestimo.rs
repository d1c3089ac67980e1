use multiprocessamento::{Error, Process, init};

fn main() -> Result<(), Error> {
    init();
    let nome = |_: u32| "ana";
    println!("{}", Process::start(nome, 1)?.join()?);
    Ok(())
}
