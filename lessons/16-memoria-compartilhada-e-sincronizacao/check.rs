//! A conferência do exercício 16: cada assento vendido uma vez só, e os bilhetes impressos ao mesmo tempo.

use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use licoes::run::exercise::{Check, expect_equal};
use multiprocessamento::{Barrier, Error, Lock, Process, SharedArray, Value};
use serde::{Deserialize, Serialize};

/// Um cinema que várias bilheterias vendem, cada uma num processo.
#[derive(Clone, Serialize, Deserialize)]
pub struct Cinema {
    /// A trava do cinema. Quem a tem é o único.
    pub trava: Lock,
    /// De quem é cada assento; 0, de ninguém.
    assentos: SharedArray<u32>,
    /// Quantos bilhetes de cada assento se imprimiram.
    bilhetes: SharedArray<u32>,
    /// Quantas bilheterias imprimem agora, e quantas já o fizeram de uma vez.
    imprimindo: Value<u32>,
    juntas: Value<u32>,
}

/// Entre olhar e responder passa um instante: tempo para que outra bilheteria olhe também.
const OLHAR: Duration = Duration::from_millis(1);

/// Imprimir é lento.
const IMPRIMIR: Duration = Duration::from_millis(3);

impl Cinema {
    fn novo(assentos: usize) -> Result<Self, Error> {
        Ok(Cinema {
            trava: Lock::new()?,
            assentos: SharedArray::new(assentos)?,
            bilhetes: SharedArray::new(assentos)?,
            imprimindo: Value::new(0)?,
            juntas: Value::new(0)?,
        })
    }

    /// O primeiro assento que não é de ninguém, se há algum.
    pub fn livre(&self) -> Option<usize> {
        let assento = self.assentos.iter().position(|dono| dono == 0);
        sleep(OLHAR);
        assento
    }

    /// Escreve `cliente` em `assento`, por cima de quem lá estiver.
    pub fn ocupar(&self, assento: usize, cliente: u32) {
        self.assentos.set(assento, cliente);
    }

    /// Imprime o bilhete de `assento`. Demora, e não olha nem muda de quem é cada assento.
    pub fn imprimir(&self, assento: usize) {
        let agora = self.imprimindo.update(|quantas| quantas + 1);
        self.juntas.update(|juntas| juntas.max(agora));
        sleep(IMPRIMIR);
        self.bilhetes.cells()[assento].fetch_add(1, Ordering::Relaxed);
        self.imprimindo.update(|quantas| quantas - 1);
    }
}

#[allow(dead_code, reason = "é o ponto de partida; uma boa resposta não a chama")]
// ANCHOR: racing
/// A versão A: olha, escreve e imprime. Com uma bilheteria só, está certa.
pub fn com_corrida(cinema: &Cinema, cliente: u32) -> Result<Option<usize>, Error> {
    let Some(assento) = cinema.livre() else {
        return Ok(None);
    };
    cinema.ocupar(assento, cliente);
    cinema.imprimir(assento);
    Ok(Some(assento))
}
// ANCHOR_END: racing

const BILHETERIAS: u32 = 4;
const ASSENTOS: usize = 40;

/// Uma venda: o assento, e o cliente a quem a bilheteria diz tê-lo vendido.
type Venda = (usize, u32);

/// O que se viu de uma casa cheia.
struct Casa {
    vendas: Vec<Venda>,
    cinema: Cinema,
}

impl Casa {
    /// As bilheterias vendem, todas ao mesmo tempo, até não haver assento.
    fn encher<F>(vender: F) -> Result<Casa, String>
    where
        F: Fn(&Cinema, u32) -> Result<Option<usize>, Error> + Copy + Send + 'static,
    {
        // Ninguém vende mais do que o cinema inteiro: quem nunca diz que acabou não fica aqui para sempre.
        let uma = move |(cinema, abertura, numero): (Cinema, Barrier, u32)| -> Result<Vec<Venda>, Error> {
            // Quem nascesse antes venderia sozinho.
            abertura.wait()?;
            let clientes = (0..=ASSENTOS as u32).map(|vez| numero + BILHETERIAS * vez);
            let venda = |cliente| match vender(&cinema, cliente) {
                Ok(assento) => assento.map(|assento| Ok((assento, cliente))),
                Err(error) => Some(Err(error)),
            };
            clientes.map_while(venda).collect()
        };
        let encher = || -> Result<Casa, Error> {
            let cinema = Cinema::novo(ASSENTOS)?;
            let abertura = Barrier::new(BILHETERIAS as usize)?;
            let mut bilheterias = Vec::new();
            for numero in 1..=BILHETERIAS {
                bilheterias.push(Process::start(
                    uma,
                    (cinema.clone(), abertura.clone(), numero),
                )?);
            }
            let mut vendas = Vec::new();
            for bilheteria in bilheterias {
                vendas.extend(bilheteria.join()??);
            }
            Ok(Casa { vendas, cinema })
        };
        encher().map_err(|error| match error {
            // Um pânico da resposta é um pânico do ponto: quem o explica é a conferência.
            Error::Panicked { message, .. } => std::panic::panic_any(message),
            error => error.to_string(),
        })
    }

    /// Cada assento tem um bilhete, e é de quem o comprou.
    fn esta_certa(&self) -> Result<(), String> {
        let repetidos =
            self.cinema.bilhetes.iter().filter(|quantos| *quantos > 1).count();
        if repetidos > 0 {
            return Err(format!(
                "dos {ASSENTOS} assentos, {repetidos} foram vendidos mais de uma vez: entre olhar e escrever, \
                 outra bilheteria olhou"
            ));
        }
        let vazios =
            self.cinema.bilhetes.iter().filter(|quantos| *quantos == 0).count();
        if vazios > 0 {
            return Err(format!(
                "{vazios} dos {ASSENTOS} assentos ficaram sem bilhete"
            ));
        }
        let dono = |venda: &&Venda| self.cinema.assentos.get(venda.0) == venda.1;
        expect_equal(self.vendas.iter().filter(dono).count(), ASSENTOS)
    }
}

/// Confere uma resposta.
pub fn check<F>(vender: F) -> ExitCode
where
    F: Fn(&Cinema, u32) -> Result<Option<usize>, Error> + Copy + Send + 'static,
{
    let mut check = Check::new(16);
    check.point_in_time(
        "uma bilheteria só vende o primeiro assento livre, e nenhum quando acabam",
        move || {
            let uma = || -> Result<_, Error> {
                let cinema = Cinema::novo(2)?;
                let vendas =
                    [vender(&cinema, 7)?, vender(&cinema, 8)?, vender(&cinema, 9)?];
                Ok((vendas, cinema.assentos.to_vec(), cinema.bilhetes.to_vec()))
            };
            let (vendas, donos, bilhetes) = uma().map_err(|error| error.to_string())?;
            expect_equal(vendas, [Some(0), Some(1), None])?;
            expect_equal(donos, vec![7, 8])?;
            expect_equal(bilhetes, vec![1, 1])
        },
    );
    check.point_in_time(
        "quatro bilheterias vendem cada assento uma vez só",
        move || Casa::encher(vender)?.esta_certa(),
    );
    check.point_in_time("os bilhetes se imprimem ao mesmo tempo", move || {
        match Casa::encher(vender)?.cinema.juntas.get() {
            0 | 1 => Err("só uma bilheteria imprimia de cada vez: quem imprime não \
                          precisa da trava"
                .to_owned()),
            _ => Ok(()),
        }
    });
    check.finish()
}
