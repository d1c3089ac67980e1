//! Duas máquinas dentro desta, cada uma com o seu nome e a sua rede, ligadas por um cabo.
//!
//! O nome e a rede que um processo vê são os do *namespace* em que ele está. Um host daqui é um processo que só espera,
//! em namespaces só dele. O cabo é um par `veth`: o que entra por uma ponta sai pela outra. Nada disso tem nome na
//! máquina de verdade, e o sistema desfaz cada host quando o último processo dele termina.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use registro::system;

use crate::system::scratch::Scratch;

const NAMES: [&str; 2] = ["alfa", "beta"];

/// De uma faixa reservada para medir redes (RFC 2544): nenhum servidor de nomes do leitor pode morar nela.
const ADDRESSES: [&str; 2] = ["198.18.0.1/24", "198.18.0.2/24"];

/// Os programas que fazem tudo isto, e o pacote do Debian que tem cada um.
const PROGRAMS: [(&str, &str); 5] = [
    ("ip", "iproute2"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("mount", "mount"),
    ("hostname", "hostname"),
];

/// A vida de um host. `read` só volta quando o outro lado da entrada se fecha; o sistema a fecha quando o programa
/// termina. Um `mpirun` que perdeu a rede ignora o SIGTERM: quem ainda estiver no host leva um SIGKILL.
const LIFE: &str = r#"
[ "$(readlink /proc/self/ns/net)" = "$2" ] && echo "a rede ainda é a da máquina" && exit 1
hostname "$1" && hostname || exit 1
exec >/dev/null 2>&1
while read -r line; do :; done
found=yes
while [ "$found" = yes ]; do
    found=no
    for process in /proc/[0-9]*; do
        pid=${process#/proc/}
        [ "$pid" != $$ ] && [ "$process/ns/net" -ef /proc/self/ns/net ] && kill -KILL "$pid" && found=yes
    done
done
"#;

/// Cada comando tem um `/dev/shm` só dele: dois hosts não dividem memória, e o que um MPI morto deixa ali se perde.
const WITH_OWN_MEMORY: &str = r#"mount -t tmpfs tmpfs /dev/shm && exec "$0" "$@""#;

/// Dois hosts numa máquina só, sem mexer na rede dela.
///
/// Quando são descartados, tudo o que roda neles termina; e também quando o programa termina, seja como for.
pub struct TwoHosts {
    // Nesta ordem: quem usa a pasta termina antes dela.
    hosts: [Host; 2],
    folder: Scratch,
}

impl TwoHosts {
    /// Cria os dois hosts e o cabo. Não é preciso ser root onde o sistema deixa um usuário comum criar namespaces.
    ///
    /// # Erros
    ///
    /// Uma linha que diz por que não: falta um programa, ou o sistema recusou.
    ///
    /// # Exemplos
    ///
    /// ```no_run
    /// # use licoes::system::hosts::TwoHosts;
    /// let hosts = TwoHosts::build()?;
    /// let mut mpirun = hosts.command("mpirun");
    /// mpirun.args(hosts.mpirun_options(1, 1)).arg("hostname");
    /// let output = mpirun.output().map_err(|error| error.to_string())?;
    /// assert_eq!(output.stdout.len(), "alfa\nbeta\n".len());
    /// # Ok::<(), String>(())
    /// ```
    pub fn build() -> Result<Self, String> {
        for (program, package) in PROGRAMS {
            if Command::new(program).arg("--version").stdin(Stdio::null()).output().is_err() {
                return Err(format!(
                    "não foi possível rodar `{program}`, que no Debian vem no pacote {package}"
                ));
            }
        }
        let folder =
            Scratch::new().map_err(|error| format!("uma pasta temporária: {}", system::reason(&error)))?;
        let hosts = Host::pair().map_err(refused)?;
        let hosts = TwoHosts { hosts, folder };
        fs::write(hosts.agent(), hosts.agent_script())
            .map_err(|error| format!("o agente: {}", system::reason(&error)))?;
        for name in NAMES {
            run(hosts.command("sh").arg(hosts.agent()).args([name, "true"])).map_err(refused)?;
        }
        Ok(hosts)
    }

    /// Os nomes dos dois hosts, na ordem.
    pub fn names(&self) -> [&'static str; 2] {
        NAMES
    }

    /// Um comando que roda `program` no primeiro host.
    pub fn command(&self, program: &str) -> Command {
        let mut command = self.hosts[0].enter("unshare");
        command.args(["--mount", "sh", "-c", WITH_OWN_MEMORY, program]);
        command
    }

    /// As opções com que um `mpirun`, no primeiro host, cria `first` ranks nele e `second` no outro.
    pub fn mpirun_options(&self, first: usize, second: usize) -> Vec<OsString> {
        let places = NAMES.iter().zip([first, second]).filter(|(_, ranks)| *ranks > 0);
        let places = places.map(|(name, ranks)| format!("{name}:{ranks}")).collect::<Vec<_>>().join(",");
        let mut agent = OsString::from("sh ");
        agent.push(self.agent());
        let options = [
            // Dentro dos namespaces, quem roda isto é sempre o root, de verdade ou não.
            &["--allow-run-as-root", "--host", &places][..],
            // Cada host se julga dono de todos os núcleos, e os dois prenderiam os seus ranks aos mesmos.
            &["--bind-to", "none"],
            // Pela mesma razão, um rank que espera deve ceder o núcleo: o MPI não vê que há outros na fila.
            &["--mca", "mpi_yield_when_idle", "1"],
            // Dentro do host, memória; entre os dois, TCP; e nada que uma placa de rede especial oferecesse.
            &["--mca", "pml", "ob1", "--mca", "btl", "self,vader,tcp"],
            // Os arquivos do `mpirun` somem com ele.
            &["--mca", "orte_tmpdir_base", "/dev/shm"],
            &["--mca", "plm_rsh_agent"],
        ];
        options.concat().into_iter().map(OsString::from).chain([agent]).collect()
    }

    /// O que faz as vezes do `ssh`, um script de `sh`: recebe o nome de um host e um comando, que roda nele.
    pub fn agent(&self) -> PathBuf {
        self.folder.path().join("agente")
    }

    fn agent_script(&self) -> String {
        let [first, second] = self.hosts.each_ref().map(|host| host.holder.id());
        let [alfa, beta] = NAMES;
        format!(
            r#"case "$1" in
    {alfa}) host={first} ;;
    {beta}) host={second} ;;
    *) exit 255 ;;
esac
shift
exec nsenter --target "$host" --net --uts unshare --mount sh -c '{WITH_OWN_MEMORY}' sh -c "$*"
"#
        )
    }
}

