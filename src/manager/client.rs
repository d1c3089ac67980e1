//! O lado de quem usa: um canal por processo, aberto no primeiro uso.

use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::fs::fstat;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::protocol::{Door, Kind, Line, ManagerRequest, ObjectId, Operation, Refusal};
use crate::Error;
use crate::parcel;
use crate::wire::pipe::pipe;

/// Os clientes deste processo. Quem recebe mil cópias de um objeto não abre mil canais.
static KNOWN: Mutex<Vec<Weak<Client>>> = Mutex::new(Vec::new());

/// A conversa deste processo com um servidor.
pub(super) struct Client {
    door: Door,
    /// O número da recepção no sistema: diz se duas portas levam ao mesmo servidor.
    inode: u64,
    /// Um pedido e a resposta dele de cada vez.
    line: Mutex<Option<OwnedLine>>,
}

/// Um canal e o processo que o abriu: depois de um fork os dois processos teriam o mesmo canal, e um leria a
/// resposta do outro.
struct OwnedLine {
    owner: u32,
    line: Line,
}

impl Client {
    /// O cliente do servidor a que `door` leva, novo ou já conhecido.
    pub(super) fn of(door: Door) -> rustix::io::Result<Arc<Self>> {
        let inode = fstat(&door)?.st_ino;
        let mut known = lock(&KNOWN);
        known.retain(|client| client.strong_count() > 0);
        // Enquanto um cliente vive, a porta dele está aberta e nenhum outro soquete tem o mesmo número.
        if let Some(client) = known.iter().filter_map(Weak::upgrade).find(|client| client.inode == inode) {
            return Ok(client);
        }
        let client = Arc::new(Client { door, inode, line: Mutex::new(None) });
        known.push(Arc::downgrade(&client));
        Ok(client)
    }

    /// Cria um objeto no servidor.
    pub(super) fn create(self: &Arc<Self>, kind: Kind) -> Result<Object, Error> {
        Ok(Object { client: Arc::clone(self), id: self.call(&ManagerRequest::Create(kind))? })
    }

    fn call<T: DeserializeOwned>(&self, request: &ManagerRequest) -> Result<T, Error> {
        let answer = parcel::read::<Result<T, Refusal>>(&self.exchange(request)?, &[])?;
        answer.map_err(Error::from)
    }

    fn exchange(&self, request: &ManagerRequest) -> Result<Vec<u8>, Error> {
        let mut slot = lock(&self.line);
        let line = match slot.take() {
            Some(OwnedLine { owner, line }) if owner == process::id() => line,
            _ => self.open()?,
        };
        // Fora do lugar enquanto é usado: depois de um erro no meio, a próxima resposta poderia ser a deste
        // pedido; o canal se fecha aqui e o próximo uso abre outro.
        line.send(request)?;
        let answer = line.recv()?;
        *slot = Some(OwnedLine { owner: process::id(), line });
        Ok(answer)
    }

    fn open(&self) -> Result<Line, Error> {
        let (line, visit) = pipe()?;
        self.door.send(&visit)?;
        Ok(line)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Um pânico de outra thread não deixa nada pela metade: o canal só volta ao lugar depois da resposta.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Um objeto do servidor, visto de um cliente. Atravessa como a porta e o número.
#[derive(Clone)]
pub(super) struct Object {
    client: Arc<Client>,
    id: ObjectId,
}

impl Object {
    /// Pede `operation` e espera a resposta, cujo tipo está ao lado de cada operação.
    pub(super) fn call<T: DeserializeOwned>(&self, operation: Operation) -> Result<T, Error> {
        self.client.call(&ManagerRequest::On(self.id, operation))
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.client.door, self.id).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (door, id) = <(Door, ObjectId)>::deserialize(deserializer)?;
        Ok(Object { client: Client::of(door).map_err(D::Error::custom)?, id })
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::thread::{self, JoinHandle};

    use rustix::net::{SendFlags, send};

    use super::super::protocol::{CounterOperation, DictOperation};
    use super::super::server;
    use super::*;

    /// Um servidor que é uma thread daqui: para o cliente não há diferença.
    fn server() -> (Arc<Client>, JoinHandle<()>) {
        let (door, reception) = pipe().expect("um par de soquetes");
        let server = thread::spawn(|| server::serve(reception));
        (Client::of(door).expect("um cliente"), server)
    }

    fn add(counter: &Object) -> Result<i64, Error> {
        counter.call(Operation::Counter(CounterOperation::Add(1)))
    }

    fn inode(client: &Client) -> u64 {
        let slot = lock(&client.line);
        let line = &slot.as_ref().expect("um canal aberto").line;
        fstat(line).expect("um soquete").st_ino
    }

    #[test]
    fn the_channel_of_another_process_is_not_used() {
        let (client, server) = server();
        let counter = client.create(Kind::Counter).expect("um contador");
        let first = inode(&client);
        assert_eq!(add(&counter).expect("uma resposta"), 1);
        assert_eq!(inode(&client), first);
        // O que um fork deixaria: um canal que outro processo abriu.
        lock(&client.line).as_mut().expect("um canal aberto").owner += 1;
        assert_eq!(add(&counter).expect("uma resposta"), 2);
        assert_ne!(inode(&client), first);
        drop((client, counter));
        server.join().expect("o servidor terminou");
    }

    #[test]
    fn garbage_costs_only_the_channel_it_came_by() {
        let (client, server) = server();
        let counter = client.create(Kind::Counter).expect("um contador");
        let garbage = |bytes: &[u8]| {
            let slot = lock(&client.line);
            let line = slot.as_ref().expect("um canal aberto").line.as_fd();
            send(line, bytes, SendFlags::empty()).expect("enviar");
        };
        garbage(&[9; 40]);
        assert!(matches!(add(&counter), Err(Error::Disconnected)));
        assert_eq!(add(&counter).expect("uma resposta"), 1);
        // Um objeto que não existe, e uma operação de outro tipo de objeto.
        for request in [
            ManagerRequest::On(99, Operation::Counter(CounterOperation::Get)),
            ManagerRequest::On(0, Operation::Dict(DictOperation::Len)),
        ] {
            assert!(matches!(client.call::<i64>(&request), Err(Error::Decode(_))));
        }
        assert_eq!(add(&counter).expect("uma resposta"), 2);
        drop((client, counter));
        server.join().expect("o servidor terminou");
    }

    #[test]
    fn doors_to_the_same_server_share_a_client() {
        let (client, server) = server();
        let other = Client::of(client.door.clone()).expect("um cliente");
        assert!(Arc::ptr_eq(&client, &other));
        drop((client, other));
        server.join().expect("o servidor terminou");
    }
}
