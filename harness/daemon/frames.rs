//! Ethernet frames out: one packet socket for all interfaces, which receives nothing.

use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// The socket.
#[derive(Debug)]
pub(super) struct Frames {
    socket: OwnedFd,
}

impl Frames {
    /// Protocol 0: nothing is delivered to it.
    pub(super) fn open() -> io::Result<Frames> {
        let kind = libc::SOCK_RAW | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        // SAFETY: socket(2) has no memory of ours to care for; the result is checked before it is owned.
        let raw = unsafe { libc::socket(libc::AF_PACKET, kind, 0) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just made and nobody else has it.
        Ok(Frames { socket: unsafe { OwnedFd::from_raw_fd(raw) } })
    }

    /// Sends a whole frame by the interface of this index.
    pub(super) fn send(&self, index: u32, frame: &[u8]) -> io::Result<()> {
        // SAFETY: a zeroed sockaddr_ll is a valid value of that plain structure.
        let mut to: libc::sockaddr_ll = unsafe { mem::zeroed() };
        to.sll_family = libc::AF_PACKET as u16;
        to.sll_ifindex = index as i32;
        if let Some(ethertype) = frame.get(12..14) {
            to.sll_protocol = u16::from_ne_bytes([ethertype[0], ethertype[1]]);
        }
        let length = size_of_val(&to) as u32;
        // SAFETY: frame and address live through the call, with the lengths given.
        let sent = unsafe {
            let (data, address) = (frame.as_ptr().cast(), (&raw const to).cast());
            libc::sendto(self.socket.as_raw_fd(), data, frame.len(), 0, address, length)
        };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}