/// O processo que mantém um host.
struct Host {
    holder: Child,
}

impl Host {
    fn pair() -> io::Result<[Self; 2]> {
        let mut unshare = Command::new("unshare");
        if !is_root() {
            // Um usuário comum é o root do namespace que ele cria.
            unshare.args(["--user", "--map-root-user"]);
        }
        let first = Host::start(NAMES[0], unshare)?;
        // Nascido dentro do primeiro, o segundo tem o mesmo root.
        let second = Host::start(NAMES[1], first.enter("unshare"))?;
        first.ip(&format!("link add eth0 type veth peer name eth0 netns {}", second.holder.id()))?;
        let hosts = [first, second];
        for (host, address) in hosts.iter().zip(ADDRESSES) {
            host.ip(&format!("address add {address} dev eth0"))?;
            host.ip("link set lo up")?;
            host.ip("link set eth0 up")?;
        }
        Ok(hosts)
    }

    /// Só volta quando o host já tem rede e nome; se não chegar a ter, com o motivo.
    fn start(name: &str, mut unshare: Command) -> io::Result<Self> {
        let machine = fs::read_link("/proc/self/ns/net")?;
        let (reader, writer) = io::pipe()?;
        let holder = unshare
            .args(["--net", "--uts", "sh", "-c", LIFE, "sh", name])
            .arg(machine)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .spawn()?;
        let host = Host { holder };
        // Com a outra ponta aberta aqui, um host que morresse calado seria esperado para sempre.
        drop(unshare);
        let mut line = String::new();
        BufReader::new(reader).read_line(&mut line)?;
        if line.trim() == name { Ok(host) } else { Err(io::Error::other(line.trim())) }
    }

    /// Um comando que roda `program` na rede e com o nome deste host.
    fn enter(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        if !is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.args(["--net", "--uts", "--target", &self.holder.id().to_string(), program]);
        command
    }

    fn ip(&self, arguments: &str) -> io::Result<()> {
        run(self.enter("ip").args(arguments.split(' ')))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // `wait` fecha a entrada dele, e só então espera.
        let _ = self.holder.wait();
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn refused(error: io::Error) -> String {
    format!("o sistema recusou criar dois hosts (pode ser preciso ser root): {}", system::reason(&error))
}

/// Roda um comando até o fim. O erro é a primeira linha do que ele reclamou.
fn run(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(complaint.lines().next().unwrap_or("sem explicação")))
}
