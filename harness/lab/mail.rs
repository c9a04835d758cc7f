//! Mail servers: real ones, on real sockets, with the dialogue that the simulator's have.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv6Addr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

use socket2::{Domain, Socket, Type};
use vrrplab_engine::time::Instant;
use vrrplab_sim::mailbox::{Mailbox, Reaction};
use vrrplab_sim::scenario;
use vrrplab_sim::trace::{Cause, What};

use super::world::Lab;
use crate::kernel::namespace::Namespaces;

/// Connections that may wait to be taken.
const BACKLOG: i32 = 64;

/// All servers and their connections.
#[derive(Debug, Default)]
pub(super) struct Servers {
    listening: Vec<Server>,
    connections: BTreeMap<u32, Connection>,
    last: u32,
}

#[derive(Debug)]
struct Server {
    socket: Socket,
    host: usize,
    spec: scenario::Mailbox,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    server: usize,
    /// Whose it is, where its address tells.
    client: Option<usize>,
    mailbox: Mailbox,
    /// What is said then, or the end.
    due: Vec<(Instant, Option<String>)>,
}

impl Servers {
    /// A server on a host, at all its addresses of both families.
    pub(super) fn open(
        &mut self,
        inside: &Namespaces,
        host: usize,
        spec: &scenario::Mailbox,
    ) -> io::Result<()> {
        let socket = inside.within(|| Socket::new(Domain::IPV6, Type::STREAM, None))??;
        socket.set_only_v6(false)?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&std::net::SocketAddr::from((Ipv6Addr::UNSPECIFIED, spec.port)).into())?;
        socket.listen(BACKLOG)?;
        self.listening.push(Server { socket, host, spec: spec.clone() });
        Ok(())
    }

    /// What may be readable.
    pub(super) fn fds(&self) -> Vec<BorrowedFd<'_>> {
        let servers = self.listening.iter().map(|s| s.socket.as_fd());
        servers.chain(self.connections.values().map(|c| c.stream.as_fd())).collect()
    }

    /// When a server says something next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.connections.values().flat_map(|c| c.due.iter().map(|(at, _)| *at)).min()
    }
}

impl Connection {
    fn react(&mut self, now: Instant, reaction: &Reaction) -> Option<String> {
        match reaction {
            Reaction::Reply { after, line } => self.due.push((now + *after, Some(line.clone()))),
            Reaction::Close { after } => self.due.push((now + *after, None)),
            Reaction::Taken { subject } => return Some(subject.clone()),
        }
        None
    }
}

impl Lab {
    /// Somebody connects, or says something.
    pub(super) fn mail(&mut self) -> io::Result<()> {
        self.accept()?;
        let numbers: Vec<u32> = self.servers.connections.keys().copied().collect();
        for number in numbers {
            self.hear(number);
        }
        self.mail_due(self.clock.now())
    }

    fn accept(&mut self) -> io::Result<()> {
        let now = self.clock.now();
        for server in 0..self.servers.listening.len() {
            while let Ok((socket, peer)) = self.servers.listening[server].socket.accept() {
                socket.set_nonblocking(true)?;
                let spec = &self.servers.listening[server].spec;
                let mailbox = Mailbox::new(spec);
                let greeting = mailbox.greeting();
                let client = peer.as_socket().map(|peer| peer.ip().to_canonical());
                let host = self.servers.listening[server].host;
                let client = client.and_then(|address| {
                    let owns = |h: &scenario::Host| {
                        h.links.iter().flat_map(|l| &l.addresses).any(|c| c.address == address)
                    };
                    if address.is_loopback() { Some(host) } else { self.scenario.hosts.iter().position(owns) }
                });
                let stream: TcpStream = socket.into();
                let mut connection = Connection { stream, server, client, mailbox, due: Vec::new() };
                connection.react(now, &greeting);
                self.servers.last += 1;
                self.servers.connections.insert(self.servers.last, connection);
            }
        }
        Ok(())
    }

    fn hear(&mut self, number: u32) {
        let now = self.clock.now();
        let mut buffer = [0; 4096];
        loop {
            let Some(connection) = self.servers.connections.get_mut(&number) else { return };
            let heard = match connection.stream.read(&mut buffer) {
                Ok(0) => {
                    self.servers.connections.remove(&number);
                    return;
                }
                Ok(n) => &buffer[..n],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.servers.connections.remove(&number);
                    return;
                }
            };
            let text = String::from_utf8_lossy(heard).into_owned();
            let (client, server) = (connection.client, self.servers.listening[connection.server].host);
            let reactions = connection.mailbox.hear(heard);
            let subjects: Vec<String> = reactions.iter().filter_map(|r| connection.react(now, r)).collect();
            for line in text.lines() {
                let what = What::Smtp { conn: number, out: true, line: line.to_string() };
                self.tell(now, client, what, Cause::None);
            }
            for subject in subjects {
                self.tell(now, Some(server), What::Mail { conn: number, subject }, Cause::None);
            }
        }
    }

    /// Servers say what they have to say by now.
    pub(super) fn mail_due(&mut self, now: Instant) -> io::Result<()> {
        let numbers: Vec<u32> = self.servers.connections.keys().copied().collect();
        for number in numbers {
            while let Some(connection) = self.servers.connections.get_mut(&number) {
                let Some(next) = connection.due.first().filter(|(at, _)| *at <= now).cloned() else { break };
                connection.due.remove(0);
                let client = connection.client;
                let Some(line) = next.1 else {
                    self.servers.connections.remove(&number);
                    break;
                };
                let said = connection.stream.write_all(format!("{line}\r\n").as_bytes());
                if said.is_err() {
                    self.servers.connections.remove(&number);
                }
                self.tell(now, client, What::Smtp { conn: number, out: false, line }, Cause::None);
            }
        }
        Ok(())
    }
}
