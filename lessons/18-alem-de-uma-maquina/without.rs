//! O que esta lição diz quando foi compilada sem o MPI.

use licoes::run::lesson::{Failure, Lesson};

use crate::claims::Figures;

/// Diz o que falta para medir os ranks.
pub fn measure(lesson: &mut Lesson) -> Result<Figures, Failure> {
    lesson.say(
        "\nFalta o sétimo modelo, o MPI. No Debian e no Ubuntu, os pacotes e o comando são:\n  \
         sudo apt install openmpi-bin libopenmpi-dev libclang-dev\n  \
         cargo run --features mpi --bin lesson-18",
    );
    Ok(Figures::default())
}
