//! Raw sockets as keepalived opens them (strace of 2.2.7): one that receives, bound to the group or to the address that
//! it is for and to its interface, and one that sends and receives nothing.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn6, recvmsg, sendmsg};
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, SockAddr, SockFilter, Socket, Type};
use vrrplab_engine::boundary::{Bind, Packet, SocketSpec};
use vrrplab_engine::wire::vrrp;

use crate::kernel::packet::set;

/// Class selector 6; the kernel derives the priority of the packets from it.
const CLASS: u32 = 0xc0;

/// `setsockopt(IPV6_MULTICAST_ALL)`; libc has no name for it.
const IPV6_MULTICAST_ALL: i32 = 29;

/// A filter that drops everything: `ret #0`.
const NOTHING: SockFilter = SockFilter::new((libc::BPF_RET | libc::BPF_K) as u16, 0, 0, 0);

/// The two sockets behind a number of the engine's.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) spec: SocketSpec,
    receive: Socket,
    send: Socket,
    /// Of its interface; 0 without one.
    index: u32,
}

impl Raw {
    /// Opens both. `link` is name and index of the interface, `buffer` the bytes that wait to be read, if the
    /// configuration asks for a number.
    pub(super) fn open(
        spec: SocketSpec,
        link: Option<(&str, u32)>,
        buffer: Option<usize>,
    ) -> io::Result<Raw> {
        let name = link.map(|(name, _)| name.as_bytes());
        let index = link.map_or(0, |(_, index)| index);
        let (receive, send) = match spec.bind {
            Bind::Group(IpAddr::V4(_)) | Bind::Local(IpAddr::V4(_)) => {
                (receiver4(spec, name, index)?, sender4(spec, name, index)?)
            }
            Bind::Group(IpAddr::V6(_)) | Bind::Local(IpAddr::V6(_)) => {
                (receiver6(spec, name, index)?, sender6(spec, name, index)?)
            }
        };
        if let Some(size) = buffer {
            receive.set_recv_buffer_size(size)?;
        }
        Ok(Raw { spec, receive, send, index })
    }

    /// Sends an IPv4 packet, header included.
    pub(super) fn send4(&self, to: Ipv4Addr, packet: &[u8]) -> io::Result<()> {
        let to = SockAddr::from(SocketAddrV4::new(to, 0));
        self.send.send_to_with_flags(packet, &to, flags(self.spec)).map(drop)
    }

    /// Sends an IPv6 message; the kernel makes the header.
    pub(super) fn send6(
        &self,
        from: Ipv6Addr,
        to: Ipv6Addr,
        hop_limit: u8,
        message: &[u8],
    ) -> io::Result<()> {
        let local = to.is_multicast() || to.is_unicast_link_local();
        let to = SockaddrIn6::from(SocketAddrV6::new(to, 0, 0, if local { self.index } else { 0 }));
        let source = libc::in6_pktinfo {
            ipi6_addr: libc::in6_addr { s6_addr: from.octets() },
            ipi6_ifindex: self.index,
        };
        let hop_limit = i32::from(hop_limit);
        let control = [ControlMessage::Ipv6PacketInfo(&source), ControlMessage::Ipv6HopLimit(&hop_limit)];
        let flags = MsgFlags::from_bits_retain(flags(self.spec));
        sendmsg(self.send.as_raw_fd(), &[IoSlice::new(message)], &control, flags, Some(&to))?;
        Ok(())
    }

