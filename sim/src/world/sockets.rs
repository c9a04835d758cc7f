//! Raw sockets: which packets they receive, and how much they hold while their daemon does not read.

use std::net::IpAddr;

use vrrplab_engine::boundary::{Bind, LinkId, SockId, SocketSpec};

/// The raw sockets of a daemon, by the engine's numbers.
#[derive(Clone, Default, Debug)]
pub(super) struct Sockets {
    list: Vec<Option<Socket>>,
}

#[derive(Clone, Copy, Debug)]
struct Socket {
    spec: SocketSpec,
    /// `SO_RCVBUF`, in bytes as [`charge`] counts them.
    limit: u32,
    held: u32,
}

/// What a packet of that many bytes (with its IP header) takes of a socket's buffer: its `truesize`, which is the
/// memory it occupies, not its length. Seen on Linux 6.18 with the default of 212,992 bytes: a raw socket holds
/// 256 packets of 40 to 200 bytes, 167 of 420 to 660, 93 of 680 to 1220; with 8,192 it holds 10 of 40 bytes, with
/// 2,304 (the least there is) 3. Before Linux 6.3 a small packet took 768 bytes.
fn charge(packet: usize) -> u32 {
    // The driver's headroom and the cache line that the data ends in.
    match (packet + 31).next_multiple_of(64) {
        0..=256 => 832,
        257..=704 => 1280,
        705..=1728 => 2304,
        _ => 4352,
    }
}

impl Sockets {
    pub(super) fn open(&mut self, sock: SockId, spec: SocketSpec, limit: u32) {
        let socket = Some(Socket { spec, limit, held: 0 });
        // After a reload numbers begin anew.
        match self.list.get_mut(usize::from(sock.0)) {
            Some(place) => {
                debug_assert!(place.is_none(), "what is open is closed first");
                *place = socket;
            }
            None => {
                debug_assert_eq!(usize::from(sock.0), self.list.len(), "sockets are numbered in order");
                self.list.push(socket);
            }
        }
    }

    pub(super) fn close(&mut self, sock: SockId) -> Option<SocketSpec> {
        self.list[usize::from(sock.0)].take().map(|s| s.spec)
    }

    /// What the open ones are for.
    pub(super) fn specs(&self) -> impl Iterator<Item = &SocketSpec> {
        self.list.iter().flatten().map(|s| &s.spec)
    }

    /// The socket that packets of this protocol to this address go to when they come by this link.
    pub(super) fn receiving(&self, link: usize, protocol: u8, to: &IpAddr) -> Option<SockId> {
        let takes = |spec: &SocketSpec| {
            let (Bind::Group(address) | Bind::Local(address)) = &spec.bind;
            address == to && hears(spec, link, protocol)
        };
        self.list.iter().position(|s| s.as_ref().is_some_and(|s| takes(&s.spec))).map(|n| SockId(n as u16))
    }

    /// Whether any socket is open for this protocol on this link: then the kernel does not refuse a packet that
    /// nobody reads.
    pub(super) fn hear(&self, link: usize, protocol: u8, v4: bool) -> bool {
        let family = |spec: &SocketSpec| {
            let (Bind::Group(address) | Bind::Local(address)) = spec.bind;
            address.is_ipv4() == v4
        };
        self.list.iter().flatten().any(|s| family(&s.spec) && hears(&s.spec, link, protocol))
    }

    /// The interface that a socket is bound to.
    pub(super) fn link_of(&self, sock: SockId) -> Option<usize> {
        let socket = self.list[usize::from(sock.0)].expect("the engine sends by open sockets");
        socket.spec.link.map(|LinkId(link)| usize::from(link))
    }

    /// Puts a packet of that length into the queue, unless the queue is full: a packet is taken as long as any
    /// room is left, however little.
    pub(super) fn hold(&mut self, sock: SockId, length: usize) -> bool {
        let Some(socket) = &mut self.list[usize::from(sock.0)] else { return false };
        let room = socket.held < socket.limit;
        if room {
            socket.held += charge(length);
        }
        room
    }

    /// The daemon has read a packet of that length.
    pub(super) fn read(&mut self, sock: SockId, length: usize) {
        if let Some(socket) = &mut self.list[usize::from(sock.0)] {
            socket.held -= charge(length);
        }
    }
}

fn hears(spec: &SocketSpec, link: usize, protocol: u8) -> bool {
    spec.protocol == protocol && spec.link.is_none_or(|LinkId(own)| usize::from(own) == link)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));

    fn holds(limit: u32, length: usize) -> usize {
        let mut sockets = Sockets::default();
        let spec = SocketSpec { protocol: 112, link: Some(LinkId(0)), bind: Bind::Group(GROUP) };
        sockets.open(SockId(0), spec, limit);
        (0..).take_while(|_| sockets.hold(SockId(0), length)).count()
    }

    #[test]
    fn a_socket_holds_what_linux_was_seen_to_hold() {
        for (limit, length, packets) in [
            (212_992, 40, 256),
            (212_992, 200, 256),
            (212_992, 420, 167),
            (212_992, 660, 167),
            (212_992, 680, 93),
            (212_992, 1220, 93),
            (8192, 40, 10),
            (2304, 40, 3),
        ] {
            assert_eq!(holds(limit, length), packets, "{length} bytes in {limit}");
        }
    }

    #[test]
    fn reading_makes_room() {
        let mut sockets = Sockets::default();
        let spec = SocketSpec { protocol: 112, link: None, bind: Bind::Group(GROUP) };
        sockets.open(SockId(0), spec, 2304);
        while sockets.hold(SockId(0), 40) {}
        sockets.read(SockId(0), 40);
        assert!(sockets.hold(SockId(0), 40));
        assert!(!sockets.hold(SockId(0), 40));
    }
}
