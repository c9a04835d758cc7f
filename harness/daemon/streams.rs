//! Streams to mail servers: TCP that never makes the daemon wait.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use vrrplab_engine::boundary::{ConnId, KeptStreamEvent};

/// The streams that are open.
#[derive(Default, Debug)]
pub(super) struct Streams {
    open: BTreeMap<ConnId, Stream>,
}

#[derive(Debug)]
struct Stream {
    socket: Socket,
    connected: bool,
    /// What the kernel had no room for yet.
    unsent: Vec<u8>,
}

impl Streams {
    /// Begins to connect.
    pub(super) fn connect(&mut self, conn: ConnId, to: SocketAddr) -> io::Result<()> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
        match socket.connect(&SockAddr::from(to)) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
            _ => {}
        }
        self.open.insert(conn, Stream { socket, connected: false, unsent: Vec::new() });
        Ok(())
    }

    /// Sends bytes, now or when there is room. That it cannot shows when the stream is read.
    pub(super) fn write(&mut self, conn: ConnId, bytes: &[u8]) {
        if let Some(stream) = self.open.get_mut(&conn) {
            stream.unsent.extend_from_slice(bytes);
            stream.flush();
        }
    }

    /// Closes a stream.
    pub(super) fn hang_up(&mut self, conn: ConnId) {
        self.open.remove(&conn);
    }

    /// What to wait for: the stream, and whether for room to write.
    pub(super) fn waits(&self) -> impl Iterator<Item = (ConnId, BorrowedFd<'_>, bool)> {
        let writes = |s: &Stream| !s.connected || !s.unsent.is_empty();
        self.open.iter().map(move |(conn, s)| (*conn, s.socket.as_fd(), writes(s)))
    }

    /// A stream is ready: what has happened.
    pub(super) fn ready(&mut self, conn: ConnId) -> Option<KeptStreamEvent> {
        let stream = self.open.get_mut(&conn)?;
        if !stream.connected {
            return match stream.socket.take_error() {
                Ok(None) => {
                    stream.connected = true;
                    Some(KeptStreamEvent::Connected)
                }
                Ok(Some(_)) | Err(_) => Some(KeptStreamEvent::Failed),
            };
        }
        stream.flush();
        let mut bytes = vec![0; 4096];
        match (&stream.socket).read(&mut bytes) {
            Ok(0) => Some(KeptStreamEvent::Closed),
            Ok(length) => {
                bytes.truncate(length);
                Some(KeptStreamEvent::Data(bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(_) => Some(KeptStreamEvent::Closed),
        }
    }
}

impl Stream {
    fn flush(&mut self) {
        while !self.unsent.is_empty() {
            match (&self.socket).write(&self.unsent) {
                Ok(length) => drop(self.unsent.drain(..length)),
                Err(_) => return,
            }
        }
    }
}