    /// Hands over the next packet, if one waits.
    pub(super) fn receive<T>(
        &self,
        buffer: &mut [u8],
        deliver: impl FnOnce(Packet<'_>) -> T,
    ) -> io::Result<Option<T>> {
        let read = match self.spec.bind {
            Bind::Group(IpAddr::V4(_)) | Bind::Local(IpAddr::V4(_)) => {
                (&self.receive).read(buffer).map(|length| Some(deliver(Packet::V4(&buffer[..length]))))
            }
            Bind::Group(IpAddr::V6(_)) | Bind::Local(IpAddr::V6(_)) => self.receive6(buffer, deliver),
        };
        match read {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            read => read,
        }
    }

    fn receive6<T>(&self, buffer: &mut [u8], deliver: impl FnOnce(Packet<'_>) -> T) -> io::Result<Option<T>> {
        let mut space = nix::cmsg_space!(libc::in6_pktinfo, libc::c_int);
        let fd = self.receive.as_raw_fd();
        let mut parts = [IoSliceMut::new(buffer)];
        let message = recvmsg::<SockaddrIn6>(fd, &mut parts, Some(&mut space), MsgFlags::empty())?;
        let (length, source) = (message.bytes, message.address.map(|a| a.ip()));
        let (mut destination, mut hop_limit) = (None, None);
        for control in message.cmsgs()? {
            match control {
                ControlMessageOwned::Ipv6PacketInfo(info) => {
                    destination = Some(Ipv6Addr::from(info.ipi6_addr.s6_addr));
                }
                ControlMessageOwned::Ipv6HopLimit(limit) => hop_limit = u8::try_from(limit).ok(),
                _ => {}
            }
        }
        let (Some(source), Some(destination), Some(hop_limit)) = (source, destination, hop_limit) else {
            return Err(io::Error::other("a packet without its header's fields"));
        };
        let message = &buffer[..length];
        Ok(Some(deliver(Packet::V6 { source, destination, hop_limit, message })))
    }
}

impl AsFd for Raw {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.receive.as_fd()
    }
}

fn flags(spec: SocketSpec) -> i32 {
    if matches!(spec.bind, Bind::Group(_)) { libc::MSG_DONTROUTE } else { 0 }
}

fn raw(domain: Domain, spec: SocketSpec) -> io::Result<Socket> {
    let protocol = Protocol::from(i32::from(spec.protocol));
    let socket = Socket::new(domain, Type::RAW.nonblocking(), Some(protocol))?;
    match domain {
        Domain::IPV4 => socket.set_multicast_all_v4(false)?,
        // Kernels before 4.20 do not know it.
        _ => drop(set(&socket, libc::IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0)),
    }
    Ok(socket)
}

fn receiver4(spec: SocketSpec, name: Option<&[u8]>, index: u32) -> io::Result<Socket> {
    let socket = raw(Domain::IPV4, spec)?;
    if let Bind::Group(IpAddr::V4(group)) = spec.bind {
        socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))?;
    }
    socket.bind(&address(spec, index))?;
    socket.bind_device(name)?;
    Ok(socket)
}

fn sender4(spec: SocketSpec, name: Option<&[u8]>, index: u32) -> io::Result<Socket> {
    let socket = raw(Domain::IPV4, spec)?;
    socket.attach_filter(&[NOTHING])?;
    socket.set_recv_buffer_size(0)?;
    socket.set_header_included_v4(true)?;
    socket.bind_device(name)?;
    if matches!(spec.bind, Bind::Group(_)) {
        multicast_interface4(&socket, index)?;
        socket.set_multicast_loop_v4(false)?;
    }
    socket.set_tos_v4(CLASS)?;
    Ok(socket)
}

/// socket2 takes an address of the interface here, not its index.
fn multicast_interface4(socket: &Socket, index: u32) -> io::Result<()> {
    let any = libc::in_addr { s_addr: 0 };
    let request = libc::ip_mreqn { imr_multiaddr: any, imr_address: any, imr_ifindex: index as i32 };
    let length = size_of_val(&request) as u32;
    // SAFETY: the pointer and the length are those of a structure that lives through the call.
    let done = unsafe {
        let (level, option) = (libc::IPPROTO_IP, libc::IP_MULTICAST_IF);
        libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const request).cast(), length)
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn receiver6(spec: SocketSpec, name: Option<&[u8]>, index: u32) -> io::Result<Socket> {
    let socket = raw(Domain::IPV6, spec)?;
    if let Bind::Group(IpAddr::V6(group)) = spec.bind {
        socket.join_multicast_v6(&group, index)?;
    }
    socket.bind(&address(spec, index))?;
    socket.set_recv_hoplimit_v6(true)?;
    set(&socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
    socket.bind_device(name)?;
    set(&socket, libc::IPPROTO_IPV6, libc::IPV6_CHECKSUM, vrrp::CHECKSUM_AT as i32)?;
    Ok(socket)
}

fn sender6(spec: SocketSpec, name: Option<&[u8]>, index: u32) -> io::Result<Socket> {
    let socket = raw(Domain::IPV6, spec)?;
    socket.attach_filter(&[NOTHING])?;
    socket.set_recv_buffer_size(0)?;
    set(&socket, libc::IPPROTO_IPV6, libc::IPV6_CHECKSUM, vrrp::CHECKSUM_AT as i32)?;
    socket.bind_device(name)?;
    if matches!(spec.bind, Bind::Group(_)) {
        socket.set_multicast_if_v6(index)?;
        socket.set_multicast_loop_v6(false)?;
    }
    socket.set_tclass_v6(CLASS)?;
    Ok(socket)
}

/// What a socket is bound to.
fn address(spec: SocketSpec, index: u32) -> SockAddr {
    match spec.bind {
        Bind::Group(IpAddr::V4(a)) | Bind::Local(IpAddr::V4(a)) => SocketAddrV4::new(a, 0).into(),
        Bind::Group(IpAddr::V6(a)) | Bind::Local(IpAddr::V6(a)) => {
            let scope = if a.is_multicast() || a.is_unicast_link_local() { index } else { 0 };
            SocketAddrV6::new(a, 0, 0, scope).into()
        }
    }
}
