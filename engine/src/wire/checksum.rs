//! The Internet checksum (RFC 1071): the one's complement of the one's complement sum of 16-bit words. Over
//! bytes that contain their own right checksum it is 0.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A sum that is not finished: pieces are added, each but the last of even length.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Sum(u64);

impl Sum {
    /// The pseudo header before a message of that many bytes over IPv4 (RFC 793, 3.1; RFC 9568, 5.2.8).
    pub fn pseudo4(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8, length: usize) -> Sum {
        Sum(u64::from(protocol) + length as u64).with(&source.octets()).with(&destination.octets())
    }

    /// The pseudo header before a message of that many bytes over IPv6 (RFC 8200, 8.1).
    pub fn pseudo6(source: Ipv6Addr, destination: Ipv6Addr, protocol: u8, length: usize) -> Sum {
        Sum(u64::from(protocol) + length as u64).with(&source.octets()).with(&destination.octets())
    }

    /// With these bytes; a last odd one counts as if a zero followed.
    #[must_use]
    pub fn with(self, bytes: &[u8]) -> Sum {
        let Sum(mut sum) = self;
        let mut words = bytes.chunks_exact(2);
        for word in &mut words {
            sum += u64::from(u16::from_be_bytes([word[0], word[1]]));
        }
        if let [last] = words.remainder() {
            sum += u64::from(*last) << 8;
        }
        Sum(sum)
    }

    /// The checksum, in host order.
    pub fn finish(self) -> u16 {
        let Sum(mut sum) = self;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }
}

/// The checksum of `bytes` alone, in host order.
pub fn internet(bytes: &[u8]) -> u16 {
    Sum::default().with(bytes).finish()
}

/// Puts the checksum of a message, summed up after `before`, at this place in it.
pub fn fill(message: &mut [u8], at: usize, before: Sum) {
    message[at..at + 2].fill(0);
    let sum = before.with(message).finish();
    message[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::{Sum, internet};

    #[test]
    fn the_example_of_rfc_1071_sums_up() {
        assert_eq!(internet(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(internet(&[]), 0xffff);
        assert_eq!(internet(&[0xff]), 0x00ff);
    }

    #[test]
    fn a_pseudo_header_is_twelve_or_forty_bytes_in_front() {
        let (a, b) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let whole = [10, 0, 0, 1, 10, 0, 0, 2, 0, 112, 0, 3, 1, 2, 3];
        assert_eq!(Sum::pseudo4(a, b, 112, 3).with(&[1, 2, 3]).finish(), internet(&whole));
        let (a, b) = ("fe80::1".parse().unwrap(), "ff02::12".parse().unwrap());
        let mut whole = vec![0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        whole.extend([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12]);
        whole.extend([0, 0, 0, 3, 0, 0, 0, 112, 1, 2, 3]);
        assert_eq!(Sum::pseudo6(a, b, 112, 3).with(&[1, 2, 3]).finish(), internet(&whole));
    }
}
