//! Link-layer and network addresses with the text forms that keepalived and `ip` use.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An Ethernet address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// All stations.
    pub const BROADCAST: Mac = Mac([0xff; 6]);

    /// Whether the group bit is set (multicast or broadcast).
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// Whether it is that of a virtual router, which moves with its master (RFC 9568, 7.3: 00-00-5E-00-01 or -02, and the VRID).
    pub const fn is_virtual_router(self) -> bool {
        matches!(self.0, [0, 0, 0x5e, 0, 1 | 2, _])
    }

    /// The group address of an IPv4 multicast group (RFC 1112, 6.4).
    pub const fn of_group(group: Ipv4Addr) -> Mac {
        let o = group.octets();
        Mac([0x01, 0x00, 0x5e, o[1] & 0x7f, o[2], o[3]])
    }

    /// The group address of an IPv6 multicast group (RFC 2464, 7).
    pub const fn of_group6(group: Ipv6Addr) -> Mac {
        let o = group.octets();
        Mac([0x33, 0x33, o[12], o[13], o[14], o[15]])
    }

    /// The link-local address that a kernel makes of it (RFC 4291, appendix A; RFC 2464, 5):
    /// fe80::ff:fe00:1 of 02:00:00:00:00:01.
    pub fn link_local(self) -> Ipv6Addr {
        let [a, b, c, d, e, f] = self.0;
        let word = |high: u8, low: u8| u16::from_be_bytes([high, low]);
        Ipv6Addr::new(0xfe80, 0, 0, 0, word(a ^ 2, b), word(c, 0xff), word(0xfe, d), word(e, f))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// The text is no address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressError;

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address")
    }
}

impl std::error::Error for AddressError {}

impl FromStr for Mac {
    type Err = AddressError;
    fn from_str(s: &str) -> Result<Mac, AddressError> {
        let mut octets = [0; 6];
        let mut parts = s.split(':');
        for octet in &mut octets {
            let part = parts.next().filter(|p| p.len() == 2).ok_or(AddressError)?;
            *octet = u8::from_str_radix(part, 16).map_err(|_| AddressError)?;
        }
        if parts.next().is_some() { Err(AddressError) } else { Ok(Mac(octets)) }
    }
}

/// An address with its prefix length: `192.168.10.240/24`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cidr {
    /// The address, host bits included.
    pub address: IpAddr,
    /// Prefix length, 0–32 or 0–128.
    pub prefix: u8,
}

impl Cidr {
    /// The address alone: /32 or /128.
    pub const fn host(address: IpAddr) -> Cidr {
        Cidr { address, prefix: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// The longest prefix of the family.
    pub const fn longest(address: IpAddr) -> u8 {
        if address.is_ipv4() { 32 } else { 128 }
    }

    /// Whether `other` lies in this network.
    pub fn contains(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                a.to_bits() & mask == b.to_bits() & mask
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                a.to_bits() & mask == b.to_bits() & mask
            }
            _ => false,
        }
    }

    /// The network's last address, where IPv4 has one.
    pub fn broadcast(&self) -> Option<IpAddr> {
        let IpAddr::V4(address) = self.address else { return None };
        let host = u32::MAX.checked_shr(u32::from(self.prefix)).unwrap_or(0);
        Some(IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() | host)))
    }

    /// The network's first address with this prefix.
    pub fn network(&self) -> Cidr {
        let address = match self.address {
            IpAddr::V4(a) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(a.to_bits() & mask))
            }
            IpAddr::V6(a) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(a.to_bits() & mask))
            }
        };
        Cidr { address, prefix: self.prefix }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.address, self.prefix))
    }
}

/// Reads `192.168.10.240/24`; without a prefix length the address alone.
impl FromStr for Cidr {
    type Err = AddressError;
    fn from_str(s: &str) -> Result<Cidr, AddressError> {
        let (address, prefix) = match s.split_once('/') {
            Some((a, p)) => (a, Some(p)),
            None => (s, None),
        };
        let address: IpAddr = address.parse().map_err(|_| AddressError)?;
        let longest = Cidr::longest(address);
        let prefix = match prefix {
            None => longest,
            Some(p) if p.bytes().all(|b| b.is_ascii_digit()) => p.parse().map_err(|_| AddressError)?,
            Some(_) => return Err(AddressError),
        };
        if prefix > longest { Err(AddressError) } else { Ok(Cidr { address, prefix }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_what_they_print() {
        for text in ["02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff"] {
            assert_eq!(text.parse::<Mac>().unwrap().to_string(), text);
        }
        for text in ["192.168.10.240/24", "0.0.0.0/0", "10.0.0.1/32", "fe80::1/64", "::/0"] {
            assert_eq!(text.parse::<Cidr>().unwrap().to_string(), text);
        }
        assert_eq!("10.0.0.1".parse(), Ok(Cidr::host("10.0.0.1".parse().unwrap())));
        for text in ["", "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/+4", "fe80::1/129", "x/3"] {
            assert_eq!(text.parse::<Cidr>(), Err(AddressError), "{text}");
        }
    }

    #[test]
    fn a_network_contains_its_hosts() {
        let lan: Cidr = "192.168.10.170/24".parse().unwrap();
        assert!(lan.contains("192.168.10.240".parse().unwrap()));
        assert!(!lan.contains("192.168.19.180".parse().unwrap()));
        assert!("0.0.0.0/0".parse::<Cidr>().unwrap().contains("8.8.8.8".parse().unwrap()));
        assert_eq!(lan.network().to_string(), "192.168.10.0/24");
    }

    #[test]
    fn the_vrrp_group_has_its_mac() {
        assert_eq!(Mac::of_group(Ipv4Addr::new(224, 0, 0, 18)).to_string(), "01:00:5e:00:00:12");
        assert_eq!(Mac::of_group6("ff02::12".parse().unwrap()).to_string(), "33:33:00:00:00:12");
    }

    #[test]
    fn a_station_has_its_link_local_address() {
        let of = |mac: &str| mac.parse::<Mac>().unwrap().link_local().to_string();
        assert_eq!(of("02:00:00:00:00:01"), "fe80::ff:fe00:1");
        assert_eq!(of("52:54:00:12:34:56"), "fe80::5054:ff:fe12:3456");
    }
}
