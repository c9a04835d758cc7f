//! Packet sockets (packet(7)): whole Ethernet frames of one interface, in and out, each with the kernel's stamp.

use std::io::{self, IoSliceMut};
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::sys::socket::{ControlMessageOwned, LinkAddr, MsgFlags, recvmsg, setsockopt, sockopt};

/// Every protocol, in network byte order.
const ALL: u16 = (libc::ETH_P_ALL as u16).to_be();

/// A socket for the frames of one interface.
#[derive(Debug)]
pub struct Packets {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

/// A frame that was read.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Nanoseconds of `CLOCK_REALTIME` when the kernel had it.
    pub stamp: i128,
    /// The frame.
    pub bytes: &'a [u8],
}

/// The longest frame that a link of ours can carry, with room to spare: offloads are off.
const LONGEST: usize = 16 * 1024;

impl Packets {
    /// Opens a socket for this interface of the calling thread's namespace. What it sends itself it does not read.
    pub fn open(index: u32) -> io::Result<Packets> {
        // SAFETY: socket(2) has no memory of ours to care for; the result is checked before it is owned.
        let raw = unsafe {
            libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC, 0)
        };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just made and nobody else has it.
        let socket = unsafe { OwnedFd::from_raw_fd(raw) };
        set(&socket, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, 1)?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        let buffer = 4 << 20;
        // What a user namespace may not force it may still ask for.
        if setsockopt(&socket, sockopt::RcvBufForce, &buffer).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &buffer)?;
        }
        // SAFETY: a zeroed sockaddr_ll is a valid value of that plain structure.
        let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = ALL;
        address.sll_ifindex = index as i32;
        let length = size_of_val(&address) as u32;
        // SAFETY: the address is a sockaddr_ll of that length.
        let done = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
        if done < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Packets { socket, buffer: vec![0; LONGEST] })
    }

    /// The next frame, if one waits.
    pub fn receive(&mut self) -> io::Result<Option<Received<'_>>> {
        let mut space = nix::cmsg_space!(libc::timespec);
        let fd = self.socket.as_raw_fd();
        let mut parts = [IoSliceMut::new(&mut self.buffer)];
        let (length, stamp) = match recvmsg::<LinkAddr>(fd, &mut parts, Some(&mut space), MsgFlags::empty()) {
            Ok(message) => (message.bytes, stamp_of(message.cmsgs()?)),
            Err(nix::errno::Errno::EAGAIN) => return Ok(None),
            // The interface is gone or down; frames will come again or never.
            Err(nix::errno::Errno::ENETDOWN) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let stamp = stamp.ok_or_else(|| io::Error::other("a frame without a stamp"))?;
        Ok(Some(Received { stamp, bytes: &self.buffer[..length] }))
    }

    /// Sends a frame. One that the interface cannot take just now, because it is down or its queue full, is lost, as on
    /// a wire; whether it went out is the answer.
    pub fn send(&self, frame: &[u8]) -> io::Result<bool> {
        // SAFETY: the pointer and the length are those of a slice that lives through the call.
        let sent = unsafe { libc::send(self.socket.as_raw_fd(), frame.as_ptr().cast(), frame.len(), 0) };
        if sent >= 0 {
            return Ok(true);
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::ENETDOWN | libc::ENOBUFS | libc::EAGAIN | libc::ENXIO) => Ok(false),
            _ => Err(error),
        }
    }

    /// How many frames the kernel has dropped since the last call because nobody read in time.
    pub fn dropped(&self) -> io::Result<u32> {
        let mut stats = libc::tpacket_stats { tp_packets: 0, tp_drops: 0 };
        let mut length = size_of_val(&stats) as u32;
        // SAFETY: the structure is the one that this option fills, and the length is its own.
        let done = unsafe {
            let (level, option) = (libc::SOL_PACKET, libc::PACKET_STATISTICS);
            libc::getsockopt(self.socket.as_raw_fd(), level, option, (&raw mut stats).cast(), &mut length)
        };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(stats.tp_drops) }
    }
}

impl AsFd for Packets {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn stamp_of(messages: impl Iterator<Item = ControlMessageOwned>) -> Option<i128> {
    messages.into_iter().find_map(|message| match message {
        ControlMessageOwned::ScmTimestampns(t) => {
            Some(i128::from(t.tv_sec()) * 1_000_000_000 + i128::from(t.tv_nsec()))
        }
        _ => None,
    })
}

/// Sets a socket option that is an integer.
pub fn set(socket: &impl AsFd, level: i32, option: i32, value: i32) -> io::Result<()> {
    let length = size_of_val(&value) as u32;
    // SAFETY: the pointer and the length are those of an integer that lives through the call.
    let done = unsafe {
        let fd = socket.as_fd().as_raw_fd();
        libc::setsockopt(fd, level, option, (&raw const value).cast(), length)
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
